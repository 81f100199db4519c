//! Writing objects: whole, as metadata only or as a table, in JSON or YAML.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::accept::{Form, Shape};
use super::kinds::Kind;
use super::request::{Reply, Request};
use super::{rules, table, yaml};

/// How answers about one kind are written.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    pub(crate) kind: &'static Kind,
    pub(crate) form: Form,
    /// The `includeObject` parameter of a table.
    pub(crate) include: table::Include,
    pub(crate) now: Timestamp,
}

/// What stands in the metadata of a list.
#[derive(Debug, Default)]
pub(crate) struct ListMetadata {
    pub(crate) version: u64,
    pub(crate) token: Option<String>,
    pub(crate) remaining: Option<usize>,
}

impl ListMetadata {
    pub(crate) fn object(&self) -> Value {
        let mut metadata = Map::new();
        metadata.insert("resourceVersion".to_owned(), json!(self.version.to_string()));
        if let Some(token) = &self.token {
            metadata.insert("continue".to_owned(), json!(token));
        }
        if let Some(remaining) = self.remaining {
            metadata.insert("remainingItemCount".to_owned(), json!(remaining));
        }
        Value::Object(metadata)
    }
}

impl Writer {
    pub(crate) fn new(kind: &'static Kind, form: Form, request: &Request, now: Timestamp) -> Writer {
        Writer { kind, form, include: table::Include::of(request.parameter("includeObject")), now }
    }

    /// One object as the answer.
    pub(crate) fn reply(&self, status: u16, object: &Value) -> Reply {
        let mut body = Vec::new();
        self.object(&mut body, object);
        self.finish(status, body)
    }

    /// A list as the answer; the objects are written one after the other into one buffer.
    pub(crate) fn list<'a>(&self, metadata: &ListMetadata, items: impl Iterator<Item = &'a Value>) -> Reply {
        let mut body = Vec::new();
        match self.form.shape {
            Shape::Table => {
                let rows = items.map(|object| table::row(self.kind, object, self.include, self.now)).collect();
                append(&mut body, &table::table(self.kind, metadata.object(), rows));
            }
            Shape::Metadata => {
                list_head(&mut body, "PartialObjectMetadataList", "meta.k8s.io/v1", metadata);
                self.items(&mut body, items.map(|object| Cow::Owned(metadata_only(object))));
            }
            Shape::Whole => {
                let kind = format!("{}List", self.kind.kind);
                list_head(&mut body, &kind, &self.kind.api_version(), &self.whole(metadata));
                self.items(&mut body, items.map(|object| rules::outgoing(self.kind, object)));
            }
        }
        self.finish(200, body)
    }

    /// Lists of custom resources have a continue token even when there is nothing to go on with.
    fn whole(&self, metadata: &ListMetadata) -> ListMetadata {
        let token = metadata.token.clone().or_else(|| self.kind.custom.map(|_| String::new()));
        ListMetadata { version: metadata.version, token, remaining: metadata.remaining }
    }

    fn items<'a>(&self, body: &mut Vec<u8>, items: impl Iterator<Item = Cow<'a, Value>>) {
        for (index, item) in items.enumerate() {
            if index > 0 {
                body.push(b',');
            }
            if self.kind.custom.is_some() && self.form.shape == Shape::Whole {
                self.object(body, &item);
            } else {
                append(body, &*item);
            }
        }
        body.extend_from_slice(b"]}");
    }

    /// One object in the wanted shape, as JSON.
    pub(crate) fn object(&self, body: &mut Vec<u8>, object: &Value) {
        match self.form.shape {
            Shape::Whole => {
                let object = rules::outgoing(self.kind, object);
                body.extend_from_slice(b"{\"kind\":");
                append(body, &self.kind.kind);
                body.extend_from_slice(b",\"apiVersion\":");
                append(body, &self.kind.api_version());
                body.push(b',');
                // The stored object's own opening brace is not written again.
                let start = body.len();
                append(body, &*object);
                body.remove(start);
            }
            Shape::Metadata => append(body, &metadata_only(object)),
            Shape::Table => {
                let row = table::row(self.kind, object, self.include, self.now);
                let metadata = json!({"resourceVersion": object["metadata"]["resourceVersion"]});
                append(body, &table::table(self.kind, metadata, vec![row]));
            }
        }
    }

    fn finish(&self, status: u16, body: Vec<u8>) -> Reply {
        if self.form.yaml {
            let value: Value = serde_json::from_slice(&body).unwrap_or_default();
            return Reply::of(status, "application/yaml", yaml::text(&value));
        }
        Reply::of(status, "application/json", body)
    }
}

/// Only the metadata of an object.
pub(crate) fn metadata_only(object: &Value) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]})
}

fn list_head(body: &mut Vec<u8>, kind: &str, api_version: &str, metadata: &ListMetadata) {
    body.extend_from_slice(b"{\"kind\":");
    append(body, &kind);
    body.extend_from_slice(b",\"apiVersion\":");
    append(body, &api_version);
    body.extend_from_slice(b",\"metadata\":");
    append(body, &metadata.object());
    body.extend_from_slice(b",\"items\":[");
}

/// Writing JSON into memory cannot fail.
pub(crate) fn append(body: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    serde_json::to_writer(body, value).expect("JSON values are written into memory");
}
