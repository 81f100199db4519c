//! What a pod takes from other objects: ConfigMaps, Secrets and claims that may be missing.

use serde_json::Value;

use crate::kube::controllers::scheduler;
use crate::kube::store::Store;

/// Why the volumes of a pod cannot be mounted; nothing when they can.
pub(super) fn unmounted(store: &Store, pod: &Value) -> Option<String> {
    let namespace = pod["metadata"]["namespace"].as_str();
    for volume in pod["spec"]["volumes"].as_array().into_iter().flatten() {
        let name = volume["name"].as_str().unwrap_or_default();
        let projected = volume["projected"]["sources"].as_array().into_iter().flatten();
        let sources = std::iter::once(volume).chain(projected);
        for source in sources {
            for (kind, object, optional) in [
                ("configmap", &source["configMap"]["name"], &source["configMap"]["optional"]),
                ("secret", &source["secret"]["secretName"], &source["secret"]["optional"]),
                ("secret", &source["secret"]["name"], &source["secret"]["optional"]),
            ] {
                let Some(object) = object.as_str().filter(|_| *optional != true) else { continue };
                if store.get(&format!("{kind}s"), namespace, object).is_none() {
                    return Some(format!(
                        "MountVolume.SetUp failed for volume \"{name}\" : {kind} \"{object}\" not found"
                    ));
                }
            }
        }
    }
    None
}

/// Whether all claims of a pod are bound.
pub(super) fn claims_bound(store: &Store, pod: &Value) -> bool {
    let namespace = pod["metadata"]["namespace"].as_str();
    let bound = |name: String| {
        let claim = store.get("persistentvolumeclaims", namespace, &name);
        claim.is_some_and(|claim| claim["spec"]["volumeName"].is_string())
    };
    scheduler::claims(pod).all(bound)
}

/// Why the environment of a container cannot be made; nothing when it can.
pub(super) fn unset(store: &Store, pod: &Value, container: &Value) -> Option<String> {
    let namespace = pod["metadata"]["namespace"].as_str().unwrap_or_default();
    for source in container["envFrom"].as_array().into_iter().flatten() {
        for (field, kind) in [("configMapRef", "configmap"), ("secretRef", "secret")] {
            let Some(name) = source[field]["name"].as_str().filter(|_| source[field]["optional"] != true) else {
                continue;
            };
            if store.get(&format!("{kind}s"), Some(namespace), name).is_none() {
                return Some(format!("{kind} \"{name}\" not found"));
            }
        }
    }
    for variable in container["env"].as_array().into_iter().flatten() {
        for (field, kind, word) in [("configMapKeyRef", "configmap", "ConfigMap"), ("secretKeyRef", "secret", "Secret")]
        {
            let source = &variable["valueFrom"][field];
            let Some(name) = source["name"].as_str().filter(|_| source["optional"] != true) else { continue };
            let Some(object) = store.get(&format!("{kind}s"), Some(namespace), name) else {
                return Some(format!("{kind} \"{name}\" not found"));
            };
            let key = source["key"].as_str().unwrap_or_default();
            if object["data"].get(key).is_none() && object["binaryData"].get(key).is_none() {
                return Some(format!("couldn't find key {key} in {word} {namespace}/{name}"));
            }
        }
    }
    None
}
