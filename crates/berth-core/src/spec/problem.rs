//! What is wrong with a file, and where.

use std::fmt;

use serde::Serialize;

/// One thing that is wrong with a spec file, or worth a warning.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// The file, as the caller named it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Where in the document, for example `spec.nodePools[1].gpu.type`; empty for the document as a whole.
    pub path: String,
    /// What is wrong, as a lower-case fragment.
    pub message: String,
    /// A value that was probably meant.
    pub suggestion: Option<String>,
    /// Values that would be accepted, when there are few enough to list.
    pub accepted: Vec<String>,
}

impl fmt::Display for Problem {
    /// `clusters/x.yaml:12:7: spec.nodePools[1].gpu.type: unknown GPU ...; did you mean ...? (accepted: ...)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: ", self.file, self.line, self.column)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        if let Some(suggestion) = &self.suggestion {
            write!(f, "; did you mean `{suggestion}`?")?;
        }
        if !self.accepted.is_empty() {
            write!(f, " (accepted: {})", self.accepted.join(", "))?;
        }
        Ok(())
    }
}

/// A place in a file: line and column, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Position {
    /// The place in a longer text that has so many lines before this one's first, and so many characters before it on that line.
    pub(crate) fn shifted(self, lines: usize, columns: usize) -> Self {
        Self { line: self.line + lines, column: self.column + if self.line == 1 { columns } else { 0 } }
    }
}

/// The way from the root of a document to one of its nodes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Path(Vec<Segment>);

/// One step of a [`Path`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Segment {
    Key(String),
    Index(usize),
}

impl Path {
    /// The path of keys such as `spec`, `gke`, `version`.
    pub(super) fn of(keys: &[&str]) -> Self {
        Self(keys.iter().map(|key| Segment::Key((*key).to_owned())).collect())
    }

    /// This path and then a key.
    pub(super) fn key(&self, key: &str) -> Self {
        self.then(Segment::Key(key.to_owned()))
    }

    /// This path and then an element of a list, counted from 0.
    pub(super) fn index(&self, index: usize) -> Self {
        self.then(Segment::Index(index))
    }

    fn then(&self, step: Segment) -> Self {
        let mut longer = self.clone();
        longer.push(step);
        longer
    }

    /// Goes on by a step.
    pub(super) fn push(&mut self, step: Segment) {
        self.0.push(step);
    }

    /// Goes back by a step.
    pub(super) fn pop(&mut self) {
        self.0.pop();
    }

    /// Whether this is `other` or lies inside it.
    pub(super) fn is_under(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    pub(super) fn segments(&self) -> &[Segment] {
        &self.0
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                // Keys of labels hold dots and slashes, which would read as steps.
                Segment::Key(key) if !is_plain(key) => write!(f, "[{key:?}]")?,
                Segment::Key(key) if place == 0 => f.write_str(key)?,
                Segment::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// A problem before it has a position: made by checks that only know the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) path: Path,
    /// Point at the key instead of the value.
    pub(super) at_key: bool,
    pub(super) message: String,
    pub(super) suggestion: Option<String>,
    pub(super) accepted: Vec<String>,
}

impl Finding {
    /// Something is wrong with the value at `path`.
    pub(super) fn at(path: Path, message: impl Into<String>) -> Self {
        Self { path, at_key: false, message: message.into(), suggestion: None, accepted: Vec::new() }
    }

    /// Something is wrong with the key that `path` ends in.
    pub(super) fn at_key(path: Path, message: impl Into<String>) -> Self {
        Self { at_key: true, ..Self::at(path, message) }
    }

    /// With the value that was probably meant, if there is one.
    pub(super) fn meaning(mut self, suggestion: Option<String>) -> Self {
        self.suggestion = suggestion;
        self
    }

    /// With the values that would be accepted.
    pub(super) fn accepting<S: Into<String>>(mut self, accepted: impl IntoIterator<Item = S>) -> Self {
        self.accepted = accepted.into_iter().map(Into::into).collect();
        self
    }
}

/// The one of `known` that `written` was probably meant to be.
///
/// The distance allowed grows with the length, so that short words are not taken for each other.
/// Failing that, the only one that begins with what was written.
pub(crate) fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let lower = written.to_ascii_lowercase();
    let allowed = match written.chars().count() {
        0..=2 => 1,
        3..=5 => 2,
        // Nothing is that long, and the distance takes time in proportion to both lengths.
        64.. => return None,
        _ => 3,
    };
    let known: Vec<&str> = known.into_iter().collect();
    let closest = known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&lower, &name.to_ascii_lowercase()), *name))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance);
    if let Some((_, name)) = closest {
        return Some(name.to_owned());
    }
    let mut longer = known.iter().filter(|name| lower.len() >= 3 && name.to_ascii_lowercase().starts_with(&lower));
    match (longer.next(), longer.next()) {
        (Some(only), None) => Some((*only).to_owned()),
        _ => None,
    }
}
