//! What objects count into quotas.

mod pods;
mod scopes;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::kinds::Kind;
use super::rules::quantity::Quantity;

pub(crate) use pods::{required, side};

/// Amounts by the name of the resource.
pub(crate) type Amounts = BTreeMap<String, Quantity>;

const CLASS_STORAGE: &str = ".storageclass.storage.k8s.io/requests.storage";
const CLASS_CLAIMS: &str = ".storageclass.storage.k8s.io/persistentvolumeclaims";
/// Kinds with a name of their own in quotas, besides the one with `count/`.
const NAMED: &[&str] = &["configmaps", "persistentvolumeclaims", "resourcequotas", "secrets", "services"];
/// Kinds every cluster has and this one does not serve: of these there is nothing.
const ABSENT: &[&str] = &["count/replicationcontrollers", "replicationcontrollers"];

/// Whether objects of the kind count into the resource.
pub(crate) fn measures(kind: &Kind, resource: &str) -> bool {
    if resource.strip_prefix("count/") == Some(&kind.qualified_plural()) {
        return true;
    }
    match kind.storage {
        "/pods" => pods::measures(resource),
        "/services" => matches!(resource, "services" | "services.nodeports" | "services.loadbalancers"),
        "/persistentvolumeclaims" => {
            matches!(resource, "persistentvolumeclaims" | "requests.storage")
                || resource.ends_with(CLASS_STORAGE)
                || resource.ends_with(CLASS_CLAIMS)
        }
        _ => kind.group.is_empty() && kind.plural == resource && NAMED.contains(&resource),
    }
}

/// Whether the resource is one of which there is nothing, since no such objects are served.
pub(crate) fn always_zero(resource: &str) -> bool {
    ABSENT.contains(&resource)
}

/// Whether an object is one of those a quota counts.
pub(crate) fn in_scope(kind: &Kind, quota: &Value, object: &Value) -> bool {
    let mut scopes = scopes::of(quota);
    if kind.storage == "/pods" {
        scopes.all(|scope| scope.holds(object))
    } else {
        // Only pods have scopes.
        scopes.next().is_none()
    }
}

/// What an object counts.
pub(crate) fn of(kind: &Kind, object: &Value, now: Timestamp) -> Amounts {
    let one = Quantity::count(1);
    let mut amounts = Amounts::from([(format!("count/{}", kind.qualified_plural()), one)]);
    if kind.group.is_empty() && NAMED.contains(&kind.plural) {
        amounts.insert(kind.plural.to_owned(), one);
    }
    match kind.storage {
        "/pods" if !pods::over(object, now) => {
            amounts.insert("pods".to_owned(), one);
            amounts.extend(pods::amounts(&object["spec"]));
        }
        "/services" => amounts.extend(service(&object["spec"])),
        "/persistentvolumeclaims" => amounts.extend(claim(&object["spec"])),
        _ => {}
    }
    amounts
}

fn service(spec: &Value) -> Amounts {
    let ports = spec["ports"].as_array().map_or(&[][..], Vec::as_slice);
    let mut amounts = Amounts::new();
    let balanced = spec["type"] == "LoadBalancer";
    if balanced {
        amounts.insert("services.loadbalancers".to_owned(), Quantity::count(1));
    }
    if balanced || spec["type"] == "NodePort" {
        let only_given = balanced && spec["allocateLoadBalancerNodePorts"] == false;
        let given = |port: &&Value| !only_given || port["nodePort"].as_u64().unwrap_or_default() != 0;
        amounts.insert("services.nodeports".to_owned(), Quantity::count(ports.iter().filter(given).count()));
    }
    amounts
}

fn claim(spec: &Value) -> Amounts {
    let storage = Quantity::of(&spec["resources"]["requests"]["storage"]);
    let mut amounts = Amounts::new();
    amounts.extend(storage.map(|storage| ("requests.storage".to_owned(), storage)));
    if let Some(class) = spec["storageClassName"].as_str().filter(|class| !class.is_empty()) {
        amounts.insert(format!("{class}{CLASS_CLAIMS}"), Quantity::count(1));
        amounts.extend(storage.map(|storage| (format!("{class}{CLASS_STORAGE}"), storage)));
    }
    amounts
}

/// Adds amounts up by resource.
pub(crate) fn add(sum: &mut Amounts, more: Amounts) {
    for (resource, amount) in more {
        let entry = sum.entry(resource).or_insert(Quantity::ZERO);
        *entry = entry.plus(amount);
    }
}

/// The amounts of a JSON map.
pub(crate) fn read(map: &Value) -> Amounts {
    let entries = map.as_object().into_iter().flatten();
    entries.filter_map(|(resource, amount)| Some((resource.clone(), Quantity::of(amount)?))).collect()
}

/// The amounts as a JSON map.
pub(crate) fn write(amounts: &Amounts) -> Value {
    let map: Map<String, Value> =
        amounts.iter().map(|(resource, amount)| (resource.clone(), json!(amount.canonical()))).collect();
    Value::Object(map)
}
