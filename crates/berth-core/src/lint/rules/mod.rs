//! The rules, one file for each.

mod daemon_set;
mod device_plugin;
mod driver;
pub(super) mod duplicate;
mod gpu_request;
mod limit_range;
mod list;
mod namespace;
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
mod secret;
mod secret_in_clear;
mod selector;
mod storage_class;
mod toleration;

pub(super) use list::ALL;

/// Rules whose findings are about things that the files name and do not hold.
pub(super) const MAY_STAND_ALREADY: [&str; 4] =
    [namespace::RULE, priority_class::RULE, secret::RULE, storage_class::RULE];
pub use list::RULES;
