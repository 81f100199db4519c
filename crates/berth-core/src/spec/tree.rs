//! A YAML document as a tree in which every key and every value knows where it stands.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::{Error, Location, MessageFormatter, Spanned, UserMessageFormatter};

use super::problem::{Finding, Path, Position, Problem, Segment};

/// Deepest nesting a file may have; the spec itself needs about eight.
const MAX_DEPTH: usize = 32;
/// Most nodes a file may have after its aliases are expanded.
const MAX_NODES: usize = 50_000;
/// Longest file in bytes; a spec is a few kilobytes.
const MAX_BYTES: usize = 1024 * 1024;

/// A value with its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) at: Position,
    /// The bytes of the file that hold it.
    span: Option<(usize, usize)>,
    pub(super) value: Value,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Nothing,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_at: Position,
    pub(super) node: Node,
}

/// A document that could be read: its tree and its text.
pub(super) struct Document<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
    pub(super) root: Node,
}

impl<'a> Document<'a> {
    /// Reads one YAML document; a syntax error is one problem with its place.
    pub(super) fn parse(file: &'a str, text: &'a str) -> Result<Self, Vec<Problem>> {
        let fail =
            |at: Position, message: String| vec![problem_at(file, text, at, Finding::at(Path::default(), message))];
        if text.len() > MAX_BYTES {
            let message = format!("the file has {} bytes, and at most {MAX_BYTES} are read", text.len());
            return Err(fail(Position { line: 1, column: 1 }, message));
        }
        let budget = serde_saphyr::budget! {
            max_documents: 4,
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_aliases: 500,
            max_anchors: 500,
        };
        let options = serde_saphyr::options! {
            budget: budget,
            alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MAX_NODES },
            strict_booleans: true,
            with_snippet: false,
            non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::AsString,
        };
        match serde_saphyr::from_str_with_options::<Spanned<Bare>>(text, options) {
            Ok(root) => {
                let root = Node::from(root);
                if root.value == Value::Nothing {
                    return Err(fail(Position { line: 1, column: 1 }, "the file is empty".to_owned()));
                }
                Ok(Self { file, text, root })
            }
            Err(error) => {
                let at = error.location().map_or(Position { line: 1, column: 1 }, position);
                Err(fail(at, said(error.without_snippet())))
            }
        }
    }

    /// The problem that a finding is, with the place of its path or of the nearest ancestor that exists.
    pub(super) fn problem(&self, finding: Finding) -> Problem {
        let mut node = &self.root;
        let mut at = node.at;
        for segment in finding.path.segments() {
            match (segment, &node.value) {
                (Segment::Key(key), Value::Map(entries)) => {
                    let Some(entry) = entries.iter().find(|entry| entry.key == *key) else { break };
                    node = &entry.node;
                    // Blocks begin on the line after their key; the key is where people look.
                    let on_key =
                        finding.at_key || matches!(node.value, Value::Map(_) | Value::List(_) | Value::Nothing);
                    at = if on_key { entry.key_at } else { node.at };
                }
                (Segment::Index(index), Value::List(items)) => {
                    let Some(item) = items.get(*index) else { break };
                    node = item;
                    at = node.at;
                }
                _ => break,
            }
        }
        problem_at(self.file, self.text, at, finding)
    }

    /// The text of a scalar as the file has it, for example `1.30`, which as a number would read `1.3`.
    pub(super) fn written(&self, node: &Node) -> Option<&'a str> {
        let (from, length) = node.span?;
        self.text.get(from..from.checked_add(length)?)
    }
}

impl Node {
    /// The value under a key, if this is a map that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node),
            _ => None,
        }
    }

    /// The same without places.
    pub(super) fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Nothing => Json::Null,
            Value::Bool(bool) => Json::Bool(*bool),
            Value::Integer(integer) => serde_json::Number::from_i128(*integer).map_or(Json::Null, Json::Number),
            Value::Float(float) => serde_json::Number::from_f64(*float).map_or(Json::Null, Json::Number),
            Value::Text(text) => Json::String(text.clone()),
            Value::List(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Value::Map(entries) => {
                Json::Object(entries.iter().map(|entry| (entry.key.clone(), entry.node.to_json())).collect())
            }
        }
    }
}

