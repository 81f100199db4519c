//! How a cluster that stands already is filled: its nodes get labels and taints, and its GPUs are offered in shares.

use std::collections::BTreeMap;

use super::nodes::settle;
use super::plugin;
use crate::actions::kube::{KubeAction, KubeClusterRef, NodeWish};
use crate::manifests::{device_plugin, quotas};
use crate::observed::{Observed, ObservedCloud, Standing, StandingNode};
use crate::plan::{Note, Plan, Refusal, Step, StepChange};
use crate::rules::eks::node_labels::{GPU_PRESENT, PLUGIN_CONFIG, plugin_config};
use crate::rules::kube::steps;
use crate::spec::{ClusterSpec, ExistingSpec, PoolSpec};

/// Lines of a step's details; a cluster may have thousands of nodes.
const MOST_DETAILS: usize = 40;
/// What the plugin is, in messages.
pub(super) const PLUGIN: &str = "NVIDIA device plugin";

/// Steps that make the nodes and their GPUs as the file says.
///
/// # Errors
/// A node is of two pools, somebody else has set a label or taint otherwise and `force` is not given, somebody else offers the
/// GPUs in other shares, or another file of berth's has objects of the same names there.
pub fn plan(spec: &ClusterSpec, own: &ExistingSpec, force: bool, observed: &Observed) -> Result<Plan, Refusal> {
    let standing = standing(observed)?;
    let cluster = KubeClusterRef::of(spec);
    refuse_claimed_quotas(spec, standing)?;
    let has_ours = observed.applied.contains_key(device_plugin::GROUP);
    let decided = plugin::decide(spec, own, standing, has_ours)?;
    let mut plan = Plan { steps: Vec::new(), notes: decided.notes };
    let wishes = wishes(spec, own, standing, decided.wanted.is_some())?;
    plan.notes.extend(too_few(spec, own, standing));
    plan.steps.extend(change_nodes(&cluster, standing, wishes, force)?);
    let have = observed.applied.get(device_plugin::GROUP);
    match (&decided.wanted, have) {
        (Some(want), have) if have != Some(&want.hash) => {
            let (about, objects) = (PLUGIN.to_owned(), plugin::manifests(want));
            // It reads its configuration by the node's label.
            let after = plan.steps.iter().map(|step| step.id.clone()).collect();
            let action = KubeAction::ApplyObjects { cluster, about, objects, force: true };
            let step = steps::step("device-plugin", format!("apply {PLUGIN}"), after, action);
            let (change, why) = match have {
                Some(_) => (StepChange::Change, "the pools' sharing or taints have changed; it rolls over the nodes"),
                None => (StepChange::Add, "without it no node offers GPUs, and nobody else offers them here"),
            };
            plan.steps.push(Step { change, why: why.to_owned(), ..step });
        }
        (None, Some(_)) => plan.steps.push(delete_plugin(cluster)),
        _ => {}
    }
    Ok(plan)
}

/// Two files would set the limits of one name by turns, and the last one would hold for both.
fn refuse_claimed_quotas(spec: &ClusterSpec, standing: &Standing) -> Result<(), Refusal> {
    let wanted = quotas::render(spec).map(|want| want.refs()).unwrap_or_default();
    let claimed = wanted.iter().find_map(|object| Some((object, standing.claimed.get(object)?)));
    let Some((object, file)) = claimed else { return Ok(()) };
    let why = format!(
        "{object} belongs to the file of {file}; say the quotas of both in one file, or give them namespaces and services of their \
         own"
    );
    Err(Refusal::Impossible { about: "the limits of its services".to_owned(), why })
}

/// What was seen of the cluster.
pub(super) fn standing(observed: &Observed) -> Result<&Standing, Refusal> {
    match observed.cluster.as_ref().map(|cluster| &cluster.cloud) {
        Some(ObservedCloud::Existing(standing)) => Ok(standing),
        _ => {
            let why = "its API was not seen, and berth does not make clusters of this provider".to_owned();
            Err(Refusal::Impossible { about: "the cluster".to_owned(), why })
        }
    }
}

