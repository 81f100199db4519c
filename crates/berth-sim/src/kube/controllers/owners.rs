//! Who controls what: owner references, templates and their hashes, selectors.

use serde_json::{Value, json};

use crate::kube::kinds::{self, Kind};
use crate::kube::store::Store;
use crate::lifecycle::digest;

/// The reference to the controller of an object.
pub(crate) fn controller(object: &Value) -> Option<&Value> {
    object["metadata"]["ownerReferences"].as_array()?.iter().find(|owner| owner["controller"] == true)
}

/// The reference with which an object marks what it makes as its own.
pub(crate) fn reference(kind: &Kind, owner: &Value) -> Value {
    json!({
        "apiVersion": kind.api_version(), "kind": kind.kind, "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true,
    })
}

/// The objects of a kind in the owner's namespace that it controls.
pub(crate) fn owned(store: &Store, plural: &str, owner: &Value) -> Vec<Value> {
    let Some(kind) = kinds::by_plural(plural) else { return Vec::new() };
    let namespace = owner["metadata"]["namespace"].as_str().unwrap_or_default();
    let uid = &owner["metadata"]["uid"];
    let all = store.in_namespace(kind, namespace).into_iter();
    all.filter(|object| controller(object).is_some_and(|own| own["uid"] == *uid)).cloned().collect()
}

/// The key of a namespaced object.
pub(crate) fn key_of(object: &Value) -> String {
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
    format!("{}/{}", text("namespace"), text("name"))
}

/// The name of an object.
pub(crate) fn name_of(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

/// Whether an object was told to go.
pub(crate) fn leaving(object: &Value) -> bool {
    object["metadata"]["deletionTimestamp"].is_string()
}

/// Letters for a template, the same for the same template however its fields are ordered.
pub(crate) fn hash(template: &Value) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut text = String::new();
    ordered(template, &mut text);
    let number = digest(&text) & 0xffff_ffff;
    number.to_string().bytes().map(|digit| char::from(LETTERS[usize::from(digit) % LETTERS.len()])).collect()
}

/// A value as text with its fields in order and without those that are null.
fn ordered(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<(&String, &Value)> = fields.iter().filter(|(_, value)| !value.is_null()).collect();
            fields.sort_by_key(|(name, _)| *name);
            text.push('{');
            for (name, value) in fields {
                text.push_str(name);
                text.push(':');
                ordered(value, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for item in items {
                ordered(item, text);
                text.push(',');
            }
            text.push(']');
        }
        other => text.push_str(&other.to_string()),
    }
}

/// Whether a label selector of an object, as in `spec.selector`, selects labels. An empty one selects all.
pub(crate) fn selects(selector: &Value, labels: &Value) -> bool {
    let equal =
        selector["matchLabels"].as_object().is_none_or(|all| all.iter().all(|(key, value)| labels[key] == *value));
    let expressions = selector["matchExpressions"].as_array();
    equal && expressions.is_none_or(|all| all.iter().all(|one| requirement_holds(one, labels)))
}

/// Whether one requirement, `{key, operator, values}`, holds for labels.
pub(crate) fn requirement_holds(requirement: &Value, labels: &Value) -> bool {
    let label = requirement["key"].as_str().and_then(|key| labels[key].as_str());
    let listed = |label: &str| requirement["values"].as_array().into_iter().flatten().any(|value| value == label);
    let bound = || requirement["values"][0].as_str().and_then(|text| text.parse::<i64>().ok());
    let number = || label.and_then(|text| text.parse::<i64>().ok());
    match requirement["operator"].as_str() {
        Some("In") => label.is_some_and(listed),
        Some("NotIn") => label.is_none_or(|label| !listed(label)),
        Some("Exists") => label.is_some(),
        Some("DoesNotExist") => label.is_none(),
        Some("Gt") => number().zip(bound()).is_some_and(|(number, bound)| number > bound),
        Some("Lt") => number().zip(bound()).is_some_and(|(number, bound)| number < bound),
        _ => false,
    }
}

/// A whole number, or a percentage of one that is rounded up or down.
pub(crate) fn share(value: &Value, of: i64, round_up: bool) -> Option<i64> {
    if let Some(number) = value.as_i64() {
        return Some(number);
    }
    let percent: i64 = value.as_str()?.strip_suffix('%')?.parse().ok()?;
    let product = percent.saturating_mul(of);
    Some(if round_up { (product + 99).div_euclid(100) } else { product.div_euclid(100) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{hash, selects, share};

    #[test]
    fn a_hash_does_not_depend_on_the_order_of_fields() {
        let one = serde_json::from_str("{\"a\":1,\"b\":[true,null],\"c\":null}").unwrap();
        let other = serde_json::from_str("{\"b\":[true,null],\"a\":1}").unwrap();
        assert_eq!(hash(&one), hash(&other));
        assert_ne!(hash(&one), hash(&json!({"a": 2})));
    }

    #[test]
    fn selectors_and_shares() {
        let selector = json!({
            "matchLabels": {"app": "web"}, "matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["db"]}],
        });
        assert!(selects(&selector, &json!({"app": "web"})));
        assert!(!selects(&selector, &json!({"app": "web", "tier": "db"})));
        assert_eq!((share(&json!("25%"), 2, true), share(&json!("25%"), 2, false)), (Some(1), Some(0)));
        assert_eq!(share(&json!(3), 2, false), Some(3));
    }
}
