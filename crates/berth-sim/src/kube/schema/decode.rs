//! Types a decoder refuses, in the words of Go's JSON package.

use serde_json::Value;

use super::prune::below;
use super::shape::Type;
use crate::kube::decode::type_name;

/// Refuses a value of the wrong type; `owner` is the Go type of the object.
pub(crate) fn check(found: &Type, value: &Value, owner: &str) -> Result<(), String> {
    walk(found, value, owner, "")
}

fn walk(found: &Type, value: &Value, owner: &str, place: &str) -> Result<(), String> {
    if value.is_null() {
        return Ok(());
    }
    let fits = match found {
        Type::Text | Type::Bytes => value.is_string(),
        Type::Whole(_) => value.is_i64() || value.is_u64(),
        Type::Number => value.is_number(),
        Type::Flag => value.is_boolean(),
        Type::List { .. } => value.is_array(),
        Type::Map { .. } | Type::Named(_) => value.is_object(),
        // These say so in words of their own, or take everything.
        Type::Quantity | Type::IntOrText | Type::Any | Type::Inline(_) => true,
    };
    if !fits {
        let shown = match value {
            Value::Number(number) => format!("number {number}"),
            other => type_name(other).to_owned(),
        };
        let shown = if matches!(found, Type::Whole(_)) { shown } else { type_name(value).to_owned() };
        return Err(format!(
            "json: cannot unmarshal {shown} into Go struct field {owner}.{place} of type {}",
            found.go()
        ));
    }
    match value {
        Value::Object(fields) => {
            let inner = match found {
                Type::Named(name) => name,
                _ => owner,
            };
            fields.iter().try_for_each(|(name, value)| {
                let place = if matches!(found, Type::Map { .. }) { place.to_owned() } else { below(place, name) };
                walk(found.field(name), value, inner, &place)
            })
        }
        Value::Array(items) => items.iter().try_for_each(|item| walk(found.item(), item, owner, place)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::kube::schema::root;
    use serde_json::json;

    #[test]
    fn a_wrong_type_is_named_with_its_place() {
        let object = json!({"spec": {"replicas": "two"}});
        let why = check(root("Deployment"), &object, "Deployment").unwrap_err();
        let wanted = "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32";
        assert_eq!(why, wanted);
        assert!(check(root("Deployment"), &json!({"spec": {"replicas": null, "paused": true}}), "Deployment").is_ok());
    }
}
