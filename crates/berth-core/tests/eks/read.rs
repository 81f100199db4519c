//! Shipped files, and plans as text.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use berth_core::observed::Observed;
use berth_core::plan::{Goal, Plan, Refusal, Workloads, plan};
use berth_core::spec::{self, ClusterSpec, Provider, Source};

pub(crate) const ACCOUNT: &str = "123456789012";

pub(crate) fn shipped(file: &str, provider: Option<Provider>) -> ClusterSpec {
    let read = |path: &str| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        fs::read_to_string(root.join(path)).map_err(|error| error.to_string())
    };
    let text = read(file).expect("a readable file");
    spec::check(&Source { file, text: &text, provider, read: &read }).expect("a good file").spec
}

pub(crate) fn present(spec: &ClusterSpec, observed: &Observed) -> Result<Plan, Refusal> {
    plan(&Goal::Present { spec, account: ACCOUNT, adopt: false, workloads: Workloads::default() }, observed)
}

pub(crate) fn absent(spec: &ClusterSpec, observed: &Observed) -> Result<Plan, Refusal> {
    let (name, place, provider) = (&spec.name, &spec.place, Provider::Eks);
    plan(&Goal::Absent { provider, account: ACCOUNT, place, name, adopt: false }, observed)
}

pub(crate) fn text(plan: &Plan) -> String {
    let mut text = String::new();
    for step in &plan.steps {
        let after: Vec<&str> = step.after.iter().map(|id| id.0.trim_start_matches("eks/")).collect();
        let after = if after.is_empty() { String::new() } else { format!(" after {}", after.join(", ")) };
        writeln!(text, "{}{after}\n    {} ({})", step.id, step.title, step.why).expect("a string");
        for detail in &step.details {
            writeln!(text, "    - {detail}").expect("a string");
        }
    }
    for note in &plan.notes {
        writeln!(text, "note: {}: {}", note.about, note.text).expect("a string");
    }
    text
}
