//! Rights on Google Cloud, by command.
//!
//! Sources: GKE's page "API permissions" for the container API and for the Kubernetes API of its clusters; the page of each
//! Compute Engine method. GKE judges a request to a cluster by the cluster's own roles and by these permissions: either is enough.

use std::collections::{BTreeMap, BTreeSet};

use super::kinds::KindUse;
use super::purpose::Purpose::{self, Ci, Cost, Create, Destroy, Gc, Kubeconfig, List, Plan, Probe, Status, Verify};

/// A permission and why it is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GkeNeed {
    /// The permission, as `container.clusters.create`.
    pub permission: String,
    /// What for, sentence fragments.
    pub why: BTreeSet<String>,
    /// When it is needed, if not always.
    pub road: Option<String>,
}

/// What it takes to list all that a cluster can have made in Compute Engine.
const LEFTOVERS_ARE_LISTED: &[&str] = &[
    "compute.addresses.list",
    "compute.backendServices.list",
    "compute.disks.list",
    "compute.firewalls.list",
    "compute.forwardingRules.list",
    "compute.healthChecks.list",
    "compute.httpHealthChecks.list",
    "compute.instances.list",
    "compute.networkEndpointGroups.list",
    "compute.sslCertificates.list",
    "compute.targetHttpProxies.list",
    "compute.targetHttpsProxies.list",
    "compute.targetPools.list",
    "compute.urlMaps.list",
];

struct Row {
    permissions: &'static [&'static str],
    purposes: &'static [Purpose],
    why: &'static str,
    /// When, if not always.
    road: &'static str,
}

const fn row(
    permissions: &'static [&'static str],
    purposes: &'static [Purpose],
    why: &'static str,
    road: &'static str,
) -> Row {
    Row { permissions, purposes, why, road }
}

const LOOKING: &[Purpose] = &[Plan, Create, Verify, Status, Kubeconfig, Destroy];

