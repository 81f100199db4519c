//! How long things take, as data: simulated durations of the real services' lifecycles.

use jiff::SignedDuration;

/// One change of a thing's condition and how long after `from` it comes.
#[derive(Debug)]
pub(crate) struct Row {
    /// What changes.
    pub(crate) kind: &'static str,
    /// The condition left.
    pub(crate) from: &'static str,
    /// The condition reached.
    pub(crate) to: &'static str,
    /// Simulated seconds between the two.
    pub(crate) after_seconds: i64,
    /// Up to this many seconds more, chosen by the thing's name.
    pub(crate) spread_seconds: i64,
}

const fn row(kind: &'static str, from: &'static str, to: &'static str, after_seconds: i64) -> Row {
    Row { kind, from, to, after_seconds, spread_seconds: 0 }
}

/// All durations. GKE publishes none; they follow observed runs (one regional sample) and the spread people report.
pub(crate) const ROWS: &[Row] = &[
    row("control-plane", "requested", "up", 300),
    row("node", "requested", "registered", 90),
    row("gpu-node", "requested", "registered", 150),
    row("node", "registered", "ready", 12),
    row("gpu-node", "registered", "ready", 18),
    Row { kind: "gpu", from: "node-ready", to: "allocatable", after_seconds: 60, spread_seconds: 60 },
    row("operation", "pending", "running", 2),
    row("pool", "requested", "created", 105),
    row("gpu-pool", "requested", "created", 180),
    row("empty-pool", "requested", "created", 30),
    row("pool", "requested", "short-of-stock", 600),
    row("pool", "requested", "short-of-quota", 240),
    row("pool", "requested", "failed", 120),
    row("pool", "requested", "deleted", 120),
    row("pool", "requested", "resized-down", 60),
    row("pool", "requested", "updated", 45),
    row("pool", "requested", "managed", 30),
    row("cluster", "requested", "deleted", 180),
    row("cluster", "requested", "updated", 45),
    row("cluster", "requested", "labelled", 30),
    row("cluster", "requested", "upgraded", 300),
    row("autoscaler", "minimum-above-size", "scaled", 60),
    row("instance", "preempted", "recreated", 120),
    row("operation", "cancelled", "done", 20),
];

/// The duration of a change, for the thing of that name.
///
/// A change without a row takes no time; the test below keeps the callers' names in step with the rows.
pub(crate) fn after(kind: &str, from: &str, to: &str, name: &str) -> SignedDuration {
    let seconds = ROWS.iter().find(|row| row.kind == kind && row.from == from && row.to == to).map_or(0, |row| {
        let spread = i64::try_from(digest(name) % (row.spread_seconds.unsigned_abs() + 1)).unwrap_or(0);
        row.after_seconds + spread
    });
    SignedDuration::from_secs(seconds)
}

/// A stable number for a text (FNV-1a), for names and spreads that must come out alike in every run.
pub(crate) fn digest(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gpus_come_a_minute_or_two_after_ready() {
        for name in ["a", "b", "gke-x-y-1"] {
            let seconds = after("gpu", "node-ready", "allocatable", name).as_secs();
            assert!((60..=120).contains(&seconds), "{seconds}");
        }
    }

    #[test]
    fn nodes_are_ready_before_their_pools_operation_ends() {
        for (node, pool) in [("node", "pool"), ("gpu-node", "gpu-pool")] {
            let ready = after(node, "requested", "registered", "") + after(node, "registered", "ready", "");
            assert!(ready < after(pool, "requested", "created", ""));
        }
    }
}
