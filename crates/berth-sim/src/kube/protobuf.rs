//! The protobuf form of the few objects kubectl sends in it, as JSON.
//!
//! The field numbers are those of the published `generated.proto` files of Kubernetes.

use serde_json::{Map, Value, json};

/// The media type.
pub(crate) const MEDIA: &str = "application/vnd.kubernetes.protobuf";

const MAGIC: &[u8] = b"k8s\0";

/// How the bytes of a field are read.
#[derive(Debug, Clone, Copy)]
enum Form {
    Text,
    Number,
    Flag,
    Texts,
    /// A map from text to text.
    Map,
    Message(Message),
    Messages(Message),
}

/// Number, name and form of each field; others are passed over.
type Message = &'static [(u64, &'static str, Form)];

const OWNER: Message = &[
    (1, "kind", Form::Text),
    (3, "name", Form::Text),
    (4, "uid", Form::Text),
    (5, "apiVersion", Form::Text),
    (6, "controller", Form::Flag),
    (7, "blockOwnerDeletion", Form::Flag),
];
const METADATA: Message = &[
    (1, "name", Form::Text),
    (2, "generateName", Form::Text),
    (3, "namespace", Form::Text),
    (5, "uid", Form::Text),
    (6, "resourceVersion", Form::Text),
    (11, "labels", Form::Map),
    (12, "annotations", Form::Map),
    (13, "ownerReferences", Form::Messages(OWNER)),
    (14, "finalizers", Form::Texts),
];
const DELETE_OPTIONS: Message = &[
    (1, "gracePeriodSeconds", Form::Number),
    (2, "preconditions", Form::Message(&[(1, "uid", Form::Text), (2, "resourceVersion", Form::Text)])),
    (3, "orphanDependents", Form::Flag),
    (4, "propagationPolicy", Form::Text),
    (5, "dryRun", Form::Texts),
];
const RESOURCE: Message = &[
    (1, "namespace", Form::Text),
    (2, "verb", Form::Text),
    (3, "group", Form::Text),
    (4, "version", Form::Text),
    (5, "resource", Form::Text),
    (6, "subresource", Form::Text),
    (7, "name", Form::Text),
];
const ACCESS: Message = &[
    (1, "resourceAttributes", Form::Message(RESOURCE)),
    (2, "nonResourceAttributes", Form::Message(&[(1, "path", Form::Text), (2, "verb", Form::Text)])),
];
const TOKEN: Message = &[(1, "audiences", Form::Texts), (4, "expirationSeconds", Form::Number)];
const BOUND_NODE: Message =
    &[(1, "kind", Form::Text), (2, "namespace", Form::Text), (3, "name", Form::Text), (5, "apiVersion", Form::Text)];

/// The kinds that are understood.
const KINDS: &[(&str, Message)] = &[
    (
        "Namespace",
        &[(1, "metadata", Form::Message(METADATA)), (2, "spec", Form::Message(&[(1, "finalizers", Form::Texts)]))],
    ),
    ("SelfSubjectReview", &[(1, "metadata", Form::Message(METADATA))]),
    ("SelfSubjectAccessReview", &[(1, "metadata", Form::Message(METADATA)), (2, "spec", Form::Message(ACCESS))]),
    (
        "SelfSubjectRulesReview",
        &[(1, "metadata", Form::Message(METADATA)), (2, "spec", Form::Message(&[(1, "namespace", Form::Text)]))],
    ),
    ("TokenRequest", &[(1, "metadata", Form::Message(METADATA)), (2, "spec", Form::Message(TOKEN))]),
    ("DeleteOptions", DELETE_OPTIONS),
    ("Eviction", &[(1, "metadata", Form::Message(METADATA)), (2, "deleteOptions", Form::Message(DELETE_OPTIONS))]),
    ("Binding", &[(1, "metadata", Form::Message(METADATA)), (2, "target", Form::Message(BOUND_NODE))]),
];

/// Whether a body is in this form, whatever its header says.
pub(crate) fn is(body: &[u8]) -> bool {
    body.starts_with(MAGIC)
}

/// The object in a body with its `apiVersion` and `kind`; nothing when it is broken or of a kind kubectl does not send.
pub(crate) fn decode(body: &[u8]) -> Option<Value> {
    const TYPE: Message = &[(1, "apiVersion", Form::Text), (2, "kind", Form::Text)];
    let mut about = json!({});
    let mut raw: &[u8] = &[];
    let mut rest = body.strip_prefix(MAGIC)?;
    while !rest.is_empty() {
        let (number, content, after) = field(rest)?;
        match (number, content) {
            (1, Content::Bytes(bytes)) => about = message(bytes, TYPE)?,
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
        let Some((_, name, form)) = form.iter().find(|(own, _, _)| *own == number) else { continue };
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
        (Form::Map, Content::Bytes(bytes)) => {
            let entry = message(bytes, &[(1, "key", Form::Text), (2, "value", Form::Text)])?;
            let key = entry["key"].as_str().unwrap_or_default().to_owned();
            let map = fields.entry(name.to_owned()).or_insert_with(|| json!({}));
            map[key] = json!(entry["value"].as_str().unwrap_or_default());
            return Some(());
        }
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
    }
}
