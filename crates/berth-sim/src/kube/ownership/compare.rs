//! What an object consists of, and in what two states of it differ.

use serde_json::{Map, Value};

use super::path::{Element, Path};
use super::schema::{Shape, key, shape};
use super::set::FieldSet;
use crate::kube::schema::Type;

/// The fields in which a state differs from an earlier one.
#[derive(Debug, Default)]
pub(crate) struct Difference {
    pub(crate) added: FieldSet,
    pub(crate) modified: FieldSet,
    pub(crate) removed: FieldSet,
}

impl Difference {
    /// From one state to the next.
    pub(crate) fn between(root: &Type, before: &Value, after: &Value) -> Difference {
        let mut found = Difference::default();
        found.fields(root, before.as_object(), after.as_object(), &mut Vec::new());
        found
    }

    /// What the later state says that the earlier did not.
    pub(crate) fn written(&self) -> FieldSet {
        self.added.union(&self.modified)
    }

    fn fields(
        &mut self,
        own: &Type,
        before: Option<&Map<String, Value>>,
        after: Option<&Map<String, Value>>,
        path: &mut Path,
    ) {
        let names = before.into_iter().chain(after).flat_map(|fields| fields.keys());
        let mut names: Vec<&String> = names.collect();
        names.sort();
        names.dedup();
        for name in names {
            path.push(Element::field(name));
            let value = |fields: Option<&'_ Map<String, Value>>| fields.and_then(|fields| fields.get(name)).cloned();
            self.value(own.field(name), name, value(before).as_ref(), value(after).as_ref(), path);
            path.pop();
        }
    }

    fn value(&mut self, own: &Type, name: &str, before: Option<&Value>, after: Option<&Value>, path: &mut Path) {
        let (before, after) = match (before, after) {
            (None, None) => return,
            (None, Some(after)) => return all(own, name, after, path, true, &mut self.added),
            (Some(before), None) => return all(own, name, before, path, true, &mut self.removed),
            (Some(before), Some(after)) => (before, after),
        };
        match (shape(own, name, before), shape(own, name, after), before, after) {
            (Shape::Map | Shape::Struct, Shape::Map | Shape::Struct, _, _) => {
                self.fields(own, before.as_object(), after.as_object(), path);
            }
            (Shape::Keyed(keys), Shape::Keyed(_), Value::Array(before), Value::Array(after)) => {
                self.items(own.item(), before, after, &|item| key(item, keys), path);
            }
            (Shape::Set, Shape::Set, Value::Array(before), Value::Array(after)) => {
                self.items(own.item(), before, after, &|item| Element::Item(item.to_string()), path);
            }
            _ if before != after => self.modified.insert(path),
            _ => {}
        }
    }

    fn items(
        &mut self,
        own: &Type,
        before: &[Value],
        after: &[Value],
        element: &dyn Fn(&Value) -> Element,
        path: &mut Path,
    ) {
        let find = |items: &[Value], wanted: &Element| items.iter().find(|item| element(item) == *wanted).cloned();
        for item in before {
            path.push(element(item));
            match find(after, &element(item)) {
                None => item_fields(own, item, path, true, &mut self.removed),
                Some(other) => self.fields(own, item.as_object(), other.as_object(), path),
            }
            path.pop();
        }
        for item in after.iter().filter(|item| find(before, &element(item)).is_none()) {
            path.push(element(item));
            item_fields(own, item, path, true, &mut self.added);
            path.pop();
        }
    }
}

/// The fields an applied object names.
pub(crate) fn named(root: &Type, object: &Value) -> FieldSet {
    let mut set = FieldSet::default();
    for (name, value) in object.as_object().into_iter().flatten() {
        all(root.field(name), name, value, &mut vec![Element::field(name)], false, &mut set);
    }
    set
}

/// Everything of a value; containers count themselves when they came or went as such.
fn all(own: &Type, name: &str, value: &Value, path: &mut Path, containers: bool, set: &mut FieldSet) {
    match (shape(own, name, value), value) {
        (shape @ (Shape::Map | Shape::Struct), Value::Object(fields)) => {
            let named = fields.is_empty() && (path.len() > 1 || shape == Shape::Map);
            let counts = if containers { shape == Shape::Map || (named && path.len() > 1) } else { named };
            if counts {
                set.insert(path);
            }
            for (name, value) in fields {
                path.push(Element::field(name));
                all(own.field(name), name, value, path, containers, set);
                path.pop();
            }
        }
        (Shape::Keyed(keys), Value::Array(items)) => {
            if containers || items.is_empty() {
                set.insert(path);
            }
            for item in items {
                path.push(key(item, keys));
                item_fields(own.item(), item, path, containers, set);
                path.pop();
            }
        }
        (Shape::Set, Value::Array(items)) => {
            if containers {
                set.insert(path);
            }
            for item in items {
                path.push(Element::Item(item.to_string()));
                set.insert(path);
                path.pop();
            }
        }
        _ => set.insert(path),
    }
}

fn item_fields(own: &Type, item: &Value, path: &mut Path, containers: bool, set: &mut FieldSet) {
    set.insert(path);
    for (name, value) in item.as_object().into_iter().flatten() {
        path.push(Element::field(name));
        all(own.field(name), name, value, path, containers, set);
        path.pop();
    }
}

/// Keyed lists and sets name no element twice.
pub(crate) fn unambiguous(root: &Type, object: &Value) -> Result<(), String> {
    unambiguous_fields(root, object, &mut Vec::new())
}

fn unambiguous_fields(own: &Type, object: &Value, path: &mut Path) -> Result<(), String> {
    for (name, value) in object.as_object().into_iter().flatten() {
        path.push(Element::field(name));
        let inner = own.field(name);
        match (shape(inner, name, value), value) {
            (Shape::Keyed(keys), Value::Array(items)) => {
                unambiguous_items(inner.item(), items, &|item| key(item, keys), path)?;
            }
            (Shape::Set, Value::Array(items)) => {
                unambiguous_items(inner.item(), items, &|item| Element::Item(item.to_string()), path)?;
            }
            _ => unambiguous_fields(inner, value, path)?,
        }
        path.pop();
    }
    Ok(())
}

fn unambiguous_items(
    own: &Type,
    items: &[Value],
    element: &dyn Fn(&Value) -> Element,
    path: &mut Path,
) -> Result<(), String> {
    for (index, item) in items.iter().enumerate() {
        let this = element(item);
        if items[..index].iter().any(|other| element(other) == this) {
            let place: String = path.iter().map(Element::to_string).collect();
            return Err(format!("{place}: duplicate entries for key {this}"));
        }
        path.push(this);
        unambiguous_fields(own, item, path)?;
        path.pop();
    }
    Ok(())
}
