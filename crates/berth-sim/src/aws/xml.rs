//! Answers as XML. The shape is the JSON's: members become elements, and the items of lists elements of one name.

use std::fmt::Write;

use serde_json::Value;

/// Writes the members of an object as elements; items of lists are called `item`.
pub(crate) fn members(out: &mut String, value: &Value, item: &str) {
    let Some(object) = value.as_object() else { return };
    for (name, member) in object {
        element(out, name, member, item);
    }
}

/// Writes one element; nothing for a null.
pub(crate) fn element(out: &mut String, name: &str, value: &Value, item: &str) {
    // Writing to a string cannot fail.
    let _open = match value {
        Value::Null => return,
        Value::Array(items) if items.is_empty() => write!(out, "<{name}/>"),
        Value::Array(items) => {
            let _start = write!(out, "<{name}>");
            for one in items {
                element(out, item, one, item);
            }
            write!(out, "</{name}>")
        }
        Value::Object(_) => {
            let _start = write!(out, "<{name}>");
            members(out, value, item);
            write!(out, "</{name}>")
        }
        Value::String(text) => write!(out, "<{name}>{}</{name}>", escape(text)),
        other => write!(out, "<{name}>{other}</{name}>"),
    };
}

/// A text with what XML reserves written out.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#xD;"),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn objects_lists_and_scalars_become_elements() {
        let mut out = String::new();
        let value = json!({"a": "x<y&\"z\"", "b": [{"c": 1}, {"c": true}], "d": [], "e": null});
        super::members(&mut out, &value, "item");
        assert_eq!(out, "<a>x&lt;y&amp;&quot;z&quot;</a><b><item><c>1</c></item><item><c>true</c></item></b><d/>");
    }
}
