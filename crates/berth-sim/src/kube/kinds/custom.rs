//! Kinds that definitions add.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::fields::{FieldText, METADATA};
use super::shape::{Custom, Kind, Manners, PLAIN, Scale, Subresource, Verbs};
use crate::kube::schema;

/// What the kinds of each definition looked like when it was first seen, by the definition's text.
///
/// A kind lives as long as the process: requests, watches and logs point at it. The same definition gives the same
/// kinds, so there are only as many as there are different definitions.
static SEEN: Mutex<BTreeMap<String, Vec<&'static Kind>>> = Mutex::new(BTreeMap::new());

/// The kinds a definition serves, one for each served version; the one that is stored stands first.
pub(crate) fn kinds(definition: &Value) -> Vec<&'static Kind> {
    let spec = &definition["spec"];
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    seen.entry(spec.to_string()).or_insert_with(|| served(spec)).clone()
}

fn served(spec: &Value) -> Vec<&'static Kind> {
    let versions = spec["versions"].as_array().map_or(&[][..], Vec::as_slice);
    let mut served: Vec<&Value> = versions.iter().filter(|version| version["served"] == true).collect();
    served.sort_by_key(|version| version["storage"] != true);
    served.into_iter().map(|version| &*Box::leak(Box::new(kind(spec, version)))).collect()
}

fn kind(spec: &Value, version: &Value) -> Kind {
    let names = &spec["names"];
    let text = |value: &Value| -> &'static str { leak(value.as_str().unwrap_or_default().to_owned()) };
    let texts = |value: &Value| -> &'static [&'static str] {
        let all: Vec<&str> = value.as_array().into_iter().flatten().map(&text).collect();
        Box::leak(all.into_boxed_slice())
    };
    let parts = &version["subresources"];
    let mut subresources = Vec::new();
    if parts["status"].is_object() {
        subresources.push(Subresource::Status);
    }
    let scale = parts["scale"].is_object().then(|| Scale {
        replicas: pointer(&parts["scale"]["specReplicasPath"]),
        current: pointer(&parts["scale"]["statusReplicasPath"]),
        selector: pointer(&parts["scale"]["labelSelectorPath"]),
    });
    if scale.is_some() {
        subresources.push(Subresource::Scale);
    }
    let schema = version["schema"]["openAPIV3Schema"].clone();
    let custom = Custom { root: schema::from_schema(&schema), schema, columns: columns(version), scale };
    let (group, plural) = (text(&spec["group"]), text(&names["plural"]));
    Kind {
        group,
        version: text(&version["name"]),
        plural,
        singular: text(&names["singular"]),
        kind: text(&names["kind"]),
        short_names: texts(&names["shortNames"]),
        categories: texts(&names["categories"]),
        namespaced: spec["scope"] == "Namespaced",
        verbs: Verbs::Custom,
        subresources: Box::leak(subresources.into_boxed_slice()),
        storage: leak(format!("{group}/{plural}")),
        manners: Manners { generation: true, put_needs_version: true, ..PLAIN },
        field_keys: METADATA,
        field_text: FieldText::NotSupported,
        custom: Some(Box::leak(Box::new(custom))),
    }
}

fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// `.spec.replicas` as a JSON pointer; no path leads to a field no object has.
fn pointer(path: &Value) -> &'static str {
    leak(path.as_str().filter(|path| !path.is_empty()).unwrap_or(".\u{0}").replace('.', "/"))
}

/// The columns as a table describes them, with the path each cell comes from.
fn columns(version: &Value) -> Vec<Value> {
    let given = version["additionalPrinterColumns"].as_array().filter(|given| !given.is_empty());
    let age = json!([{"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}]);
    let usual = age.as_array().cloned().unwrap_or_default();
    given
        .unwrap_or(&usual)
        .iter()
        .map(|column| {
            let path = column["jsonPath"].as_str().unwrap_or_default();
            let described = format!("Custom resource definition column (in JSONPath format): {path}");
            json!({
                "name": column["name"],
                "type": column["type"],
                "format": column["format"].as_str().unwrap_or_default(),
                "description": column["description"].as_str().unwrap_or(&described),
                "priority": column["priority"].as_i64().unwrap_or_default(),
                "jsonPath": path,
            })
        })
        .collect()
}
