//! Sets of fields.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::path::{Element, Path};

/// Fields as a tree: the members of a level and the sets below it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FieldSet {
    members: BTreeSet<Element>,
    below: BTreeMap<Element, FieldSet>,
}

impl FieldSet {
    pub(crate) fn insert(&mut self, path: &[Element]) {
        match path {
            [] => {}
            [last] => {
                self.members.insert(last.clone());
            }
            [first, rest @ ..] => self.below.entry(first.clone()).or_default().insert(rest),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty() && self.below.values().all(FieldSet::is_empty)
    }

    /// Whether the path or anything below it is in the set.
    pub(crate) fn touches(&self, path: &[Element]) -> bool {
        match path {
            [] => !self.is_empty(),
            [first, rest @ ..] => {
                (rest.is_empty() && self.members.contains(first))
                    || self.below.get(first).is_some_and(|below| below.touches(rest))
            }
        }
    }

    pub(crate) fn union(&self, other: &FieldSet) -> FieldSet {
        let mut all = self.clone();
        all.members.extend(other.members.iter().cloned());
        for (element, below) in &other.below {
            let merged = all.below.get(element).map_or_else(|| below.clone(), |own| own.union(below));
            all.below.insert(element.clone(), merged);
        }
        all
    }

    pub(crate) fn minus(&self, other: &FieldSet) -> FieldSet {
        let below = self.below.iter().filter_map(|(element, own)| {
            let left = other.below.get(element).map_or_else(|| own.clone(), |gone| own.minus(gone));
            (!left.is_empty()).then(|| (element.clone(), left))
        });
        FieldSet { members: self.members.difference(&other.members).cloned().collect(), below: below.collect() }
    }

    pub(crate) fn common(&self, other: &FieldSet) -> FieldSet {
        let below = self.below.iter().filter_map(|(element, own)| {
            let both = own.common(other.below.get(element)?);
            (!both.is_empty()).then(|| (element.clone(), both))
        });
        FieldSet { members: self.members.intersection(&other.members).cloned().collect(), below: below.collect() }
    }

    /// All paths; the members of a level come before what is below it.
    pub(crate) fn paths(&self) -> Vec<Path> {
        let mut paths: Vec<Path> = self.members.iter().map(|element| vec![element.clone()]).collect();
        for (element, below) in &self.below {
            paths.extend(below.paths().into_iter().map(|rest| {
                let mut path = vec![element.clone()];
                path.extend(rest);
                path
            }));
        }
        paths
    }

    /// The `fieldsV1` form.
    pub(crate) fn encode(&self) -> Value {
        let mut fields = Map::new();
        for element in &self.members {
            fields.insert(element.encode(), json!({}));
        }
        for (element, below) in self.below.iter().filter(|(_, below)| !below.is_empty()) {
            let mut inner = below.encode();
            if self.members.contains(element) {
                inner["."] = json!({});
            }
            fields.insert(element.encode(), inner);
        }
        Value::Object(fields)
    }

    pub(crate) fn decode(fields: &Value) -> FieldSet {
        let mut set = FieldSet::default();
        for (name, inner) in fields.as_object().into_iter().flatten() {
            let Some(element) = Element::decode(name) else { continue };
            let inner = inner.as_object().cloned().unwrap_or_default();
            if inner.is_empty() || inner.contains_key(".") {
                set.members.insert(element.clone());
            }
            let below = FieldSet::decode(&Value::Object(inner));
            if !below.is_empty() {
                set.below.insert(element, below);
            }
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::FieldSet;
    use serde_json::json;

    #[test]
    fn sets_are_written_and_read_back() {
        let fields = json!({
            "f:metadata": {"f:labels": {".": {}, "f:a": {}}},
            "f:spec": {"f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}}},
        });
        let set = FieldSet::decode(&fields);
        assert_eq!(set.encode(), fields);
        let labels = FieldSet::decode(&json!({"f:metadata": {"f:labels": {"f:a": {}}}}));
        assert_eq!(set.common(&labels), labels);
        assert_eq!(set.minus(&labels).encode()["f:metadata"], json!({"f:labels": {}}));
    }
}
