//! The ledger: every call that came in and every second that would be billed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One API call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Call {
    /// When, in simulated time.
    pub(crate) at: Timestamp,
    /// The API method.
    pub(crate) method: String,
    /// What it was about.
    pub(crate) resource: String,
    /// The client's `User-Agent`, cut short.
    pub(crate) caller: String,
    /// The HTTP status answered; 0 when the connection was dropped.
    pub(crate) status: u16,
}

/// What is billed by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SpanKind {
    /// The fee of a cluster.
    ControlPlane,
    /// A virtual machine with its accelerators.
    Node,
    /// The boot disk of a node.
    Disk,
    /// A NAT gateway.
    NatGateway,
    /// A public IPv4 address.
    Address,
    /// A load balancer.
    LoadBalancer,
}

/// What a billed span is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Span {
    /// What is billed.
    pub(crate) kind: SpanKind,
    /// The cluster, `projects/P/locations/L/clusters/C`.
    pub(crate) cluster: String,
    /// The node pool; empty for a control plane.
    pub(crate) pool: String,
    /// The name of the node or disk; the cluster's name for a control plane.
    pub(crate) name: String,
    /// The machine type of a node, the disk type of a disk.
    pub(crate) machine_type: String,
    /// The accelerators of a node as `COUNTxTYPE`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) gpu: String,
    /// The size of a disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) size_gb: Option<i64>,
    /// Whether the node is a spot or preemptible one.
    pub(crate) spot: bool,
    /// The zone; the cluster's location for a control plane.
    pub(crate) zone: String,
    /// When billing began.
    pub(crate) from: Timestamp,
    /// When billing ended; nothing while it goes on.
    pub(crate) to: Option<Timestamp>,
}

/// All calls and spans of a world.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Ledger {
    /// The calls, oldest first.
    pub(crate) calls: Vec<Call>,
    /// The spans, oldest first.
    pub(crate) spans: Vec<Span>,
}

impl Ledger {
    /// Ends what is billed under a name in a cluster; every kind.
    pub(crate) fn close(&mut self, cluster: &str, name: &str, now: Timestamp) {
        for span in &mut self.spans {
            if span.to.is_none() && span.cluster == cluster && span.name == name {
                span.to = Some(now);
            }
        }
    }

    /// Ends what is billed for one thing outside any cluster: of the kind, name and place of this span.
    pub(crate) fn close_one(&mut self, like: &Span, now: Timestamp) {
        for span in &mut self.spans {
            let same = span.kind == like.kind && span.name == like.name && span.zone == like.zone;
            if span.to.is_none() && span.cluster == like.cluster && same {
                span.to = Some(now);
            }
        }
    }

    /// The spans that are still billed.
    pub(crate) fn billed(&self) -> impl Iterator<Item = &Span> {
        self.spans.iter().filter(|span| span.to.is_none())
    }

    /// How often each method was called.
    pub(crate) fn counts(&self) -> BTreeMap<&str, u64> {
        let mut counts = BTreeMap::new();
        for call in &self.calls {
            *counts.entry(call.method.as_str()).or_insert(0) += 1;
        }
        counts
    }

    /// Billed simulated seconds by kind, up to now.
    pub(crate) fn billed_seconds(&self, now: Timestamp) -> BTreeMap<SpanKind, i64> {
        let mut seconds = BTreeMap::new();
        for span in &self.spans {
            let length = span.to.unwrap_or(now).duration_since(span.from).as_secs();
            *seconds.entry(span.kind).or_insert(0) += length.max(0);
        }
        seconds
    }

    /// The whole ledger as the control API tells it.
    pub(crate) fn report(&self, now: Timestamp) -> Value {
        json!({
            "now": now,
            "calls": self.calls,
            "counts": self.counts(),
            "spans": self.spans,
            "billedNow": self.billed().collect::<Vec<_>>(),
            "billedSeconds": self.billed_seconds(now),
        })
    }
}
