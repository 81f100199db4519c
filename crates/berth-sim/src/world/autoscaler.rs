//! The cluster autoscaler of a cluster of either cloud: machines for pods that found no room, and empty ones taken away.
//!
//! It looks some seconds after something changed, not in turns of its own.

mod gke;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::model::{Step, World};
use crate::kube::Offer;

/// Its turns are so many seconds apart.
const LOOK_SECONDS: i64 = 10;
/// An empty node goes after so many seconds.
const UNNEEDED_SECONDS: i64 = 600;
/// A group that did not grow is left alone so long, and twice as long each time.
const FIRST_BACKOFF_SECONDS: i64 = 300;
const MOST_BACKOFF_SECONDS: i64 = 1800;
/// Why a group is left alone.
const IN_BACKOFF: &str = "in backoff after failed scale-up";

/// What the autoscaler of one cluster remembers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Autoscaler {
    /// Up to which revision the cluster's changes were followed.
    pub(crate) followed: u64,
    /// Groups it has grown. Only these shrink: the first nodes of a cluster hold the system's own pods on a real cloud, which are
    /// not simulated.
    #[serde(default)]
    grown: BTreeSet<String>,
    /// Since when nodes are empty.
    unneeded: BTreeMap<String, Timestamp>,
    /// Groups that did not grow when they should have.
    backoffs: BTreeMap<String, Backoff>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Backoff {
    until: Timestamp,
    seconds: i64,
}

/// A group of machines that may grow and shrink.
#[derive(Debug, Clone)]
pub(crate) struct Grower {
    /// The node pool or node group.
    pub(crate) pool: String,
    /// The zone, where each has a group of its own.
    pub(crate) zone: String,
    /// The name of the group in the words of the autoscaler.
    pub(crate) id: String,
    /// The most machines it may have.
    pub(crate) most: u32,
    /// How many of its machines may go.
    pub(crate) spare: u32,
    /// Spare machines of one budget are counted together.
    pub(crate) budget: String,
}

/// The groups of a cluster.
#[derive(Debug, Default)]
pub(crate) struct Fleet {
    /// What each group would add, in the order of `growers`.
    pub(crate) offers: Vec<Offer>,
    /// The groups.
    pub(crate) growers: Vec<Grower>,
    /// Nodes that are on their way, as they will be.
    pub(crate) coming: Vec<Value>,
    /// Ready nodes with the index of their group.
    pub(crate) nodes: Vec<(String, usize)>,
}

impl World {
    /// Lets the autoscaler of a cluster look at its next turn.
    pub(crate) fn look_soon(&mut self, uid: &str, now: Timestamp) {
        self.plan_at_latest(now + SignedDuration::from_secs(LOOK_SECONDS), Step::Autoscale(uid.to_owned()));
    }

    /// Adds machines for pods that no node has room for, and takes away those that were empty for long.
    pub(crate) fn autoscale(&mut self, uid: &str, now: Timestamp) {
        let on_gke = self.by_uid(uid).is_some();
        let Some(mut fleet) = (if on_gke { self.gke_fleet(uid, now) } else { self.eks_fleet(uid, now) }) else {
            return;
        };
        let memory = self.autoscalers.entry(uid.to_owned()).or_default();
        for (offer, grower) in fleet.offers.iter_mut().zip(&fleet.growers) {
            if memory.backoffs.get(&grower.id).is_some_and(|backoff| backoff.until > now) {
                offer.barred = Some(IN_BACKOFF);
            }
        }
        let Some(api) = self.api(uid) else { return };
        api.kube.settle(now);
        let coming = std::mem::take(&mut fleet.coming);
        let growth = api.kube.growth(coming, &fleet.offers);
        for (pod, why) in &growth.unhelped {
            api.kube.autoscaler_says(pod, "NotTriggerScaleUp", why.clone(), now);
        }
        for (pod, index) in &growth.helped {
            let Some(more) = growth.counts.get(index) else { continue };
            let (grower, size) = (&fleet.growers[*index], fleet.offers[*index].size);
            let words =
                format!("pod triggered scale-up: [{{{} {size}->{} (max: {})}}]", grower.id, size + more, grower.most);
            api.kube.autoscaler_says(pod, "TriggeredScaleUp", words, now);
        }
        for (index, more) in &growth.counts {
            let grower = fleet.growers[*index].clone();
            let short = if on_gke {
                self.gke_grows(uid, &grower, *more, now)
            } else {
                self.eks_grows(uid, &grower, *more, now)
            };
            self.remember_growth(uid, &grower.id, short.is_some(), now);
            let (Some(why), true) = (short, on_gke) else { continue };
            let words = format!(
                "Node scale up in zones {} associated with this pod failed: {why}. Pod is at risk of not being scheduled.",
                grower.zone
            );
            let Some(api) = self.api(uid) else { continue };
            for (pod, _) in growth.helped.iter().filter(|(_, helper)| helper == index) {
                api.kube.autoscaler_says(pod, "FailedScaleUp", words.clone(), now);
            }
        }
        self.shrink(uid, on_gke, &fleet, now);
        self.look_again(uid, !growth.unhelped.is_empty(), now);
    }

