//! A verification report as text and as JSON.

use berth_core::verify::{PoolRow, Shortfall, Verdict, VerificationReport};
use serde_json::{Value, json};

use crate::ui::render::table::{self, Align, Column};

/// The report for machines.
pub(crate) fn json(report: &VerificationReport) -> Value {
    json!(report)
}

/// The table of allocatable GPUs, then every shortfall with its cause.
pub(crate) fn text(report: &VerificationReport) -> String {
    let columns = [
        Column("POOL", Align::Left),
        Column("GPU", Align::Left),
        Column("NODES", Align::Right),
        Column("MIN-MAX", Align::Right),
        Column("GPUS/NODE", Align::Right),
        Column("SHARES/GPU", Align::Right),
        Column("EXPECTED", Align::Right),
        Column("ALLOCATABLE", Align::Right),
        Column("VERDICT", Align::Left),
    ];
    let mut lines = vec![table::text(&columns, report.pools.iter().map(row))];
    if !report.shortfalls.is_empty() {
        lines.push(String::new());
        lines.extend(report.shortfalls.iter().map(shortfall));
    }
    lines.extend(report.notes.iter().map(|note| format!("note: {note}")));
    lines.join("\n")
}

fn row(row: &PoolRow) -> Vec<String> {
    let gpus = row.gpus.as_ref();
    let number = |number: Option<String>| number.unwrap_or_else(|| "-".to_owned());
    vec![
        row.pool.clone(),
        number(gpus.map(|gpus| gpus.model.clone())),
        if row.nodes.ready == row.nodes.registered {
            row.nodes.ready.to_string()
        } else {
            format!("{}/{} ready", row.nodes.ready, row.nodes.registered)
        },
        format!("{}-{}", row.nodes.min, row.nodes.max),
        number(gpus.map(|gpus| gpus.per_node.to_string())),
        number(gpus.map(|gpus| gpus.shares.to_string())),
        number(gpus.map(|gpus| gpus.expected.to_string())),
        number(gpus.map(|gpus| gpus.allocatable.to_string())),
        verdict(row.verdict).to_owned(),
    ]
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Empty => "empty: at zero nodes, nothing proved",
        Verdict::Passed => "passed",
        Verdict::Waiting => "not yet",
        Verdict::Failed => "FAILED",
    }
}

fn shortfall(shortfall: &Shortfall) -> String {
    let place = match (&shortfall.pool, &shortfall.node) {
        (Some(pool), Some(node)) => format!("{pool}, node {node}"),
        (Some(pool), None) => pool.clone(),
        (None, Some(node)) => format!("node {node}"),
        (None, None) => "cluster".to_owned(),
    };
    format!("{}: {place}: {}: {}", verdict(shortfall.verdict), shortfall.check, shortfall.cause)
}

/// What is waited for, in one line; `None` when nothing is.
pub(crate) fn waiting(report: &VerificationReport) -> Option<String> {
    let first = report.shortfalls.iter().find(|shortfall| shortfall.verdict == Verdict::Waiting)?;
    let place = first.pool.as_deref().unwrap_or("cluster");
    let more = report.shortfalls.len() - 1;
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    Some(format!("{place}: {}{more}", first.cause))
}
