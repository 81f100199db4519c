//! Which environments are to go.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::environment::{Environment, LeaseFound, sort};
use super::inventory::{Inventory, Unread};
use super::leftover::{Leftover, LeftoverKind};
use super::volumes::is_volume;
use crate::lease::Lease;
use crate::spec::Place;

/// By what is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GcRules {
    /// Now.
    pub now: Timestamp,
    /// How old what bears no lease and has no cluster must be: its creation may be running.
    pub grace: Duration,
    /// Also what has no cluster, bears no lease, and does not say how old it is.
    pub even_without_age: bool,
    /// Also the disks and volumes of what has no cluster and no lease, with their data.
    pub with_volumes: bool,
}

impl GcRules {
    /// An hour of grace, and nothing whose age is not known; with its data.
    pub fn at(now: Timestamp) -> Self {
        Self { now, grace: Duration::from_secs(3600), even_without_age: false, with_volumes: true }
    }
}

/// What is to go, what stays and why.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GcPlan {
    /// To be taken away.
    pub doomed: Vec<Environment>,
    /// Ours, and staying.
    pub kept: Vec<Kept>,
    /// Never touched: nothing of ours says that they are ours, or their labels name another owner.
    pub unproven: Vec<Leftover>,
    /// What could not be listed; there may be more of it.
    pub unread: Vec<Unread>,
}

/// An environment that stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    /// What stays.
    pub environment: Environment,
    /// Why.
    pub why: KeptWhy,
}

/// Why an environment stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeptWhy {
    /// Its cluster stands without a lease: it was made to stay.
    Standing,
    /// Its lease goes on.
    Leased(Lease),
    /// It has no cluster and no lease, but is so young that its creation may be running.
    Young {
        /// When its youngest thing was made.
        made: Timestamp,
    },
    /// It has no cluster and no lease, and nothing says how old it is.
    AgeUnknown,
    /// Its lease cannot be read, for this reason.
    Unreadable(String),
    /// Its cluster may be there: clusters could not be listed, for this reason.
    ClustersUnread(String),
    /// Disks or volumes are all that is left of it, and it had no lease: data that was made to stay.
    Data,
    /// It may belong to several clusters, and nothing tells to which.
    Ambiguous,
}

impl KeptWhy {
    /// Whether somebody has to look at it: time alone will not settle it.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::AgeUnknown | Self::Unreadable(_) | Self::ClustersUnread(_) | Self::Ambiguous)
    }
}

impl fmt::Display for KeptWhy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standing => f.write_str("its cluster stands and has no lease"),
            Self::Leased(lease) => write!(f, "{lease}"),
            Self::Young { made } => write!(f, "no cluster, but made at {made}: its creation may be running"),
            Self::AgeUnknown => f.write_str("no cluster and no lease, and nothing says how old it is"),
            Self::Unreadable(why) => write!(f, "its lease cannot be read: {why}"),
            Self::ClustersUnread(why) => write!(f, "its cluster may be there, clusters could not be listed: {why}"),
            Self::Data => f.write_str("its cluster is gone and had no lease, so its data is kept"),
            Self::Ambiguous => f.write_str("it may belong to several clusters of that name"),
        }
    }
}

/// Decides what of an inventory is to go.
///
/// Doomed is what bears our mark, or hangs on what bears it, and whose lease is over; and what has neither cluster nor lease once it is
/// older than the grace. A cluster without a lease always stays.
pub fn decide(inventory: &Inventory, rules: &GcRules) -> GcPlan {
    let sorted = sort(inventory);
    let mut plan = GcPlan { unproven: sorted.unproven, unread: inventory.unread.clone(), ..GcPlan::default() };
    for environment in sorted.environments {
        match keep(&environment, &inventory.unread, rules) {
            Some(why) => plan.kept.push(Kept { environment, why }),
            None => plan.doomed.push(environment),
        }
    }
    let ambiguous = sorted.ambiguous.into_iter();
    plan.kept.extend(ambiguous.map(|environment| Kept { environment, why: KeptWhy::Ambiguous }));
    plan
}

/// Why an environment stays; `None` if it is to go.
fn keep(environment: &Environment, unread: &[Unread], rules: &GcRules) -> Option<KeptWhy> {
    match environment.lease() {
        LeaseFound::Unreadable(why) => return Some(KeptWhy::Unreadable(why)),
        LeaseFound::Lease(lease) if !lease.is_over(rules.now) => return Some(KeptWhy::Leased(lease)),
        LeaseFound::None if environment.standing().is_some() => return Some(KeptWhy::Standing),
        LeaseFound::Lease(_) | LeaseFound::None => {}
    }
    if environment.standing().is_some() {
        return None;
    }
    if let Some(unread) = unread.iter().find(|unread| hides_cluster(unread, environment)) {
        return Some(KeptWhy::ClustersUnread(unread.why.clone()));
    }
    let unleased = |thing: &&Leftover| thing.is_marked() && Lease::read(&thing.labels).is_none();
    if !environment.things.iter().any(|thing| unleased(&thing)) {
        return None;
    }
    match environment.youngest() {
        Some(made) if is_young(made, rules) => return Some(KeptWhy::Young { made }),
        None if !rules.even_without_age => return Some(KeptWhy::AgeUnknown),
        Some(_) | None => {}
    }
    let is_data = environment.things.iter().all(|thing| is_volume(thing.kind));
    (is_data && !rules.with_volumes && !environment.is_leased()).then_some(KeptWhy::Data)
}

fn is_young(made: Timestamp, rules: &GcRules) -> bool {
    // A time that cannot be told is far ahead.
    made.checked_add(rules.grace).is_ok_and(|old| old > rules.now)
}

/// Whether the environment's cluster may be where clusters could not be listed.
fn hides_cluster(unread: &Unread, environment: &Environment) -> bool {
    let region = |place: &str| Place::from_gke_location(place).region;
    let is_there = match (&unread.place, &environment.location) {
        (None, _) => true,
        (Some(place), Some(location)) => region(place) == region(location),
        (Some(place), None) => environment
            .things
            .iter()
            .any(|thing| thing.at.place == "global" || region(&thing.at.place) == region(place)),
    };
    is_there
        && unread.provider == environment.provider
        && unread.account == environment.account
        && unread.kinds.contains(&LeftoverKind::Cluster)
}
