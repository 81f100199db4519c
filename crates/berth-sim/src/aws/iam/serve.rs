//! Which part of IAM answers a call.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{policies, profiles, providers, roles};
use crate::aws::failure::Failure;
use crate::aws::places::{ACCOUNT, USER, caller_arn};
use crate::aws::serve::{Asked, page};
use crate::world::World;

/// Answers an IAM call.
pub(crate) fn serve(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    match asked.action {
        "CreateRole" => roles::create(world, asked),
        "CreateServiceLinkedRole" => roles::create_service_linked(world, asked),
        "GetRole" => roles::get(world, asked),
        "ListRoles" => roles::list(world, asked),
        "DeleteRole" => roles::delete(world, asked),
        "UpdateAssumeRolePolicy" => roles::update_trust(world, asked),
        "TagRole" => roles::tag(world, asked),
        "UntagRole" => roles::untag(world, asked),
        "ListRoleTags" => roles::list_tags(world, asked),
        "AttachRolePolicy" => policies::attach(world, asked),
        "DetachRolePolicy" => policies::detach(world, asked),
        "ListAttachedRolePolicies" => policies::list_attached(world, asked),
        "PutRolePolicy" => policies::put(world, asked),
        "GetRolePolicy" => policies::get(world, asked),
        "DeleteRolePolicy" => policies::delete(world, asked),
        "ListRolePolicies" => policies::list(world, asked),
        "GetPolicy" => policies::describe(asked),
        "CreateInstanceProfile" => profiles::create(world, asked),
        "GetInstanceProfile" => profiles::get(world, asked),
        "DeleteInstanceProfile" => profiles::delete(world, asked),
        "AddRoleToInstanceProfile" => profiles::add_role(world, asked),
        "RemoveRoleFromInstanceProfile" => profiles::remove_role(world, asked),
        "ListInstanceProfiles" | "ListInstanceProfilesForRole" => profiles::list(world, asked),
        "CreateOpenIDConnectProvider" => providers::create(world, asked),
        "GetOpenIDConnectProvider" => providers::get(world, asked),
        "DeleteOpenIDConnectProvider" => providers::delete(world, asked),
        "ListOpenIDConnectProviders" => Ok(providers::list(world)),
        "TagOpenIDConnectProvider" => providers::tag(world, asked),
        "UntagOpenIDConnectProvider" => providers::untag(world, asked),
        "ListOpenIDConnectProviderTags" => providers::list_tags(world, asked),
        "GetUser" => Ok(json!({"User": {
            "Path": "/", "UserName": USER, "UserId": "AIDABERTHSIMULATOR00", "Arn": caller_arn(),
            "CreateDate": "2026-01-01T00:00:00Z",
        }})),
        _ => Err(Failure::bad("InvalidAction", format!("the simulated IAM does not serve {}", asked.action))),
    }
}

/// The answer of an operation without an output.
pub(crate) fn empty() -> Value {
    Value::Object(Map::new())
}

/// Tags as requests give them.
pub(crate) fn tags_in(value: Option<&Value>) -> BTreeMap<String, String> {
    let tags = value.and_then(Value::as_array).into_iter().flatten();
    let text = |tag: &Value, member: &str| tag[member].as_str().unwrap_or_default().to_owned();
    tags.map(|tag| (text(tag, "Key"), text(tag, "Value"))).collect()
}

/// Tags as IAM shows them.
pub(crate) fn tags_out(tags: &BTreeMap<String, String>) -> Value {
    tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}

/// A page of a list under a name, with IAM's way of going on.
pub(crate) fn paged(asked: &Asked<'_>, name: &str, items: Vec<Value>) -> Result<Value, Failure> {
    let size = asked.number("MaxItems").or(Some(100));
    let Some((items, next)) = page(items, size, asked.text("Marker")) else {
        return Err(Failure::bad("ValidationError", "The specified value for marker is invalid."));
    };
    let mut answer = json!({name: items, "IsTruncated": next.is_some()});
    if let Some(next) = next {
        answer["Marker"] = Value::from(next);
    }
    Ok(answer)
}

/// Refuses more tags than a resource can carry.
pub(crate) fn few_enough(tags: &BTreeMap<String, String>) -> Result<(), Failure> {
    if tags.len() > 50 {
        return Err(Failure::new(409, "LimitExceeded", "Cannot exceed quota for TagsPerResource: 50"));
    }
    if tags.keys().any(|key| key.to_ascii_lowercase().starts_with("aws:")) {
        return Err(Failure::bad("InvalidInput", "Tag keys must not begin with aws:"));
    }
    Ok(())
}

/// An ARN of this account's IAM.
pub(crate) fn arn(kind: &str, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:{kind}{path}{name}")
}
