//! A document as it is written: the order of its fields, and those that stand twice.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::prune::below;
use super::shape::Type;

/// A value with its fields in order.
#[derive(Debug)]
pub(crate) enum Ordered {
    Object(Vec<(String, Ordered)>),
    Array(Vec<Ordered>),
    Plain(Value),
}

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Ordered, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Ordered;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("any value")
            }

            fn visit_bool<E>(self, value: bool) -> Result<Ordered, E> {
                Ok(Ordered::Plain(Value::from(value)))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Ordered, E> {
                Ok(Ordered::Plain(Value::from(value)))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Ordered, E> {
                Ok(Ordered::Plain(Value::from(value)))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Ordered, E> {
                Ok(Ordered::Plain(Value::from(value)))
            }

            fn visit_str<E>(self, value: &str) -> Result<Ordered, E> {
                Ok(Ordered::Plain(Value::from(value)))
            }

            fn visit_unit<E>(self) -> Result<Ordered, E> {
                Ok(Ordered::Plain(Value::Null))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Ordered, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(Ordered::Array(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
                let mut fields = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    fields.push(entry);
                }
                Ok(Ordered::Object(fields))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

impl Ordered {
    /// The plain value. Of a field that stands twice the last value counts, but objects become one, as Go's decoder
    /// reads both into the same place.
    pub(crate) fn into_value(self) -> Value {
        match self {
            Ordered::Plain(value) => value,
            Ordered::Array(items) => items.into_iter().map(Ordered::into_value).collect(),
            Ordered::Object(fields) => {
                let mut all = Map::new();
                for (name, value) in fields {
                    let value = value.into_value();
                    match (all.get_mut(&name), value) {
                        (Some(Value::Object(there)), Value::Object(more)) => there.extend(more),
                        (_, value) => {
                            all.insert(name, value);
                        }
                    }
                }
                Value::Object(all)
            }
        }
    }
}

/// What a JSON document says twice and what its type does not know, in the words of the server; `known` are the fields
/// at the top that are not in the type.
pub(crate) fn findings(found: &Type, body: &[u8], known: &[&str]) -> Vec<String> {
    let mut findings = Vec::new();
    let Ok(Ordered::Object(fields)) = serde_json::from_slice(body) else { return findings };
    object(found, &fields, "", known, &mut findings);
    findings
}

fn object(found: &Type, fields: &[(String, Ordered)], place: &str, known: &[&str], findings: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for (name, value) in fields {
        let here = below(place, name);
        if !seen.insert(name) {
            findings.push(format!("duplicate field \"{here}\""));
            continue;
        }
        let unknown = found.fields().is_some_and(|all| !all.open && !all.by_name.contains_key(name));
        if unknown && !known.contains(&name.as_str()) {
            findings.push(format!("unknown field \"{here}\""));
        } else {
            walk(found.field(name), value, &here, findings);
        }
    }
}

fn walk(found: &Type, value: &Ordered, place: &str, findings: &mut Vec<String>) {
    match value {
        Ordered::Object(fields) => object(found, fields, place, &[], findings),
        Ordered::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(found.item(), item, &format!("{place}[{index}]"), findings);
            }
        }
        Ordered::Plain(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::findings;
    use crate::kube::schema::root;

    #[test]
    fn findings_come_in_the_order_of_the_document() {
        let body =
            br#"{"kind": "Pod", "spec": {"nodeName": "a", "nodeName": "b", "containers": [{"nam": 1}]}, "x": 1}"#;
        let found = findings(root("Pod"), body, &["apiVersion", "kind"]);
        let wanted =
            ["duplicate field \"spec.nodeName\"", "unknown field \"spec.containers[0].nam\"", "unknown field \"x\""];
        assert_eq!(found, wanted);
    }
}
