//! GKE's quirks, one file per rule.
//!
//! In reading order: the rules that turn a wish into GKE's own terms ([`zone_counts`], [`autoscaling`], [`accelerator`], [`taints`],
//! [`labels`], [`order`]), what they add up to ([`pool`], [`cluster`]), how that differs from what is there ([`diff_pool`],
//! [`diff_cluster`]), the steps that follow ([`present`], [`absent`], [`leftovers`]), and what has to be true before ([`preflight`]).

pub mod absent;
pub mod accelerator;
pub mod autoscaling;
pub mod cluster;
pub mod diff_cluster;
pub mod diff_pool;
pub mod labels;
pub mod leftovers;
pub mod node_labels;
pub mod operations;
pub mod order;
pub mod pool;
pub mod pool_steps;
pub mod preflight;
pub mod present;
pub mod quota;
pub mod steps;
pub mod taints;
pub mod zone_counts;
