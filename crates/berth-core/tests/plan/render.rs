//! Plans as text.

use std::fmt::Write as _;

use berth_core::observed::Observed;
use berth_core::plan::{Goal, Workloads, plan};
use berth_core::spec::ClusterSpec;

use crate::build::PROJECT;

/// The plan for a file, or the refusal, as text.
pub(crate) fn present(spec: &ClusterSpec, observed: &Observed) -> String {
    decided(&Goal::Present { spec, account: PROJECT, adopt: false, workloads: Workloads::default() }, observed)
}

/// The same for a cluster that may be taken over.
pub(crate) fn adopt(spec: &ClusterSpec, observed: &Observed) -> String {
    decided(&Goal::Present { spec, account: PROJECT, adopt: true, workloads: Workloads::default() }, observed)
}

/// The plan that takes the file's cluster away.
pub(crate) fn absent(spec: &ClusterSpec, observed: &Observed, adopt: bool) -> String {
    let (name, place, provider) = (&spec.name, &spec.place, spec.cloud.provider());
    decided(&Goal::Absent { provider, account: PROJECT, place, name, adopt }, observed)
}

pub(crate) fn decided(goal: &Goal<'_>, observed: &Observed) -> String {
    let plan = match plan(goal, observed) {
        Ok(plan) => plan,
        Err(refusal) => return format!("refused: {refusal}\n"),
    };
    let mut text = String::new();
    if plan.is_empty() {
        text.push_str("nothing to do\n");
    }
    for step in &plan.steps {
        let after: Vec<&str> = step.after.iter().map(|id| id.0.as_str()).collect();
        let after = if after.is_empty() { String::new() } else { format!(" after {}", after.join(", ")) };
        writeln!(text, "[{:?}] {}{after}", step.change, step.id).expect("a string");
        writeln!(text, "    {} ({})", step.title, step.why).expect("a string");
        writeln!(text, "    {:?}, billing {:?}", step.impact, step.billing).expect("a string");
        for detail in &step.details {
            writeln!(text, "    - {detail}").expect("a string");
        }
    }
    for note in &plan.notes {
        writeln!(text, "note: {}: {}", note.about, note.text).expect("a string");
    }
    text
}