const ROWS: &[Row] = &[
    row(&["container.clusters.get"], LOOKING, "read the cluster and its pools", ""),
    row(&["container.operations.list"], LOOKING, "see what runs on the cluster", ""),
    row(&["container.clusters.list"], &[Plan, Create], "read which versions GKE offers", ""),
    row(&["container.clusters.list"], &[List], "list clusters", ""),
    row(&["container.clusters.list"], &[Destroy], "see what hangs on the cluster", ""),
    row(
        &["container.clusters.list"],
        &[Status, Kubeconfig, Destroy],
        "find the cluster",
        "a cluster is named without its file",
    ),
    row(
        &["compute.acceleratorTypes.list", "compute.projects.get", "compute.regions.get", "compute.zones.list"],
        &[Plan, Create],
        "check quotas, zones and GPUs before anything is touched",
        "",
    ),
    row(&["container.clusters.create"], &[Create], "create the cluster with its pools", ""),
    row(&["iam.serviceAccounts.actAs"], &[Create], "let nodes run as their service account", ""),
    row(
        &["container.clusters.update"],
        &[Create],
        "make and change pools, change settings",
        "a cluster that stands differs from its file",
    ),
    row(&["container.operations.get"], &[Create, Destroy], "follow what was begun", ""),
    row(&["container.clusters.delete"], &[Destroy], "delete the cluster", ""),
    row(
        &["container.clusters.connect"],
        &[Plan, Create, Verify, Probe, Status, Destroy],
        "reach the cluster's Kubernetes API",
        "the cluster is reached by its DNS endpoint",
    ),
    row(&["container.nodes.list"], &[Create, Verify, Status], "count nodes and their GPUs", ""),
    row(&["container.resourceQuotas.list"], &[Verify], "read quotas", "a file has quotas"),
    row(
        &["container.limitRanges.list", "container.priorityClasses.list", "container.resourceQuotas.list"],
        &[Destroy],
        "see what quotas are in force",
        "",
    ),
    row(
        &["container.limitRanges.list", "container.priorityClasses.list", "container.resourceQuotas.list"],
        &[Plan, Create],
        "see what quotas are in force",
        "the cluster stands",
    ),
    row(&["container.configMaps.get"], &[Plan, Create], "read which kinds were applied before", "a file has workloads"),
    row(
        &["container.namespaces.get"],
        &[Plan, Create],
        "see which namespaces are there",
        "a file has quotas or workloads",
    ),
    row(
        &["container.secrets.get"],
        &[Plan, Create],
        "leave alone a secret that was made up before",
        "a file has secrets",
    ),
    row(
        &[
            "container.configMaps.list",
            "container.controllerRevisions.list",
            "container.cronJobs.list",
            "container.daemonSets.list",
            "container.deployments.list",
            "container.horizontalPodAutoscalers.list",
            "container.ingresses.list",
            "container.jobs.list",
            "container.limitRanges.list",
            "container.networkPolicies.list",
            "container.persistentVolumeClaims.list",
            "container.podDisruptionBudgets.list",
            "container.podTemplates.list",
            "container.pods.list",
            "container.replicaSets.list",
            "container.replicationControllers.list",
            "container.resourceQuotas.list",
            "container.roleBindings.list",
            "container.roles.list",
            "container.secrets.list",
            "container.serviceAccounts.list",
            "container.services.list",
            "container.statefulSets.list",
            "container.thirdPartyObjects.list",
        ],
        &[Plan, Create],
        "see whether somebody else uses a namespace",
        "the files have a namespace no more",
    ),
    row(
        &["container.pods.list", "container.replicaSets.list", "container.events.list"],
        &[Create, Verify],
        "say why a rollout does not go on",
        "a rollout takes its time",
    ),
    row(
        &[
            "container.namespaces.create",
            "container.namespaces.delete",
            "container.namespaces.get",
            "container.namespaces.list",
            "container.namespaces.update",
            "container.pods.create",
            "container.pods.getLogs",
            "container.pods.list",
            "container.pods.update",
        ],
        &[Probe],
        "put a pod on every free share, read what it saw, take it away",
        "",
    ),
    row(
        &[
            "container.ingresses.list",
            "container.persistentVolumeClaims.list",
            "container.persistentVolumes.list",
            "container.services.list",
        ],
        &[Destroy],
        "find what holds load balancers and disks",
        "",
    ),
    row(
        &["container.ingresses.delete", "container.persistentVolumeClaims.delete", "container.services.delete"],
        &[Destroy],
        "give load balancers and disks back",
        "something in the cluster holds one",
    ),
    row(
        &[
            "container.deployments.delete",
            "container.deployments.get",
            "container.pods.delete",
            "container.pods.list",
            "container.replicaSets.delete",
            "container.replicaSets.get",
            "container.statefulSets.delete",
            "container.statefulSets.get",
            "container.daemonSets.delete",
            "container.daemonSets.get",
            "container.jobs.delete",
            "container.jobs.get",
        ],
        &[Destroy],
        "end what uses a claim, so that its disk can go",
        "pods use claims",
    ),
    row(
        &["compute.globalOperations.list"],
        &[Ci, Cost, Destroy],
        "see when machines and other things ended, for what they have cost",
        "what it has cost is told or remembered",
    ),
    row(LEFTOVERS_ARE_LISTED, &[Ci, Cost], "find what a cluster is made of", "what it has cost is told"),
    row(
        &[
            "container.clusters.get",
            "container.clusters.list",
            "container.nodes.list",
            "container.operations.list",
            "container.pods.list",
            "container.resourceQuotas.list",
        ],
        &[Cost],
        "see clusters, their nodes, and what services ask for",
        "what it has cost is told",
    ),
    row(
        &["container.clusters.update"],
        &[Ci],
        "move the end of an environment, and mark it as ended",
        "an environment is extended, or ended with --detach",
    ),
    row(
        &[
            "container.limitRanges.create",
            "container.limitRanges.update",
            "container.namespaces.create",
            "container.namespaces.delete",
            "container.namespaces.get",
            "container.namespaces.list",
            "container.namespaces.update",
            "container.networkPolicies.create",
            "container.networkPolicies.update",
            "container.resourceQuotas.create",
            "container.resourceQuotas.update",
            "container.roleBindings.create",
            "container.roleBindings.update",
            "container.roles.bind",
            "container.roles.create",
            "container.roles.escalate",
            "container.roles.update",
            "container.serviceAccounts.create",
            "container.serviceAccounts.createToken",
            "container.serviceAccounts.update",
        ],
        &[Ci],
        "make an environment out of a namespace, with an account that reaches nothing else",
        "an environment is a namespace",
    ),
    row(
        &[
            "container.namespaces.delete",
            "container.namespaces.get",
            "container.namespaces.list",
            "container.namespaces.update",
        ],
        &[Gc],
        "end environments that are namespaces",
        "gc looks into standing clusters",
    ),
    row(LEFTOVERS_ARE_LISTED, &[Destroy, Gc], "find what clusters left", ""),
    row(
        &[
            "compute.addresses.delete",
            "compute.backendServices.delete",
            "compute.disks.delete",
            "compute.firewalls.delete",
            "compute.forwardingRules.delete",
            "compute.globalAddresses.delete",
            "compute.globalForwardingRules.delete",
            "compute.globalOperations.get",
            "compute.healthChecks.delete",
            "compute.httpHealthChecks.delete",
            "compute.networkEndpointGroups.delete",
            "compute.networks.updatePolicy",
            "compute.regionOperations.get",
            "compute.sslCertificates.delete",
            "compute.targetHttpProxies.delete",
            "compute.targetHttpsProxies.delete",
            "compute.targetPools.delete",
            "compute.urlMaps.delete",
            "compute.zoneOperations.get",
        ],
        &[Destroy, Gc],
        "take away what clusters left",
        "something is left and is to be taken away",
    ),
    row(
        &["compute.globalOperations.get", "compute.healthChecks.create"],
        &[Destroy, Gc],
        "note whose the things are that a cluster leaves, until they are gone",
        "workloads have made something that outlives their cluster",
    ),
    row(
        &[
            "compute.globalNetworkEndpointGroups.delete",
            "compute.regionBackendServices.delete",
            "compute.regionHealthChecks.delete",
            "compute.regionNetworkEndpointGroups.delete",
            "compute.regionSslCertificates.delete",
            "compute.regionTargetHttpProxies.delete",
            "compute.regionTargetHttpsProxies.delete",
            "compute.regionUrlMaps.delete",
        ],
        &[Destroy, Gc],
        "take away what clusters left",
        "regional load balancers left something that is to be taken away",
    ),
];

