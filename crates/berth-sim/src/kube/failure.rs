//! Every refusal: its code, reason and text, and the `Status` object it is sent as.

use serde_json::{Map, Value, json};

use super::kinds::Kind;
use super::request::Reply;

/// The result of evaluating a request.
pub(crate) type Outcome<T> = Result<T, Box<Failure>>;

/// A refused request.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) code: u16,
    pub(crate) reason: Option<&'static str>,
    pub(crate) message: String,
    pub(crate) details: Option<Value>,
    /// A continue token a client may go on with, only for an expired one.
    pub(crate) token: Option<String>,
}

/// One reason why an object is not valid.
#[derive(Debug, Clone)]
pub(crate) struct Cause {
    pub(crate) reason: &'static str,
    pub(crate) field: String,
    pub(crate) message: String,
    /// Some checks run twice on update; the second finding is only in the details.
    pub(crate) repeated: bool,
}

impl Cause {
    fn new(reason: &'static str, field: impl Into<String>, message: String) -> Cause {
        Cause { reason, field: field.into(), message, repeated: false }
    }

    pub(crate) fn required(field: impl Into<String>, why: &str) -> Cause {
        let message = if why.is_empty() { "Required value".to_owned() } else { format!("Required value: {why}") };
        Cause::new("FieldValueRequired", field, message)
    }

    /// `value` is printed as JSON: strings in quotes, numbers bare.
    pub(crate) fn invalid(field: impl Into<String>, value: &Value, why: &str) -> Cause {
        Cause::new("FieldValueInvalid", field, format!("Invalid value: {value}: {why}"))
    }

    /// The same with the value as it is to be shown.
    pub(crate) fn invalid_text(field: impl Into<String>, value: &str, why: &str) -> Cause {
        Cause::new("FieldValueInvalid", field, format!("Invalid value: {value}: {why}"))
    }

    /// A value that is not of the type its schema wants.
    pub(crate) fn type_invalid(field: impl Into<String>, value: &Value, why: &str) -> Cause {
        Cause::new("FieldValueTypeInvalid", field, format!("Invalid value: {value}: {why}"))
    }

    /// A rule of a schema that does not hold; the value is not shown.
    pub(crate) fn rule(field: impl Into<String>, why: &str) -> Cause {
        Cause::new("FieldValueInvalid", field, format!("Invalid value: {why}"))
    }

    pub(crate) fn too_many(field: impl Into<String>, count: usize, why: &str) -> Cause {
        Cause::new("FieldValueTooMany", field, format!("Too many: {count}: {why}"))
    }

    pub(crate) fn forbidden(field: impl Into<String>, why: &str) -> Cause {
        Cause::new("FieldValueForbidden", field, format!("Forbidden: {why}"))
    }

    pub(crate) fn not_found(field: impl Into<String>, value: &Value) -> Cause {
        Cause::new("FieldValueNotFound", field, format!("Not found: {value}"))
    }

    pub(crate) fn too_long(field: impl Into<String>, why: &str) -> Cause {
        Cause::new("FieldValueTooLong", field, format!("Too long: {why}"))
    }

    pub(crate) fn duplicate(field: impl Into<String>, value: &str, why: &str) -> Cause {
        let more = if why.is_empty() { String::new() } else { format!(": {why}") };
        Cause::new("FieldValueDuplicate", field, format!("Duplicate value: {value}{more}"))
    }

    pub(crate) fn unsupported(field: impl Into<String>, value: &str, supported: &[&str]) -> Cause {
        Cause::unsupported_text(field, &format!("\"{value}\""), supported)
    }

    /// The same with the value as it is to be shown.
    pub(crate) fn unsupported_text(field: impl Into<String>, value: &str, supported: &[&str]) -> Cause {
        let list: Vec<String> = supported.iter().map(|word| format!("\"{word}\"")).collect();
        let message = format!("Unsupported value: {value}: supported values: {}", list.join(", "));
        Cause::new("FieldValueNotSupported", field, message)
    }
}

impl Failure {
    pub(crate) fn new(code: u16, reason: Option<&'static str>, message: impl Into<String>) -> Box<Failure> {
        Box::new(Failure { code, reason, message: message.into(), details: None, token: None })
    }

    fn with_details(mut self: Box<Failure>, details: Value) -> Box<Failure> {
        self.details = Some(details);
        self
    }