    /// Notes that a group grew, or leaves it alone for a while and has the others looked at.
    fn remember_growth(&mut self, uid: &str, group: &str, failed: bool, now: Timestamp) {
        let memory = self.autoscalers.entry(uid.to_owned()).or_default();
        if !failed {
            memory.backoffs.remove(group);
            memory.grown.insert(group.to_owned());
            return;
        }
        let seconds = memory.backoffs.get(group).map_or(FIRST_BACKOFF_SECONDS, |last| last.seconds * 2);
        let seconds = seconds.min(MOST_BACKOFF_SECONDS);
        let until = now + SignedDuration::from_secs(seconds);
        memory.backoffs.insert(group.to_owned(), Backoff { until, seconds });
        self.look_soon(uid, now);
    }

    /// Takes away nodes that were empty for long, never more than their group can spare.
    fn shrink(&mut self, uid: &str, on_gke: bool, fleet: &Fleet, now: Timestamp) {
        let Some(api) = self.api(uid) else { return };
        let idle = api.kube.idle_nodes();
        let memory = self.autoscalers.entry(uid.to_owned()).or_default();
        let old = std::mem::take(&mut memory.unneeded);
        let mut spare: BTreeMap<&str, u32> =
            fleet.growers.iter().map(|grower| (grower.budget.as_str(), grower.spare)).collect();
        let mut gone = Vec::new();
        for (node, index) in fleet.nodes.iter().filter(|(node, _)| idle.contains(node)) {
            let grower = &fleet.growers[*index];
            if !memory.grown.contains(&grower.id) {
                continue;
            }
            // A node that cannot go is not waited for: it is looked at again when something changes.
            let Some(left) = spare.get_mut(grower.budget.as_str()).filter(|left| **left > 0) else { continue };
            *left -= 1;
            let since = old.get(node).copied().unwrap_or(now);
            if now.duration_since(since).as_secs() >= UNNEEDED_SECONDS {
                gone.push((grower.clone(), node.clone()));
            } else {
                memory.unneeded.insert(node.clone(), since);
            }
        }
        for (grower, node) in gone {
            if on_gke {
                self.gke_shrinks(uid, &grower, &node, now);
            } else {
                self.eks_shrinks(uid, &grower, &node, now);
            }
        }
    }

    /// Plans the next look that is due though nothing changes: a node's time is over, or a group may be tried again.
    fn look_again(&mut self, uid: &str, pods_wait: bool, now: Timestamp) {
        let Some(memory) = self.autoscalers.get(uid) else { return };
        let nodes = memory.unneeded.values().map(|since| *since + SignedDuration::from_secs(UNNEEDED_SECONDS));
        let groups = memory.backoffs.values().map(|backoff| backoff.until).filter(|until| pods_wait && *until > now);
        if let Some(at) = nodes.chain(groups).min() {
            self.plan_at_latest(at, Step::Autoscale(uid.to_owned()));
        }
    }
}
