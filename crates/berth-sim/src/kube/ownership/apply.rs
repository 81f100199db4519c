//! Server-side apply: merging what a writer wants into what is there.

use serde_json::{Map, Value, json};

use super::compare::{Difference, named};
use super::entries::{self, Entry};
use super::path::{Element, Path};
use super::schema::{Shape, key, shape};
use super::set::FieldSet;
use super::track::{Writer, ownable};
use crate::kube::kinds::Kind;
use crate::kube::schema::{self, Merge, Type};

/// The result of an apply.
#[derive(Debug)]
pub(crate) struct Applied {
    /// The merged object with its owners.
    pub(crate) object: Value,
    /// Owners in the way, each with the contested fields; empty when forced.
    pub(crate) conflicts: Vec<(String, Vec<String>)>,
}

/// Merges an applied object into the live one; with `force` contested fields change hands.
pub(crate) fn apply(kind: &Kind, live: &Value, wanted: &Value, writer: &Writer, force: bool) -> Applied {
    let wanted = ownable(kind, writer.subresource, wanted);
    let mut owners = entries::read(live);
    let own = writer.entry(kind, true);
    if owners.is_empty() {
        owners.extend(before_first_apply(kind, live, writer));
    }
    let last = owners.iter().find(|owner| owner.same_writer(&own)).cloned();
    owners.retain(|owner| !owner.same_writer(&own));
    let root = schema::of(kind);
    let fields = named(root, &wanted);
    let mut object = merged(root, live, &wanted);
    if let Some(last) = &last {
        let kept = owners.iter().fold(fields.clone(), |all, owner| all.union(&owner.fields));
        prune(root, &mut object, &last.fields.minus(&fields), &kept);
    }
    let before = ownable(kind, writer.subresource, live);
    let difference = Difference::between(root, &before, &ownable(kind, writer.subresource, &object));
    let written = difference.written();
    let mut conflicts = Vec::new();
    for owner in &mut owners {
        let contested = owner.fields.common(&written);
        if !contested.is_empty() && !force {
            conflicts.push((owner.described(), contested.paths().iter().map(shown).collect()));
        }
        owner.fields = owner.fields.minus(&contested).minus(&difference.removed);
    }
    let unchanged = written.is_empty() && difference.removed.is_empty();
    let time = match last {
        Some(last) if last.fields == fields && unchanged => last.time,
        _ => own.time.clone(),
    };
    owners.push(Entry { time, fields, ..own });
    entries::write(&mut object, owners);
    Applied { object, conflicts }
}

/// The owner of everything in an object nobody is known to own.
fn before_first_apply(kind: &Kind, live: &Value, writer: &Writer) -> Option<Entry> {
    let fields = Difference::between(schema::of(kind), &json!({}), &ownable(kind, writer.subresource, live)).added;
    let name = "before-first-apply".to_owned();
    (!fields.is_empty()).then(|| Entry { fields, writer: name, ..writer.entry(kind, false) })
}

fn shown(path: &Path) -> String {
    path.iter().map(Element::to_string).collect()
}

fn merged(root: &Type, live: &Value, wanted: &Value) -> Value {
    let mut object = live.clone();
    if let (Some(fields), Some(wanted)) = (object.as_object_mut(), wanted.as_object()) {
        merge_fields(root, fields, wanted);
    }
    object
}

fn merge_fields(own: &Type, fields: &mut Map<String, Value>, wanted: &Map<String, Value>) {
    for (name, value) in wanted {
        let merged = match fields.get(name) {
            Some(live) => merge_value(own.field(name), name, live, value),
            None => value.clone(),
        };
        fields.insert(name.clone(), merged);
    }
}

fn merge_value(own: &Type, name: &str, live: &Value, wanted: &Value) -> Value {
    match (shape(own, name, wanted), live, wanted) {
        (Shape::Map | Shape::Struct, Value::Object(live), Value::Object(wanted)) => {
            let mut fields = live.clone();
            merge_fields(own, &mut fields, wanted);
            Value::Object(fields)
        }
        (Shape::Keyed(keys), Value::Array(live), Value::Array(wanted)) => {
            Value::Array(merge_items(own.item(), live, wanted, &|item| key(item, keys)))
        }
        (Shape::Set, Value::Array(live), Value::Array(wanted)) => {
            Value::Array(merge_items(own.item(), live, wanted, &|item| Element::Item(item.to_string())))
        }
        _ => wanted.clone(),
    }
}

/// Live elements nobody asks about stay where they are; the others come in the order they are asked for.
fn merge_items(own: &Type, live: &[Value], wanted: &[Value], element: &dyn Fn(&Value) -> Element) -> Vec<Value> {
    let mut out = Vec::new();
    let (mut left, mut right) = (live.iter().peekable(), wanted.iter().peekable());
    let asked = |item: &Value| wanted.iter().any(|other| element(other) == element(item));
    loop {
        if let Some(item) = left.next_if(|item| !asked(item)) {
            out.push(item.clone());
        } else if let Some(item) = right.next() {
            let there = live.iter().find(|other| element(other) == element(item));
            left.next_if(|other| element(other) == element(item));
            out.push(match (there.and_then(Value::as_object), item.as_object()) {
                (Some(there), Some(item)) => {
                    let mut fields = there.clone();
                    merge_fields(own, &mut fields, item);
                    Value::Object(fields)
                }
                _ => item.clone(),
            });
        } else if left.next().is_none() {
            return out;
        }
    }
}

/// Takes out the fields the writer gave up and nobody else owns; whole elements first, while they have their keys.
fn prune(root: &Type, object: &mut Value, given_up: &FieldSet, kept: &FieldSet) {
    let mut paths = given_up.paths();
    paths.sort_by_key(Vec::len);
    for path in paths.iter().filter(|path| !kept.touches(path)) {
        remove(root, object, path);
    }
}

fn remove(own: &Type, value: &mut Value, path: &[Element]) {
    let Some((first, rest)) = path.split_first() else { return };
    match (first, value) {
        (Element::Field(field), Value::Object(fields)) if rest.is_empty() => {
            fields.remove(field);
        }
        (Element::Field(field), Value::Object(fields)) => {
            if let Some(inner) = fields.get_mut(field) {
                remove(own.field(field), inner, rest);
            }
        }
        (element, Value::Array(items)) => {
            let keys: &[String] = match own {
                Type::List { merge: Merge::Keyed(keys), .. } => keys,
                _ => &[],
            };
            let same = |item: &Value| match element {
                Element::Item(_) => Element::Item(item.to_string()) == *element,
                _ => key(item, keys) == *element,
            };
            let Some(at) = items.iter().position(same) else { return };
            if rest.is_empty() {
                items.remove(at);
            } else {
                remove(own.item(), &mut items[at], rest);
            }
        }
        _ => {}
    }
}
