//! The second look: what was doomed may have been renewed, extended or made anew since.

use jiff::Timestamp;

use super::environment::{Environment, LeaseFound, latest};
use crate::actions::eks::EksPart;
use crate::lease::Lease;
use crate::observed::Observed;
use crate::rules::ownership;

/// Whether what is seen now of a doomed environment is still to go; look, ask this, and only then touch anything.
///
/// Where nothing tells the cluster's place there is nothing to look at: an empty look is then the right one.
///
/// # Errors
/// Why it stays, as a lower-case fragment: a cluster that stands bears a lease that goes on, or none, or is another's; or, where there is
/// no cluster, something of it that bears our mark bears a lease that goes on.
pub fn confirm(environment: &Environment, observed: &Observed, now: Timestamp) -> Result<(), String> {
    // GKE tells of a creation by its operation, at times before it shows the cluster.
    if observed.cluster.is_none() && observed.operations.iter().any(|operation| operation.kind == "CREATE_CLUSTER") {
        return Err("a cluster of its name is being made".to_owned());
    }
    let found = match &observed.cluster {
        Some(cluster) if !cluster.is_ours() => return Err("a cluster that is not berth's has its name now".to_owned()),
        Some(cluster) => latest([(format!("cluster {}", cluster.name), &cluster.labels)].into_iter()),
        None => {
            let parts = observed.around.parts.iter().filter(|part| ownership::is_ours(&part.tags));
            let parts = parts.map(|part| (format!("{} {}", part.thing.kind.words(), part.thing.id), &part.tags));
            latest(parts)
        }
    };
    match found {
        LeaseFound::Unreadable(why) => Err(format!("its lease cannot be read: {why}")),
        LeaseFound::Lease(lease) if !lease.is_over(now) => Err(format!("{lease}")),
        // What was leased and is unleased now has been made anew, to stay.
        LeaseFound::None if observed.cluster.is_some() => {
            Err("a cluster that stands without a lease has its name now".to_owned())
        }
        LeaseFound::Lease(_) | LeaseFound::None => match new_part(environment, observed) {
            None => Ok(()),
            Some(part) => {
                let (kind, id) = (part.thing.kind.words(), &part.thing.id);
                Err(format!("{kind} {id} was not there before and has no lease: a cluster of its name is being made"))
            }
        },
    }
}

/// Something of ours without a lease that was not there before, where there is no cluster.
fn new_part<'a>(environment: &Environment, observed: &'a Observed) -> Option<&'a EksPart> {
    let is_new = |id: &String| !environment.things.iter().any(|thing| thing.id == *id);
    let mut parts = observed.around.parts.iter().filter(|_| observed.cluster.is_none());
    parts.find(|part| ownership::is_ours(&part.tags) && Lease::read(&part.tags).is_none() && is_new(&part.thing.id))
}
