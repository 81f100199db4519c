//! What an object consists of, and in what two states of it differ.

use serde_json::{Map, Value};

use super::path::{Element, Path};
use super::schema::{Shape, key, shape};
use super::set::FieldSet;

/// The fields in which a state differs from an earlier one.
#[derive(Debug, Default)]
pub(crate) struct Difference {
    pub(crate) added: FieldSet,
    pub(crate) modified: FieldSet,
    pub(crate) removed: FieldSet,
}

impl Difference {
    /// From one state to the next.
    pub(crate) fn between(before: &Value, after: &Value) -> Difference {
        let mut found = Difference::default();
        found.fields(before.as_object(), after.as_object(), &mut Vec::new());
        found
    }

    /// What the later state says that the earlier did not.
    pub(crate) fn written(&self) -> FieldSet {
        self.added.union(&self.modified)
    }

    fn fields(&mut self, before: Option<&Map<String, Value>>, after: Option<&Map<String, Value>>, path: &mut Path) {
        let names = before.into_iter().chain(after).flat_map(|fields| fields.keys());
        let mut names: Vec<&String> = names.collect();
        names.sort();
        names.dedup();
        for name in names {
            path.push(Element::field(name));
            let value = |fields: Option<&'_ Map<String, Value>>| fields.and_then(|fields| fields.get(name)).cloned();
            self.value(name, value(before).as_ref(), value(after).as_ref(), path);
            path.pop();
        }
    }

    fn value(&mut self, name: &str, before: Option<&Value>, after: Option<&Value>, path: &mut Path) {
        let (before, after) = match (before, after) {
            (None, None) => return,
            (None, Some(after)) => return all(name, after, path, true, &mut self.added),
            (Some(before), None) => return all(name, before, path, true, &mut self.removed),
            (Some(before), Some(after)) => (before, after),
        };
        match (shape(name, before), shape(name, after), before, after) {
            (Shape::Map | Shape::Struct, Shape::Map | Shape::Struct, _, _) => {
                self.fields(before.as_object(), after.as_object(), path);
            }
            (Shape::Keyed(keys), Shape::Keyed(others), Value::Array(before), Value::Array(after)) => {
                // An empty list says nothing about its keys.
                let keys = if before.is_empty() { others } else { keys };
                self.items(before, after, &|item| key(item, keys), path);
            }
            (Shape::Set, Shape::Set, Value::Array(before), Value::Array(after)) => {
                self.items(before, after, &|item| Element::Item(item.to_string()), path);
            }
            _ if before != after => self.modified.insert(path),
            _ => {}
        }
    }

    fn items(&mut self, before: &[Value], after: &[Value], element: &dyn Fn(&Value) -> Element, path: &mut Path) {
        let find = |items: &[Value], wanted: &Element| items.iter().find(|item| element(item) == *wanted).cloned();
        for item in before {
            path.push(element(item));
            match find(after, &element(item)) {
                None => whole_item(item, path, &mut self.removed),
                Some(other) => self.fields(item.as_object(), other.as_object(), path),
            }
            path.pop();
        }
        for item in after.iter().filter(|item| find(before, &element(item)).is_none()) {
            path.push(element(item));
            whole_item(item, path, &mut self.added);
            path.pop();
        }
    }
}

/// The fields an applied object names.
pub(crate) fn named(object: &Value) -> FieldSet {
    let mut set = FieldSet::default();
    for (name, value) in object.as_object().into_iter().flatten() {
        all(name, value, &mut vec![Element::field(name)], false, &mut set);
    }
    set
}

/// Everything of a value; containers count themselves when they came or went as such.
fn all(name: &str, value: &Value, path: &mut Path, containers: bool, set: &mut FieldSet) {
    match (shape(name, value), value) {
        (shape @ (Shape::Map | Shape::Struct), Value::Object(fields)) => {
            let counts = (containers && shape == Shape::Map) || (fields.is_empty() && path.len() > 1);
            if counts {
                set.insert(path);
            }
            for (name, value) in fields {
                path.push(Element::field(name));
                all(name, value, path, containers, set);
                path.pop();
            }
        }
        (Shape::Keyed(keys), Value::Array(items)) => {
            if containers || items.is_empty() {
                set.insert(path);
            }
            for item in items {
                path.push(key(item, keys));
                item_fields(item, path, containers, set);
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

fn whole_item(item: &Value, path: &mut Path, set: &mut FieldSet) {
    item_fields(item, path, true, set);
}

fn item_fields(item: &Value, path: &mut Path, containers: bool, set: &mut FieldSet) {
    set.insert(path);
    for (name, value) in item.as_object().into_iter().flatten() {
        path.push(Element::field(name));
        all(name, value, path, containers, set);
        path.pop();
    }
}

/// Keyed lists and sets name no element twice.
pub(crate) fn unambiguous(object: &Value) -> Result<(), String> {
    unambiguous_fields(object, &mut Vec::new())
}

fn unambiguous_fields(object: &Value, path: &mut Path) -> Result<(), String> {
    for (name, value) in object.as_object().into_iter().flatten() {
        path.push(Element::field(name));
        match (shape(name, value), value) {
            (Shape::Keyed(keys), Value::Array(items)) => unambiguous_items(items, &|item| key(item, keys), path)?,
            (Shape::Set, Value::Array(items)) => {
                unambiguous_items(items, &|item| Element::Item(item.to_string()), path)?;
            }
            _ => unambiguous_fields(value, path)?,
        }
        path.pop();
    }
    Ok(())
}

fn unambiguous_items(items: &[Value], element: &dyn Fn(&Value) -> Element, path: &mut Path) -> Result<(), String> {
    for (index, item) in items.iter().enumerate() {
        let own = element(item);
        if items[..index].iter().any(|other| element(other) == own) {
            let place: String = path.iter().map(Element::to_string).collect();
            return Err(format!("{place}: duplicate entries for key {own}"));
        }
        path.push(own);
        unambiguous_fields(item, path)?;
        path.pop();
    }
    Ok(())
}
