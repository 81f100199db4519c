//! Reading the object in a request's body.

use serde_json::Value;
use serde_saphyr::{DuplicateKeyPolicy, Options};

use super::failure::{Cause, Failure, Outcome};
use super::kinds::{KINDS, Kind};
use super::request::Request;
use super::serving::Asked;
use super::serving::media;
use super::{protobuf, rules, schema, validation};

const STRUCT: &str = "struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \
\"json:\\\"kind,omitempty\\\"\" }";

/// The object of a create or a replacement, without `apiVersion` and `kind`.
pub(crate) fn object(asked: &Asked<'_>) -> Outcome<Value> {
    let (request, kind) = (asked.request, asked.kind);
    let value = match media(request) {
        "" | "application/json" => json_object(&request.body)
            .map_err(|why| Failure::bad_request(format!("{why} ({})", sample(&request.body))))
            .map_err(|failure| unrecognized(kind, &failure.message))?,
        "application/yaml" => yaml_object(&request.body).map_err(|why| unrecognized(kind, &why))?,
        protobuf::MEDIA if protobuf::decode(&request.body).is_some() => {
            protobuf::decode(&request.body).unwrap_or_default()
        }
        _ => {
            let message = "the body of the request was in an unknown format - accepted media types include: \
application/json, application/yaml, application/vnd.kubernetes.protobuf";
            return Err(Failure::new(415, Some("UnsupportedMediaType"), message));
        }
    };
    if kind.custom.is_some() {
        check_custom_kind(asked, &value)?;
    }
    let written = matches!(media(request), "" | "application/json").then_some(&request.body[..]);
    typed(asked, value, written).map_err(Failure::bad_request)
}

/// The document in a body in whatever form it is, not checked for being of any kind.
pub(crate) fn plain(request: &Request) -> Outcome<Value> {
    if protobuf::is(&request.body) {
        return protobuf::decode(&request.body).ok_or_else(|| Failure::bad_request("the body is broken protobuf"));
    }
    if request.body.is_empty() {
        return Ok(serde_json::json!({}));
    }
    serde_json::from_slice(&request.body).map_err(|error| {
        let why = syntax_fault(&error, &request.body);
        Failure::bad_request(format!("couldn't get version/kind; json parse error: {why}"))
    })
}

/// The object in a body in whatever form it is; nothing if it cannot be read.
pub(crate) fn loosely(request: &Request) -> Value {
    let text = String::from_utf8_lossy(&request.body);
    plain(request).ok().or_else(|| yaml(&text).ok()).unwrap_or_default()
}

/// The first document of an applied configuration.
pub(crate) fn applied(asked: &Asked<'_>) -> Outcome<Value> {
    let (request, findings) = (asked.request, &asked.findings);
    let text = String::from_utf8_lossy(&request.body);
    let first = text.split("\n---").next().unwrap_or_default();
    if first.trim().is_empty() {
        return Ok(serde_json::json!({}));
    }
    match (validation::mode(request), repeated_key(first)) {
        ("Strict", Some(why)) => {
            let message =
                format!("error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  {why}");
            return Err(Failure::bad_request(message));
        }
        ("Ignore", _) | (_, None) => {}
        (_, Some(why)) => findings.borrow_mut().push(why),
    }
    yaml(first)
        .map_err(|why| Failure::bad_request(format!("error decoding YAML: error converting YAML to JSON: {why}")))
}

fn unrecognized(kind: &Kind, why: &str) -> Box<Failure> {
    Failure::bad_request(format!("the object provided is unrecognized (must be of type {}): {why}", kind.kind))
}

