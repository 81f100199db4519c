//! What says that a cloud object is ours: labels in its first create call.
//!
//! Keys and values keep to the stricter charset of both clouds (GCP labels: lowercase letters, digits, `_`, `-`, at most 63).

use std::collections::BTreeMap;

/// Label key that says who made or was given an object.
pub const OWNER_KEY: &str = "managed-by";
/// Its value on everything of ours.
pub const OWNER_VALUE: &str = "berth";
/// Label key that names the cluster an object belongs to.
pub const CLUSTER_KEY: &str = "berth-cluster";

/// The labels every object of a cluster carries from its first create call.
pub fn labels(cluster: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(OWNER_KEY.to_owned(), OWNER_VALUE.to_owned()), (CLUSTER_KEY.to_owned(), cluster.to_owned())])
}

/// Whether these labels say that the object is berth's.
pub fn is_ours(labels: &BTreeMap<String, String>) -> bool {
    labels.get(OWNER_KEY).is_some_and(|value| value == OWNER_VALUE)
}
