//! Where the objects of a kind are: its path, and whether it stands in namespaces. Asked of the server, not guessed from names.

use berth_core::actions::kube::KubeObjectRef;
use berth_core::run::Fault;
use futures::future::try_join;
use futures::stream::{self, StreamExt, TryStreamExt};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{APIResource, APIResourceList};
use kube::Client;
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::wire;

/// Namespace of objects that name none, as with kubectl.
pub(crate) const DEFAULT_NAMESPACE: &str = "default";

/// Asks for all groups in one document; its second form is that of Kubernetes before 1.30.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
    application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
const AGGREGATED_KIND: &str = "APIGroupDiscoveryList";
/// Versions of groups that are asked for at once, of a server that does not tell all in one document.
const AT_ONCE: usize = 16;
const DISCOVER: &str = "ask which kinds the cluster has";

/// Kinds that every supported cluster serves in these versions, as `plural Kind`; with `*` those that stand in no namespace.
/// For these nobody asks the server.
const EVERYWHERE: [(&str, &[&str]); 9] = [
    (
        "v1",
        &[
            "configmaps ConfigMap",
            "limitranges LimitRange",
            "*namespaces Namespace",
            "*nodes Node",
            "persistentvolumeclaims PersistentVolumeClaim",
            "*persistentvolumes PersistentVolume",
            "pods Pod",
            "replicationcontrollers ReplicationController",
            "resourcequotas ResourceQuota",
            "secrets Secret",
            "serviceaccounts ServiceAccount",
            "services Service",
        ],
    ),
    ("apiextensions.k8s.io/v1", &["*customresourcedefinitions CustomResourceDefinition"]),
    (
        "apps/v1",
        &["daemonsets DaemonSet", "deployments Deployment", "replicasets ReplicaSet", "statefulsets StatefulSet"],
    ),
    ("autoscaling/v2", &["horizontalpodautoscalers HorizontalPodAutoscaler"]),
    ("batch/v1", &["cronjobs CronJob", "jobs Job"]),
    ("networking.k8s.io/v1", &["ingresses Ingress", "*ingressclasses IngressClass", "networkpolicies NetworkPolicy"]),
    ("policy/v1", &["poddisruptionbudgets PodDisruptionBudget"]),
    (
        "rbac.authorization.k8s.io/v1",
        &[
            "*clusterrolebindings ClusterRoleBinding",
            "*clusterroles ClusterRole",
            "rolebindings RoleBinding",
            "roles Role",
        ],
    ),
    ("scheduling.k8s.io/v1", &["*priorityclasses PriorityClass"]),
];

/// A kind as the server has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resource {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) plural: String,
    pub(crate) is_namespaced: bool,
    /// Its objects can be listed and deleted: they are kept, not computed on each question.
    pub(crate) is_kept: bool,
}

impl Resource {
    /// Group of its API, empty for the core group.
    pub(crate) fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// Path of all its objects, in one namespace or everywhere.
    pub(crate) fn collection(&self, namespace: Option<&str>) -> String {
        let root = if self.api_version.contains('/') { "/apis" } else { "/api" };
        let namespace = match namespace.filter(|_| self.is_namespaced) {
            Some(namespace) => format!("/namespaces/{namespace}"),
            None => String::new(),
        };
        format!("{root}/{}{namespace}/{}", self.api_version, self.plural)
    }

    /// Path of one object.
    pub(crate) fn path(&self, object: &KubeObjectRef) -> String {
        let namespace = self.namespace(object);
        format!("{}/{}", self.collection(namespace), object.name)
    }

    /// The namespace in which an object of this kind stands.
    pub(crate) fn namespace<'a>(&self, object: &'a KubeObjectRef) -> Option<&'a str> {
        self.is_namespaced.then(|| object.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE))
    }
}

/// The kinds of one cluster; the server is asked at the first kind that is not in every cluster, and then not again.
pub(crate) struct Kinds<'a> {
    client: &'a Client,
    discovered: Mutex<Option<Vec<Resource>>>,
}

