//! All rules by name.

use super::{
    autoscaler_metrics, autoscaler_target, daemon_set, definition, device_plugin, driver, duplicate, gpu_request,
    ingress, limit_range, missing_claim, namespace, network_policy, node_size, priority_class, quota_beyond,
    quota_escape, quota_key, quota_overlap, quota_pod, quota_scope, quota_sum, removed_api, replicas_pools,
    replicas_quota, secret, secret_in_clear, selector, shared_volume, storage_class, storage_driver, toleration,
    volume_access, volume_zone,
};
use crate::lint::finding::Report;
use crate::lint::manifest;
use crate::lint::world::World;

/// A rule: looks at everything and reports what it finds.
pub(in crate::lint) struct Rule {
    name: &'static str,
    pub(in crate::lint) check: fn(&World<'_>, &mut Report),
}

/// Every rule.
pub(in crate::lint) static ALL: [Rule; 34] = [
    Rule { name: autoscaler_metrics::RULE, check: autoscaler_metrics::check },
    Rule { name: autoscaler_target::RULE, check: autoscaler_target::check },
    Rule { name: daemon_set::RULE, check: daemon_set::check },
    Rule { name: definition::RULE, check: definition::check },
    Rule { name: device_plugin::RULE, check: device_plugin::check },
    Rule { name: driver::RULE, check: driver::check },
    Rule { name: duplicate::RULE, check: duplicate::check },
    Rule { name: gpu_request::RULE, check: gpu_request::check },
    Rule { name: ingress::RULE, check: ingress::check },
    Rule { name: limit_range::RULE, check: limit_range::check },
    Rule { name: missing_claim::RULE, check: missing_claim::check },
    Rule { name: namespace::RULE, check: namespace::check },
    Rule { name: network_policy::RULE, check: network_policy::check },
    Rule { name: node_size::RULE, check: node_size::check },
    Rule { name: priority_class::RULE, check: priority_class::check },
    Rule { name: quota_beyond::RULE, check: quota_beyond::check },
    Rule { name: quota_escape::RULE, check: quota_escape::check },
    Rule { name: quota_key::RULE, check: quota_key::check },
    Rule { name: quota_overlap::RULE, check: quota_overlap::check },
    Rule { name: quota_pod::RULE, check: quota_pod::check },
    Rule { name: quota_scope::RULE, check: quota_scope::check },
    Rule { name: quota_sum::RULE, check: quota_sum::check },
    Rule { name: removed_api::RULE, check: removed_api::check },
    Rule { name: replicas_pools::RULE, check: replicas_pools::check },
    Rule { name: replicas_quota::RULE, check: replicas_quota::check },
    Rule { name: secret::RULE, check: secret::check },
    Rule { name: secret_in_clear::RULE, check: secret_in_clear::check },
    Rule { name: selector::RULE, check: selector::check },
    Rule { name: shared_volume::RULE, check: shared_volume::check },
    Rule { name: storage_class::RULE, check: storage_class::check },
    Rule { name: storage_driver::RULE, check: storage_driver::check },
    Rule { name: toleration::RULE, check: toleration::check },
    Rule { name: volume_access::RULE, check: volume_access::check },
    Rule { name: volume_zone::RULE, check: volume_zone::check },
];

/// Names of all rules, as findings have them.
pub static RULES: [&str; ALL.len() + 1] = {
    let mut names = [manifest::RULE; ALL.len() + 1];
    let mut index = 0;
    while index < ALL.len() {
        names[index] = ALL[index].name;
        index += 1;
    }
    names
};
