//! A lease inside a cluster that stands: a namespace with its limits, its fence, and an account that can do nothing elsewhere.
//!
//! The account's rights are a list, because Kubernetes knows no "all but": what it may do is what workloads need. It cannot change its
//! quota, its defaults, its fence or its lease, nor give rights it does not have. Definitions of custom resources bring resources of
//! unknown reach, so it may use none of them. Pods that would leave the namespace by way of their node (privileged, with the host's
//! network, processes or paths) are refused by the pod security level `baseline`.
//!
//! The fence around its traffic is a NetworkPolicy, and holds where the cluster's network enforces those.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::terms::{Lease, LeaseError, LeaseId};
use crate::manifests::quotas::cores;
use crate::rules::ownership::{OWNER_KEY, OWNER_VALUE};
use crate::spec::{ClusterSpec, GPU_RESOURCE, PoolSpec};

/// Value of the label `app.kubernetes.io/name` of all objects.
pub const NAME: &str = "berth-lease";
/// Label selector of all namespaces that are leased.
pub const SELECTOR: &str = "managed-by=berth,app.kubernetes.io/name=berth-lease";
/// Label with the id of the lease.
pub const LEASE_LABEL: &str = "berth.dev/lease";
/// Annotation of the namespace with the owner.
pub const OWNER_ANNOTATION: &str = "berth.dev/owner";
/// Annotation of the namespace with the run's URL.
pub const RUN_ANNOTATION: &str = "berth.dev/run";
/// Annotation of the namespace with the end, RFC 3339.
pub const EXPIRES_ANNOTATION: &str = "berth.dev/expires";
/// The service account whose tokens the kubeconfig holds.
pub const ACCOUNT: &str = "berth-lease";

/// What a shared GPU may be offered as, beside its usual name.
const SHARED_GPU_RESOURCE: &str = "nvidia.com/gpu.shared";
/// What a container that says nothing gets, if the namespace may take that much.
const DEFAULT_CPU_MILLIS: u64 = 1000;
const DEFAULT_MEMORY_MIB: u64 = 1024;
const DEFAULT_REQUEST_CPU_MILLIS: u64 = 100;
const DEFAULT_REQUEST_MEMORY_MIB: u64 = 128;
/// Where pods, nodes, control planes and machines' own servers are; everything else is the world.
const INNER_RANGES: [&str; 6] =
    ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "240.0.0.0/4"];
const INNER_RANGES_6: [&str; 2] = ["fc00::/7", "fe80::/10"];
/// The DNS server of a node, where it has one.
const NODE_LOCAL_DNS: &str = "169.254.20.10/32";

/// What a leased namespace may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamespaceLimits {
    /// CPU in thousandths of a core.
    pub cpu_millis: u64,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Pods.
    pub pods: u32,
    /// GPUs, or shares of GPUs where the cluster shares them.
    pub gpus: u64,
}

/// The namespace of a lease: `berth-ID`.
pub fn name(id: &LeaseId) -> String {
    format!("berth-{id}")
}

/// The names under which a cluster's pools offer GPUs; the usual one if there are none.
pub fn gpu_resources(spec: &ClusterSpec) -> Vec<&'static str> {
    let mut resources: Vec<&str> = spec.pools.iter().filter_map(PoolSpec::gpu_resource).collect();
    resources.sort_unstable();
    resources.dedup();
    if resources.is_empty() { vec![GPU_RESOURCE] } else { resources }
}

/// The objects of a leased namespace, in the order in which they are applied: the fence and the limits before the account can use them.
pub fn objects(lease: &Lease, limits: NamespaceLimits, gpu_resources: &[&str]) -> Vec<Value> {
    let at = Place { namespace: name(&lease.id), lease: &lease.id };
    vec![
        namespace(lease),
        at.object("v1", "ResourceQuota", json!({"spec": {"hard": hard(limits, gpu_resources)}})),
        at.object("v1", "LimitRange", json!({"spec": {"limits": [defaults(limits)]}})),
        at.object("networking.k8s.io/v1", "NetworkPolicy", json!({"spec": fence()})),
        at.object("v1", "ServiceAccount", json!({"automountServiceAccountToken": false})),
        at.object("rbac.authorization.k8s.io/v1", "Role", json!({"rules": rules(&at.namespace)})),
        at.object("rbac.authorization.k8s.io/v1", "RoleBinding", binding(&at.namespace)),
    ]
}

