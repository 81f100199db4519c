//! A YAML document as a tree in which every key and every value knows where it stands.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::{Error, Location, MessageFormatter, Spanned, UserMessageFormatter};

use super::problem::{Finding, Path, Position, Problem, Segment};

/// How much of a file is read.
pub(crate) struct Limits {
    /// Deepest nesting.
    pub(crate) depth: usize,
    /// Most nodes after aliases are expanded.
    pub(crate) nodes: usize,
    /// Longest text in bytes.
    pub(crate) bytes: usize,
    /// Numbers that begin with `0` are octal, as kubectl reads them: the file modes of volumes are written so.
    pub(crate) octal: bool,
}

impl Limits {
    /// For a spec file, which has a few kilobytes and needs about eight levels.
    const SPEC: Self = Self { depth: 32, nodes: 50_000, bytes: 1024 * 1024, octal: false };
}

/// A value with its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) at: Position,
    /// The bytes of the file that hold it.
    span: Option<(usize, usize)>,
    pub(crate) value: Value,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
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
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_at: Position,
    pub(crate) node: Node,
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
        match read(text, &Limits::SPEC) {
            Ok(root) => Ok(Self { file, text, root }),
            Err((at, message)) => Err(vec![problem_at(file, text, at, Finding::at(Path::default(), message))]),
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
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// A key with its value, if this is a map that has it.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The value at the end of these keys.
    pub(crate) fn along(&self, keys: &[&str]) -> Option<&Node> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The entries of a map; none of anything else.
    pub(crate) fn entries(&self) -> &[Entry] {
        if let Value::Map(entries) = &self.value { entries } else { &[] }
    }

    /// The elements of a list; none of anything else.
    pub(crate) fn items(&self) -> &[Node] {
        if let Value::List(items) = &self.value { items } else { &[] }
    }

    /// A text; `None` for anything else, numbers included.
    pub(crate) fn text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }

    /// A text, or a number or boolean as text; `None` for maps, lists and nothing.
    pub(crate) fn scalar(&self) -> Option<String> {
        match &self.value {
            Value::Text(text) => Some(text.clone()),
            Value::Integer(integer) => Some(integer.to_string()),
            Value::Float(float) => Some(float.to_string()),
            Value::Bool(bool) => Some(bool.to_string()),
            Value::Nothing | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// Moves everything by these lines, and what stands on the first line by these columns.
    pub(crate) fn shift(&mut self, lines: usize, columns: usize) {
        self.at = self.at.shifted(lines, columns);
        self.span = None;
        match &mut self.value {
            Value::List(items) => items.iter_mut().for_each(|item| item.shift(lines, columns)),
            Value::Map(entries) => {
                for entry in entries {
                    entry.key_at = entry.key_at.shifted(lines, columns);
                    entry.node.shift(lines, columns);
                }
            }
            _ => {}
        }
    }

    /// The same without places.
    pub(crate) fn to_json(&self) -> serde_json::Value {
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

/// Reads one YAML document; what is wrong comes with its place.
pub(crate) fn read(text: &str, limits: &Limits) -> Result<Node, (Position, String)> {
    let start = Position { line: 1, column: 1 };
    if text.len() > limits.bytes {
        return Err((start, format!("the file has {} bytes, and at most {} are read", text.len(), limits.bytes)));
    }
    let budget = serde_saphyr::budget! {
        max_documents: 4,
        max_depth: limits.depth,
        max_nodes: limits.nodes,
        max_aliases: 500,
        max_anchors: 500,
    };
    let options = serde_saphyr::options! {
        budget: budget,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: limits.nodes },
        strict_booleans: true,
        legacy_octal_numbers: limits.octal,
        with_snippet: false,
        non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::AsString,
    };
    let root = serde_saphyr::from_str_with_options::<Spanned<Bare>>(text, options)
        .map(Node::from)
        .map_err(|error| (error.location().map_or(start, position), said(error.without_snippet(), limits)))?;
    if root.value == Value::Nothing {
        return Err((start, "the file is empty".to_owned()));
    }
    Ok(root)
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
fn said(error: &Error, limits: &Limits) -> String {
    match error {
        // What goes wrong while an alias is expanded comes wrapped.
        Error::AliasError { error, .. } => said(error, limits),
        Error::MultipleDocuments { .. } => "there is a second document; give each its own file".to_owned(),
        Error::DuplicateMappingKey { key: Some(key), .. } => format!("the field `{key}` is given twice"),
        Error::UnknownAnchor { .. } => "this alias refers to an anchor that is not there".to_owned(),
        Error::Unexpected { expected: "string scalar", .. } => "a field's name must be a single word".to_owned(),
        Error::AliasReplayLimitExceeded { .. } => format!("the aliases stand for more than {} values", limits.nodes),
        Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => {
            format!("nested deeper than {} levels", limits.depth)
        }
        Error::Budget { breach: BudgetBreach::Nodes { .. }, .. } => {
            format!("there are more than {} values", limits.nodes)
        }
        other => format!("not valid YAML: {}", UserMessageFormatter.format_message(other)),
    }
}

/// Messages quote the file; its control characters must not reach a terminal, and a problem is one line.
pub(crate) fn plain(said: &str) -> String {
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
