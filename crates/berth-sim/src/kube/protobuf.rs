//! The protobuf form of the few objects kubectl sends in it, as JSON.
//!
//! The field numbers are those of the published `generated.proto` files of Kubernetes.

mod messages;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use messages::{ABOUT, Form, KINDS, Message};

/// The media type.
pub(crate) const MEDIA: &str = "application/vnd.kubernetes.protobuf";

const MAGIC: &[u8] = b"k8s\0";

/// Whether a body is in this form, whatever its header says.
pub(crate) fn is(body: &[u8]) -> bool {
    body.starts_with(MAGIC)
}

/// The object in a body with its `apiVersion` and `kind`; nothing when it is broken, of a kind that is not understood, or
/// has a field that is not: half an object would be worse than none.
pub(crate) fn decode(body: &[u8]) -> Option<Value> {
    let mut about = json!({});
    let mut raw: &[u8] = &[];
    let mut rest = body.strip_prefix(MAGIC)?;
    while !rest.is_empty() {
        let (number, content, after) = field(rest)?;
        match (number, content) {
            (1, Content::Bytes(bytes)) => about = message(bytes, ABOUT)?,
            (2, Content::Bytes(bytes)) => raw = bytes,
            _ => {}
        }
        rest = after;
    }
    let (_, form) = KINDS.iter().find(|(kind, _)| about["kind"] == *kind)?;
    let mut object = message(raw, form)?;
    object["apiVersion"] = about["apiVersion"].clone();
    object["kind"] = about["kind"].clone();
    Some(object)
}

/// What stands behind a field's tag.
enum Content<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The first field: its number, its content, and what follows.
fn field(bytes: &[u8]) -> Option<(u64, Content<'_>, &[u8])> {
    let (tag, rest) = varint(bytes)?;
    let (content, rest) = match tag & 7 {
        0 => {
            let (number, rest) = varint(rest)?;
            (Content::Number(number), rest)
        }
        1 => (Content::Bytes(rest.get(..8)?), rest.get(8..)?),
        2 => {
            let (length, rest) = varint(rest)?;
            let length = usize::try_from(length).ok()?;
            (Content::Bytes(rest.get(..length)?), rest.get(length..)?)
        }
        5 => (Content::Bytes(rest.get(..4)?), rest.get(4..)?),
        _ => return None,
    };
    Some((tag >> 3, content, rest))
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (index, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[index + 1..]));
        }
    }
    None
}

/// A message without its empty fields, as its JSON leaves them out.
fn message(bytes: &[u8], form: Message) -> Option<Value> {
    let mut fields = Map::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (number, content, after) = field(rest)?;
        rest = after;
        let Some((_, name, form)) = form.iter().find(|(own, _, _)| *own == number) else {
            match content {
                Content::Number(0) | Content::Bytes([]) => continue,
                _ => return None,
            }
        };
        add(&mut fields, name, *form, &content)?;
    }
    Some(Value::Object(fields))
}

fn add(fields: &mut Map<String, Value>, name: &str, form: Form, content: &Content<'_>) -> Option<()> {
    let value = match (form, content) {
        (Form::Number, Content::Number(number)) => json!(number.cast_signed()),
        (Form::Flag, Content::Number(number)) => json!(*number != 0),
        (Form::Text | Form::Texts, Content::Bytes(bytes)) => json!(std::str::from_utf8(bytes).ok()?),
        (Form::Message(inner) | Form::Messages(inner), Content::Bytes(bytes)) => message(bytes, inner)?,
        (Form::Map | Form::Bytes | Form::Quantities, Content::Bytes(bytes)) => {
            let (key, value) = entry(bytes, form)?;
            let map = fields.entry(name.to_owned()).or_insert_with(|| json!({}));
            map[key] = value;
            return Some(());
        }
        (Form::Ignored, _) => return Some(()),
        _ => return None,
    };
    let empty = value == "" || value.as_object().is_some_and(Map::is_empty);
    match form {
        Form::Texts | Form::Messages(_) => {
            let list = fields.entry(name.to_owned()).or_insert_with(|| json!([]));
            list.as_array_mut()?.push(value);
        }
        _ if empty => {}
        _ => {
            fields.insert(name.to_owned(), value);
        }
    }
    Some(())
}

/// One entry of a map.
fn entry(bytes: &[u8], form: Form) -> Option<(String, Value)> {
    let (mut key, mut value) = (String::new(), json!(""));
    let mut rest = bytes;
    while !rest.is_empty() {
        let (number, content, after) = field(rest)?;
        rest = after;
        match (number, content, form) {
            (1, Content::Bytes(bytes), _) => key = std::str::from_utf8(bytes).ok()?.to_owned(),
            (2, Content::Bytes(bytes), Form::Bytes) => value = json!(STANDARD.encode(bytes)),
            (2, Content::Bytes(bytes), Form::Quantities) => {
                let quantity = message(bytes, &[(1, "text", Form::Text)])?;
                value = quantity["text"].clone();
            }
            (2, Content::Bytes(bytes), _) => value = json!(std::str::from_utf8(bytes).ok()?),
            _ => return None,
        }
    }
    Some((key, value))
}

#[cfg(test)]
mod tests {
    use super::{decode, is};
    use serde_json::json;

    /// A field that holds bytes.
    fn nest(number: u8, content: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, u8::try_from(content.len()).unwrap()][..], content].concat()
    }

    #[test]
    fn a_namespace_is_read_with_its_labels() {
        let label = [nest(1, b"a"), nest(2, b"b")].concat();
        let metadata = [nest(1, b"ci"), nest(2, b""), nest(8, b""), nest(11, &label)].concat();
        let object = [nest(1, &metadata), nest(2, b""), nest(3, &nest(1, b""))].concat();
        let about = [nest(1, b"v1"), nest(2, b"Namespace")].concat();
        let body = [b"k8s\0".to_vec(), nest(1, &about), nest(2, &object), nest(3, b""), nest(4, b"")].concat();
        assert!(is(&body));
        let wanted = json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ci", "labels": {"a": "b"}},
        });
        assert_eq!(decode(&body), Some(wanted));
        assert_eq!(decode(&body[..body.len() - 6]), None, "a body that was cut short");
        assert_eq!(decode(b"{}"), None);
        let strange = [nest(1, &metadata), nest(9, b"more")].concat();
        let body = [b"k8s\0".to_vec(), nest(1, &about), nest(2, &strange)].concat();
        assert_eq!(decode(&body), None, "a field that is not understood");
    }
}