/// The namespace itself, which bears the lease; applied again with another end it is extended.
pub fn namespace(lease: &Lease) -> Value {
    let mut annotations = json!({OWNER_ANNOTATION: lease.owner, EXPIRES_ANNOTATION: lease.expires.to_string()});
    if let Some(run) = &lease.run {
        annotations[RUN_ANNOTATION] = json!(run);
    }
    let mut labels = labels(&lease.id);
    labels["pod-security.kubernetes.io/enforce"] = json!("baseline");
    let metadata = json!({"name": name(&lease.id), "labels": labels, "annotations": annotations});
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
}

/// The lease a namespace bears; `None` if it is not berth's or bears none.
///
/// Its own name has to be that of the lease, so that labels copied to another namespace doom nothing.
pub fn read(namespace: &Value) -> Option<Result<Lease, LeaseError>> {
    let metadata = &namespace["metadata"];
    let id = metadata["labels"][LEASE_LABEL].as_str()?;
    if metadata["labels"][OWNER_KEY] != OWNER_VALUE {
        return None;
    }
    Some(read_terms(id, metadata))
}

fn read_terms(id: &str, metadata: &Value) -> Result<Lease, LeaseError> {
    let annotation = |key: &'static str| metadata["annotations"][key].as_str();
    let unreadable = |key: &str, value: &str| LeaseError::Unreadable { key: key.to_owned(), value: value.to_owned() };
    let read_id = LeaseId::new(id).ok().filter(|id| metadata["name"] == name(id));
    let expires = annotation(EXPIRES_ANNOTATION).ok_or(LeaseError::Missing { key: EXPIRES_ANNOTATION })?;
    let end: Timestamp = expires.parse().map_err(|_| unreadable(EXPIRES_ANNOTATION, expires))?;
    let owner = annotation(OWNER_ANNOTATION).filter(|owner| !owner.is_empty());
    Ok(Lease {
        id: read_id.ok_or_else(|| unreadable(LEASE_LABEL, id))?,
        owner: owner.ok_or(LeaseError::Missing { key: OWNER_ANNOTATION })?.to_owned(),
        run: annotation(RUN_ANNOTATION).map(str::to_owned),
        expires: end,
    })
}

struct Place<'a> {
    namespace: String,
    lease: &'a LeaseId,
}

impl Place<'_> {
    /// An object of the namespace; all of them have one name. `rest` is all fields beside what names it.
    fn object(&self, api_version: &str, kind: &str, rest: Value) -> Value {
        let metadata = json!({"name": NAME, "namespace": self.namespace, "labels": labels(self.lease)});
        let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": metadata});
        if let (Value::Object(object), Value::Object(rest)) = (&mut object, rest) {
            object.extend(rest);
        }
        object
    }
}

fn labels(id: &LeaseId) -> Value {
    json!({OWNER_KEY: OWNER_VALUE, "app.kubernetes.io/name": NAME, LEASE_LABEL: id.as_str()})
}

/// What it may take in all. Only `requests.` limits GPUs; a name under which the cluster offers none is closed.
fn hard(limits: NamespaceLimits, gpu_resources: &[&str]) -> Value {
    let (cpu, memory) = (cores(limits.cpu_millis), format!("{}Mi", limits.memory_mib));
    let mut hard = BTreeMap::from([
        ("requests.cpu".to_owned(), cpu.clone()),
        ("limits.cpu".to_owned(), cpu),
        ("requests.memory".to_owned(), memory.clone()),
        ("limits.memory".to_owned(), memory),
        ("pods".to_owned(), limits.pods.to_string()),
    ]);
    for known in [GPU_RESOURCE, SHARED_GPU_RESOURCE] {
        hard.insert(format!("requests.{known}"), "0".to_owned());
    }
    hard.extend(gpu_resources.iter().map(|resource| (format!("requests.{resource}"), limits.gpus.to_string())));
    json!(hard)
}

