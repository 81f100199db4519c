//! Quotas per service, so that each service really has its own limit.
//!
//! Kubernetes holds a pod against every quota of its namespace that matches it, so several plain ones bind as the strictest.
//! Either each service has a namespace to itself, or each quota only counts the pods of one priority class; then one more quota
//! refuses pods of any other class or of none, which would escape all fences.
//!
//! Only `requests.nvidia.com/gpu` limits GPUs: `limits.nvidia.com/gpu` and the bare name are accepted and limit nothing.
//! Sources: ResourceQuota validation and evaluator, LimitRanger and its defaults in Kubernetes 1.36.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::device_plugin::HASH_KEY;
use super::own;
use crate::actions::kube::KubeObjectRef;
use crate::rules::eks::names;
use crate::rules::existing::plugin::FILE_KEY;
use crate::spec::{ClusterSpec, Fence, GPU_RESOURCE, Provider, ServiceQuota, ServiceQuotas};

/// Their name among the groups of objects berth applies.
pub const GROUP: &str = "service-quotas";
/// Value of the label `app.kubernetes.io/name` of all of them.
pub const NAME: &str = "berth-service-quotas";
/// Label with the name of the service an object belongs to.
pub const SERVICE_KEY: &str = "berth.dev/service";
/// The quota that refuses pods of no service; people meet its name in the refusal.
pub const CLOSING_QUOTA: &str = "berth-needs-a-service-priority-class";
/// The LimitRange of each namespace.
pub const LIMIT_RANGE: &str = "berth-defaults";

/// Labels all of them carry.
pub const SELECTOR: &str = "managed-by=berth,app.kubernetes.io/name=berth-service-quotas";
/// API versions and kinds of what berth takes away again, in the order of removal.
pub const KINDS: [(&str, &str); 3] =
    [("v1", "LimitRange"), ("v1", "ResourceQuota"), ("scheduling.k8s.io/v1", "PriorityClass")];

/// What a container that says nothing gets as limit, if its service may take that much.
const DEFAULT_CPU_MILLIS: u64 = 1000;
const DEFAULT_MEMORY_MIB: u64 = 1024;
/// And as request.
const DEFAULT_REQUEST_CPU_MILLIS: u64 = 100;
const DEFAULT_REQUEST_MEMORY_MIB: u64 = 128;

/// The objects of all services.
#[derive(Debug, Clone, PartialEq)]
pub struct QuotaObjects {
    /// Whole manifests, in the order in which they are applied: namespaces, priority classes, quotas, defaults.
    pub objects: Vec<Value>,
    /// Hash of all of them, which each carries.
    pub hash: String,
}

impl QuotaObjects {
    /// What berth takes away again when the file does not have it any more: all of them but the namespaces, which hold pods and
    /// volumes of others. The last to be applied is the first here.
    pub fn refs(&self) -> Vec<KubeObjectRef> {
        self.objects.iter().rev().filter(|object| object["kind"] != "Namespace").filter_map(reference).collect()
    }
}

/// What a cluster has of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedQuotas {
    /// The hash they were all applied with; `None` if they were not applied together.
    pub hash: Option<String>,
    /// What is taken away when the file does not have it any more, in the order of its removal.
    pub objects: Vec<KubeObjectRef>,
}

/// Reads what a cluster has from its objects of [`KINDS`] with the labels of [`SELECTOR`], in any order.
pub fn applied(objects: &[Value]) -> AppliedQuotas {
    let mut refs: Vec<KubeObjectRef> = objects.iter().filter_map(reference).collect();
    let order = |object: &KubeObjectRef| KINDS.iter().position(|(_, kind)| *kind == object.kind);
    refs.sort_by(|a, b| (order(a), &a.namespace, &a.name).cmp(&(order(b), &b.namespace, &b.name)));
    let mut hashes = objects.iter().map(|object| object["metadata"]["annotations"][HASH_KEY].as_str());
    let first = hashes.next().flatten();
    let hash = first.filter(|first| hashes.all(|hash| hash == Some(first))).map(str::to_owned);
    AppliedQuotas { hash, objects: refs }
}

/// The objects that give each service of the file its limit; `None` if the file has no quotas.
pub fn render(spec: &ClusterSpec) -> Option<QuotaObjects> {
    let quotas = spec.quotas.as_ref()?;
    let mut objects = Vec::new();
    for namespace in namespaces(quotas) {
        objects.push(object("v1", "Namespace", None, namespace, json!({})));
    }
    for service in quotas.services.keys() {
        objects.extend(quotas.priority_class(service).map(|class| priority_class(service, &class)));
    }
    let resources = gpu_resources(spec);
    for (service, quota) in &quotas.services {
        objects.push(service_quota(quotas, service, &hard(quota, &resources)));
    }
    if let Fence::PriorityClasses { namespace } = &quotas.fence {
        objects.push(closing_quota(quotas, namespace));
    }
    for namespace in namespaces(quotas) {
        objects.push(limit_range(quotas, namespace));
    }
    let hash = names::hash(&[&json!(objects).to_string()]);
    for object in &mut objects {
        object["metadata"]["annotations"] = json!({HASH_KEY: hash});
        // Of a cluster that others use too, only this file's own ones are taken away again.
        if spec.cloud.provider() == Provider::Existing {
            object["metadata"]["annotations"][FILE_KEY] = json!(spec.name);
        }
    }
    Some(QuotaObjects { objects, hash })
}