impl<'a> Kinds<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client, discovered: Mutex::default() }
    }

    /// A kind; `None` if the cluster has none of that name in that version.
    pub(crate) async fn find(&self, api_version: &str, kind: &str) -> Result<Option<Resource>, Fault> {
        if let Some(resource) = everywhere(api_version, kind) {
            return Ok(Some(resource));
        }
        self.first(|resource| resource.api_version == api_version && resource.kind == kind).await
    }

    /// A kind in any version of its group: the given one if it is still served, else the server's preferred one.
    pub(crate) async fn find_any(&self, api_version: &str, kind: &str) -> Result<Option<Resource>, Fault> {
        if let Some(resource) = self.find(api_version, kind).await? {
            return Ok(Some(resource));
        }
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        self.first(|resource| resource.group() == group && resource.kind == kind).await
    }

    /// Every kind in every version that is wanted, the preferred version of a group first.
    pub(crate) async fn all(&self, is_wanted: impl Fn(&Resource) -> bool) -> Result<Vec<Resource>, Fault> {
        let mut discovered = self.discovered.lock().await;
        let all = match &mut *discovered {
            Some(all) => all,
            none => none.insert(discover(self.client).await?),
        };
        Ok(all.iter().filter(|resource| is_wanted(resource)).cloned().collect())
    }

    async fn first(&self, is_wanted: impl Fn(&Resource) -> bool) -> Result<Option<Resource>, Fault> {
        Ok(self.all(is_wanted).await?.into_iter().next())
    }

    /// Forgets what the server said: a definition has been applied since.
    pub(crate) async fn refresh(&self) {
        *self.discovered.lock().await = None;
    }
}

fn everywhere(api_version: &str, kind: &str) -> Option<Resource> {
    let (_, rows) = EVERYWHERE.iter().find(|(version, _)| *version == api_version)?;
    rows.iter().find_map(|row| {
        let (plural, row_kind) = row.split_once(' ').filter(|(_, row_kind)| *row_kind == kind)?;
        Some(Resource {
            api_version: api_version.to_owned(),
            kind: row_kind.to_owned(),
            plural: plural.trim_start_matches('*').to_owned(),
            is_namespaced: !plural.starts_with('*'),
            is_kept: true,
        })
    })
}

async fn discover(client: &Client) -> Result<Vec<Resource>, Fault> {
    let ask = async |path| -> Result<Document, Fault> {
        wire::read(client, path, Some(AGGREGATED)).await.map_err(|error| wire::reading(DISCOVER, error))
    };
    let (core, named) = try_join(ask("/api"), ask("/apis")).await?;
    if core.kind != AGGREGATED_KIND || named.kind != AGGREGATED_KIND {
        return discover_one_by_one(client).await;
    }
    Ok(core.items.into_iter().chain(named.items).flat_map(resources).collect())
}

/// The same from a server before Kubernetes 1.27, which tells each version of each group by itself.
async fn discover_one_by_one(client: &Client) -> Result<Vec<Resource>, Fault> {
    let failed = |error| wire::reading(DISCOVER, error);
    let mut versions: Vec<String> = Vec::new();
    for group in client.list_api_groups().await.map_err(failed)?.groups {
        let first = versions.len();
        versions.extend(group.versions.into_iter().map(|version| version.group_version));
        // The preferred version of a group first, as the one document has it.
        let preferred = group.preferred_version.map(|version| version.group_version);
        versions[first..].sort_by_key(|version| Some(version) != preferred.as_ref());
    }
    let ask = async |version: &str| match client.list_api_group_resources(version).await {
        Ok(list) => Ok(Some(list)),
        // It has gone, or is told before it is served: nothing of it can be used.
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
        Err(error) => Err(failed(error)),
    };
    let asked: Vec<_> = versions.iter().map(|version| ask(version)).collect();
    let core = client.list_core_api_resources("v1").await.map_err(failed)?;
    let named: Vec<Option<APIResourceList>> = stream::iter(asked).buffered(AT_ONCE).try_collect().await?;
    Ok(std::iter::once(core).chain(named.into_iter().flatten()).flat_map(|list| in_version(&list)).collect())
}