/// What each node is to have; nodes that are of no pool and bear nothing of berth's are left out.
fn wishes(
    spec: &ClusterSpec,
    own: &ExistingSpec,
    standing: &Standing,
    with_plugin: bool,
) -> Result<Vec<NodeWish>, Refusal> {
    let mut wishes = Vec::new();
    for node in &standing.nodes {
        let mut pools = spec.pools.iter().filter(|pool| own.selects(&pool.name, &node.labels));
        let first = pools.next();
        if let (Some(first), Some(second)) = (first, pools.next()) {
            let why = format!("node {} is of pool {} too; let each node match one nodeSelector", node.name, first.name);
            return Err(Refusal::Impossible { about: format!("pool {}", second.name), why });
        }
        match first {
            Some(pool) => wishes.push(wish(pool, node, with_plugin)),
            None if node.record.is_some() => wishes.push(nothing(node)),
            None => {}
        }
    }
    Ok(wishes)
}

fn wish(pool: &PoolSpec, node: &StandingNode, with_plugin: bool) -> NodeWish {
    let mut labels: BTreeMap<String, String> = pool.labels.clone();
    if with_plugin && pool.gpu.is_some() {
        labels.insert(GPU_PRESENT.to_owned(), "true".to_owned());
        labels.insert(PLUGIN_CONFIG.to_owned(), plugin_config(pool));
    }
    NodeWish { node: node.name.clone(), labels, taints: pool.taints.clone() }
}

/// All that is berth's goes.
pub(super) fn nothing(node: &StandingNode) -> NodeWish {
    NodeWish { node: node.name.clone(), labels: BTreeMap::new(), taints: Vec::new() }
}

/// The step for all nodes that are not as wished; `None` if all are.
///
/// # Errors
/// Somebody else has set a label or taint otherwise.
pub(super) fn change_nodes(
    cluster: &KubeClusterRef,
    standing: &Standing,
    wishes: Vec<NodeWish>,
    force: bool,
) -> Result<Option<Step>, Refusal> {
    let (mut nodes, mut details, mut contests) = (Vec::new(), Vec::new(), Vec::new());
    for wish in wishes {
        let Some(node) = standing.nodes.iter().find(|node| node.name == wish.node) else { continue };
        match settle(node, &cluster.name, &wish, force) {
            Ok(change) if change.is_empty() => {}
            Ok(change) => {
                details.push(format!("{}: {}", wish.node, change.words().join(", ")));
                nodes.push(wish);
            }
            Err(lines) => contests.extend(lines),
        }
    }
    if !contests.is_empty() {
        return Err(Refusal::Contested(contests));
    }
    if nodes.is_empty() {
        return Ok(None);
    }
    let is_removal = nodes.iter().all(|wish| wish.labels.is_empty() && wish.taints.is_empty());
    let what = if nodes.len() == 1 { "1 node".to_owned() } else { format!("{} nodes", nodes.len()) };
    let (name, title, change, why) = if is_removal {
        let why = "berth put them there, and they are wanted no more";
        ("nodes/clear", format!("take berth's labels and taints off {what}"), StepChange::Remove, why)
    } else {
        ("nodes", format!("label and taint {what}"), StepChange::Change, "the pools they match say so")
    };
    if details.len() > MOST_DETAILS {
        let more = details.len() - MOST_DETAILS;
        details.truncate(MOST_DETAILS);
        details.push(format!("and {more} more"));
    }
    let action = KubeAction::ChangeNodes { cluster: cluster.clone(), nodes, force };
    let step = steps::step(name, title, Vec::new(), action);
    Ok(Some(Step { change, why: why.to_owned(), details, ..step }))
}

/// The step that takes berth's plugin away.
pub(super) fn delete_plugin(cluster: KubeClusterRef) -> Step {
    let (about, objects) = (PLUGIN.to_owned(), device_plugin::refs());
    let action = KubeAction::DeleteObjects { cluster, about, objects };
    let step = steps::step("device-plugin/delete", format!("delete {PLUGIN}"), Vec::new(), action);
    let why = "berth put it there, and it is wanted no more; the nodes then offer no GPUs".to_owned();
    Step { change: StepChange::Remove, why, ..step }
}

/// Pools that fewer nodes match than the file promises; nobody but the cluster's owner can change that.
fn too_few(spec: &ClusterSpec, own: &ExistingSpec, standing: &Standing) -> Vec<Note> {
    let count = |pool: &PoolSpec| standing.nodes.iter().filter(|node| own.selects(&pool.name, &node.labels)).count();
    let short = spec.pools.iter().filter(|pool| count(pool) < pool.nodes.min as usize);
    short
        .map(|pool| Note {
            about: format!("pool {}", pool.name),
            text: format!(
                "{} of at least {} nodes have the labels of its nodeSelector; berth adds no nodes here",
                count(pool),
                pool.nodes.min
            ),
        })
        .collect()
}
