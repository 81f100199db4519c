//! Content negotiation: which of the forms it knows the client would like best.

use super::failure::{Failure, Outcome};

/// How an object is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) yaml: bool,
    pub(crate) shape: Shape,
}

/// What is to be written of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Whole,
    /// Columns and rows, as kubectl prints.
    Table,
    /// Only the metadata.
    Metadata,
}

/// One clause of an `Accept` header.
struct Clause<'a> {
    media: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
}

impl Clause<'_> {
    fn parameter(&self, key: &str) -> Option<&str> {
        self.parameters.iter().find(|(name, _)| *name == key).map(|(_, value)| *value)
    }

    /// Whether the clause means JSON, or YAML (`true`).
    fn yaml(&self) -> Option<bool> {
        match self.media {
            "application/json" | "*/*" | "application/*" | "" => Some(false),
            "application/yaml" => Some(true),
            _ => None,
        }
    }
}

fn clauses(accept: &str) -> Vec<Clause<'_>> {
    accept
        .split(',')
        .map(|clause| {
            let mut parts = clause.split(';').map(str::trim);
            Clause {
                media: parts.next().unwrap_or_default(),
                parameters: parts.filter_map(|part| part.split_once('=')).collect(),
            }
        })
        .collect()
}

/// The form for objects and lists.
pub(crate) fn for_objects(accept: &str) -> Outcome<Form> {
    let mut known_type = false;
    for clause in clauses(accept) {
        let Some(yaml) = clause.yaml() else { continue };
        known_type = true;
        let meta = clause.parameter("g") == Some("meta.k8s.io") && clause.parameter("v") == Some("v1");
        let shape = match clause.parameter("as") {
            None => Shape::Whole,
            Some("Table") if meta => Shape::Table,
            Some("PartialObjectMetadata" | "PartialObjectMetadataList") if meta => Shape::Metadata,
            Some(_) => continue,
        };
        return Ok(Form { yaml, shape });
    }
    Err(Failure::not_acceptable(known_type))
}

/// Whether `/api` and `/apis` shall answer the whole discovery at once.
pub(crate) fn wants_aggregated_discovery(accept: &str) -> bool {
    for clause in clauses(accept) {
        match (clause.yaml(), clause.parameter("as")) {
            (Some(false), None) => return false,
            (Some(false), Some("APIGroupDiscoveryList"))
                if clause.parameter("g") == Some("apidiscovery.k8s.io") && clause.parameter("v") == Some("v2") =>
            {
                return true;
            }
            _ => {}
        }
    }
    false
}

/// Whether a plain document can be answered at all.
pub(crate) fn for_documents(accept: &str) -> Outcome<()> {
    if clauses(accept).iter().any(|clause| clause.yaml().is_some()) {
        Ok(())
    } else {
        Err(Failure::not_acceptable(false))
    }
}

#[cfg(test)]
mod tests {
    use super::{Shape, for_objects, wants_aggregated_discovery};

    #[test]
    fn protobuf_first_falls_back_to_json() {
        let form = for_objects("application/vnd.kubernetes.protobuf,application/json").unwrap();
        assert_eq!((form.yaml, form.shape), (false, Shape::Whole));
    }

    #[test]
    fn an_unknown_table_version_falls_to_the_next_clause() {
        let form = for_objects("application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json").unwrap();
        assert_eq!(form.shape, Shape::Whole);
        assert_eq!(for_objects("application/json;as=Nope;g=meta.k8s.io;v=v1").unwrap_err().code, 406);
    }

    #[test]
    fn old_aggregated_discovery_is_not_served() {
        assert!(!wants_aggregated_discovery(
            "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"
        ));
    }
}