/// The namespaces services stand in.
pub fn namespaces(quotas: &ServiceQuotas) -> BTreeSet<&str> {
    quotas.services.keys().map(|service| quotas.namespace(service)).collect()
}

/// The names under which the pools offer GPUs; the usual one if there are none, so that a quota holds before the first GPU pool.
fn gpu_resources(spec: &ClusterSpec) -> BTreeSet<&'static str> {
    let offered: BTreeSet<_> = spec.pools.iter().filter_map(crate::spec::PoolSpec::gpu_resource).collect();
    if offered.is_empty() { BTreeSet::from([GPU_RESOURCE]) } else { offered }
}

/// What a service may take. Limits bind; requests, which are never larger, are counted too so that the quota's status shows them.
fn hard(quota: &ServiceQuota, resources: &BTreeSet<&'static str>) -> Value {
    let cpu = cores(quota.cpu_millis);
    let mut hard = json!({
        "requests.cpu": cpu,
        "limits.cpu": cpu,
        "requests.memory": quota.memory,
        "limits.memory": quota.memory,
    });
    for resource in resources {
        hard[format!("requests.{resource}")] = json!(quota.gpus.to_string());
    }
    hard
}

/// Its value is that of pods without a class: the class fences a service and gives it no precedence.
fn priority_class(service: &str, name: &str) -> Value {
    let description = format!("Counts a pod into the quota of service {service}.");
    let rest = json!({"value": 0, "globalDefault": false, "description": description});
    of_service(object("scheduling.k8s.io/v1", "PriorityClass", None, name, rest), service)
}

fn service_quota(quotas: &ServiceQuotas, service: &str, hard: &Value) -> Value {
    let mut spec = json!({"hard": hard});
    if let Some(class) = quotas.priority_class(service) {
        spec["scopeSelector"] = of_classes("In", &[class]);
    }
    let namespace = quotas.namespace(service);
    of_service(object("v1", "ResourceQuota", Some(namespace), service, json!({"spec": spec})), service)
}

/// `NotIn` also matches pods that name no class at all.
fn closing_quota(quotas: &ServiceQuotas, namespace: &str) -> Value {
    let classes: Vec<String> = quotas.services.keys().filter_map(|service| quotas.priority_class(service)).collect();
    let spec = json!({"hard": {"pods": "0"}, "scopeSelector": of_classes("NotIn", &classes)});
    object("v1", "ResourceQuota", Some(namespace), CLOSING_QUOTA, json!({"spec": spec}))
}

fn of_classes(operator: &str, classes: &[String]) -> Value {
    json!({"matchExpressions": [{"scopeName": "PriorityClass", "operator": operator, "values": classes}]})
}

/// Under a quota for CPU and memory a pod is refused if a container states none, so these are filled in.
///
/// Never GPUs: a default would hand every container one, a container's `max` becomes its default, and a `min` or a pod's `max`
/// refuses what asks for none.
fn limit_range(quotas: &ServiceQuotas, namespace: &str) -> Value {
    let here = || quotas.services.iter().filter(|(service, _)| quotas.namespace(service) == namespace);
    // A default beyond a service's whole quota would refuse every pod of it.
    let cpu = here().map(|(_, quota)| quota.cpu_millis).min().unwrap_or(DEFAULT_CPU_MILLIS);
    let memory = here().map(|(_, quota)| (quota.memory_bytes >> 20).max(1)).min().unwrap_or(DEFAULT_MEMORY_MIB);
    let amounts = |cpu_most: u64, memory_most: u64| json!({"cpu": cores(cpu.min(cpu_most)), "memory": format!("{}Mi", memory.min(memory_most))});
    let limits = json!([{
        "type": "Container",
        "default": amounts(DEFAULT_CPU_MILLIS, DEFAULT_MEMORY_MIB),
        "defaultRequest": amounts(DEFAULT_REQUEST_CPU_MILLIS, DEFAULT_REQUEST_MEMORY_MIB),
    }]);
    object("v1", "LimitRange", Some(namespace), LIMIT_RANGE, json!({"spec": {"limits": limits}}))
}

fn of_service(mut object: Value, service: &str) -> Value {
    object["metadata"]["labels"][SERVICE_KEY] = json!(service);
    object
}

fn object(api_version: &str, kind: &str, namespace: Option<&str>, name: &str, rest: Value) -> Value {
    own::object(NAME, (api_version, kind), namespace, name, rest)
}

/// What an object is called; `None` if it lacks a name or a kind.
fn reference(object: &Value) -> Option<KubeObjectRef> {
    Some(KubeObjectRef {
        api_version: object["apiVersion"].as_str()?.to_owned(),
        kind: object["kind"].as_str()?.to_owned(),
        namespace: object["metadata"]["namespace"].as_str().map(str::to_owned),
        name: object["metadata"]["name"].as_str()?.to_owned(),
    })
}

/// `64` for 64000, `1500m` for 1500.
pub fn cores(millis: u64) -> String {
    if millis.is_multiple_of(1000) { (millis / 1000).to_string() } else { format!("{millis}m") }
}
