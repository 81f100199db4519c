//! Nodes as a Kubernetes API describes them.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::spec::Taint;

/// A node as the Kubernetes API describes it, reduced to what is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedNode {
    /// Node name.
    pub name: String,
    /// All labels.
    pub labels: BTreeMap<String, String>,
    /// All taints, the node controller's own included.
    pub taints: Vec<Taint>,
    /// `Ready` is `True`.
    pub ready: bool,
    /// Message of the `Ready` condition, or that there is none.
    pub ready_message: String,
    /// `status.allocatable` of extended resources, such as `nvidia.com/gpu`, as whole numbers.
    pub extended_resources: BTreeMap<String, u64>,
    /// When the node object was made.
    pub created_at: Option<Timestamp>,
}
