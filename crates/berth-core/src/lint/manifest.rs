//! Manifest files as objects: several YAML documents or JSON values in one file, and lists of objects.

use serde::de::IgnoredAny;

use super::finding::{Place, Report, Says};
use super::object::Object;
use crate::spec::Position;
use crate::spec::tree::{Limits, Node, Value, read};

/// The rule about files that are no manifests.
pub(super) const RULE: &str = "unreadable";
/// Custom resource definitions nest deeply and are long.
const LIMITS: Limits = Limits { depth: 128, nodes: 500_000, bytes: 8 * 1024 * 1024, octal: true };

/// A file with manifests: YAML with any number of documents, or JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestFile {
    /// The file, as findings are to name it.
    pub path: String,
    /// What it holds.
    pub text: String,
}

/// One document of a file, and how far it stands from the file's start.
struct Part<'a> {
    text: &'a str,
    lines: usize,
    columns: usize,
}

/// All objects of a file; a document that cannot be read is a finding, and the others are read.
pub(super) fn objects<'a>(file: &'a ManifestFile, report: &mut Report) -> Vec<Object<'a>> {
    let mut objects = Vec::new();
    for part in parts(&file.text) {
        match read(part.text, &LIMITS) {
            Ok(mut root) => {
                root.shift(part.lines, part.columns);
                add(&file.path, root, &mut objects, report);
            }
            Err((at, message)) => {
                let last = part.text.lines().count().max(1);
                let at = Position { line: at.line.min(last), ..at }.shifted(part.lines, part.columns);
                let says = Says::new(message, "nothing of this document can be applied or checked", "correct the YAML");
                report.error(RULE, Place { file: &file.path, at }, &says);
            }
        }
    }
    objects
}

/// Adds an object, or the objects of a list.
fn add<'a>(file: &'a str, root: Node, objects: &mut Vec<Object<'a>>, report: &mut Report) {
    let is_list = root.get("kind").and_then(Node::text).is_some_and(|kind| kind == "List");
    if is_list {
        root.get("items").into_iter().flat_map(Node::items).for_each(|item| add(file, item.clone(), objects, report));
        return;
    }
    let at = root.at;
    match Object::new(file, root) {
        Ok(object) => objects.push(object),
        Err(missing) => {
            let why = "Kubernetes refuses an object without it";
            let says = Says::new(format!("there is no `{missing}`"), why, format!("give `{missing}`"));
            report.error(RULE, Place { file, at }, &says);
        }
    }
}

/// The documents of a text that hold something.
fn parts(text: &str) -> Vec<Part<'_>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let parts = if text.trim_start().starts_with('{') { json_parts(text) } else { None };
    let parts = parts.unwrap_or_else(|| yaml_parts(text));
    parts.into_iter().filter(|part| !is_blank(part.text)).collect()
}

/// JSON values one after the other; `None` if it is no JSON, such as YAML in braces.
fn json_parts(text: &str) -> Option<Vec<Part<'_>>> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    let mut parts = Vec::new();
    let mut from = 0;
    while let Some(value) = stream.next() {
        value.ok()?;
        let gap = text[from..].len() - text[from..].trim_start().len();
        let start = from + gap;
        let before = &text[..start];
        let columns = before.rsplit('\n').next().map_or(0, |line| line.chars().count());
        let to = stream.byte_offset();
        parts.push(Part { text: &text[start..to], lines: before.matches('\n').count(), columns });
        from = to;
    }
    Some(parts)
}

/// A line that begins with `---` begins a document wherever it stands: the content of a block is indented.
fn yaml_parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let (mut from, mut from_line, mut offset) = (0, 0, 0);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let marker =
            line.strip_prefix("---").is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace));
        if marker {
            parts.push(Part { text: &text[from..offset], lines: from_line, columns: 0 });
            (from, from_line) = (offset, number);
        }
        offset += line.len();
    }
    parts.push(Part { text: &text[from..], lines: from_line, columns: 0 });
    parts
}

/// Nothing but comments, markers and directives.
fn is_blank(text: &str) -> bool {
    text.lines().all(|line| {
        let line = line.strip_prefix("---").or_else(|| line.strip_prefix("...")).unwrap_or(line).trim();
        line.is_empty() || line.starts_with('#') || line.starts_with('%')
    })
}

/// Whether a value is a map, as every object is.
pub(super) fn is_map(node: &Node) -> bool {
    matches!(node.value, Value::Map(_))
}
