//! Each cloud's quirks as pure rules, one file per rule.

pub mod eks;
pub mod existing;
pub mod gke;
pub mod kube;
pub mod network_policy;
pub mod ownership;
pub mod preflight;
