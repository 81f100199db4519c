//! Kubeconfig text: adding berth's entries to it and taking them out, with everything else in it kept.
//!
//! Works on the generic value, not on typed structs: fields this version has never heard of must survive.
//! Comments do not, as with `kubectl config`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use berth_core::observed::ClusterAccess;
use serde_json::{Map, Value, json};

use crate::exec_credential::ApiVersion;

/// Name of the extension in our contexts that remembers the context before.
const EXTENSION: &str = "berth";
const PREVIOUS: &str = "previous-context";

/// How `kubectl` reaches one cluster through berth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Name of the context, the cluster and the user; see [`context_name`].
    pub context: String,
    /// Address and CA.
    pub access: ClusterAccess,
    /// Path of the program that gives tokens: berth itself.
    pub command: String,
    /// Its arguments: `token --provider gke --cluster NAME` and so on.
    pub args: Vec<String>,
}

/// The usual name for a cluster's context.
pub fn context_name(cluster: &str) -> String {
    format!("berth_{cluster}")
}

/// A text is not a kubeconfig, so nothing in it is touched.
#[derive(Debug, thiserror::Error)]
pub enum Malformed {
    /// It cannot be read as YAML.
    #[error("not valid YAML")]
    Yaml(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It is YAML of another shape.
    #[error("{0}")]
    Shape(String),
}

/// A kubeconfig with nothing but this entry.
pub fn alone(entry: &Entry) -> Result<String, Malformed> {
    merge("", entry)
}

/// Adds or replaces the entry and makes it current; the context before is remembered inside the entry.
pub fn merge(existing: &str, entry: &Entry) -> Result<String, Malformed> {
    let mut config = parse(existing)?;
    config.entry("apiVersion").or_insert_with(|| json!("v1"));
    config.entry("kind").or_insert_with(|| json!("Config"));
    let current = current_context(&config)?;
    let before = named(list(&mut config, "contexts")?, &entry.context).cloned();
    let previous =
        if current.as_deref() == Some(&entry.context) { before.as_ref().and_then(previous_of) } else { current };
    put(list(&mut config, "clusters")?, cluster(&entry.context, &entry.access));
    put(list(&mut config, "contexts")?, context_entry(before, entry, previous.as_deref()));
    put(list(&mut config, "users")?, user_entry(entry));
    config.insert("current-context".to_owned(), json!(entry.context));
    write(config)
}

/// Takes the entry out; `None` if there is nothing of it.
///
/// If its context is still the current one, the one before becomes current again.
pub fn remove(existing: &str, context: &str) -> Result<Option<String>, Malformed> {
    let mut config = parse(existing)?;
    let current = current_context(&config)?;
    let previous = named(list(&mut config, "contexts")?, context).and_then(|context| previous_of(context));
    let mut found = false;
    for key in ["clusters", "contexts", "users"] {
        let entries = list(&mut config, key)?;
        let before = entries.len();
        entries.retain(|entry| name_of(entry) != Some(context));
        found |= entries.len() < before;
    }
    if current.as_deref() == Some(context) {
        found = true;
        config.insert("current-context".to_owned(), json!(previous.as_deref().unwrap_or_default()));
    }
    // A later entry of ours that would return to this one returns to what was before both.
    for other in list(&mut config, "contexts")? {
        if previous_of(other).as_deref() == Some(context) {
            remember(other, previous.as_deref());
        }
    }
    if found { write(config).map(Some) } else { Ok(None) }
}

/// A cluster's entry under this name.
pub(crate) fn cluster(name: &str, access: &ClusterAccess) -> Value {
    let mut cluster = json!({"server": access.server});
    if let Some(pem) = &access.ca_pem {
        cluster["certificate-authority-data"] = json!(STANDARD.encode(pem));
    }
    json!({"name": name, "cluster": cluster})
}

/// The context as it was, with a namespace and whatever else people have set in it, but pointing at the entry.
fn context_entry(before: Option<Value>, entry: &Entry, previous: Option<&str>) -> Value {
    let mut context = before.filter(|before| before["context"].is_object()).unwrap_or_else(|| json!({"context": {}}));
    context["name"] = json!(entry.context);
    context["context"]["cluster"] = json!(entry.context);
    context["context"]["user"] = json!(entry.context);
    remember(&mut context, previous);
    context
}

fn user_entry(entry: &Entry) -> Value {
    json!({"name": entry.context, "user": {"exec": {
        "apiVersion": ApiVersion::V1.as_str(),
        "command": entry.command,
        "args": entry.args,
        "interactiveMode": "Never",
        "provideClusterInfo": false,
        "installHint": "berth made this entry; install berth, or write it again with `berth kubeconfig`",
    }}})
}

/// Notes the context before inside a context of ours; kubectl keeps extensions as they are, and so do we with others'.
fn remember(context: &mut Value, previous: Option<&str>) {
    let Some(fields) = context["context"].as_object_mut() else { return };
    let mut extensions = match fields.remove("extensions") {
        Some(Value::Array(extensions)) => extensions,
        _ => Vec::new(),
    };
    extensions.retain(|extension| name_of(extension) != Some(EXTENSION));
    if let Some(previous) = previous {
        extensions.push(json!({"name": EXTENSION, "extension": {PREVIOUS: previous}}));
    }
    if !extensions.is_empty() {
        fields.insert("extensions".to_owned(), Value::Array(extensions));
    }
}

fn previous_of(context: &Value) -> Option<String> {
    let extensions = context["context"]["extensions"].as_array()?;
    let ours = extensions.iter().find(|extension| name_of(extension) == Some(EXTENSION))?;
    ours["extension"][PREVIOUS].as_str().map(ToOwned::to_owned)
}

fn parse(text: &str) -> Result<Map<String, Value>, Malformed> {
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    match serde_saphyr::from_str(text).map_err(|error| Malformed::Yaml(Box::new(error)))? {
        Value::Object(config) => Ok(config),
        Value::Null => Ok(Map::new()),
        _ => Err(Malformed::Shape("the top level is not a mapping".to_owned())),
    }
}

fn write(config: Map<String, Value>) -> Result<String, Malformed> {
    text(&Value::Object(config))
}

/// A configuration as a text.
pub(crate) fn text(config: &Value) -> Result<String, Malformed> {
    serde_saphyr::to_string(config).map_err(|error| Malformed::Yaml(Box::new(error)))
}

/// The current context of a configuration, if it has one.
///
/// # Errors
/// The text is no kubeconfig.
pub(crate) fn current(text: &str) -> Result<Option<String>, Malformed> {
    current_context(&parse(text)?)
}

/// Whether a configuration has this context and no other.
///
/// # Errors
/// The text is no kubeconfig.
pub(crate) fn is_only(text: &str, context: &str) -> Result<bool, Malformed> {
    let mut config = parse(text)?;
    let contexts = list(&mut config, "contexts")?;
    Ok(contexts.len() == 1 && contexts.iter().all(|entry| name_of(entry) == Some(context)))
}

fn current_context(config: &Map<String, Value>) -> Result<Option<String>, Malformed> {
    match config.get("current-context") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(name)) if name.is_empty() => Ok(None),
        Some(Value::String(name)) => Ok(Some(name.clone())),
        Some(_) => Err(Malformed::Shape("current-context is not a text".to_owned())),
    }
}

/// The list under a key, made if it is not there; kubectl itself writes `null` for an empty one.
fn list<'a>(config: &'a mut Map<String, Value>, key: &str) -> Result<&'a mut Vec<Value>, Malformed> {
    let value = config.entry(key).or_insert(Value::Null);
    if value.is_null() {
        *value = json!([]);
    }
    value.as_array_mut().ok_or_else(|| Malformed::Shape(format!("{key} is not a list")))
}

fn name_of(entry: &Value) -> Option<&str> {
    entry["name"].as_str()
}

fn named<'a>(entries: &'a mut [Value], name: &str) -> Option<&'a mut Value> {
    entries.iter_mut().find(|entry| name_of(entry) == Some(name))
}

/// Puts an entry in the place of the one with its name, or at the end.
fn put(entries: &mut Vec<Value>, entry: Value) {
    let name = name_of(&entry).unwrap_or_default().to_owned();
    match named(entries, &name) {
        Some(place) => *place = entry,
        None => entries.push(entry),
    }
}

#[cfg(test)]
mod tests;
