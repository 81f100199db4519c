//! Volumes that more pods want than can have them.
//!
//! A `ReadWriteOnce` volume is for one node at a time and a `ReadWriteOncePod` one for one pod. The scheduler does not keep pods on the
//! node of their volume, so those on another node wait with a Multi-Attach error; a rolling update starts the new pod before the old one
//! has let go.

use crate::lint::finding::{Place, Report, Says};
use crate::lint::object::Pod;
use crate::lint::scaling::Replicas;
use crate::lint::storage::Claim;
use crate::lint::world::World;
use crate::spec::PoolSpec;
use crate::spec::tree::Node;

pub(super) const RULE: &str = "shared-volume";

const MULTI_ATTACH: &str = "pods on another node stay in ContainerCreating: Multi-Attach error for volume";
const FOR_ONE_POD: &str =
    "the pods beyond the first stay Pending: node has a pod using PersistentVolumeClaim with ReadWriteOncePod";

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    for claim in world.claims().iter().filter(|claim| !claim.is_template) {
        let for_one_pod = claim.has_mode("ReadWriteOncePod");
        let is_shared = claim.has_mode("ReadWriteMany") || claim.has_mode("ReadOnlyMany");
        if is_shared || (!for_one_pod && !claim.has_mode("ReadWriteOnce")) {
            continue;
        }
        let users = world.users(claim);
        for pod in &users {
            one(world, claim, pod, for_one_pod, report);
        }
        several(claim, &users, for_one_pod, report);
    }
}

fn mode(for_one_pod: bool) -> &'static str {
    if for_one_pod { "ReadWriteOncePod" } else { "ReadWriteOnce" }
}

fn place<'a>(pod: &Pod<'a>, claim: &Claim<'_>) -> Place<'a> {
    pod.claims().find(|(name, _)| *name == claim.name).map_or(pod.place(), |(_, place)| place)
}

/// Several pods of one workload.
fn one(world: &World<'_>, claim: &Claim<'_>, pod: &Pod<'_>, for_one_pod: bool, report: &mut Report) {
    let (words, place) = (pod.object.words(), place(pod, claim));
    if pod.object.kind == "DaemonSet" {
        let pools = world.pools().selected(pod);
        let least: u64 = pools.iter().map(|pool| u64::from(pool.nodes.min)).sum();
        let what = format!("each node's pod of {words} mounts claim {}, which is {}", claim.name, mode(for_one_pod));
        let fix = "a `hostPath` or `emptyDir` of each node, or a class that gives ReadWriteMany";
        let says = Says::new(what, if for_one_pod { FOR_ONE_POD } else { MULTI_ATTACH }, fix);
        if least > 1 {
            report.error(RULE, place, &says)
        } else {
            report.warning(RULE, place, &says)
        }
        return;
    }
    let Some(replicas) = world.replicas(pod) else { return };
    if replicas.most > 1 {
        let count = if replicas.least == replicas.most {
            format!("the {} pods", replicas.most)
        } else {
            format!("{} to {} pods", replicas.least, replicas.most)
        };
        let what = format!("{count} of {words} mount claim {}, which is {}", claim.name, mode(for_one_pod));
        let says = Says::new(what, if for_one_pod { FOR_ONE_POD } else { MULTI_ATTACH }, way_out(pod, replicas));
        if for_one_pod && replicas.least > 1 {
            report.error(RULE, place, &says)
        } else if for_one_pod || !keeps_together(pod) {
            report.warning(RULE, place, &says)
        }
    } else if replicas.most == 1 && updates_side_by_side(pod) && runs_on_several(&world.pools().selected(pod)) {
        let what = format!(
            "{words} is updated side by side, and its pod mounts claim {}, which is {}",
            claim.name,
            mode(for_one_pod)
        );
        let why =
            "the new pod waits for the volume that the old one keeps until the new one is ready: an update never ends";
        let fix = "`strategy: {type: Recreate}`";
        report.warning(RULE, place, &Says::new(what, why, fix));
    }
}

fn way_out(pod: &Pod<'_>, replicas: Replicas) -> String {
    let own = match pod.object.kind.as_str() {
        "StatefulSet" => "a claim for each pod under `volumeClaimTemplates`",
        _ if replicas.least <= 1 => "one replica and no autoscaler, or a StatefulSet with `volumeClaimTemplates`",
        _ => "one replica, or a StatefulSet with `volumeClaimTemplates`",
    };
    format!("{own}; for files that all share, ReadWriteMany on a class such as Filestore's or EFS's")
}

/// Several workloads.
fn several(claim: &Claim<'_>, users: &[Pod<'_>], for_one_pod: bool, report: &mut Report) {
    // Jobs of one name after the other, or a CronJob, may take their turn.
    let lasting: Vec<&Pod<'_>> =
        users.iter().filter(|pod| !matches!(pod.object.kind.as_str(), "Job" | "CronJob")).collect();
    let [first, second, ..] = lasting.as_slice() else { return };
    if !for_one_pod && lasting.iter().skip(1).all(|pod| keeps_together(pod)) {
        return;
    }
    let names: Vec<String> = lasting.iter().map(|pod| pod.object.words()).collect();
    let at = place(first, claim);
    let what = format!("{} mount claim {}, which is {}", names.join(" and "), claim.name, mode(for_one_pod));
    let why = if for_one_pod { FOR_ONE_POD } else { MULTI_ATTACH };
    let fix = format!(
        "a claim for each (the first is mounted at {}:{}), ReadWriteMany on a class that gives it, or a required `podAffinity` by kubernetes.io/hostname",
        at.file, at.at.line
    );
    let says = Says::new(what, why, fix);
    if for_one_pod {
        report.error(RULE, place(second, claim), &says)
    } else {
        report.warning(RULE, place(second, claim), &says)
    }
}

/// Whether the pod has to run on the node of another one.
fn keeps_together(pod: &Pod<'_>) -> bool {
    let way = ["affinity", "podAffinity", "requiredDuringSchedulingIgnoredDuringExecution"];
    let terms = pod.spec.along(&way).map(Node::items).unwrap_or_default();
    let by_host = |term: &Node| term.get("topologyKey").and_then(Node::text) == Some("kubernetes.io/hostname");
    terms.iter().any(by_host) || pod.text("nodeName").is_some()
}

/// Whether a Deployment's new pod starts while the old one still runs.
fn updates_side_by_side(pod: &Pod<'_>) -> bool {
    if pod.object.kind != "Deployment" {
        return false;
    }
    let at = |way: &[&str]| pod.object.root.along(way).and_then(Node::scalar);
    let is_recreated = at(&["spec", "strategy", "type"]).is_some_and(|kind| kind == "Recreate");
    // Of one replica 25 % is rounded down to no pod away and up to one more.
    let away = at(&["spec", "strategy", "rollingUpdate", "maxUnavailable"]).unwrap_or_default();
    !is_recreated && !matches!(away.as_str(), "1" | "100%")
}

fn runs_on_several(pools: &[&PoolSpec]) -> bool {
    pools.iter().map(|pool| u64::from(pool.nodes.max)).sum::<u64>() > 1
}
