//! Label and field selectors together, as a request gives them.

use serde_json::Value;

use super::fields::FieldSelector;
use super::labels::LabelSelector;
use crate::kube::failure::Outcome;
use crate::kube::kinds::Kind;
use crate::kube::request::Request;

/// What a list, a watch or a collection deletion is narrowed to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    labels: LabelSelector,
    fields: FieldSelector,
}

impl Selection {
    pub(crate) fn of(kind: &'static Kind, request: &Request) -> Outcome<Selection> {
        Ok(Selection {
            labels: LabelSelector::parse(request.parameter("labelSelector").unwrap_or_default())?,
            fields: FieldSelector::parse(kind, request.parameter("fieldSelector").unwrap_or_default())?,
        })
    }

    /// The objects of one name, for the old watch path of a single object.
    pub(crate) fn also_named(mut self, kind: &'static Kind, name: &str) -> Selection {
        self.fields.require_name(kind, name);
        self
    }

    pub(crate) fn is_everything(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    pub(crate) fn selects(&self, object: &Value) -> bool {
        self.labels.selects(&object["metadata"]["labels"]) && self.fields.selects(object)
    }
}
