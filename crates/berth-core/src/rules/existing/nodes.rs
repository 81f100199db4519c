//! Labels and taints on nodes that berth did not make.
//!
//! Nodes have no field owners for single taints, so a record on the node says what of them is berth's. What was there before, or
//! was set to something else since, is never taken off.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::actions::kube::NodeWish;
use crate::observed::StandingNode;
use crate::spec::{Taint, TaintEffect};

/// The annotation of a node with the [`Applied`] of the file that put something there.
pub const RECORD: &str = "berth.dev/applied";

/// What of a node is berth's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Applied {
    /// `metadata.name` of the file.
    pub cluster: String,
    /// Labels berth put there.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Taints berth put there.
    #[serde(default)]
    pub taints: Vec<Taint>,
    /// Values of somebody else that berth's labels replaced by force.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub replaced_labels: BTreeMap<String, String>,
    /// Taints of somebody else that berth's replaced by force.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced_taints: Vec<Taint>,
}

/// What has to happen to a node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NodeChange {
    /// Labels to set; `None` takes one off.
    pub labels: BTreeMap<String, Option<String>>,
    /// Taints to take off.
    pub taints_off: Vec<Taint>,
    /// Taints to put on, after those are off.
    pub taints_on: Vec<Taint>,
    /// The record to write, if it is another; `Some(None)` takes it off.
    pub record: Option<Option<String>>,
}

impl NodeChange {
    /// Nothing has to happen.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// One line for each label and taint.
    pub fn words(&self) -> Vec<String> {
        let labels = self.labels.iter().map(|(key, value)| match value {
            Some(value) => format!("+ label {key}={value}"),
            None => format!("- label {key}"),
        });
        let off = self.taints_off.iter().map(|taint| format!("- taint {}", words(taint)));
        let on = self.taints_on.iter().map(|taint| format!("+ taint {}", words(taint)));
        labels.chain(off).chain(on).collect()
    }
}

/// `nvidia.com/gpu=present:NoSchedule`
fn words(taint: &Taint) -> String {
    crate::rules::gke::taints::words(taint)
}

/// What it takes until a node has what is wished of it, and nothing else of what berth has put there.
///
/// # Errors
/// What somebody else has set otherwise, one line each; with `force` only what another file of berth's has put there.
pub fn settle(node: &StandingNode, cluster: &str, wish: &NodeWish, force: bool) -> Result<NodeChange, Vec<String>> {
    let is_removal = wish.labels.is_empty() && wish.taints.is_empty();
    let old = match node.record.as_deref().map(serde_json::from_str::<Applied>) {
        None => Applied::default(),
        Some(Ok(old)) if old.cluster == cluster => old,
        Some(_) if is_removal => return Ok(NodeChange::default()),
        Some(Ok(old)) => {
            return Err(vec![format!(
                "Node {}: its labels and taints belong to the file of {}",
                node.name, old.cluster
            )]);
        }
        Some(Err(_)) => return Err(vec![format!("Node {}: its annotation {RECORD} cannot be read", node.name)]),
    };
    let mut settling =
        Settling { node, old: &old, change: NodeChange::default(), new: Applied::default(), contests: Vec::new() };
    settling.labels(wish);
    settling.taints(wish);
    let Settling { mut change, mut new, contests, .. } = settling;
    if !force && !contests.is_empty() {
        return Err(contests);
    }
    cluster.clone_into(&mut new.cluster);
    let is_nothing = new.labels.is_empty() && new.taints.is_empty();
    let record = if is_nothing { None } else { serde_json::to_string(&new).ok() };
    if record != node.record {
        change.record = Some(record);
    }
    Ok(change)
}

struct Settling<'a> {
    node: &'a StandingNode,
    /// What was berth's before.
    old: &'a Applied,
    change: NodeChange,
    /// What is berth's afterwards.
    new: Applied,
    contests: Vec<String>,
}

impl Settling<'_> {
    fn labels(&mut self, wish: &NodeWish) {
        for (key, value) in &self.old.labels {
            // What somebody has set to something else since is theirs.
            if !wish.labels.contains_key(key) && self.node.labels.get(key) == Some(value) {
                self.change.labels.insert(key.clone(), self.old.replaced_labels.get(key).cloned());
            }
        }
        for (key, want) in &wish.labels {
            let have = self.node.labels.get(key);
            let is_ours = have.is_some() && have == self.old.labels.get(key);
            if have == Some(want) && !is_ours {
                continue;
            }
            let before = match have {
                Some(_) if is_ours => self.old.replaced_labels.get(key).cloned(),
                Some(other) => {
                    self.contests.push(format!("Node {}: label {key} is {other}, not {want}", self.node.name));
                    Some(other.clone())
                }
                None => None,
            };
            self.new.replaced_labels.extend(before.map(|before| (key.clone(), before)));
            self.new.labels.insert(key.clone(), want.clone());
            if have != Some(want) {
                self.change.labels.insert(key.clone(), Some(want.clone()));
            }
        }
    }

    fn taints(&mut self, wish: &NodeWish) {
        for taint in &self.old.taints {
            if find(&wish.taints, id(taint)).is_none() && self.node.taints.contains(taint) {
                self.change.taints_off.push(taint.clone());
                self.change.taints_on.extend(find(&self.old.replaced_taints, id(taint)).cloned());
            }
        }
        for want in &wish.taints {
            let have = find(&self.node.taints, id(want));
            let is_ours = have.is_some_and(|have| self.old.taints.contains(have));
            if have == Some(want) && !is_ours {
                continue;
            }
            let before = match have {
                Some(_) if is_ours => find(&self.old.replaced_taints, id(want)).cloned(),
                Some(other) => {
                    let line = format!("Node {}: taint {} is there, not {}", self.node.name, words(other), words(want));
                    self.contests.push(line);
                    Some(other.clone())
                }
                None => None,
            };
            self.new.replaced_taints.extend(before);
            self.new.taints.push(want.clone());
            if have != Some(want) {
                self.change.taints_off.extend(have.cloned());
                self.change.taints_on.push(want.clone());
            }
        }
    }
}

/// A node has one taint of a key and an effect.
fn id(taint: &Taint) -> (&str, TaintEffect) {
    (&taint.key, taint.effect)
}

fn find<'a>(taints: &'a [Taint], wanted: (&str, TaintEffect)) -> Option<&'a Taint> {
    taints.iter().find(|taint| id(taint) == wanted)
}

#[cfg(test)]
mod tests;
