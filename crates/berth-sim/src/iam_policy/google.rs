//! Which permissions of Google Cloud a call takes.
//!
//! Sources: GKE's page "API permissions" for the container API and for the Kubernetes API of its clusters; the page of each
//! Compute Engine method. What these do not name (server configuration, cancelling) is marked.

use crate::gke::{Refusal, Target};
use crate::kube;
use crate::wire::Reply;
use crate::world::World;

/// What an account must have to give a service account to nodes.
const ACT_AS: &str = "iam.serviceAccounts.actAs";

/// The permissions a call of the container API takes.
fn container(method: &str) -> &'static [&'static str] {
    match method {
        "CreateCluster" => &["container.clusters.create", ACT_AS],
        "DeleteCluster" => &["container.clusters.delete"],
        // The page does not name it; what it tells is of one cluster.
        "FetchClusterUpgradeInfo" => &["container.clusters.get"],
        "GetCluster" | "ListNodePools" | "GetNodePool" => &["container.clusters.get"],
        // The page does not name server configurations; roles that hold no more than this read them.
        "ListClusters" | "GetServerConfig" => &["container.clusters.list"],
        "GetOperation" => &["container.operations.get"],
        "ListOperations" => &["container.operations.list"],
        // Pools, and every other change; the page does not name cancelling.
        _ => &["container.clusters.update"],
    }
}

/// The permissions a call of Compute Engine takes: the method's own, but for aggregated lists; a firewall is a part of its network.
fn compute(method: &str) -> Vec<String> {
    // A regional disk is a disk to IAM.
    let own = method.replace(".aggregatedList", ".list").replace(".regionDisks.", ".disks.");
    let own = own.replace(".insert", ".create");
    let network = (method == "compute.firewalls.delete").then(|| "compute.networks.updatePolicy".to_owned());
    std::iter::once(own).chain(network).collect()
}

impl World {
    /// Refuses a call of the container API that the role does not allow.
    pub(crate) fn forbidden_container(&mut self, target: &Target) -> Option<Reply> {
        let lacking = self.policies.lacks(container(target.method), &target.resource())?;
        let refusal = if lacking == ACT_AS {
            let text = "The user does not have access to service account \"default\". Ask a project owner to grant you \
                        the iam.serviceAccountUser role on the service account.";
            Refusal::invalid(text)
        } else {
            let about = match target.method {
                "CreateCluster" | "ListClusters" | "ListOperations" | "GetServerConfig" => {
                    format!("projects/{}", target.project)
                }
                "GetOperation" | "CancelOperation" => target.resource(),
                _ => target.cluster_id(),
            };
            let text = format!("Required \"{lacking}\" permission(s) for \"{about}\".");
            Refusal::scripted(403, "PERMISSION_DENIED", &text)
        };
        Some(refusal.reply())
    }

    /// Refuses a call of Compute Engine that the role does not allow. Its errors have no canonical status.
    pub(crate) fn forbidden_compute(&mut self, method: &str, resource: &str) -> Option<Reply> {
        let needed = compute(method);
        let needed: Vec<&str> = needed.iter().map(String::as_str).collect();
        let lacking = self.policies.lacks(&needed, resource)?;
        let message = format!("Required '{lacking}' permission for '{resource}'");
        let errors = serde_json::json!([{"message": message, "domain": "global", "reason": "forbidden"}]);
        let body = serde_json::json!({"error": {"code": 403, "message": message, "errors": errors}});
        Some(Reply { status: 403, body })
    }

    /// Refuses a question about an enabled API.
    pub(crate) fn forbidden_usage(&mut self, name: &str) -> Option<Reply> {
        self.policies.lacks(&["serviceusage.services.get"], name)?;
        let service = name.rsplit('/').next().unwrap_or_default();
        let text = format!("Permission denied to get service [{service}]");
        Some(Refusal::scripted(403, "PERMISSION_DENIED", &text).reply())
    }
}

impl World {
    /// Lets a person of Google Cloud do in a cluster only what roles of the cluster say, if the policy in force does not allow more;
    /// gives the permission that would. The key of the simulator's own kubeconfig is above policies.
    pub(crate) fn limit_kube(&mut self, uid: &str, asked: &mut kube::Request, bearer: Option<&str>) -> Option<String> {
        let of_google = self.clusters.values().any(|cluster| cluster.uid == uid);
        if !of_google || bearer == Some(self.static_token().as_str()) {
            return None;
        }
        let kube::User::Named { name, groups } = &asked.user else { return None };
        let (name, groups) = (name.clone(), groups.clone());
        let wanted = kube::Attributes::of(asked);
        let applies = asked.content_type.as_deref().is_some_and(|kind| kind.contains("apply-patch"));
        let creates_too = applies && !self.has_object(uid, &wanted);
        let needed = kube_permissions(&wanted, creates_too);
        let needed: Vec<&str> = needed.iter().map(String::as_str).collect();
        if let Some(lacking) = self.policies.lacks(&needed, &asked.path).map(str::to_owned) {
            asked.user = kube::User::Bound { name, groups };
            return Some(lacking);
        }
        let raising = self.raising(uid, asked, &wanted)?;
        let lacking = self.policies.lacks(&[raising], &asked.path)?.to_owned();
        asked.user = kube::User::Admitted { name, groups };
        Some(lacking)
    }

