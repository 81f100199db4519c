//! What differs between the cluster object that is there and the one that is wanted.

use std::collections::BTreeMap;

use crate::actions::eks::{EksCluster, EksClusterChange, EksDescription};
use crate::lease;
use crate::observed::ObservedCluster;
use crate::plan::Note;

/// One kind of change to make; EKS takes one update at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterChange {
    /// Last part of the step's id.
    pub field: &'static str,
    /// `field: old -> new`.
    pub details: Vec<String>,
    /// The change.
    pub change: EksClusterChange,
}

/// All differences of tags and settings, in the order in which they are to be made.
pub fn changes(
    current: &ObservedCluster,
    have: &EksDescription,
    want: &EksCluster,
    admins: &[String],
) -> Vec<ClusterChange> {
    // Tags come first: they make the cluster ours, and everything after them belongs to something that is ours.
    let mut changes: Vec<ClusterChange> = tags(&current.labels, &want.tags).into_iter().collect();
    if have.access_mode == "CONFIG_MAP" && admins.iter().any(|admin| !have.admins.contains(admin)) {
        changes.push(ClusterChange {
            field: "access-mode",
            details: vec!["access mode: CONFIG_MAP -> API_AND_CONFIG_MAP".to_owned()],
            change: EksClusterChange::AllowAccessEntries,
        });
    }
    let (old, new) = (&have.settings, &want.settings);
    if old.logging != new.logging {
        changes.push(ClusterChange {
            field: "logging",
            details: vec![format!("logging: {} -> {}", list(&old.logging), list(&new.logging))],
            change: EksClusterChange::Logging(new.logging.clone()),
        });
    }
    if (&old.public_access_cidrs, old.private_access) != (&new.public_access_cidrs, new.private_access) {
        let words = |cidrs: &[String], private: bool| {
            format!("public {}, inside the VPC {}", list(cidrs), if private { "too" } else { "not" })
        };
        changes.push(ClusterChange {
            field: "endpoint",
            details: vec![format!(
                "endpoint: {} -> {}",
                words(&old.public_access_cidrs, old.private_access),
                words(&new.public_access_cidrs, new.private_access)
            )],
            change: EksClusterChange::Endpoint {
                public_access_cidrs: new.public_access_cidrs.clone(),
                private_access: new.private_access,
            },
        });
    }
    if new.standard_support != old.standard_support {
        let dear = "EXTENDED (six times the price after standard support)";
        let details = if new.standard_support {
            format!("support: {dear} -> STANDARD, which EKS takes only while the version is in standard support")
        } else {
            format!("support: STANDARD -> {dear}")
        };
        changes.push(ClusterChange {
            field: "support",
            details: vec![details],
            change: EksClusterChange::Support { standard: new.standard_support },
        });
    }
    changes
}

/// AWS's own tags (`aws:...`) are kept and are no difference; nor are those of other programs on a cluster of ours.
///
/// A lease that is there keeps the later end, and what is left of an older run's longer address goes.
fn tags(have: &BTreeMap<String, String>, want: &BTreeMap<String, String>) -> Option<ClusterChange> {
    let remove = lease::stale(have, want);
    let want = lease::settled(have, want);
    let set: BTreeMap<String, String> =
        want.iter().filter(|(key, value)| have.get(*key) != Some(value)).map(|(k, v)| (k.clone(), v.clone())).collect();
    if set.is_empty() && remove.is_empty() {
        return None;
    }
    let old = |key: &String| have.get(key).map_or("(none)", String::as_str);
    let mut details: Vec<String> =
        set.iter().map(|(key, value)| format!("tag {key}: {} -> {value}", old(key))).collect();
    details.extend(remove.iter().map(|key| format!("tag {key}: {} -> (none)", old(key))));
    Some(ClusterChange { field: "tags", details, change: EksClusterChange::Tags { set, remove } })
}

/// What differs but is left as it is, and why.
pub fn notes(current: &ObservedCluster, want: &EksCluster) -> Vec<Note> {
    let mut notes = Vec::new();
    if let Some(version) = &want.version
        && current.version != *version
    {
        notes.push(Note {
            about: "cluster version".to_owned(),
            text: format!(
                "is {}, the file says {version}; berth does not upgrade clusters, so it stays as it is",
                current.version
            ),
        });
    }
    notes
}

fn list(words: &[String]) -> String {
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}
