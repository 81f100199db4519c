//! Ownership through ordinary writes: who changes a field owns it.

use serde_json::{Value, json};

use super::compare::Difference;
use super::entries::{self, Entry};
use crate::kube::kinds::{Kind, Subresource};
use crate::kube::schema;

/// Who writes, and how.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    pub(crate) name: String,
    pub(crate) subresource: Option<Subresource>,
    /// The time as it is written.
    pub(crate) now: String,
}

impl Writer {
    pub(crate) fn entry(&self, kind: &Kind, applied: bool) -> Entry {
        Entry {
            writer: self.name.clone(),
            applied,
            api_version: kind.api_version(),
            subresource: self.subresource.map(|part| part.name().to_owned()).unwrap_or_default(),
            time: self.now.clone(),
            fields: Default::default(),
        }
    }
}

/// Fields of the metadata that nobody owns.
const UNOWNED: &[&str] = &[
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
    "managedFields",
];

/// The part of an object that can be owned through a path.
pub(crate) fn ownable(kind: &Kind, subresource: Option<Subresource>, object: &Value) -> Value {
    let mut part = object.clone();
    if let Some(metadata) = part.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|name, _| !UNOWNED.contains(&name.as_str()));
    }
    let Some(fields) = part.as_object_mut() else { return part };
    fields.remove("apiVersion");
    fields.remove("kind");
    match subresource {
        None if kind.has(Subresource::Status) => {
            fields.remove("status");
        }
        Some(Subresource::Status) => {
            fields.remove("spec");
        }
        _ => {}
    }
    part
}

/// Records an ordinary write in the object that is about to be stored.
///
/// An object that is there and has no owners is not tracked, as on the real server.
pub(crate) fn track(kind: &Kind, before: Option<&Value>, object: &mut Value, writer: &Writer) {
    let mut owners = before.map(entries::read).unwrap_or_default();
    if before.is_some() && owners.is_empty() {
        return;
    }
    let nothing = json!({});
    let before = ownable(kind, writer.subresource, before.unwrap_or(&nothing));
    let difference = Difference::between(schema::of(kind), &before, &ownable(kind, writer.subresource, object));
    let written = difference.written();
    let lost = written.union(&difference.removed);
    let mut own = writer.entry(kind, false);
    for owner in &mut owners {
        if owner.same_writer(&own) {
            let fields = owner.fields.union(&written).minus(&difference.removed);
            if fields == owner.fields {
                own.time.clone_from(&owner.time);
            }
            own.fields = fields;
        } else {
            owner.fields = owner.fields.minus(&lost);
        }
    }
    if !owners.iter().any(|owner| owner.same_writer(&own)) {
        own.fields = written;
    }
    owners.retain(|owner| !owner.same_writer(&own));
    owners.push(own);
    entries::write(object, owners);
}
