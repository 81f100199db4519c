//! Field selector keys of the kinds.

use serde_json::Value;

/// One key a field selector may name.
#[derive(Debug)]
pub(crate) struct FieldKey {
    /// The key as the client writes it.
    pub(crate) key: &'static str,
    /// Where the value stands in the object, as a JSON pointer.
    pub(crate) pointer: &'static str,
    /// The value when the field is absent.
    pub(crate) absent: &'static str,
}

impl FieldKey {
    const fn of(key: &'static str, pointer: &'static str) -> FieldKey {
        FieldKey { key, pointer, absent: "" }
    }

    /// The value of the field in an object, as text.
    pub(crate) fn value(&self, object: &Value) -> String {
        match object.pointer(self.pointer) {
            None | Some(Value::Null) => self.absent.to_owned(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    }
}

/// Which of the server's two texts refuses an unknown key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldText {
    /// Kinds with only the two metadata keys name them.
    NamesKnownKeys,
    /// Kinds with keys of their own do not.
    NotSupported,
}

/// The keys of a namespaced kind without own keys.
pub(crate) const METADATA: &[FieldKey] =
    &[FieldKey::of("metadata.name", "/metadata/name"), FieldKey::of("metadata.namespace", "/metadata/namespace")];

pub(crate) const NAMESPACE: &[FieldKey] =
    &[FieldKey::of("metadata.name", "/metadata/name"), FieldKey::of("status.phase", "/status/phase")];

pub(crate) const NODE: &[FieldKey] = &[
    FieldKey::of("metadata.name", "/metadata/name"),
    FieldKey { key: "spec.unschedulable", pointer: "/spec/unschedulable", absent: "false" },
];

pub(crate) const SECRET: &[FieldKey] = &[
    FieldKey::of("metadata.name", "/metadata/name"),
    FieldKey::of("metadata.namespace", "/metadata/namespace"),
    FieldKey::of("type", "/type"),
];

pub(crate) const SERVICE: &[FieldKey] = &[
    FieldKey::of("metadata.name", "/metadata/name"),
    FieldKey::of("metadata.namespace", "/metadata/namespace"),
    FieldKey::of("spec.clusterIP", "/spec/clusterIP"),
    FieldKey::of("spec.type", "/spec/type"),
];

pub(crate) const POD: &[FieldKey] = &[
    FieldKey::of("metadata.name", "/metadata/name"),
    FieldKey::of("metadata.namespace", "/metadata/namespace"),
    FieldKey::of("spec.nodeName", "/spec/nodeName"),
    FieldKey::of("spec.restartPolicy", "/spec/restartPolicy"),
    FieldKey::of("spec.schedulerName", "/spec/schedulerName"),
    FieldKey::of("spec.serviceAccountName", "/spec/serviceAccountName"),
    FieldKey { key: "spec.hostNetwork", pointer: "/spec/hostNetwork", absent: "false" },
    FieldKey::of("status.phase", "/status/phase"),
    FieldKey::of("status.podIP", "/status/podIP"),
    FieldKey::of("status.nominatedNodeName", "/status/nominatedNodeName"),
];

pub(crate) const EVENT: &[FieldKey] = &[
    FieldKey::of("metadata.name", "/metadata/name"),
    FieldKey::of("metadata.namespace", "/metadata/namespace"),
    FieldKey::of("involvedObject.kind", "/involvedObject/kind"),
    FieldKey::of("involvedObject.namespace", "/involvedObject/namespace"),
    FieldKey::of("involvedObject.name", "/involvedObject/name"),
    FieldKey::of("involvedObject.uid", "/involvedObject/uid"),
    FieldKey::of("involvedObject.apiVersion", "/involvedObject/apiVersion"),
    FieldKey::of("involvedObject.resourceVersion", "/involvedObject/resourceVersion"),
    FieldKey::of("involvedObject.fieldPath", "/involvedObject/fieldPath"),
    FieldKey::of("reason", "/reason"),
    FieldKey::of("reportingComponent", "/reportingComponent"),
    FieldKey::of("source", "/source/component"),
    FieldKey::of("type", "/type"),
];

/// The same keys under the names of `events.k8s.io`.
pub(crate) const NEW_EVENT: &[FieldKey] = &[
    FieldKey::of("metadata.name", "/metadata/name"),
    FieldKey::of("metadata.namespace", "/metadata/namespace"),
    FieldKey::of("regarding.kind", "/involvedObject/kind"),
    FieldKey::of("regarding.namespace", "/involvedObject/namespace"),
    FieldKey::of("regarding.name", "/involvedObject/name"),
    FieldKey::of("regarding.uid", "/involvedObject/uid"),
    FieldKey::of("regarding.apiVersion", "/involvedObject/apiVersion"),
    FieldKey::of("regarding.resourceVersion", "/involvedObject/resourceVersion"),
    FieldKey::of("regarding.fieldPath", "/involvedObject/fieldPath"),
    FieldKey::of("reason", "/reason"),
    FieldKey::of("reportingController", "/reportingComponent"),
    FieldKey::of("type", "/type"),
];
