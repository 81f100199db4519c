//! The `filter` of lists, in both of its languages: `labels.env = "x" AND name != "y"`, and `(name eq "x.*") (zone eq ".*")`.
//!
//! Source: the `filter` parameter in the API's reference. `eq` and `ne` match a regular expression against the whole value.

use regex_lite::Regex;
use serde_json::Value;

/// A filter that was understood.
#[derive(Debug)]
pub(crate) enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    Term { field: String, test: Test },
}

/// What a field is held against.
#[derive(Debug)]
pub(crate) enum Test {
    Is(String),
    Has(String),
    Matches(Regex),
}

impl Filter {
    /// Reads a filter; nothing when it is none.
    pub(crate) fn parse(text: &str) -> Option<Filter> {
        let words = words(text)?;
        let mut reader = Reader { words: &words, at: 0 };
        let filter = reader.any()?;
        (reader.at == words.len()).then_some(filter)
    }

    /// Whether a thing passes.
    pub(crate) fn passes(&self, thing: &Value) -> bool {
        match self {
            Filter::All(parts) => parts.iter().all(|part| part.passes(thing)),
            Filter::Any(parts) => parts.iter().any(|part| part.passes(thing)),
            Filter::Not(part) => !part.passes(thing),
            Filter::Term { field, test } => value(thing, field).is_some_and(|value| test.holds(value)),
        }
    }
}

impl Test {
    fn holds(&self, value: &Value) -> bool {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Array(all) => return all.iter().any(|one| self.holds(one)),
            other => other.to_string(),
        };
        match self {
            Test::Is(wanted) => text == *wanted || text.rsplit('/').next() == Some(wanted),
            Test::Has(wanted) => wanted == "*" || text.to_lowercase().contains(&wanted.to_lowercase()),
            Test::Matches(pattern) => pattern.is_match(&text),
        }
    }
}

fn value<'a>(thing: &'a Value, field: &str) -> Option<&'a Value> {
    // A label's key may hold dots for nobody: keys have none.
    field.split('.').try_fold(thing, |value, part| value.get(part))
}

#[derive(Debug, Clone, PartialEq)]
enum Word {
    Open,
    Close,
    Operator(&'static str),
    Text(String),
}

fn words(text: &str) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let operator = ["!=", "=", ":"].into_iter().find(|operator| rest.starts_with(operator));
        if let Some(operator) = operator {
            words.push(Word::Operator(operator));
            rest = &rest[operator.len()..];
        } else if first == '(' || first == ')' {
            words.push(if first == '(' { Word::Open } else { Word::Close });
            rest = &rest[1..];
        } else if first == '"' || first == '\'' {
            let end = rest[1..].find(first)?;
            words.push(Word::Text(rest[1..=end].to_owned()));
            rest = &rest[end + 2..];
        } else {
            let end = rest.find(|letter: char| letter.is_whitespace() || "()=:!\"".contains(letter));
            let end = end.unwrap_or(rest.len());
            if end == 0 {
                return None;
            }
            words.push(Word::Text(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    Some(words)
}

struct Reader<'a> {
    words: &'a [Word],
    at: usize,
}

impl Reader<'_> {
    fn take(&mut self, word: &Word) -> bool {
        let is = self.words.get(self.at) == Some(word);
        self.at += usize::from(is);
        is
    }

    fn says(&mut self, text: &str) -> bool {
        self.take(&Word::Text(text.to_owned()))
    }

    fn any(&mut self) -> Option<Filter> {
        let mut parts = vec![self.all()?];
        while self.says("OR") {
            parts.push(self.all()?);
        }
        Some(Filter::Any(parts))
    }

    fn all(&mut self) -> Option<Filter> {
        let mut parts = vec![self.one()?];
        loop {
            let ends = match self.words.get(self.at) {
                None | Some(Word::Close) => true,
                Some(Word::Text(text)) => text == "OR",
                Some(_) => false,
            };
            if ends {
                return Some(Filter::All(parts));
            }
            self.says("AND");
            parts.push(self.one()?);
        }
    }

    fn one(&mut self) -> Option<Filter> {
        if self.says("NOT") {
            return Some(Filter::Not(Box::new(self.one()?)));
        }
        if self.take(&Word::Open) {
            let inner = self.any()?;
            return self.take(&Word::Close).then_some(inner);
        }
        let field = self.text()?;
        let operator = match self.words.get(self.at)? {
            Word::Operator(operator) => (*operator).to_owned(),
            Word::Text(word) if word == "eq" || word == "ne" => word.clone(),
            _ => return None,
        };
        self.at += 1;
        let wanted = self.text()?;
        let test = match operator.as_str() {
            ":" => Test::Has(wanted),
            "eq" | "ne" => Test::Matches(Regex::new(&format!("^(?:{wanted})$")).ok()?),
            _ => Test::Is(wanted),
        };
        let term = Filter::Term { field, test };
        Some(if matches!(operator.as_str(), "!=" | "ne") { Filter::Not(Box::new(term)) } else { term })
    }

    fn text(&mut self) -> Option<String> {
        let Some(Word::Text(text)) = self.words.get(self.at) else { return None };
        self.at += 1;
        Some(text.clone())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn passes(filter: &str) -> bool {
        let thing = json!({"name": "pvc-1", "sizeGb": "20", "zone": "https://x/zones/us-central1-a", "labels": {"managed-by": "berth"}});
        Filter::parse(filter).unwrap().passes(&thing)
    }

    #[test]
    fn both_languages_are_read() {
        for held in [
            "labels.managed-by=berth",
            "labels.managed-by = \"berth\" AND name:pvc",
            "labels.managed-by:*",
            "(labels.managed-by eq \"be.*\") (name ne x)",
            "name = x OR sizeGb = 20",
            "zone = us-central1-a",
            "NOT name = x",
        ] {
            assert!(passes(held), "{held}");
        }
        for not in ["labels.managed-by=bert", "labels.team:*", "name eq pvc", "name != pvc-1", "name = x AND sizeGb=20"]
        {
            assert!(!passes(not), "{not}");
        }
        assert!(Filter::parse("name").is_none() && Filter::parse("(name=x").is_none());
    }
}
