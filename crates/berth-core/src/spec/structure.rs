//! Holds a document against the JSON Schema and finds everything that does not fit, with places and suggestions.
//!
//! A general validator says only that a value does not match; people need the field, the place and what to write instead.
//! The subset of JSON Schema understood here is what the file types use; a test holds it against a general validator.

use std::collections::{BTreeMap, BTreeSet};

use regex_lite::Regex;
use serde_json::Value as Json;

use super::problem::{Finding, Path, Segment, nearest};
use super::schema::{KINDS, shared};
use super::tree::{Document, Entry, Node, Value};

/// What holding a document against the schema gave.
pub(super) struct Structure {
    /// Everything that does not fit.
    pub(super) findings: Vec<Finding>,
    /// The document without fields the schema does not know; nothing at all if it is of another kind.
    pub(super) json: Json,
    /// Where something else than an unknown field does not fit.
    pub(super) broken: Vec<Path>,
}

/// Holds a document against the schema of one kind of file.
pub(super) fn check(document: &Document<'_>, kind: &str) -> Structure {
    let root = shared();
    if let Some(finding) = wrong_kind(&document.root, kind) {
        return Structure { findings: vec![finding], json: Json::Null, broken: vec![Path::default()] };
    }
    let definition = KINDS.iter().find(|(name, _)| *name == kind).map_or("", |(_, definition)| definition);
    let schema = &root["$defs"][definition];
    let mut walk = Walk {
        root,
        document,
        path: Path::default(),
        patterns: BTreeMap::new(),
        findings: Vec::new(),
        unknown: BTreeSet::new(),
    };
    walk.node(schema, &document.root);
    let broken = walk.findings.iter().enumerate().filter(|(index, _)| !walk.unknown.contains(index));
    let broken = broken.map(|(_, finding)| finding.path.clone()).collect();
    Structure { findings: walk.findings, json: known_part(root, schema, &document.root), broken }
}

/// A file of another kind is one problem, not one for each of its fields.
fn wrong_kind(root: &Node, wanted: &str) -> Option<Finding> {
    if !matches!(root.value, Value::Map(_)) {
        let found = if matches!(root.value, Value::List(_)) { "a list" } else { "a single value" };
        return Some(Finding::at(Path::default(), format!("expected a map of fields, found {found}")));
    }
    let Value::Text(kind) = &root.get("kind")?.value else { return None };
    let is_other = KINDS.iter().any(|(name, _)| name == kind) && kind != wanted;
    is_other.then(|| {
        Finding::at(Path::of(&["kind"]), format!("this is a {kind} file, and a {wanted} file is needed here"))
            .accepting([wanted])
    })
}

struct Walk<'a> {
    root: &'a Json,
    document: &'a Document<'a>,
    /// Where it stands.
    path: Path,
    /// What was compiled so far; none for what is no pattern.
    patterns: BTreeMap<&'a str, Option<Regex>>,
    findings: Vec<Finding>,
    /// Which of the findings are fields the schema does not know.
    unknown: BTreeSet<usize>,
}

impl<'a> Walk<'a> {
    /// Something is wrong with what it stands at.
    fn here(&self, message: impl Into<String>) -> Finding {
        Finding::at(self.path.clone(), message)
    }

    /// Goes one step down.
    fn below(&mut self, step: Segment, schema: &'a Json, node: &Node) {
        self.path.push(step);
        self.node(schema, node);
        self.path.pop();
    }

    fn node(&mut self, schema: &'a Json, node: &Node) {
        let schema = resolve(self.root, schema);
        let words = accepted_words(schema);
        if !words.is_empty() {
            return self.word(&words, node);
        }
        if let Some(choices) = choices(schema) {
            return self.choice(choices, node);
        }
        let Some(wanted) = schema.get("type").and_then(Json::as_str) else { return };
        if !fits(wanted, node) {
            let finding = self.wrong_type(wanted, node);
            self.findings.push(finding);
            return;
        }
        match &node.value {
            Value::Map(entries) => self.map(schema, entries),
            Value::List(items) => self.list(schema, items),
            Value::Text(text) => self.text(schema, text),
            Value::Integer(_) | Value::Float(_) => self.number(schema, node),
            Value::Nothing | Value::Bool(_) => {}
        }
    }

    fn word(&mut self, words: &[&str], node: &Node) {
        let finding = match &node.value {
            Value::Text(text) if words.contains(&text.as_str()) => return,
            Value::Text(text) => {
                self.here(format!("unknown value `{}`", printable(text))).meaning(nearest(text, words.iter().copied()))
            }
            _ => self.wrong_type("string", node),
        };
        self.findings.push(finding.accepting(words.iter().copied()));
    }

    fn choice(&mut self, choices: &'a [Json], node: &Node) {
        let types: Vec<&str> =
            choices.iter().filter_map(|choice| resolve(self.root, choice).get("type").and_then(Json::as_str)).collect();
        match choices.iter().zip(&types).find(|(_, wanted)| fits(wanted, node)) {
            Some((choice, _)) => self.node(choice, node),
            None => {
                let wanted: Vec<&str> = types.iter().map(|word| expected(word)).collect();
                let message = format!("expected {}, found {}", wanted.join(" or "), self.found(node));
                self.findings.push(self.here(message));
            }
        }
    }

