//! Rights on AWS, by command.
//!
//! Source: the service authorization reference of each service (actions, the resources they are about, the keys conditions can
//! use), EKS's pages on service-linked roles, launch templates and tags.

mod look;
mod make;
mod take;

use std::collections::BTreeSet;

use super::purpose::Purpose::{self, Create, Destroy, Gc, Kubeconfig, Plan, Probe, Status, Verify};

/// What a right is bound to besides its resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum When {
    /// Nothing.
    Always,
    /// The resource carries berth's tag.
    Ours,
    /// The call gives berth's tag to what it makes.
    GivingOurs,
    /// Both: the call tags what it makes in something of ours.
    GivingOursInOurs,
    /// Tags of berth's, and only in the call that makes the thing.
    Making(&'static [&'static str]),
    /// The resource has a tag of this key.
    Tagged(&'static str),
    /// One of these policies of AWS's own.
    Policies(&'static [&'static str]),
    /// The role of one of these services.
    Linked(&'static [&'static str]),
}

/// Actions with the same resources, the same condition and the same reason.
#[derive(Debug, Clone, Copy)]
pub struct EksNeed {
    /// Name of the statement; rows with the same resources and condition become one, under the first one's name.
    pub sid: &'static str,
    /// The actions.
    pub actions: &'static [&'static str],
    /// The resources they are about.
    pub resources: &'static [&'static str],
    pub(super) when: When,
    /// What for, a sentence fragment.
    pub why: &'static str,
    /// When they are needed; empty if always.
    pub road: &'static str,
    purposes: &'static [Purpose],
}

const LOOKING: &[Purpose] = &[Plan, Create, Verify, Probe, Status, Kubeconfig, Destroy, Gc];
const ANY: &[&str] = &["*"];
const ROLES: &[&str] = &["arn:*:iam::*:role/berth-*"];
const CLUSTERS: &[&str] = &["arn:*:eks:*:*:cluster/*"];

const fn need(
    sid: &'static str,
    purposes: &'static [Purpose],
    actions: &'static [&'static str],
    (resources, when): (&'static [&'static str], When),
    (why, road): (&'static str, &'static str),
) -> EksNeed {
    EksNeed { sid, actions, resources, when, why, road, purposes }
}

/// The rights for these purposes, in the order of the table.
pub fn needs(purposes: &BTreeSet<Purpose>) -> Vec<EksNeed> {
    let purposes = Purpose::with_parts(purposes);
    let all = look::ROWS.iter().chain(make::ROWS).chain(take::ROWS);
    let wanted = all.filter(|need| need.purposes.iter().any(|purpose| purposes.contains(purpose)));
    wanted.copied().collect()
}
