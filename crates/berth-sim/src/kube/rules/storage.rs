//! Volumes, claims on them, and their classes.

use serde_json::{Value, json};

use super::defaults::fill;
use super::quantity::{self, Quantity};
use crate::kube::failure::Cause;

/// The fields of a volume that are not its source.
const NO_SOURCE: &[&str] = &[
    "accessModes",
    "capacity",
    "claimRef",
    "mountOptions",
    "nodeAffinity",
    "persistentVolumeReclaimPolicy",
    "storageClassName",
    "volumeAttributesClassName",
    "volumeMode",
];

pub(crate) fn complete_class(object: &mut Value) {
    fill(object, [("reclaimPolicy", json!("Delete")), ("volumeBindingMode", json!("Immediate"))]);
}

pub(crate) fn validate_class_update(object: &Value, current: &Value, causes: &mut Vec<Cause>) {
    for field in ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"] {
        if object[field] != current[field] {
            causes.push(Cause::invalid(field, &object[field], "field is immutable"));
        }
    }
}

pub(crate) fn complete_volume(object: &mut Value) {
    fill(object, [("spec", json!({})), ("status", json!({"phase": "Pending"}))]);
    let spec = &mut object["spec"];
    fill(spec, [("persistentVolumeReclaimPolicy", json!("Retain")), ("volumeMode", json!("Filesystem"))]);
    if let Some(path) = spec.get_mut("hostPath") {
        fill(path, [("type", json!(""))]);
    }
    if let Some(capacity) = spec.get_mut("capacity") {
        quantity::complete(capacity);
    }
}

pub(crate) fn validate_volume(object: &Value, causes: &mut Vec<Cause>) {
    let spec = object["spec"].as_object();
    if !spec.is_some_and(|spec| spec.keys().any(|field| !NO_SOURCE.contains(&field.as_str()))) {
        causes.push(Cause::required("spec", "must specify a volume type"));
    }
}

pub(crate) fn complete_claim(object: &mut Value) {
    fill(object, [("spec", json!({}))]);
    let spec = &mut object["spec"];
    fill(spec, [("resources", json!({})), ("volumeMode", json!("Filesystem"))]);
    for side in ["limits", "requests"] {
        if let Some(amounts) = spec["resources"].get_mut(side) {
            quantity::complete(amounts);
        }
    }
}

/// An object that is in use is kept by a finalizer; `object` is a claim or a volume.
pub(crate) fn protect(object: &mut Value, finalizer: &str) {
    let finalizers = &mut object["metadata"]["finalizers"];
    match finalizers.as_array_mut() {
        Some(list) if list.iter().any(|own| own == finalizer) => {}
        Some(list) => list.push(json!(finalizer)),
        None => *finalizers = json!([finalizer]),
    }
}

pub(crate) fn validate_claim(object: &Value, causes: &mut Vec<Cause>) {
    let spec = &object["spec"];
    if spec["accessModes"].as_array().is_none_or(Vec::is_empty) {
        causes.push(Cause::required("spec.accessModes", "at least 1 access mode is required"));
    }
    let storage = &spec["resources"]["requests"]["storage"];
    match Quantity::of(storage) {
        None => causes.push(Cause::required("spec.resources[storage]", "")),
        Some(amount) if amount.is_negative() || amount.is_zero() => {
            causes.push(Cause::invalid("spec.resources[storage]", storage, "must be greater than zero"));
        }
        Some(_) => {}
    }
}

pub(crate) fn validate_claim_update(object: &Value, current: &Value, causes: &mut Vec<Cause>) {
    let fixed = |claim: &Value| {
        let mut spec = claim["spec"].as_object().cloned().unwrap_or_default();
        spec.remove("resources");
        spec.remove("volumeAttributesClassName");
        // The binder names the volume, and a class that was missing may be filled in.
        for field in ["volumeName", "storageClassName"] {
            if current["spec"][field].is_null() {
                spec.remove(field);
            }
        }
        spec
    };
    if fixed(object) != fixed(current) {
        let why = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n";
        causes.push(Cause::forbidden("spec", why));
        return;
    }
    let asked = |claim: &Value| Quantity::of(&claim["spec"]["resources"]["requests"]["storage"]);
    let granted = Quantity::of(&current["status"]["capacity"]["storage"]);
    if let (Some(new), Some(old)) = (asked(object), asked(current)) {
        let floor = granted.unwrap_or(old);
        if floor.exceeds(new) {
            let why = "field can not be less than status.capacity";
            causes.push(Cause::forbidden("spec.resources.requests.storage", why));
        }
    }
}