    fn map(&mut self, schema: &'a Json, entries: &[Entry]) {
        let properties = schema.get("properties").and_then(Json::as_object);
        let additional = schema.get("additionalProperties");
        for entry in entries {
            match (properties.and_then(|known| known.get(&entry.key)), additional) {
                (Some(schema), _) | (None, Some(schema @ Json::Object(_))) => {
                    self.below(Segment::Key(entry.key.clone()), schema, &entry.node);
                }
                (None, Some(Json::Bool(false))) => {
                    let known: Vec<&str> =
                        properties.into_iter().flat_map(|map| map.keys().map(String::as_str)).collect();
                    self.unknown.insert(self.findings.len());
                    self.findings.push(
                        Finding::at_key(
                            self.path.key(&entry.key),
                            format!("unknown field `{}`", printable(&entry.key)),
                        )
                        .meaning(nearest(&entry.key, known.iter().copied()))
                        .accepting(known),
                    );
                }
                (None, _) => {}
            }
        }
        for name in schema.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str) {
            if !entries.iter().any(|entry| entry.key == name) {
                self.findings.push(self.here(format!("missing field `{name}`")));
            }
        }
        let known = properties.map(|map| map.keys().cloned().collect::<Vec<_>>().join("`, `"));
        if let Some(most) = schema.get("maxProperties").and_then(Json::as_u64).filter(|most| count(entries) > *most) {
            let message = format!("give only {most} of `{}`", known.clone().unwrap_or_default());
            self.findings.push(self.here(message));
        }
        if schema.get("minProperties").and_then(Json::as_u64).is_some_and(|least| count(entries) < least) {
            let message =
                known.map_or_else(|| "must not be empty".to_owned(), |known| format!("give one of `{known}`"));
            self.findings.push(self.here(message));
        }
    }

    fn list(&mut self, schema: &'a Json, items: &[Node]) {
        if let Some(item_schema) = schema.get("items") {
            for (index, item) in items.iter().enumerate() {
                self.below(Segment::Index(index), item_schema, item);
            }
        }
        if schema.get("minItems").and_then(Json::as_u64).is_some_and(|least| count(items) < least) {
            self.findings.push(self.here("must not be an empty list"));
        }
        if let Some(most) = schema.get("maxItems").and_then(Json::as_u64).filter(|most| count(items) > *most) {
            self.findings.push(self.here(format!("has {} entries, at most {most} are accepted", items.len())));
        }
        if schema.get("uniqueItems") == Some(&Json::Bool(true)) {
            let mut seen = BTreeSet::new();
            for (index, item) in items.iter().enumerate() {
                if let Value::Text(text) = &item.value
                    && !seen.insert(text.as_str())
                {
                    self.findings
                        .push(Finding::at(self.path.index(index), format!("`{}` is listed twice", printable(text))));
                }
            }
        }
    }

    fn text(&mut self, schema: &'a Json, text: &str) {
        let length = text.chars().count() as u64;
        let needs_some = schema.get("minLength").and_then(Json::as_u64).is_some_and(|least| length < least);
        if needs_some || (text.is_empty() && schema.get("pattern").is_some()) {
            self.findings.push(self.here("must not be empty"));
            return;
        }
        if let Some(most) = schema.get("maxLength").and_then(Json::as_u64).filter(|most| length > *most) {
            self.findings
                .push(self.here(format!("`{}` has {length} characters, at most {most} are accepted", printable(text))));
        }
        let Some(pattern) = schema.get("pattern").and_then(Json::as_str) else { return };
        let regex = self.patterns.entry(pattern).or_insert_with(|| Regex::new(pattern).ok());
        if !regex.as_ref().is_some_and(|regex| regex.is_match(text)) {
            let why = schema.get("patternErrorMessage").and_then(Json::as_str).unwrap_or("has the wrong form");
            self.findings.push(self.here(format!("`{}` {why}", printable(text))));
        }
    }

    fn number(&mut self, schema: &Json, node: &Node) {
        let value = match node.value {
            Value::Integer(integer) => integer as f64,
            Value::Float(float) => float,
            _ => return,
        };
        let least = schema.get("minimum").and_then(Json::as_f64);
        let most = schema.get("maximum").and_then(Json::as_f64);
        let too_small = least.is_some_and(|least| value < least);
        let too_big = most.is_some_and(|most| value > most);
        if too_small || too_big {
            let range = match (least, most) {
                (Some(least), Some(most)) => format!("must be from {least} to {most}"),
                (Some(least), None) => format!("must be at least {least}"),
                (_, Some(most)) => format!("must be at most {most}"),
                (None, None) => return,
            };
            let shown = self.document.written(node).map_or_else(|| value.to_string(), printable);
            self.findings.push(self.here(format!("`{shown}` {range}")));
        }
    }

    fn wrong_type(&self, wanted: &str, node: &Node) -> Finding {
        let finding = self.here(format!("expected {}, found {}", expected(wanted), self.found(node)));
        let suggestion = match (wanted, &node.value) {
            ("string", Value::Bool(_) | Value::Integer(_) | Value::Float(_)) => {
                self.document.written(node).map(|written| format!("\"{}\"", printable(written)))
            }
            ("boolean", Value::Text(text)) => match text.to_ascii_lowercase().as_str() {
                "yes" | "on" | "y" | "true" => Some("true".to_owned()),
                "no" | "off" | "n" | "false" => Some("false".to_owned()),
                _ => None,
            },
            ("integer" | "number", Value::Text(text)) => text.parse::<u32>().ok().map(|number| number.to_string()),
            _ => None,
        };
        finding.meaning(suggestion)
    }

    fn found(&self, node: &Node) -> String {
        match &node.value {
            Value::Bool(_) | Value::Integer(_) | Value::Float(_) => {
                let written = self.document.written(node).map(|written| format!(" `{}`", printable(written)));
                format!("{}{}", kind_of(node), written.unwrap_or_default())
            }
            // In quotes, so that the string "3" does not look like the number it should be.
            Value::Text(text) => format!("{} `\"{}\"`", kind_of(node), printable(text)),
            _ => kind_of(node).to_owned(),
        }
    }
}

