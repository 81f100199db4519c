//! Which rules go with which kind.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{config, events, limit_range, metadata, namespace, node, pod, priority_class, resource_quota, service};
use crate::kube::failure::Cause;
use crate::kube::kinds::Kind;

const PRIORITY_CLASSES: &str = "scheduling.k8s.io/priorityclasses";

/// Types a decoder would refuse, in its words.
pub(crate) fn decode_check(kind: &Kind, object: &Value) -> Result<(), String> {
    metadata::decode_check(object)?;
    match kind.storage {
        "/configmaps" => config::decode_config_map(object),
        "/secrets" => config::decode_secret(object),
        "/pods" => pod::decode_check(object),
        "/nodes" => node::decode_check(object),
        "/limitranges" => limit_range::decode_check(object),
        "/resourcequotas" => resource_quota::decode_check(object),
        PRIORITY_CLASSES => priority_class::decode_check(object),
        _ => Ok(()),
    }
}

/// From the form a client sends to the form that is kept.
pub(crate) fn incoming(kind: &Kind, object: Value) -> Value {
    if kind.group == "events.k8s.io" { events::incoming(object) } else { object }
}

/// From the form that is kept to the form a client reads.
pub(crate) fn outgoing<'a>(kind: &Kind, object: &'a Value) -> Cow<'a, Value> {
    if kind.group == "events.k8s.io" { Cow::Owned(events::outgoing(object)) } else { Cow::Borrowed(object) }
}

/// What the server decides about a new object; `number` is different for each.
pub(crate) fn admit(kind: &Kind, object: &mut Value, now: Timestamp, number: u64) {
    match kind.storage {
        "/namespaces" => namespace::admit(object),
        "/nodes" => node::admit(object),
        // The controller fills it in.
        "/resourcequotas" => object["status"] = json!({}),
        "/pods" => pod::admit(object, now),
        "/services" => {
            service::assign(object, number);
            object["status"] = json!({"loadBalancer": {}});
        }
        _ => {}
    }
}

/// What admission adds to each changed object.
pub(crate) fn readmit(kind: &Kind, object: &mut Value) {
    if kind.storage == "/pods" {
        pod::tolerate(object);
    }
}

/// Fills in defaults and drops what a typed server would not keep.
pub(crate) fn complete(kind: &Kind, object: &mut Value) {
    metadata::complete(object);
    match kind.storage {
        "/configmaps" => config::complete_config_map(object),
        "/secrets" => config::complete_secret(object),
        "/namespaces" => namespace::complete(object),
        "/nodes" => node::complete(object),
        "/limitranges" => limit_range::complete(object),
        "/resourcequotas" => resource_quota::complete(object),
        PRIORITY_CLASSES => priority_class::complete(object),
        "/pods" => pod::complete(object),
        "/services" => service::complete(object),
        _ => {}
    }
}

/// All that is wrong with an object.
pub(crate) fn validate(kind: &Kind, object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    metadata::validate(kind, object, &mut causes);
    match kind.storage {
        "/configmaps" | "/secrets" => config::validate(object, &mut causes),
        "/namespaces" => namespace::validate(object, &mut causes),
        "/nodes" => node::validate(object, &mut causes),
        "/limitranges" => limit_range::validate(object, &mut causes),
        "/resourcequotas" => resource_quota::validate(object, &mut causes),
        PRIORITY_CLASSES => priority_class::validate(object, &mut causes),
        "/pods" => pod::validate(object, &mut causes),
        _ => {}
    }
    causes
}

/// All that is wrong with a change.
pub(crate) fn validate_update(kind: &Kind, object: &Value, current: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    metadata::validate_update(object, current, &mut causes);
    match kind.storage {
        "/configmaps" | "/secrets" => config::validate_update(object, current, &mut causes),
        "/nodes" => node::validate_update(object, current, &mut causes),
        "/resourcequotas" => resource_quota::validate_update(object, current, &mut causes),
        PRIORITY_CLASSES => priority_class::validate_update(object, current, &mut causes),
        "/pods" => pod::validate_update(object, current, &mut causes),
        _ => {}
    }
    causes
}
