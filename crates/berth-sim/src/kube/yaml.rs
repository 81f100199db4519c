//! JSON values as the YAML the server writes: sorted keys, lists at the indent of their key.

use std::fmt::Write;

use serde_json::Value;

/// A document with a line end.
pub(crate) fn text(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(fields) if !fields.is_empty() => object(&mut out, fields, 0, false),
        Value::Array(items) if !items.is_empty() => array(&mut out, items, 0),
        scalar_value => {
            out.push_str(&scalar(scalar_value));
            out.push('\n');
        }
    }
    out
}

fn object(out: &mut String, fields: &serde_json::Map<String, Value>, indent: usize, started: bool) {
    let mut names: Vec<&String> = fields.keys().collect();
    names.sort();
    for (index, name) in names.into_iter().enumerate() {
        if index > 0 || !started {
            let _ = write!(out, "{:indent$}", "");
        }
        out.push_str(&plain_or_quoted(name));
        out.push(':');
        match &fields[name.as_str()] {
            Value::Object(inner) if !inner.is_empty() => {
                out.push('\n');
                object(out, inner, indent + 2, false);
            }
            Value::Array(items) if !items.is_empty() => {
                out.push('\n');
                array(out, items, indent);
            }
            other => {
                let _ = writeln!(out, " {}", scalar(other));
            }
        }
    }
}

fn array(out: &mut String, items: &[Value], indent: usize) {
    for item in items {
        let _ = write!(out, "{:indent$}- ", "");
        match item {
            Value::Object(inner) if !inner.is_empty() => object(out, inner, indent + 2, true),
            other => {
                let _ = writeln!(out, "{}", scalar(other));
            }
        }
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => plain_or_quoted(text),
        other => other.to_string(),
    }
}

/// Quotes whatever could be read as something else than this string; JSON's quoting is YAML's.
fn plain_or_quoted(text: &str) -> String {
    let first_is_safe = text.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '/');
    let rest_is_safe = text.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_./ ".contains(letter));
    let word = matches!(
        text.to_ascii_lowercase().as_str(),
        "true" | "false" | "yes" | "no" | "on" | "off" | "null" | "y" | "n"
    );
    if first_is_safe && rest_is_safe && !word && !text.ends_with(' ') {
        text.to_owned()
    } else {
        Value::String(text.to_owned()).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::text;
    use serde_json::json;

    #[test]
    fn nested_values_keep_their_types() {
        let value = json!({"b": "1", "a": [{"x": 1, "y": {}}], "c": {"d": true, "e": "yes"}});
        assert_eq!(text(&value), "a:\n- x: 1\n  \"y\": {}\nb: \"1\"\nc:\n  d: true\n  e: \"yes\"\n");
    }
}
