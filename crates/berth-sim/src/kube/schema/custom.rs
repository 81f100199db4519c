//! Types from the schema of a custom resource's definition.

use serde_json::Value;

use super::shape::{Fields, Merge, Type};

/// The type of the objects of a definition's version.
pub(crate) fn from_schema(schema: &Value) -> Type {
    let mut root = match read(schema) {
        Type::Inline(fields) => fields,
        _ => Fields { open: true, ..Fields::default() },
    };
    root.by_name.insert("metadata".to_owned(), Type::Named("ObjectMeta".to_owned()));
    root.by_name.remove("apiVersion");
    root.by_name.remove("kind");
    Type::Inline(root)
}

fn read(schema: &Value) -> Type {
    if schema["x-kubernetes-int-or-string"] == true {
        return Type::IntOrText;
    }
    let open = schema["x-kubernetes-preserve-unknown-fields"] == true;
    match schema["type"].as_str() {
        Some("string") => Type::Text,
        Some("integer") => Type::Whole("int64"),
        Some("number") => Type::Number,
        Some("boolean") => Type::Flag,
        Some("array") => {
            let merge = match schema["x-kubernetes-list-type"].as_str() {
                Some("set") => Merge::Set,
                Some("map") => {
                    let keys = schema["x-kubernetes-list-map-keys"].as_array().into_iter().flatten();
                    Merge::Keyed(keys.filter_map(Value::as_str).map(str::to_owned).collect())
                }
                _ => Merge::Atomic,
            };
            Type::List { of: Box::new(read(&schema["items"])), merge }
        }
        _ => object(schema, open),
    }
}

fn object(schema: &Value, open: bool) -> Type {
    let atomic = schema["x-kubernetes-map-type"] == "atomic";
    if let Some(properties) = schema["properties"].as_object() {
        let embedded = schema["x-kubernetes-embedded-resource"] == true;
        let mut by_name: std::collections::BTreeMap<String, Type> =
            properties.iter().map(|(name, schema)| (name.clone(), read(schema))).collect();
        if embedded {
            by_name.insert("apiVersion".to_owned(), Type::Text);
            by_name.insert("kind".to_owned(), Type::Text);
            by_name.insert("metadata".to_owned(), Type::Named("ObjectMeta".to_owned()));
        }
        return Type::Inline(Fields { by_name, atomic, open });
    }
    match &schema["additionalProperties"] {
        value @ Value::Object(_) => Type::Map { of: Box::new(read(value)), atomic },
        Value::Bool(true) => Type::Any,
        _ if open || schema["type"].is_null() => Type::Any,
        _ => Type::Inline(Fields { atomic, ..Fields::default() }),
    }
}