/// The permissions for these purposes, sorted. `kinds` are the kinds of the workloads: [`KindUse::usual`] where no file says.
pub fn needs(purposes: &BTreeSet<Purpose>, kinds: &BTreeSet<KindUse>) -> Vec<GkeNeed> {
    let purposes = Purpose::with_parts(purposes);
    let mut found: BTreeMap<String, GkeNeed> = BTreeMap::new();
    let mut add = |permission: &str, why: &str, road: &str| {
        let road = Some(road).filter(|road| !road.is_empty()).map(str::to_owned);
        let entry = found.entry(permission.to_owned()).or_insert_with(|| GkeNeed {
            permission: permission.to_owned(),
            why: BTreeSet::new(),
            road: road.clone(),
        });
        entry.why.insert(why.to_owned());
        // What one command always needs is needed, whenever the others do.
        if road.is_none() {
            entry.road = None;
        }
    };
    for row in ROWS.iter().filter(|row| row.purposes.iter().any(|purpose| purposes.contains(purpose))) {
        for permission in row.permissions {
            add(permission, row.why, row.road);
        }
    }
    for kind in kinds {
        for (permission, why, road) in of_kind(*kind, &purposes) {
            add(&permission, why, road);
        }
    }
    found.into_values().collect()
}

/// What keeping objects of a kind takes. A look asks the server what an apply would change, which takes the rights of an apply.
fn of_kind(kind: KindUse, purposes: &BTreeSet<Purpose>) -> Vec<(String, &'static str, &'static str)> {
    const WANTED: &str = "a file has quotas or workloads";
    let has = |purpose: Purpose| purposes.contains(&purpose);
    let of = |verb: &str| format!("container.{}.{verb}", kind.noun);
    let mut needs = Vec::new();
    if has(Plan) || has(Create) {
        needs.push((of("list"), "find what was applied before", WANTED));
        needs.push((of("update"), "ask what an apply would change, and apply it", WANTED));
        needs.push((of("create"), "ask what an apply would make, and make it", WANTED));
        needs.extend(kind.raising().iter().map(|right| ((*right).to_owned(), "write roles and bind them", WANTED)));
    }
    if has(Create) {
        needs.push((of("delete"), "take away what the files have no more", "the files have something no more"));
        needs.push((of("get"), "see that it is gone", "the files have something no more"));
    }
    if kind.is_rolled_out && (has(Create) || has(Verify)) {
        needs.push((of("get"), "follow the rollout", WANTED));
        needs.push((of("list"), "follow many rollouts at once", WANTED));
    }
    needs
}
