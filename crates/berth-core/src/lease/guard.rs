//! What a lease means for a cluster that stands: none is put under one, none loses one, nobody takes another's.

use std::collections::BTreeMap;

use super::labels::is_same_environment;
use super::terms::Lease;
use crate::observed::{ObservedCluster, Phase};
use crate::plan::{Note, Refusal};

/// Refuses to make a cluster that stands the environment of a lease it does not bear: at its end it would be taken away.
///
/// # Errors
/// The wish is leased, and the cluster bears no lease, another's, or one that cannot be read.
pub fn refuse_others(current: &ObservedCluster, want_labels: &BTreeMap<String, String>) -> Result<(), Refusal> {
    let Some(want) = Lease::read(want_labels) else { return Ok(()) };
    let about = format!("cluster {}", current.name);
    let refuse = |why: String| Err(Refusal::Impossible { about: about.clone(), why });
    let want = match want {
        Ok(want) => want,
        Err(error) => return refuse(format!("the lease it is to have cannot be read: {error}")),
    };
    match Lease::read(&current.labels) {
        // What is going away is not put under anything.
        None if current.phase == Phase::Deleting => Ok(()),
        None => refuse(format!(
            "one of that name stands without a lease, and under {want} it would be taken away at its end; use another id"
        )),
        Some(Err(error)) => refuse(format!("one of that name stands, and its lease cannot be read: {error}")),
        Some(Ok(have)) if !is_same_environment(&current.labels, want_labels) => {
            refuse(format!("one of that name stands under {have}; use another id"))
        }
        Some(Ok(_)) => Ok(()),
    }
}

/// Why what stands is not what a creation wanted, in words; `None` if it may be.
///
/// A plan guards only what was seen before it: of two runs that both saw nothing, the second finds the first one's cluster.
pub fn why_not_same(have: &BTreeMap<String, String>, want: &BTreeMap<String, String>) -> Option<String> {
    if is_same_environment(have, want) {
        return None;
    }
    Some(match Lease::read(have) {
        None => "without a lease".to_owned(),
        Some(Ok(lease)) => format!("under {lease}"),
        Some(Err(error)) => format!("under a lease that cannot be read: {error}"),
    })
}

/// What to say of a lease that the wish does not have: it stays, so that nobody strips it unknowingly.
pub fn left_alone(current: &ObservedCluster, want: &BTreeMap<String, String>) -> Option<Note> {
    if Lease::read(want).is_some() {
        return None;
    }
    let text = match Lease::read(&current.labels)? {
        Ok(lease) => {
            format!("bears {lease}, which the file does not have; that is left alone, and gc takes it away then")
        }
        Err(error) => format!("bears a lease that cannot be read, which is left alone: {error}"),
    };
    Some(Note { about: format!("cluster {}", current.name), text })
}