/// Checks that a document is an object of this kind and takes `apiVersion` and `kind` off it.
/// `written` is the document in JSON, when that is what was sent.
pub(crate) fn typed(asked: &Asked<'_>, mut value: Value, written: Option<&[u8]>) -> Result<Value, String> {
    let kind = asked.kind;
    if kind.custom.is_some() {
        return custom(asked, value, written);
    }
    if value.is_null() {
        value = serde_json::json!({});
    }
    let Some(fields) = value.as_object_mut() else { return Err("the body is not an object".to_owned()) };
    let given_version = fields.remove("apiVersion").and_then(|text| text.as_str().map(str::to_owned));
    let given_kind = fields.remove("kind").and_then(|text| text.as_str().map(str::to_owned));
    let own_version = kind.api_version();
    let version = given_version.unwrap_or_else(|| own_version.clone());
    let given = given_kind.unwrap_or_else(|| kind.kind.to_owned());
    let refused = |why: String| {
        Err(format!("{given} in version \"{}\" cannot be handled as a {}: {why}", kind.version, kind.kind))
    };
    let known =
        |name: &str| name == "List" || KINDS.iter().any(|other| other.kind == name && other.api_version() == version);
    if !known(&given) {
        return refused(format!(
            "no kind \"{given}\" is registered for version \"{version}\" in scheme \
\"k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30\""
        ));
    }
    if given != kind.kind || version != own_version {
        let source = version.rsplit('/').next().unwrap_or_default().to_owned();
        let internal = if kind.group.is_empty() { "core" } else { kind.group.split('.').next().unwrap_or_default() };
        return refused(format!("converting ({source}.{given}) to ({internal}.{}): unknown conversion", kind.kind));
    }
    if let Err(why) = rules::decode_check(kind, &value) {
        return refused(why);
    }
    if kind.custom.is_none()
        && kind.group != "events.k8s.io"
        && let Err(why) = schema::decode_check(schema::of(kind), &value, kind.kind)
    {
        return refused(why);
    }
    let mut object = rules::incoming(kind, value);
    let mut findings = rules::prune(kind, &mut object);
    if let Some(written) = written.filter(|_| kind.group != "events.k8s.io") {
        findings = schema::findings_in_order(schema::of(kind), written, &["apiVersion", "kind"]);
    }
    match validation::note(asked, findings) {
        Ok(()) => Ok(object),
        Err(why) => refused(why),
    }
}

/// The same for a custom resource, which has no type that could refuse it.
fn custom(asked: &Asked<'_>, mut value: Value, written: Option<&[u8]>) -> Result<Value, String> {
    let kind = asked.kind;
    if let Some(fields) = value.as_object_mut() {
        fields.remove("apiVersion");
        fields.remove("kind");
    }
    rules::decode_check(kind, &value)?;
    let mut findings = rules::prune(kind, &mut value);
    if let Some(written) = written {
        findings = schema::findings_in_order(schema::of(kind), written, &["apiVersion", "kind"]);
        findings.sort();
    }
    validation::note(asked, findings).map_err(|why| {
        format!("{} in version \"{}\" cannot be handled as a {}: {why}", kind.kind, kind.version, kind.kind)
    })?;
    Ok(value)
}

/// A custom resource must say what it is, and that must be what the path says.
fn check_custom_kind(asked: &Asked<'_>, value: &Value) -> Outcome<()> {
    let kind = asked.kind;
    let text = |field: &str| value[field].as_str().unwrap_or_default();
    if text("kind").is_empty() {
        let body = String::from_utf8_lossy(&asked.request.body);
        let why = format!("Object 'Kind' is missing in '{body}' ({})", sample(&asked.request.body));
        return Err(unrecognized(kind, &why));
    }
    if text("apiVersion") != kind.api_version() {
        return Err(Failure::bad_request(format!(
            "the API version in the data ({}) does not match the expected API version ({})",
            text("apiVersion"),
            kind.api_version()
        )));
    }
    if text("kind") != kind.kind {
        let cause = Cause::invalid("kind", &value["kind"], &format!("must be {}", kind.kind));
        let name = value["metadata"]["name"].as_str().unwrap_or_default();
        return Err(Failure::invalid_as(kind.group, text("kind"), name, &[cause]));
    }
    Ok(())
}

