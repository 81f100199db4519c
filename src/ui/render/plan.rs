//! A plan as text.

use berth_core::plan::{Billing, Impact, Plan, Step, StepChange};
use berth_report::words::{approximately, count};

/// The whole plan, without a final line end.
pub(crate) fn text(heading: &str, plan: &Plan) -> String {
    let mut lines = vec![heading.to_owned()];
    if plan.is_empty() {
        lines.push("  nothing to do".to_owned());
    }
    for step in &plan.steps {
        lines.push(String::new());
        lines.extend(step_lines(step));
    }
    if !plan.notes.is_empty() {
        lines.push(String::new());
        lines.push("Decided".to_owned());
        lines.extend(plan.notes.iter().map(|note| format!("  {}: {}", note.about, note.text)));
    }
    if !plan.is_empty() {
        lines.push(String::new());
        lines.push(summary(plan));
    }
    lines.join("\n")
}

fn step_lines(step: &Step) -> Vec<String> {
    let sign = match step.change {
        StepChange::Add => '+',
        StepChange::Change => '~',
        StepChange::Remove => '-',
        StepChange::Wait => '.',
    };
    let billing = match step.billing {
        Billing::Starts => ", starts billing",
        Billing::Stops => ", stops billing",
        Billing::Unchanged => "",
    };
    let mut lines = vec![
        format!("  {sign} {}", step.title),
        format!("      {}", step.why),
        format!("      {}usually {}{billing}", impact(step), approximately(step.usual_seconds)),
    ];
    lines.extend(step.details.iter().map(|detail| format!("      {detail}")));
    lines
}

/// What a step does to what runs; nothing is said of steps that only make or await something.
fn impact(step: &Step) -> String {
    let at_risk =
        |nodes: u32, gpus: u32| format!("up to {} with {}", count(nodes as usize, "node"), count(gpus as usize, "GPU"));
    match step.impact {
        Impact::InPlace if step.change == StepChange::Change => "in place; ".to_owned(),
        Impact::InPlace => String::new(),
        Impact::Rolling => "rolling: nodes are replaced one after the other; ".to_owned(),
        Impact::Recreate { nodes, gpus } => format!("RECREATE: {} go down and come back; ", at_risk(nodes, gpus)),
        Impact::Remove { nodes, gpus } => format!("removal: {} go down for good; ", at_risk(nodes, gpus)),
    }
}

fn summary(plan: &Plan) -> String {
    let number = |change: StepChange| plan.steps.iter().filter(|step| step.change == change).count();
    let mut parts = Vec::new();
    for (change, word) in [
        (StepChange::Add, "to add"),
        (StepChange::Change, "to change"),
        (StepChange::Remove, "to remove"),
        (StepChange::Wait, "to wait for"),
    ] {
        parts.push(format!("{} {word}", number(change)));
    }
    format!("Plan: {}", parts.join(", "))
}
