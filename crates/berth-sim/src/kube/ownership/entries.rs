//! The entries of `metadata.managedFields`.

use serde_json::{Value, json};

use super::set::FieldSet;

/// What one writer owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) writer: String,
    pub(crate) applied: bool,
    pub(crate) api_version: String,
    pub(crate) subresource: String,
    pub(crate) time: String,
    pub(crate) fields: FieldSet,
}

impl Entry {
    /// Whether both entries are of the same writer by the same way.
    pub(crate) fn same_writer(&self, other: &Entry) -> bool {
        let own =
            |entry: &Entry| (entry.writer.clone(), entry.applied, entry.api_version.clone(), entry.subresource.clone());
        own(self) == own(other)
    }

    /// As conflicts name the owner.
    pub(crate) fn described(&self) -> String {
        let mut text = format!("\"{}\"", self.writer);
        if !self.subresource.is_empty() {
            text.push_str(&format!(" with subresource \"{}\"", self.subresource));
        }
        if !self.applied {
            text.push_str(&format!(" using {}", self.api_version));
        }
        text
    }
}

/// Reads the entries of an object.
pub(crate) fn read(object: &Value) -> Vec<Entry> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    object["metadata"]["managedFields"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|entry| Entry {
            writer: text(&entry["manager"]),
            applied: entry["operation"] == "Apply",
            api_version: text(&entry["apiVersion"]),
            subresource: text(&entry["subresource"]),
            time: text(&entry["time"]),
            fields: FieldSet::decode(&entry["fieldsV1"]),
        })
        .collect()
}

/// Writes the entries that own anything: the applied ones first, then by time and name.
pub(crate) fn write(object: &mut Value, mut entries: Vec<Entry>) {
    entries.retain(|entry| !entry.fields.is_empty());
    entries.sort_by(|left, right| {
        let order = |entry: &Entry| (!entry.applied, entry.time.clone(), entry.writer.clone());
        order(left).cmp(&order(right))
    });
    let list: Vec<Value> = entries
        .iter()
        .map(|entry| {
            let mut written = json!({
                "manager": entry.writer,
                "operation": if entry.applied { "Apply" } else { "Update" },
                "apiVersion": entry.api_version,
                "time": entry.time,
                "fieldsType": "FieldsV1",
                "fieldsV1": entry.fields.encode(),
            });
            if !entry.subresource.is_empty() {
                written["subresource"] = json!(entry.subresource);
            }
            written
        })
        .collect();
    let Some(metadata) = object["metadata"].as_object_mut() else { return };
    if list.is_empty() {
        metadata.remove("managedFields");
    } else {
        metadata.insert("managedFields".to_owned(), Value::Array(list));
    }
}
