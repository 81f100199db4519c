//! When an answer is as recorded: the comparison rules of the recordings.

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde_json::{Map, Value, json};

/// The answers so far, by step name.
pub(crate) type Answers = BTreeMap<String, Value>;

/// An answer in the form it is compared in.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Map<String, Value>,
    pub(crate) body: Value,
}

/// Replaces `${step.path}` and `${step#/pointer}` in every string, keys too; what leads nowhere becomes `missing`.
pub(crate) fn resolve(value: &Value, answers: &Answers) -> Value {
    match value {
        Value::String(text) => Value::String(resolve_text(text, answers)),
        Value::Array(items) => items.iter().map(|item| resolve(item, answers)).collect(),
        Value::Object(fields) => Value::Object(
            fields.iter().map(|(name, value)| (resolve_text(name, answers), resolve(value, answers))).collect(),
        ),
        other => other.clone(),
    }
}

pub(crate) fn resolve_text(text: &str, answers: &Answers) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let Some(length) = rest[start..].find('}') else { break };
        out.push_str(&rest[..start]);
        let name = &rest[start + 2..start + length];
        let shown = match look_up(name, answers) {
            Some(Value::String(found)) => found,
            Some(other) => other.to_string(),
            None => format!("<{name} leads nowhere>"),
        };
        out.push_str(&shown);
        rest = &rest[start + length + 1..];
    }
    out + rest
}

fn look_up(name: &str, answers: &Answers) -> Option<Value> {
    let end = name.find(['.', '#']).unwrap_or(name.len());
    let (step, path) = name.split_at(end);
    let pointer = match path.strip_prefix('#') {
        Some(pointer) => pointer.to_owned(),
        None => {
            path.split('.').skip(1).map(|part| format!("/{}", part.replace('~', "~0").replace('/', "~1"))).collect()
        }
    };
    answers.get(step)?.pointer(&pointer).cloned()
}

/// Everything in which an answer differs from the recorded one.
pub(crate) fn differences(step: &Value, answer: &Answer, answers: &Answers) -> Vec<String> {
    let expected = &step["response"];
    if expected["status"] != answer.status {
        return vec![format!("status {} instead of {}: {}", answer.status, expected["status"], brief(&answer.body))];
    }
    let mut found = Vec::new();
    for (name, value) in expected["headers"].as_object().into_iter().flatten() {
        if answer.headers.get(name) != Some(value) {
            found.push(format!("header {name}: {:?} instead of {value}", answer.headers.get(name)));
        }
    }
    for pointer in strings(&step["absent"]) {
        if answer.body.pointer(pointer).is_some() {
            found.push(format!("{pointer} should be absent"));
        }
    }
    let whole_is_volatile = expected["body"].is_string() && strings(&step["volatile"]).any(|entry| entry.is_empty());
    if !whole_is_volatile {
        Comparison { step, answers }.compare(&expected["body"], &answer.body, &mut Vec::new(), &mut found);
    }
    for relation in step["relations"].as_array().into_iter().flatten() {
        let left = answer.body.pointer(relation["left"].as_str().unwrap_or_default()).cloned().unwrap_or_default();
        let right = resolve(&relation["right"], answers);
        if (left == right) != (relation["op"] == "eq") {
            found.push(format!("relation {relation} does not hold: {left}, {right}"));
        }
    }
    found
}

fn brief(value: &Value) -> String {
    value.to_string().chars().take(300).collect()
}

fn strings(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

struct Comparison<'a> {
    step: &'a Value,
    answers: &'a Answers,
}

