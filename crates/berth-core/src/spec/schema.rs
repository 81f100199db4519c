//! The JSON Schema of the file kinds, made from their types.

use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::file::cluster::ClusterFile;
use super::file::prices::PricesFile;
use super::file::quotas::ServiceQuotasFile;
use super::file::sharing::GpuSharingFile;
use crate::catalog::GPUS;

/// The kinds a file may be, each with the name of its definition in the schema.
pub(super) const KINDS: [(&str, &str); 4] = [
    ("Cluster", "ClusterFile"),
    ("GpuSharing", "GpuSharingFile"),
    ("ServiceQuotas", "ServiceQuotasFile"),
    ("Prices", "PricesFile"),
];

/// Where the schema says it lives; editors only need it to be stable.
const ID: &str = "https://github.com/berth-dev/berth/schema/berth-v1.json";

static SCHEMA: LazyLock<Value> = LazyLock::new(build);

/// One JSON Schema (draft 2020-12) for every kind of file: `Cluster`, `GpuSharing`, `ServiceQuotas`, `Prices`.
///
/// `patternErrorMessage` beside a `pattern` is the sentence editors show when it does not match; validators ignore it.
pub fn schema() -> Value {
    SCHEMA.clone()
}

/// The same, borrowed.
pub(super) fn shared() -> &'static Value {
    &SCHEMA
}

fn build() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    generator.subschema_for::<ClusterFile>();
    generator.subschema_for::<GpuSharingFile>();
    generator.subschema_for::<ServiceQuotasFile>();
    generator.subschema_for::<PricesFile>();
    let mut definitions = Value::Object(generator.take_definitions(true));
    without_null(&mut definitions);
    // Editors offer examples; the names are no closed list, because the clouds' own names are accepted too.
    if let Some(Value::Object(model)) = definitions.pointer_mut("/GpuFile/properties/type") {
        model.insert("examples".to_owned(), json!(GPUS.iter().map(|gpu| gpu.name).collect::<Vec<_>>()));
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "berth",
        "description": "Files that berth reads: clusters, GPU sharing, service quotas and own prices.",
        "type": "object",
        "required": ["apiVersion", "kind"],
        "oneOf": KINDS.map(|(_, definition)| json!({"$ref": format!("#/$defs/{definition}")})),
        "$defs": definitions,
    })
}

/// Takes `null` out of every type: a field is left out, not written without a value.
fn without_null(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(without_null),
        Value::Object(map) => {
            map.values_mut().for_each(without_null);
            if map.get("default").is_some_and(Value::is_null) {
                map.remove("default");
            }
            if let Some(Value::Array(types)) = map.get_mut("type") {
                types.retain(|word| word != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    map.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(accepted)) = map.get_mut("enum") {
                accepted.retain(|word| !word.is_null());
            }
            merge_single_choice(map);
        }
        _ => {}
    }
}

/// `anyOf: [X, null]` becomes X, which keeps what stands beside it (a field's own description).
fn merge_single_choice(map: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = map.get_mut("anyOf") else { return };
    choices.retain(|choice| choice.get("type") != Some(&json!("null")));
    let [Value::Object(only)] = choices.as_slice() else { return };
    let only = only.clone();
    map.remove("anyOf");
    for (key, value) in only {
        map.entry(key).or_insert(value);
    }
}
