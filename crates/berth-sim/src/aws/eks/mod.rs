//! EKS: clusters, node groups, add-ons, access entries.

mod access;
mod addons;
mod advance;
mod changes;
mod clusters;
mod create;
mod group_checks;
mod groups;
mod identities;
mod serve;
mod tags;
mod versions;

pub(crate) use access::admin_policy_arn;
pub(crate) use advance::schedulable;
pub(crate) use serve::serve;
