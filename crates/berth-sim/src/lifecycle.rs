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
    row("compute", "requested", "deleted", 10),
    row("operation", "cancelled", "done", 20),
    row("operation", "released", "done", 20),
    row("instance", "short", "retried", 60),
    // AWS publishes none either: what users and eksctl's own limits report.
    row("role", "requested", "assumable", 8),
    row("eks-control-plane", "requested", "up", 600),
    row("eks-control-plane", "requested", "deleted", 180),
    row("eks-control-plane", "requested", "updated", 120),
    row("eks-group", "requested", "empty", 60),
    row("eks-group", "requested", "created", 180),
    row("eks-group", "requested", "issue", 90),
    row("eks-group", "requested", "given-up", 1200),
    row("eks-group", "requested", "updated", 30),
    row("eks-group", "requested", "machines-gone", 120),
    row("eks-group", "requested", "deleted", 300),
    row("eks-group", "looked-at", "looked-at-again", 15),
    row("eks-node", "launched", "registered", 75),
    row("eks-gpu-node", "launched", "registered", 105),
    row("eks-node", "launched", "given-up", 900),
    row("eks-node", "registered", "ready", 20),
    row("device-plugin", "changed", "advertised", 20),
    row("device-plugin", "node-ready", "advertised", 45),
    row("addon", "requested", "active", 30),
    row("addon", "requested", "degraded", 300),
    row("addon", "requested", "deleted", 20),
    row("nat-gateway", "requested", "available", 120),
    row("nat-gateway", "requested", "deleted", 60),
    row("nat-gateway", "deleted", "forgotten", 3600),
    row("instance", "terminated", "forgotten", 3600),
    row("service", "changed", "balanced", 10),
    row("service", "waiting", "released", 15),
    row("service", "waiting", "balanced", 60),
    row("load-balancer", "requested", "active", 120),
    row("load-balancer", "deleted", "interfaces-gone", 30),
    row("claim", "changed", "provisioned", 10),
    row("claim", "looked-at", "looked-at-again", 15),
    row("log-group", "logging", "created", 30),
    // Users see deleted resources in the index of tags for some minutes to hours.
    row("tags", "deleted", "forgotten", 3600),
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

/// A stable number for a text, for names and spreads that must come out alike in every run: FNV-1a, then mixed so that
/// texts that differ in their last letter differ in every digit.
pub(crate) fn digest(text: &str) -> u64 {
    let sum = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |sum: u64, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let sum = (sum ^ (sum >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let sum = (sum ^ (sum >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    sum ^ (sum >> 33)
}

/// Four letters that no two numbers below a million share, and that do not look counted.
pub(crate) fn tail(number: u64) -> String {
    const LETTERS: &[u8; 32] = b"0123456789bcdfghjklmnpqrstvwxzae";
    // An odd factor permutes the numbers below 2^20.
    let mixed = number.wrapping_mul(0x9_e377) ^ 0x5_5a5a;
    (0..4).map(|place| char::from(LETTERS[(mixed >> (5 * place) & 31) as usize])).collect()
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
    fn no_two_nodes_share_a_tail() {
        let tails: std::collections::BTreeSet<String> = (0..20_000).map(tail).collect();
        assert_eq!(tails.len(), 20_000);
    }

    #[test]
    fn nodes_are_ready_before_their_pools_operation_ends() {
        for (node, pool) in [("node", "pool"), ("gpu-node", "gpu-pool")] {
            let ready = after(node, "requested", "registered", "") + after(node, "registered", "ready", "");
            assert!(ready < after(pool, "requested", "created", ""));
        }
    }
}
