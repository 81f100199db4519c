//! A reminder: what says whose the things of a cluster are that bear no mark, from before the cluster goes until they are gone.
//!
//! It is a health check that nothing uses. Compute Engine has nothing else that is free, needs no network and no other right than its
//! own, and can hold a text; it has no labels, so the mark and the lease stand in its description, as JSON.

use std::collections::BTreeMap;

use berth_core::gc::LeftoverKind;
use berth_core::rules::ownership;
use jiff::Timestamp;
use serde_json::{Value, json};

/// What its description begins with, so that nobody else's JSON is taken for it.
const FORM: &str = "berth/reminder/v1";

/// The label of GKE's own that says where a cluster stands.
pub(crate) const LOCATION: &str = "goog-k8s-cluster-location";

/// A cluster that goes.
#[derive(Debug)]
pub(crate) struct Going<'a> {
    /// Its labels.
    pub(crate) labels: &'a BTreeMap<String, String>,
    pub(crate) location: &'a str,
    /// The network tag of its nodes.
    pub(crate) tag: String,
    pub(crate) made: Option<Timestamp>,
}

/// The body that makes the reminder of this name.
pub(crate) fn body(name: &str, going: &Going<'_>) -> Value {
    let own = |key: &str| key == ownership::OWNER_KEY || key.starts_with("berth-");
    let mut labels: BTreeMap<&str, &str> =
        going.labels.iter().filter(|(key, _)| own(key)).map(|(key, value)| (key.as_str(), value.as_str())).collect();
    labels.insert(LOCATION, going.location);
    let said = json!({"form": FORM, "labels": labels, "tags": [going.tag], "since": going.made});
    json!({"name": name, "description": said.to_string(), "type": "TCP", "tcpHealthCheck": {"port": 1}})
}

/// What a thing says if it is a reminder, else null.
pub(crate) fn read(kind: LeftoverKind, item: &Value) -> Value {
    let said = item["description"].as_str().filter(|_| kind == LeftoverKind::HealthCheck);
    let said: Option<Value> = said.and_then(|text| serde_json::from_str(text).ok());
    said.filter(|said| said["form"] == FORM).unwrap_or_default()
}
