//! Which rules go with which kind.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    batch, config, custom, defaults, definition, events, horizontal, limit_range, metadata, namespace, network, node,
    pod, priority_class, resource_quota, roles, service, status, storage, workload,
};
use crate::kube::definitions;
use crate::kube::failure::Cause;
use crate::kube::kinds::{Kind, Subresource};

const CLUSTER_ROLE_BINDINGS: &str = "rbac.authorization.k8s.io/clusterrolebindings";
const CLUSTER_ROLES: &str = "rbac.authorization.k8s.io/clusterroles";
const ROLES: &str = "rbac.authorization.k8s.io/roles";
const ROLE_BINDINGS: &str = "rbac.authorization.k8s.io/rolebindings";
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
        "batch/cronjobs" => batch::decode_check_cron_job(object),
        "batch/jobs" => workload::decode_check(object),
        storage if storage.starts_with("apps/") => workload::decode_check(object),
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
    if let (true, Some(fields)) = (kind.custom.is_some() && kind.has(Subresource::Status), object.as_object_mut()) {
        fields.remove("status");
        return;
    }
    if let Some(status) = status::initial(kind) {
        object["status"] = status;
    }
    match kind.storage {
        "/namespaces" => namespace::admit(object),
        "/nodes" => node::admit(object),
        "/pods" => pod::admit(object, now),
        "/services" => service::assign(object, number),
        "/persistentvolumeclaims" => storage::protect(object, "kubernetes.io/pvc-protection"),
        "/persistentvolumes" => storage::protect(object, "kubernetes.io/pv-protection"),
        "apps/daemonsets" => workload::number_template(object, None),
        "batch/jobs" => batch::admit_job(object),
        definitions::STORAGE => definition::initial(object),
        _ => {}
    }
}

/// What admission adds to each changed object.
pub(crate) fn readmit(kind: &Kind, object: &mut Value, current: &Value) {
    match kind.storage {
        "/pods" => pod::tolerate(object),
        "apps/daemonsets" => workload::number_template(object, Some(current)),
        "/services" => service::readmit(object, current),
        _ => {}
    }
}

/// Fills in defaults and drops what a typed server would not keep.
pub(crate) fn complete(kind: &Kind, object: &mut Value) {
    if let Some(custom) = kind.custom {
        metadata::complete_own(object);
        return custom::complete(custom, object);
    }
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
        "/persistentvolumeclaims" => {
            storage::complete_claim(object);
            defaults::fill(object, [("status", json!({"phase": "Pending"}))]);
        }
        "/persistentvolumes" => storage::complete_volume(object),
        "apps/deployments" => workload::complete_deployment(object),
        "apps/replicasets" => workload::complete_replica_set(object),
        "apps/daemonsets" => workload::complete_daemon_set(object),
        "apps/statefulsets" => workload::complete_stateful_set(object),
        "batch/jobs" => batch::complete_job(object),
        "batch/cronjobs" => batch::complete_cron_job(object),
        "autoscaling/horizontalpodautoscalers" => horizontal::complete_autoscaler(object),
        "policy/poddisruptionbudgets" => horizontal::complete_budget(object),
        "networking.k8s.io/ingresses" => network::complete_ingress(object),
        "networking.k8s.io/networkpolicies" => network::complete_policy(object),
        "storage.k8s.io/storageclasses" => storage::complete_class(object),
        ROLES | CLUSTER_ROLES => roles::complete_role(object),
        ROLE_BINDINGS | CLUSTER_ROLE_BINDINGS => roles::complete_binding(object),
        definitions::STORAGE => definition::complete(object),
        _ => {}
    }
}

/// All that is wrong with an object.
pub(crate) fn validate(kind: &Kind, object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    metadata::validate(kind, object, &mut causes);
    if let Some(custom) = kind.custom {
        custom::validate(kind, custom, object, &mut causes);
        return causes;
    }
    match kind.storage {
        "/configmaps" => config::validate(object, &mut causes),
        "/secrets" => config::validate_secret(object, &mut causes),
        "/namespaces" => namespace::validate(object, &mut causes),
        "/nodes" => node::validate(object, &mut causes),
        "/limitranges" => limit_range::validate(object, &mut causes),
        "/resourcequotas" => resource_quota::validate(object, &mut causes),
        PRIORITY_CLASSES => priority_class::validate(object, &mut causes),
        "/pods" => pod::validate(object, &mut causes),
        "/services" => service::validate(object, &mut causes),
        "/persistentvolumeclaims" => storage::validate_claim(object, &mut causes),
        "/persistentvolumes" => storage::validate_volume(object, &mut causes),
        "apps/deployments" | "apps/replicasets" | "apps/daemonsets" | "apps/statefulsets" => {
            workload::validate(object, &mut causes);
        }
        "batch/jobs" => batch::validate_job(object, &mut causes),
        "batch/cronjobs" => batch::validate_cron_job(object, &mut causes),
        "autoscaling/horizontalpodautoscalers" => horizontal::validate_autoscaler(object, &mut causes),
        "policy/poddisruptionbudgets" => horizontal::validate_budget(object, &mut causes),
        "networking.k8s.io/ingresses" => network::validate_ingress(object, &mut causes),
        ROLES => roles::validate_rules(object, true, &mut causes),
        CLUSTER_ROLES => roles::validate_rules(object, false, &mut causes),
        ROLE_BINDINGS | CLUSTER_ROLE_BINDINGS => roles::validate_binding(object, &mut causes),
        definitions::STORAGE => definition::validate(object, &mut causes),
        _ => {}
    }
    causes
}

/// All that is wrong with a change.
pub(crate) fn validate_update(kind: &Kind, object: &Value, current: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    metadata::validate_update(object, current, &mut causes);
    if let Some(custom) = kind.custom {
        custom::validate_update(custom, object, current, &mut causes);
        return causes;
    }
    match kind.storage {
        "/configmaps" | "/secrets" => config::validate_update(object, current, &mut causes),
        "/nodes" => node::validate_update(object, current, &mut causes),
        "/resourcequotas" => resource_quota::validate_update(object, current, &mut causes),
        PRIORITY_CLASSES => priority_class::validate_update(object, current, &mut causes),
        "/pods" => pod::validate_update(object, current, &mut causes),
        "/services" => service::validate_update(object, current, &mut causes),
        "/persistentvolumeclaims" => storage::validate_claim_update(object, current, &mut causes),
        "apps/deployments" | "apps/replicasets" | "apps/daemonsets" => {
            workload::validate_update(object, current, &mut causes);
        }
        "apps/statefulsets" => workload::validate_stateful_update(object, current, &mut causes),
        "batch/jobs" => batch::validate_job_update(object, current, &mut causes),
        "storage.k8s.io/storageclasses" => storage::validate_class_update(object, current, &mut causes),
        ROLE_BINDINGS | CLUSTER_ROLE_BINDINGS => roles::validate_binding_update(object, current, &mut causes),
        definitions::STORAGE => definition::validate_update(object, current, &mut causes),
        _ => {}
    }
    causes
}