fn in_version(list: &APIResourceList) -> Vec<Resource> {
    // A name with a slash is a part of a resource, its status for example.
    let whole = list.resources.iter().filter(|row| !row.name.contains('/'));
    let resource = |row: &APIResource| {
        let can = |verb: &str| row.verbs.iter().any(|own| own == verb);
        Resource {
            api_version: list.group_version.clone(),
            kind: row.kind.clone(),
            plural: row.name.clone(),
            is_namespaced: row.namespaced,
            is_kept: can("list") && can("delete"),
        }
    };
    whole.map(resource).collect()
}

fn resources(group: Group) -> Vec<Resource> {
    let name = group.metadata.name;
    let mut all = Vec::new();
    for version in group.versions {
        let api_version = if name.is_empty() { version.version } else { format!("{name}/{}", version.version) };
        for row in version.resources {
            let can = |verb: &str| row.verbs.iter().any(|own| own == verb);
            all.push(Resource {
                api_version: api_version.clone(),
                is_namespaced: row.scope == "Namespaced",
                is_kept: can("list") && can("delete"),
                kind: row.response_kind.kind,
                plural: row.resource,
            });
        }
    }
    all
}

/// A discovery document, reduced to what is needed.
#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    items: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    #[serde(default)]
    metadata: GroupName,
    #[serde(default)]
    versions: Vec<Version>,
}

#[derive(Deserialize, Default)]
struct GroupName {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct Version {
    version: String,
    #[serde(default)]
    resources: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    resource: String,
    #[serde(default)]
    response_kind: ResponseKind,
    scope: String,
    #[serde(default)]
    verbs: Vec<String>,
}

#[derive(Deserialize, Default)]
struct ResponseKind {
    kind: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(api_version: &str, kind: &str, namespace: Option<&str>) -> KubeObjectRef {
        KubeObjectRef {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.map(str::to_owned),
            name: "x".to_owned(),
        }
    }

    #[test]
    fn paths_follow_scope_and_fall_back_to_the_default_namespace() {
        let path = |api_version: &str, kind: &str, namespace| {
            everywhere(api_version, kind).unwrap().path(&reference(api_version, kind, namespace))
        };
        let paths = [
            path("v1", "Namespace", None),
            path("apps/v1", "Deployment", Some("ai")),
            path("apps/v1", "Deployment", None),
            path("networking.k8s.io/v1", "Ingress", Some("ai")),
            path("scheduling.k8s.io/v1", "PriorityClass", Some("ignored")),
        ];
        insta::assert_snapshot!(paths.join("\n"), @r"
        /api/v1/namespaces/x
        /apis/apps/v1/namespaces/ai/deployments/x
        /apis/apps/v1/namespaces/default/deployments/x
        /apis/networking.k8s.io/v1/namespaces/ai/ingresses/x
        /apis/scheduling.k8s.io/v1/priorityclasses/x
        ");
    }

    #[test]
    fn a_discovery_document_is_read_with_its_scopes_and_verbs() {
        let document: Document = serde_json::from_str(
            r#"{"kind": "APIGroupDiscoveryList", "items": [{"metadata": {"name": "example.com", "creationTimestamp": null},
                "versions": [{"version": "v1", "freshness": "Current", "resources": [
                  {"resource": "oxen", "responseKind": {"group": "example.com", "version": "v1", "kind": "Ox"},
                   "scope": "Cluster", "singularResource": "ox", "verbs": ["delete", "get", "list"]},
                  {"resource": "views", "responseKind": {"kind": "View"}, "scope": "Namespaced", "verbs": ["list"]}]}]},
                {"metadata": {"name": "gone.example.com"}, "versions": [{"version": "v1", "freshness": "Stale"}]}]}"#,
        )
        .unwrap();
        let all: Vec<Resource> = document.items.into_iter().flat_map(resources).collect();
        assert_eq!(all[0].path(&reference("example.com/v1", "Ox", None)), "/apis/example.com/v1/oxen/x");
        assert_eq!((all[0].is_kept, all[1].is_kept, all[1].is_namespaced, all.len()), (true, false, true, 2));
    }
}
