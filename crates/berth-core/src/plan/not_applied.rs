//! What a file says and no plan of this version acts on, so that nobody takes it for done.

use super::Note;
use crate::spec::{Autoscaler, Checked, Provider};

/// One note for each field that is checked but not put into the cluster.
pub fn not_applied(checked: &Checked) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut note = |about: &str, text: &str| notes.push(Note { about: about.to_owned(), text: text.to_owned() });
    if checked.spec.autoscaler != Autoscaler::default() && checked.spec.cloud.provider() == Provider::Gke {
        note("autoscaler", "GKE's autoscaler takes no such wishes, only gke.autoscalingProfile; they are for EKS");
    } else if checked.spec.autoscaler != Autoscaler::default()
        && !checked.spec.can_grow()
        && !checked.spec.autoscaler.is_off
    {
        note("autoscaler", "no pool has more nodes at most than at least, so none is put into the cluster");
    }
    if checked.budget_monthly_usd.is_some() && checked.spec.cloud.provider() == Provider::Existing {
        note("budget", "not watched: berth does not buy the machines of a cluster that stands already");
    }
    notes
}