/// Under a quota a container that states no CPU or memory would be refused. Never GPUs: a default would hand every container one.
fn defaults(limits: NamespaceLimits) -> Value {
    let amounts = |cpu: u64, memory: u64| json!({"cpu": cores(cpu.min(limits.cpu_millis)), "memory": format!("{}Mi", memory.min(limits.memory_mib))});
    json!({
        "type": "Container",
        "default": amounts(DEFAULT_CPU_MILLIS, DEFAULT_MEMORY_MIB),
        "defaultRequest": amounts(DEFAULT_REQUEST_CPU_MILLIS, DEFAULT_REQUEST_MEMORY_MIB),
    })
}

/// Pods of the namespace reach each other, cluster DNS and the world; nothing else reaches them.
///
/// The world leaves out the ranges in which clusters, their machines and the machines' metadata servers are.
fn fence() -> Value {
    let here = json!({"podSelector": {}});
    let dns = json!({
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    });
    let dns_ports = json!([{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]);
    json!({
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [here]}],
        "egress": [
            {"to": [here]},
            {"to": [dns, {"ipBlock": {"cidr": NODE_LOCAL_DNS}}], "ports": dns_ports},
            {"to": [
                {"ipBlock": {"cidr": "0.0.0.0/0", "except": INNER_RANGES}},
                {"ipBlock": {"cidr": "::/0", "except": INNER_RANGES_6}},
            ]},
        ],
    })
}

fn rules(namespace: &str) -> Value {
    const ALL: [&str; 8] = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
    const READ: [&str; 3] = ["get", "list", "watch"];
    let rule = |group: &str, resources: &[&str], verbs: &[&str]| json!({"apiGroups": [group], "resources": resources, "verbs": verbs});
    let core = [
        "pods",
        "pods/attach",
        "pods/exec",
        "pods/portforward",
        "pods/ephemeralcontainers",
        "services",
        "services/proxy",
        "configmaps",
        "secrets",
        "persistentvolumeclaims",
        "serviceaccounts",
        "replicationcontrollers",
        "replicationcontrollers/scale",
    ];
    let apps = [
        "deployments",
        "deployments/scale",
        "statefulsets",
        "statefulsets/scale",
        "replicasets",
        "replicasets/scale",
        "daemonsets",
    ];
    let rbac = "rbac.authorization.k8s.io";
    json!([
        rule("", &core, &ALL),
        rule("", &["pods/eviction"], &["create"]),
        rule("", &["pods/log", "pods/status", "endpoints", "events", "resourcequotas", "limitranges"], &READ),
        {"apiGroups": [""], "resources": ["namespaces"], "resourceNames": [namespace], "verbs": ["get"]},
        rule("apps", &apps, &ALL),
        rule("apps", &["controllerrevisions"], &READ),
        rule("batch", &["jobs", "cronjobs"], &ALL),
        rule("autoscaling", &["horizontalpodautoscalers"], &ALL),
        rule("policy", &["poddisruptionbudgets"], &ALL),
        rule("networking.k8s.io", &["ingresses"], &ALL),
        rule("networking.k8s.io", &["networkpolicies"], &READ),
        rule("coordination.k8s.io", &["leases"], &ALL),
        rule("discovery.k8s.io", &["endpointslices"], &READ),
        rule("events.k8s.io", &["events"], &READ),
        rule("metrics.k8s.io", &["pods"], &READ),
        // Without the verbs `escalate` and `bind` it can give no right it does not have.
        rule(rbac, &["roles", "rolebindings"], &ALL),
    ])
}

fn binding(namespace: &str) -> Value {
    json!({
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": NAME},
        "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": namespace}],
    })
}

#[cfg(test)]
mod tests;