impl Comparison<'_> {
    fn volatile(&self, path: &[String]) -> bool {
        !path.is_empty()
            && strings(&self.step["volatile"]).any(|entry| match entry.strip_prefix('/') {
                Some(_) => matches(entry, path),
                None => path.last().is_some_and(|last| last == entry),
            })
    }

    fn compare(&self, expected: &Value, found: &Value, path: &mut Vec<String>, out: &mut Vec<String>) {
        if self.volatile(path) {
            return;
        }
        let here = pointer(path);
        for (pattern, expression) in self.step["patterns"].as_object().into_iter().flatten() {
            if matches(pattern, path) {
                let expression = Regex::new(expression.as_str().unwrap()).unwrap();
                if !found.as_str().is_some_and(|text| expression.is_match(text)) {
                    out.push(format!("{here}: {found} does not match {expression}"));
                }
                return;
            }
        }
        match (expected, found) {
            (Value::Object(fields), Value::Object(_)) => self.compare_fields(fields, found, path, out),
            (Value::Array(items), Value::Array(others)) => self.compare_items(items, others, path, out),
            (Value::Object(_) | Value::Array(_), _) => {
                out.push(format!("{here}: {} instead of {}", brief(found), brief(expected)))
            }
            _ => {
                let expected = resolve(expected, self.answers);
                let same_text = expected
                    .as_str()
                    .is_some_and(|text| !found.is_string() && !found.is_null() && text == format!("{found}"));
                let same_number = expected.is_number() && expected.as_f64() == found.as_f64();
                if expected != *found && !same_text && !same_number {
                    out.push(format!("{here}: {} instead of {}", brief(found), brief(&expected)));
                }
            }
        }
    }

    fn compare_fields(
        &self,
        fields: &Map<String, Value>,
        found: &Value,
        path: &mut Vec<String>,
        out: &mut Vec<String>,
    ) {
        for (name, expected) in fields {
            let name = resolve_text(name, self.answers);
            path.push(name.clone());
            match found.get(&name) {
                Some(value) => self.compare(expected, value, path, out),
                None if self.volatile(path) => {}
                None => out.push(format!("{}: missing", pointer(path))),
            }
            path.pop();
        }
    }

    fn compare_items(&self, items: &[Value], others: &[Value], path: &mut Vec<String>, out: &mut Vec<String>) {
        let here = pointer(path);
        let keys =
            path.last().and_then(|last| self.step["keyed"].get(last)).filter(|_| items.iter().all(Value::is_object));
        let unordered =
            strings(&self.step["unordered"]).any(|entry| entry == here) || self.step["subset_items"] == here.as_str();
        if keys.is_none() && !unordered && items.len() != others.len() {
            out.push(format!("{here}: {} elements instead of {}", others.len(), items.len()));
        }
        for (index, item) in items.iter().enumerate() {
            path.push(index.to_string());
            let candidates: Vec<&Value> = match keys {
                Some(keys) => others
                    .iter()
                    .filter(|other| {
                        strings(keys).all(|key| {
                            let wanted = resolve(&at(item, key), self.answers);
                            at(other, key) == wanted
                        })
                    })
                    .collect(),
                None if unordered => others.iter().collect(),
                None => others.get(index).into_iter().collect(),
            };
            let best = candidates
                .into_iter()
                .map(|candidate| {
                    let mut out = Vec::new();
                    self.compare(item, candidate, path, &mut out);
                    out
                })
                .min_by_key(Vec::len);
            match best {
                Some(best) => out.extend(best),
                None if keys.is_some() || unordered => {
                    out.push(format!("{}: no such element: {}", pointer(path), brief(item)))
                }
                None => {}
            }
            path.pop();
        }
    }
}

/// The value of a dotted field.
fn at(value: &Value, dotted: &str) -> Value {
    dotted.split('.').try_fold(value, |value, part| value.get(part)).cloned().unwrap_or(json!(null))
}

fn pointer(path: &[String]) -> String {
    path.iter().map(|part| format!("/{}", part.replace('~', "~0").replace('/', "~1"))).collect()
}

fn matches(pattern: &str, path: &[String]) -> bool {
    let parts: Vec<String> =
        pattern.trim_start_matches('/').split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
    parts.len() == path.len() && parts.iter().zip(path).all(|(part, step)| part == "*" || part == step)
}
