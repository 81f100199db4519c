//! All rules by name.

use super::{
    daemon_set, device_plugin, driver, duplicate, gpu_request, limit_range, namespace, node_size, priority_class,
    quota_beyond, quota_escape, quota_key, quota_overlap, quota_pod, quota_scope, quota_sum, removed_api, secret,
    secret_in_clear, selector, storage_class, toleration,
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
pub(in crate::lint) static ALL: [Rule; 22] = [
    Rule { name: daemon_set::RULE, check: daemon_set::check },
    Rule { name: device_plugin::RULE, check: device_plugin::check },
    Rule { name: driver::RULE, check: driver::check },
    Rule { name: duplicate::RULE, check: duplicate::check },
    Rule { name: gpu_request::RULE, check: gpu_request::check },
    Rule { name: limit_range::RULE, check: limit_range::check },
    Rule { name: namespace::RULE, check: namespace::check },
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
    Rule { name: secret::RULE, check: secret::check },
    Rule { name: secret_in_clear::RULE, check: secret_in_clear::check },
    Rule { name: selector::RULE, check: selector::check },
    Rule { name: storage_class::RULE, check: storage_class::check },
    Rule { name: toleration::RULE, check: toleration::check },
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