/// Follows `$ref`, which in schemas made from types never goes in circles.
fn resolve<'a>(root: &'a Json, schema: &'a Json) -> &'a Json {
    match schema.get("$ref").and_then(Json::as_str).and_then(|to| to.strip_prefix("#/$defs/")) {
        Some(name) => &root["$defs"][name],
        None => schema,
    }
}

/// The words of an enum, written as `enum` or as one `const` per documented variant.
fn accepted_words(schema: &Json) -> Vec<&str> {
    if let Some(words) = schema.get("enum").and_then(Json::as_array) {
        return words.iter().filter_map(Json::as_str).collect();
    }
    let variants = schema.get("oneOf").and_then(Json::as_array);
    variants.into_iter().flatten().filter_map(|variant| variant.get("const")?.as_str()).collect()
}

fn choices(schema: &Json) -> Option<&Vec<Json>> {
    schema.get("anyOf").or_else(|| schema.get("oneOf"))?.as_array()
}

fn fits(wanted: &str, node: &Node) -> bool {
    match (wanted, &node.value) {
        ("object", Value::Map(_))
        | ("array", Value::List(_))
        | ("string", Value::Text(_))
        | ("boolean", Value::Bool(_))
        | ("integer" | "number", Value::Integer(_))
        | ("number", Value::Float(_)) => true,
        // JSON Schema counts 2.0 as an integer, serde does not; a count of nodes is written without a point.
        _ => false,
    }
}

fn expected(wanted: &str) -> &'static str {
    match wanted {
        "object" => "a map of fields",
        "array" => "a list",
        "string" => "a string",
        "boolean" => "true or false",
        "integer" => "a whole number",
        _ => "a number",
    }
}

fn kind_of(node: &Node) -> &'static str {
    match &node.value {
        Value::Nothing => "no value",
        Value::Bool(_) => "the boolean",
        Value::Integer(_) | Value::Float(_) => "the number",
        Value::Text(_) => "the string",
        Value::List(_) => "a list",
        Value::Map(_) => "a map of fields",
    }
}

/// The document as JSON without the fields the schema does not know.
fn known_part(root: &Json, schema: &Json, node: &Node) -> Json {
    let schema = resolve(root, schema);
    let chosen = choices(schema).filter(|_| accepted_words(schema).is_empty()).and_then(|choices| {
        choices.iter().find(|choice| {
            resolve(root, choice).get("type").and_then(Json::as_str).is_some_and(|wanted| fits(wanted, node))
        })
    });
    if let Some(choice) = chosen {
        return known_part(root, choice, node);
    }
    match &node.value {
        Value::List(items) => {
            let item_schema = schema.get("items").unwrap_or(&Json::Null);
            Json::Array(items.iter().map(|item| known_part(root, item_schema, item)).collect())
        }
        Value::Map(entries) => {
            let properties = schema.get("properties");
            let additional = schema.get("additionalProperties").filter(|additional| additional.is_object());
            let known = entries.iter().filter_map(|entry| {
                let inner = properties.and_then(|known| known.get(&entry.key)).or(additional)?;
                Some((entry.key.clone(), known_part(root, inner, &entry.node)))
            });
            Json::Object(known.collect())
        }
        _ => node.to_json(),
    }
}

fn count<T>(items: &[T]) -> u64 {
    items.len() as u64
}

/// A value from the file, fit to stand in a one-line message.
pub(super) fn printable(text: &str) -> String {
    let mut shown: String = text.trim_end().chars().take(60).flat_map(char::escape_debug).collect();
    if text.trim_end().chars().count() > 60 {
        shown.push_str("...");
    }
    shown
}
