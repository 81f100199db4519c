//! A verification report as text and as JSON.

use berth_core::spec::ANY_NUMBER;
use berth_core::verify::{PoolRow, ProbeRow, ServiceRow, Shortfall, Verdict, VerificationReport};
use berth_report::table::{self, Align, Column};
use serde_json::{Value, json};

/// The report for machines.
pub(crate) fn json(report: &VerificationReport, probed: Option<&[ProbeRow]>) -> Value {
    let mut value = json!(report);
    if let Some(rows) = probed {
        value["probe"] = json!(rows);
    }
    value
}

/// What a probe showed of each pool, then every reason why not more.
pub(crate) fn probed(rows: &[ProbeRow]) -> String {
    let columns = [
        Column("PROBED POOL", Align::Left),
        Column("SHARES", Align::Right),
        Column("IN USE", Align::Right),
        Column("RAN AT ONCE", Align::Right),
        Column("NODES", Align::Right),
        Column("GPU SEEN", Align::Left),
        Column("VERDICT", Align::Left),
    ];
    let row = |row: &ProbeRow| {
        vec![
            row.pool.clone(),
            row.offered.to_string(),
            row.taken.to_string(),
            format!("{} of {}", row.ran, row.wanted),
            row.nodes.to_string(),
            if row.seen.is_empty() { "-".to_owned() } else { row.seen.keys().cloned().collect::<Vec<_>>().join(", ") },
            if row.verdict == Verdict::Empty { "no free share: nothing proved" } else { verdict(row.verdict) }
                .to_owned(),
        ]
    };
    let mut lines = vec![table::text(&columns, rows.iter().map(row))];
    for row in rows {
        lines.extend(row.causes.iter().map(|cause| format!("{}: {}: probe: {cause}", verdict(row.verdict), row.pool)));
    }
    lines.join("\n")
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
    if !report.workloads.is_empty() {
        let up = report.workloads.iter().filter(|row| row.verdict == Verdict::Passed).count();
        lines.push(format!("\nworkloads: {up} of {} up", report.workloads.len()));
    }
    if !report.services.is_empty() {
        lines.push(format!("\n{}", services(&report.services)));
    }
    if !report.shortfalls.is_empty() {
        lines.push(String::new());
        lines.extend(report.shortfalls.iter().map(shortfall));
    }
    lines.extend(report.notes.iter().map(|note| format!("note: {note}")));
    lines.join("\n")
}

/// What services take of what they may take.
fn services(rows: &[ServiceRow]) -> String {
    let columns = [
        Column("SERVICE", Align::Left),
        Column("NAMESPACE", Align::Left),
        Column("GPU SHARES", Align::Right),
        Column("CPU", Align::Right),
        Column("MEMORY", Align::Right),
        Column("QUOTA", Align::Left),
    ];
    let of = |taken: &str, most: &str| format!("{taken} of {most}");
    let rows = rows.iter().map(|row| {
        vec![
            row.service.clone(),
            row.namespace.clone(),
            of(&row.gpus_taken, &row.gpus.to_string()),
            of(&row.cpu_taken, &row.cpu),
            of(&row.memory_taken, &row.memory),
            if row.verdict == Verdict::Passed { "in force" } else { verdict(row.verdict) }.to_owned(),
        ]
    });
    table::text(&columns, rows)
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
        if row.nodes.max == ANY_NUMBER {
            format!("{}+", row.nodes.min)
        } else {
            format!("{}-{}", row.nodes.min, row.nodes.max)
        },
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