fn json_object(body: &[u8]) -> Result<Value, String> {
    let why = match serde_json::from_slice::<schema::Ordered>(body).map(schema::Ordered::into_value) {
        Ok(value @ (Value::Object(_) | Value::Null)) => return Ok(value),
        Ok(other) => format!("json: cannot unmarshal {} into Go value of type {STRUCT}", type_name(&other)),
        Err(error) => syntax_fault(&error, body),
    };
    Err(format!("couldn't get version/kind; json parse error: {why}"))
}

fn yaml_object(body: &[u8]) -> Result<Value, String> {
    match yaml(&String::from_utf8_lossy(body)) {
        Ok(value @ (Value::Object(_) | Value::Null)) => Ok(value),
        Ok(_) => Err("yaml: the document is not a mapping".to_owned()),
        Err(why) => Err(format!("{why} ({})", sample(body))),
    }
}

/// Reads a YAML document; of a repeated key the last value counts.
pub(crate) fn yaml(text: &str) -> Result<Value, String> {
    let mut options = Options::default();
    options.duplicate_keys = DuplicateKeyPolicy::LastWins;
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        // The parsers differ in what they complain about, so only the place is taken over.
        let line = error.location().map_or(1, |location| location.line());
        format!("yaml: line {line}: did not find expected node content")
    })
}

/// The first key of a YAML document that stands twice in its map, with its line.
fn repeated_key(text: &str) -> Option<String> {
    let mut options = Options::default();
    options.duplicate_keys = DuplicateKeyPolicy::Error;
    let error = serde_saphyr::from_str_with_options::<Value>(text, options).err()?;
    // The document itself is read by the lenient rule.
    yaml(text).ok()?;
    let line = error.location()?.line();
    let written = text.lines().nth(usize::try_from(line).ok()?.checked_sub(1)?)?;
    let key = written.trim_start().trim_start_matches("- ").split(':').next()?.trim().trim_matches(['"', '\'']);
    Some(format!("line {line}: key \"{key}\" already set in map"))
}

/// A parse error in the words of Go's JSON package, as far as they can be told.
pub(crate) fn syntax_fault(error: &serde_json::Error, body: &[u8]) -> String {
    if error.is_eof() {
        return "unexpected end of JSON input".to_owned();
    }
    let at = body
        .split(|byte| *byte == b'\n')
        .take(error.line().saturating_sub(1))
        .map(|line| line.len() + 1)
        .sum::<usize>();
    let at_error = at + error.column().saturating_sub(1);
    if let Some(why) = literal_fault(body, at_error) {
        return why;
    }
    let letter = body.get(at + error.column().saturating_sub(1)).map_or(' ', |byte| char::from(*byte));
    format!("invalid character '{letter}' looking for beginning of value")
}

/// A `null`, `true` or `false` that is misspelt, when that is what stands at a place.
fn literal_fault(body: &[u8], at: usize) -> Option<String> {
    let start =
        body[..at.min(body.len())].iter().rposition(|byte| !byte.is_ascii_alphabetic()).map_or(0, |end| end + 1);
    let word = ["null", "true", "false"].into_iter().find(|word| body.get(start) == word.as_bytes().first())?;
    let wrong = word.bytes().enumerate().find(|(index, byte)| body.get(start + index) != Some(byte));
    let (index, wanted) = wrong?;
    let found = char::from(*body.get(start + index)?);
    let wanted = char::from(wanted);
    Some(format!("invalid character '{found}' in literal {word} (expecting '{wanted}')"))
}

/// The JSON type as Go's errors name it.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The start of a body as error texts show it: JSON objects as text, the rest in hex.
fn sample(body: &[u8]) -> String {
    const MOST: usize = 30;
    if body.is_empty() {
        return "<empty>".to_owned();
    }
    let more = if body.len() > MOST { " ..." } else { "" };
    let start = &body[..body.len().min(MOST)];
    if body.first() == Some(&b'{') {
        format!("{}{more}", String::from_utf8_lossy(start))
    } else {
        let hex: String = start.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{hex}{more}")
    }
}
