//! Disks of one zone, and pods that cannot run there.
//!
//! A disk can be mounted only in the zone it was made in. With `Immediate` binding it is made before anybody knows where its pod can run.
//! An autoscaler that may add nodes in any of several zones, as AWS does for a group over all of them, may never add one in the right zone.

use std::collections::BTreeSet;

use crate::lint::finding::{Place, Report, Says};
use crate::lint::object::Pod;
use crate::lint::storage::{Claim, Class};
use crate::lint::world::World;
use crate::spec::tree::Node;
use crate::spec::{PoolSpec, Provider};

pub(super) const RULE: &str = "volume-zone";

const ZONE_KEYS: [&str; 2] = ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"];

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    let claims = world.claims();
    let (mut told, mut classes) = (BTreeSet::new(), BTreeSet::new());
    for claim in &claims {
        let Some(class) = world.class_of(claim).filter(Class::is_of_disks) else { continue };
        let is_first = class.object.is_none_or(|object| classes.insert((object.file, object.root.at)));
        if !class.waits && is_first && zones(world.spec.pools.iter()).len() > 1 {
            immediate(world, claim, &class, report);
        }
        for pod in world.users(claim) {
            if !claim.is_template {
                spans(world, claim, &pod, report);
            }
            if told.insert((pod.object.file, pod.object.root.at)) {
                one_group(world, claim, &pod, report);
            }
        }
    }
}

fn zones<'a>(pools: impl Iterator<Item = &'a PoolSpec>) -> BTreeSet<&'a str> {
    pools.flat_map(|pool| &pool.zones).map(String::as_str).collect()
}

fn immediate(world: &World<'_>, claim: &Claim<'_>, class: &Class<'_>, report: &mut Report) {
    let is_narrowed = |class: &Class<'_>| {
        let has = |way: &[&str]| class.object.is_some_and(|object| object.root.along(way).is_some());
        has(&["allowedTopologies"]) || has(&["parameters", "zone"]) || has(&["parameters", "zones"])
    };
    if is_narrowed(class) {
        return;
    }
    let zones: Vec<&str> = zones(world.spec.pools.iter()).into_iter().collect();
    let what = format!(
        "class `{}` makes a disk at once, in any of the zones {}, before the pod of claim {} is placed",
        class.name,
        zones.join(", "),
        claim.name
    );
    let why = "the pod may have no node in that zone, or another of its disks in another one, and is then never placed: volume node affinity conflict";
    let (place, fix) = match class.object {
        Some(object) => (object.place_of(&["volumeBindingMode"]), "`volumeBindingMode: WaitForFirstConsumer`"),
        None => (claim.class_place(), "`storageClassName: standard-rwo`, which waits for the pod"),
    };
    report.warning(RULE, place, &Says::new(what, why, fix));
}

/// Pods of one disk that are told to spread over zones.
fn spans(world: &World<'_>, claim: &Claim<'_>, pod: &Pod<'_>, report: &mut Report) {
    let Some(replicas) = world.replicas(pod).filter(|replicas| replicas.most > 1) else { return };
    let Some((place, word, alike)) = spread(pod) else { return };
    let candidates = zones(world.pools().fitting(pod).into_iter());
    // Pods of one zone are evenly spread where there is only that one.
    if alike > 0 && candidates.len() < 2 {
        return;
    }
    let what = format!(
        "{} keeps its pods apart by zone ({word}), and all of them mount claim {}, whose disk is in one zone",
        pod.object.words(),
        claim.name
    );
    let most_together = alike.max(1);
    let why = "the pods beyond it are never placed: the zone of the disk is not where they may run";
    let fix = "a disk for each pod by a StatefulSet's `volumeClaimTemplates`, or spread by kubernetes.io/hostname";
    let says = Says::new(what, why, fix);
    if replicas.least > most_together { report.error(RULE, place, &says) } else { report.warning(RULE, place, &says) }
}

/// Where the pod is told to keep to different zones, by what, and how many may be together: 0 of an anti-affinity.
fn spread<'a>(pod: &Pod<'a>) -> Option<(Place<'a>, &'static str, u32)> {
    let by_zone =
        |node: &Node| node.get("topologyKey").and_then(Node::text).is_some_and(|key| ZONE_KEYS.contains(&key));
    let constraints = pod.spec.get("topologySpreadConstraints").map(Node::items).unwrap_or_default();
    let hard = |node: &&Node| node.get("whenUnsatisfiable").and_then(Node::text) == Some("DoNotSchedule");
    if let Some(node) = constraints.iter().filter(hard).find(|node| by_zone(node)) {
        let skew = node.get("maxSkew").and_then(Node::scalar).and_then(|skew| skew.parse().ok()).unwrap_or(1);
        return Some((pod.object.at(node.at), "topologySpreadConstraints", skew));
    }
    let way = ["affinity", "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution"];
    let terms = pod.spec.along(&way).map(Node::items).unwrap_or_default();
    let node = terms.iter().find(|node| by_zone(node))?;
    Some((pod.object.at(node.at), "podAntiAffinity", 0))
}

/// On EKS one group over several zones cannot be told where to add a node.
fn one_group(world: &World<'_>, claim: &Claim<'_>, pod: &Pod<'_>, report: &mut Report) {
    if world.provider() != Provider::Eks {
        return;
    }
    let candidates = world.pools().fitting(pod);
    let is_bound = |pool: &PoolSpec| {
        let zones = u32::try_from(pool.zones.len()).unwrap_or(u32::MAX);
        zones > 1 && !pool.group_per_zone && pool.nodes.min < zones
    };
    if candidates.is_empty() || !candidates.iter().all(|pool| is_bound(pool)) {
        return;
    }
    let pools: Vec<String> =
        candidates.iter().map(|pool| format!("{} ({})", pool.name, pool.zones.join(", "))).collect();
    let what = format!(
        "{} has a disk of one zone (claim {}), and each of its pools is one group of nodes over several: {}",
        pod.object.words(),
        claim.name,
        pools.join(", ")
    );
    let why = "when it starts again AWS may add a node in another zone, and the pod stays Pending: volume node affinity conflict";
    let fix = "for the pool `zones` with one zone, `eks.nodeGroups: per-zone`, or a node in each zone at least";
    report.warning(RULE, pod.place_of("volumes"), &Says::new(what, why, fix));
}
