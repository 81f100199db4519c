//! Tables: the columns and rows kubectl prints.

mod cells;
mod columns;
mod others;
mod pods;
mod quotas;
mod workloads;

use std::sync::LazyLock;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::kinds::Kind;
use super::output::metadata_only;

/// The column definitions by plural, as a server of version 1.36 answers them.
static COLUMNS: LazyLock<Map<String, Value>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("kinds/columns.json")).expect("the shipped table of columns is JSON")
});

/// What of the object a row carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Include {
    Nothing,
    Metadata,
    Object,
}

impl Include {
    pub(crate) fn of(parameter: Option<&str>) -> Include {
        match parameter {
            Some("None") => Include::Nothing,
            Some("Object") => Include::Object,
            _ => Include::Metadata,
        }
    }
}

/// A whole table.
pub(crate) fn table(kind: &Kind, metadata: Value, rows: Vec<Value>) -> Value {
    json!({
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": columns(kind),
        "rows": rows,
    })
}

/// The columns of a kind's table.
fn columns(kind: &Kind) -> Value {
    let name = name_and_age().as_array().and_then(|columns| columns.first().cloned());
    let Some(custom) = kind.custom else {
        if let Some(own) = columns::of(kind.storage) {
            return name.into_iter().chain(own).collect();
        }
        return COLUMNS.get(kind.plural).cloned().unwrap_or_else(name_and_age);
    };
    let own = custom.columns.iter().map(|column| {
        let mut column = column.clone();
        if let Some(fields) = column.as_object_mut() {
            fields.remove("jsonPath");
        }
        column
    });
    name.into_iter().chain(own).collect()
}

/// The columns of a kind without ones of its own, in the words of another's.
fn name_and_age() -> Value {
    let columns = COLUMNS.get("configmaps").and_then(Value::as_array).cloned().unwrap_or_default();
    columns.into_iter().filter(|column| column["name"] != "Data").collect()
}

/// One row.
pub(crate) fn row(kind: &Kind, object: &Value, include: Include, now: Timestamp) -> Value {
    let mut row = json!({"cells": cells::of(kind, object, now)});
    match include {
        Include::Nothing => row["object"] = Value::Null,
        Include::Metadata => row["object"] = metadata_only(object),
        Include::Object => {
            let mut whole = json!({"kind": kind.kind, "apiVersion": kind.api_version()});
            if let (Some(whole), Some(fields)) = (whole.as_object_mut(), object.as_object()) {
                whole.extend(fields.clone());
            }
            row["object"] = whole;
        }
    }
    row
}