    /// The permission that stands for the verbs `escalate` and `bind`: without it who writes or binds a role has to hold what it allows
    /// by roles of the cluster, and there his permissions of Google Cloud do not count.
    fn raising(&mut self, uid: &str, asked: &kube::Request, wanted: &kube::Attributes) -> Option<&'static str> {
        let writes = matches!(wanted.verb.as_str(), "create" | "update" | "patch") && wanted.subresource.is_empty();
        if !writes || wanted.group != "rbac.authorization.k8s.io" {
            return None;
        }
        match wanted.resource.as_str() {
            "roles" => return Some("container.roles.escalate"),
            "clusterroles" => return Some("container.clusterRoles.escalate"),
            _ => {}
        }
        let namespace = Some(wanted.namespace.as_str()).filter(|namespace| !namespace.is_empty());
        let api = self.api(uid)?;
        let there = api.kube.get(&wanted.resource, namespace, &wanted.name).cloned();
        let binding = there.unwrap_or_else(|| kube::body(asked));
        let of_namespace = binding["roleRef"]["kind"] == "Role";
        Some(if of_namespace { "container.roles.bind" } else { "container.clusterRoles.bind" })
    }

    fn has_object(&mut self, uid: &str, wanted: &kube::Attributes) -> bool {
        let namespace = Some(wanted.namespace.as_str()).filter(|namespace| !namespace.is_empty());
        self.api(uid).is_some_and(|api| api.kube.get(&wanted.resource, namespace, &wanted.name).is_some())
    }
}

/// Kubernetes' resources that have permissions of their own, by the name the permissions have; every other one counts as
/// a custom resource.
const KINDS: &[&str] = &[
    "apiServices",
    "bindings",
    "certificateSigningRequests",
    "clusterRoleBindings",
    "clusterRoles",
    "componentStatuses",
    "configMaps",
    "controllerRevisions",
    "cronJobs",
    "csiDrivers",
    "csiNodes",
    "customResourceDefinitions",
    "daemonSets",
    "deployments",
    "endpointSlices",
    "endpoints",
    "events",
    "horizontalPodAutoscalers",
    "ingresses",
    "jobs",
    "leases",
    "limitRanges",
    "localSubjectAccessReviews",
    "mutatingWebhookConfigurations",
    "namespaces",
    "networkPolicies",
    "nodes",
    "persistentVolumeClaims",
    "persistentVolumes",
    "podDisruptionBudgets",
    "podTemplates",
    "pods",
    "priorityClasses",
    "replicaSets",
    "replicationControllers",
    "resourceQuotas",
    "roleBindings",
    "roles",
    "runtimeClasses",
    "secrets",
    "selfSubjectAccessReviews",
    "selfSubjectRulesReviews",
    "serviceAccounts",
    "services",
    "statefulSets",
    "storageClasses",
    "subjectAccessReviews",
    "tokenReviews",
    "validatingWebhookConfigurations",
    "volumeAttachments",
];

/// The permission a request to a cluster's Kubernetes API takes on Google's side; none for discovery, which everybody known may
/// read. Roles inside the cluster can allow the same.
fn kube_permissions(wanted: &kube::Attributes, creates_too: bool) -> Vec<String> {
    if wanted.resource.is_empty() {
        return Vec::new();
    }
    let kind = KINDS.iter().find(|kind| kind.eq_ignore_ascii_case(&wanted.resource)).unwrap_or(&"thirdPartyObjects");
    let of = |verb: &str| format!("container.{kind}.{verb}");
    let reads = matches!(wanted.verb.as_str(), "get" | "list" | "watch");
    let verb = match (wanted.subresource.as_str(), wanted.verb.as_str()) {
        ("status", _) => {
            if reads {
                "getStatus"
            } else {
                "updateStatus"
            }
        }
        ("scale", _) => {
            if reads {
                "getScale"
            } else {
                "updateScale"
            }
        }
        ("log", _) => "getLogs",
        ("eviction", _) => "evict",
        ("token", _) => "createToken",
        ("exec", _) => "exec",
        ("attach", _) => "attach",
        ("portforward", _) => "portForward",
        ("proxy", _) => "proxy",
        ("finalize", _) => "finalize",
        // There is no permission of its own for watching.
        (_, "list" | "watch") => "list",
        (_, "get") => "get",
        (_, "create") => "create",
        (_, "delete" | "deletecollection") => "delete",
        _ => "update",
    };
    let creates = (creates_too && verb == "update").then(|| of("create"));
    std::iter::once(of(verb)).chain(creates).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permissions(verb: &str, resource: &str, subresource: &str) -> String {
        let wanted = kube::Attributes {
            verb: verb.to_owned(),
            resource: resource.to_owned(),
            subresource: subresource.to_owned(),
            ..kube::Attributes::default()
        };
        kube_permissions(&wanted, verb == "patch").join(" ")
    }

    #[test]
    fn kubernetes_verbs_and_resources_have_googles_names() {
        assert_eq!(permissions("watch", "pods", ""), "container.pods.list");
        assert_eq!(permissions("get", "pods", "log"), "container.pods.getLogs");
        assert_eq!(permissions("create", "serviceaccounts", "token"), "container.serviceAccounts.createToken");
        assert_eq!(permissions("patch", "configmaps", ""), "container.configMaps.update container.configMaps.create");
        assert_eq!(permissions("deletecollection", "widgets", ""), "container.thirdPartyObjects.delete");
        assert_eq!(permissions("get", "", ""), "", "discovery is everybody's");
    }

    #[test]
    fn every_method_takes_a_permission() {
        for method in crate::gke::methods() {
            assert!(!container(method).is_empty(), "{method}");
        }
        assert_eq!(compute("compute.acceleratorTypes.aggregatedList"), ["compute.acceleratorTypes.list"]);
    }
}