/// Puts a finding at a place, which is moved into the file if the parser pointed behind its end.
fn problem_at(file: &str, text: &str, at: Position, finding: Finding) -> Problem {
    let lines = text.lines().count().max(1);
    let at = if at.line > lines {
        let last = text.lines().last().map_or(0, |line| line.chars().count());
        Position { line: lines, column: last + 1 }
    } else {
        Position { line: at.line.max(1), column: at.column.max(1) }
    };
    Problem {
        file: file.to_owned(),
        line: at.line,
        column: at.column,
        path: plain(&finding.path.to_string()),
        message: plain(&finding.message),
        suggestion: finding.suggestion.as_deref().map(plain),
        accepted: finding.accepted.iter().map(|word| plain(word)).collect(),
    }
}

/// What the parser found wrong, in words for people who write YAML and not parsers.
fn said(error: &Error) -> String {
    match error {
        // What goes wrong while an alias is expanded comes wrapped.
        Error::AliasError { error, .. } => said(error),
        Error::MultipleDocuments { .. } => "there is a second document; give each its own file".to_owned(),
        Error::DuplicateMappingKey { key: Some(key), .. } => format!("the field `{key}` is given twice"),
        Error::UnknownAnchor { .. } => "this alias refers to an anchor that is not there".to_owned(),
        Error::Unexpected { expected: "string scalar", .. } => "a field's name must be a single word".to_owned(),
        Error::AliasReplayLimitExceeded { .. } => format!("the aliases stand for more than {MAX_NODES} values"),
        Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => format!("nested deeper than {MAX_DEPTH} levels"),
        Error::Budget { breach: BudgetBreach::Nodes { .. }, .. } => format!("there are more than {MAX_NODES} values"),
        other => format!("not valid YAML: {}", UserMessageFormatter.format_message(other)),
    }
}

/// Messages quote the file; its control characters must not reach a terminal, and a problem is one line.
fn plain(said: &str) -> String {
    said.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

fn position(location: Location) -> Position {
    Position {
        line: usize::try_from(location.line()).unwrap_or(1),
        column: usize::try_from(location.column()).unwrap_or(1),
    }
}

/// What serde gives before the places are joined to it.
enum Bare {
    Scalar(Value),
    List(Vec<Spanned<Bare>>),
    Map(Vec<(Spanned<String>, Spanned<Bare>)>),
}

impl From<Spanned<Bare>> for Node {
    fn from(spanned: Spanned<Bare>) -> Self {
        let span = spanned.defined.span();
        let span = span
            .byte_offset()
            .zip(span.byte_len())
            .and_then(|(from, length)| Some((usize::try_from(from).ok()?, usize::try_from(length).ok()?)));
        let value = match spanned.value {
            Bare::Scalar(value) => value,
            Bare::List(items) => Value::List(items.into_iter().map(Node::from).collect()),
            Bare::Map(entries) => Value::Map(
                entries
                    .into_iter()
                    .map(|(key, node)| Entry { key_at: position(key.defined), key: key.value, node: Node::from(node) })
                    .collect(),
            ),
        };
        Self { at: position(spanned.defined), span, value }
    }
}

impl<'de> Deserialize<'de> for Bare {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BareVisitor)
    }
}

struct BareVisitor;

impl<'de> Visitor<'de> for BareVisitor {
    type Value = Bare;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Bare, E> {
        Ok(Bare::Scalar(Value::Nothing))
    }

    fn visit_none<E: de::Error>(self) -> Result<Bare, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Bare, D::Error> {
        Bare::deserialize(deserializer)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Bare, E> {
        Ok(Bare::Scalar(Value::Bool(value)))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Bare, E> {
        self.visit_i128(value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Bare, E> {
        self.visit_i128(value.into())
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Bare, E> {
        Ok(Bare::Scalar(Value::Integer(value)))
    }

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Bare, E> {
        match i128::try_from(value) {
            Ok(value) => self.visit_i128(value),
            Err(_) => self.visit_str(&value.to_string()),
        }
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Bare, E> {
        Ok(Bare::Scalar(Value::Float(value)))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Bare, E> {
        Ok(Bare::Scalar(Value::Text(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Bare, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Bare::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Bare, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Bare::Map(entries))
    }
}
