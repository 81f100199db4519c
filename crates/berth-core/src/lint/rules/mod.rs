//! The rules, one file for each.

mod autoscaler_metrics;
mod autoscaler_target;
mod daemon_set;
mod definition;
mod device_plugin;
mod driver;
pub(super) mod duplicate;
mod gpu_request;
mod ingress;
mod limit_range;
mod list;
mod missing_claim;
mod namespace;
mod network_policy;
mod node_size;
mod priority_class;
mod quota_beyond;
mod quota_escape;
mod quota_key;
mod quota_overlap;
mod quota_pod;
mod quota_scope;
mod quota_sum;
mod removed_api;
mod replicas_pools;
mod replicas_quota;
mod secret;
mod secret_in_clear;
mod selector;
mod shared_volume;
mod storage_class;
mod storage_driver;
mod toleration;
mod volume_access;
mod volume_zone;

pub(super) use list::ALL;

/// Rules whose findings are about things that the files name and do not hold.
pub(super) const MAY_STAND_ALREADY: [&str; 4] =
    [namespace::RULE, priority_class::RULE, secret::RULE, storage_class::RULE];
pub use list::RULES;
