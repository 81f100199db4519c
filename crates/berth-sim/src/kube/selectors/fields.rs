//! Field selectors: `metadata.name=a,status.phase!=Running`.

use serde_json::Value;

use crate::kube::failure::{Failure, Outcome};
use crate::kube::kinds::{FieldKey, FieldText, Kind};

/// All terms must hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct FieldSelector {
    terms: Vec<Term>,
}

#[derive(Debug, Clone)]
struct Term {
    key: &'static FieldKey,
    value: String,
    equal: bool,
}

impl FieldSelector {
    /// An empty text selects everything.
    pub(crate) fn parse(kind: &'static Kind, text: &str) -> Outcome<FieldSelector> {
        let mut terms = Vec::new();
        for term in split(text).iter().filter(|term| !term.is_empty()) {
            let (name, value, equal) = parts(term).ok_or_else(|| {
                Failure::bad_request(format!("invalid selector: '{text}'; can't understand '{term}'"))
            })?;
            let key = kind.field_keys.iter().find(|key| key.key == name).ok_or_else(|| unknown(kind, name))?;
            terms.push(Term { key, value: unescape(value), equal });
        }
        Ok(FieldSelector { terms })
    }

    pub(crate) fn require_name(&mut self, kind: &'static Kind, name: &str) {
        if let Some(key) = kind.field_keys.iter().find(|key| key.key == "metadata.name") {
            self.terms.push(Term { key, value: name.to_owned(), equal: true });
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    pub(crate) fn selects(&self, object: &Value) -> bool {
        self.terms.iter().all(|term| (term.key.value(object) == term.value) == term.equal)
    }
}

fn unknown(kind: &Kind, name: &str) -> Box<Failure> {
    Failure::bad_request(match kind.field_text {
        FieldText::NotSupported => format!("field label not supported: {name}"),
        FieldText::NamesKnownKeys => {
            let keys: Vec<String> = kind.field_keys.iter().map(|key| format!("\"{}\"", key.key)).collect();
            format!("\"{name}\" is not a known field selector: only {}", keys.join(", "))
        }
    })
}

/// Splits at commas that no backslash protects.
fn split(text: &str) -> Vec<&str> {
    let (mut terms, mut start, mut escaped) = (Vec::new(), 0, false);
    for (index, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' => {
                terms.push(&text[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    terms.push(&text[start..]);
    terms
}

/// Name, value and whether they shall be equal.
fn parts(term: &str) -> Option<(&str, &str, bool)> {
    let at = term.find(['!', '='])?;
    let (name, rest) = term.split_at(at);
    [("!=", false), ("==", true), ("=", true)]
        .into_iter()
        .find_map(|(operator, equal)| rest.strip_prefix(operator).map(|value| (name, value, equal)))
}

fn unescape(value: &str) -> String {
    let (mut plain, mut escaped) = (String::new(), false);
    for letter in value.chars() {
        if letter == '\\' && !escaped {
            escaped = true;
        } else {
            plain.push(letter);
            escaped = false;
        }
    }
    plain
}