    fn about(kind: &Kind, name: &str) -> Value {
        let mut details = Map::new();
        if !name.is_empty() {
            details.insert("name".to_owned(), json!(name));
        }
        if !kind.group.is_empty() {
            details.insert("group".to_owned(), json!(kind.group));
        }
        details.insert("kind".to_owned(), json!(kind.plural));
        Value::Object(details)
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Box<Failure> {
        Failure::new(400, Some("BadRequest"), message)
    }

    pub(crate) fn internal(message: impl Into<String>) -> Box<Failure> {
        Failure::new(500, None, message)
    }

    pub(crate) fn not_found(kind: &Kind, name: &str) -> Box<Failure> {
        Failure::new(404, Some("NotFound"), format!("{} \"{name}\" not found", kind.qualified_plural()))
            .with_details(Failure::about(kind, name))
    }

    pub(crate) fn no_resource() -> Box<Failure> {
        Failure::new(404, Some("NotFound"), "the server could not find the requested resource").with_details(json!({}))
    }

    pub(crate) fn method_not_allowed() -> Box<Failure> {
        Failure::new(405, Some("MethodNotAllowed"), "the server does not allow this method on the requested resource")
            .with_details(json!({}))
    }

    pub(crate) fn unauthorized() -> Box<Failure> {
        Failure::new(401, Some("Unauthorized"), "Unauthorized")
    }

    pub(crate) fn unsupported_patch() -> Box<Failure> {
        Failure::new(415, Some("UnsupportedMediaType"), "415: Unsupported Media Type").with_details(json!({}))
    }

    pub(crate) fn already_exists(kind: &Kind, name: &str, deleting: bool) -> Box<Failure> {
        let lead = if deleting { "object is being deleted: " } else { "" };
        Failure::new(409, Some("AlreadyExists"), format!("{lead}{} \"{name}\" already exists", kind.qualified_plural()))
            .with_details(Failure::about(kind, name))
    }

    /// A write against something else than the current object.
    pub(crate) fn conflict(kind: &Kind, name: &str, why: &str) -> Box<Failure> {
        Failure::new(
            409,
            Some("Conflict"),
            format!("Operation cannot be fulfilled on {} \"{name}\": {why}", kind.qualified_plural()),
        )
        .with_details(Failure::about(kind, name))
    }

    pub(crate) fn stale(kind: &Kind, name: &str) -> Box<Failure> {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        Failure::conflict(kind, name, why)
    }

    pub(crate) fn forbidden(kind: &Kind, name: &str, why: &str) -> Box<Failure> {
        let named = if name.is_empty() { String::new() } else { format!(" \"{name}\"") };
        Failure::new(403, Some("Forbidden"), format!("{}{named} is forbidden: {why}", kind.qualified_plural()))
            .with_details(Failure::about(kind, name))
    }

    /// Authorization of a path that is no resource.
    pub(crate) fn forbidden_path(user: &str, verb: &str, path: &str) -> Box<Failure> {
        Failure::new(403, Some("Forbidden"), format!("forbidden: User \"{user}\" cannot {verb} path \"{path}\""))
            .with_details(json!({}))
    }

    pub(crate) fn terminating(kind: &Kind, name: &str, namespace: &str) -> Box<Failure> {
        let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
        let mut failure = Failure::forbidden(kind, name, &why);
        if let Some(Value::Object(details)) = &mut failure.details {
            details.insert(
                "causes".to_owned(),
                json!([{
                    "reason": "NamespaceTerminating",
                    "message": format!("namespace {namespace} is being terminated"),
                    "field": "metadata.namespace",
                }]),
            );
        }
        failure
    }

    /// An object with faults; `causes` must not be empty.
    pub(crate) fn invalid(kind: &Kind, name: &str, causes: &[Cause]) -> Box<Failure> {
        Failure::invalid_as(kind.group, kind.kind, name, causes)
    }

    pub(crate) fn invalid_as(group: &str, kind: &str, name: &str, causes: &[Cause]) -> Box<Failure> {
        let qualified = if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
        let texts: Vec<String> = causes
            .iter()
            .filter(|cause| !cause.repeated)
            .map(|cause| format!("{}: {}", cause.field, cause.message))
            .collect();
        let all = if texts.len() == 1 { texts[0].clone() } else { format!("[{}]", texts.join(", ")) };
        let mut details = Map::new();
        if !name.is_empty() {
            details.insert("name".to_owned(), json!(name));
        }
        if !group.is_empty() {
            details.insert("group".to_owned(), json!(group));
        }
        if !kind.is_empty() {
            details.insert("kind".to_owned(), json!(kind));
        }
        let list: Vec<Value> = causes
            .iter()
            .map(|cause| json!({"reason": cause.reason, "message": cause.message, "field": cause.field}))
            .collect();
        details.insert("causes".to_owned(), Value::Array(list));
        Failure::new(422, Some("Invalid"), format!("{qualified} \"{name}\" is invalid: {all}"))
            .with_details(Value::Object(details))
    }

    /// A patch that cannot be carried out on the object as it is.
    pub(crate) fn rejected_patch() -> Box<Failure> {
        Failure::new(422, Some("Invalid"), "the server rejected our request due to an error in our request")
            .with_details(json!({}))
    }

    /// A resourceVersion that this server has not reached.
    pub(crate) fn too_large_version(asked: u64, current: u64) -> Box<Failure> {
        Failure::new(504, Some("Timeout"), format!("Timeout: Too large resource version: {asked}, current: {current}"))
            .with_details(json!({
                "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
                "retryAfterSeconds": 1,
            }))
    }

    pub(crate) fn expired(message: &str) -> Box<Failure> {
        Failure::new(410, Some("Expired"), message)
    }

    pub(crate) fn not_acceptable(known_type: bool) -> Box<Failure> {
        const TYPES: &str = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
        if known_type {
            let message = format!("only the following media types are accepted: {TYPES}");
            return Failure::new(406, Some("NotAcceptable"), message);
        }
        let message = format!("406: Not Acceptable\n\nAvailable representations: {TYPES}");
        Failure::new(406, Some("NotAcceptable"), message).with_details(json!({}))
    }

    /// The `Status` object, as sent alone or inside a watch's ERROR event.
    pub(crate) fn status_object(&self) -> Value {
        let metadata = match &self.token {
            Some(token) => json!({"continue": token}),
            None => json!({}),
        };
        let mut status = Map::new();
        status.insert("kind".to_owned(), json!("Status"));
        status.insert("apiVersion".to_owned(), json!("v1"));
        status.insert("metadata".to_owned(), metadata);
        status.insert("status".to_owned(), json!("Failure"));
        status.insert("message".to_owned(), json!(self.message));
        if let Some(reason) = self.reason {
            status.insert("reason".to_owned(), json!(reason));
        }
        if let Some(details) = &self.details {
            status.insert("details".to_owned(), details.clone());
        }
        status.insert("code".to_owned(), json!(self.code));
        Value::Object(status)
    }

    /// The HTTP answer.
    pub(crate) fn reply(&self) -> Reply {
        Reply::of(self.code, "application/json", self.status_object().to_string())
    }
}
