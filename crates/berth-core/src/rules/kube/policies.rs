//! NetworkPolicies in a cluster that does not enforce them: they look like a fence, and are none.

use super::steps::{Inside, is_staying};
use crate::plan::Note;
use crate::rules::network_policy;
use crate::spec::Provider;

/// What is worth knowing about the NetworkPolicies of the files; nothing where they hold or nobody can tell.
pub(super) fn note(inside: &Inside<'_>) -> Option<Note> {
    let policies = inside.workloads.objects.iter().filter(|object| object.kind() == "NetworkPolicy").count();
    if policies == 0 || inside.spec.cloud.provider() == Provider::Existing {
        return None;
    }
    let wish = inside.spec.network_policy;
    let cluster = inside.observed.cluster.as_ref().filter(|_| is_staying(inside.observed));
    let holds = match (cluster, wish.said()) {
        (None, _) => Some(wish.at_creation()),
        // One that can be told is told by this plan, and one that cannot is refused.
        (Some(_), Some(true)) => Some(true),
        (Some(cluster), _) => network_policy::enforced(cluster),
    };
    let why = match (holds?, wish.said()) {
        (true, _) => return None,
        (false, Some(_)) => "the file says `networkPolicy: false`",
        (false, None) => "the cluster was made without; `networkPolicy: true` in the file asks for it",
    };
    let text = format!("{policies} of the files are stored and hold nothing back: {why}");
    Some(Note { about: "network policies".to_owned(), text })
}
