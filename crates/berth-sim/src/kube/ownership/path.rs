//! One step of a path to a field.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

/// A field of an object, an element of a keyed list, or an element of a set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Element {
    Field(String),
    /// Key fields and their values as JSON.
    Key(BTreeMap<String, String>),
    /// The value as JSON.
    Item(String),
}

/// A path from the object to a field.
pub(crate) type Path = Vec<Element>;

impl Element {
    pub(crate) fn field(name: &str) -> Element {
        Element::Field(name.to_owned())
    }

    /// As written in `fieldsV1`.
    pub(crate) fn encode(&self) -> String {
        match self {
            Element::Field(name) => format!("f:{name}"),
            Element::Key(keys) => {
                let parts: Vec<String> =
                    keys.iter().map(|(name, value)| format!("{}:{value}", Value::from(name.as_str()))).collect();
                format!("k:{{{}}}", parts.join(","))
            }
            Element::Item(value) => format!("v:{value}"),
        }
    }

    pub(crate) fn decode(text: &str) -> Option<Element> {
        let (kind, rest) = text.split_once(':')?;
        match kind {
            "f" => Some(Element::field(rest)),
            "v" => Some(Element::Item(rest.to_owned())),
            "k" => {
                let keys: Value = serde_json::from_str(rest).ok()?;
                let keys = keys.as_object()?.iter().map(|(name, value)| (name.clone(), value.to_string()));
                Some(Element::Key(keys.collect()))
            }
            _ => None,
        }
    }
}

/// As conflicts name it: `.data.a`, `[name="app"]`.
impl fmt::Display for Element {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Element::Field(name) => write!(out, ".{name}"),
            Element::Key(keys) => {
                let parts: Vec<String> = keys.iter().map(|(name, value)| format!("{name}={value}")).collect();
                write!(out, "[{}]", parts.join(","))
            }
            Element::Item(value) => write!(out, "[={value}]"),
        }
    }
}
