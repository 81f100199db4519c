//! Roles, and how long it takes until the rest of AWS knows them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::serve::{arn, empty, few_enough, paged, tags_in, tags_out};
use crate::aws::failure::Failure;
use crate::aws::serve::{Asked, texts};
use crate::aws::state::{Role, fields, stamp};
use crate::lifecycle::after;
use crate::world::World;

/// Why a service cannot use a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RoleProblem {
    /// There is none, or it has not spread yet.
    Unknown,
    /// Its trust policy does not name the service.
    Untrusted,
}

/// The name in a role's ARN.
pub(crate) fn role_name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// Whether a service can assume a role: it exists, has spread, and trusts the service.
pub(crate) fn assumable(world: &World, arn: &str, service: &str, now: Timestamp) -> Result<(), RoleProblem> {
    let Some(role) = world.aws.roles.get(role_name(arn)).filter(|role| role.fields["Arn"] == arn) else {
        return Err(RoleProblem::Unknown);
    };
    if now < role.created + after("role", "requested", "assumable", "") {
        return Err(RoleProblem::Unknown);
    }
    let trust = role.fields["AssumeRolePolicyDocument"].as_str().map(decode).unwrap_or_default();
    if trust.contains(service) { Ok(()) } else { Err(RoleProblem::Untrusted) }
}

/// EKS's words for a cluster or association role that cannot be used.
pub(crate) fn unassumable(arn: &str) -> Failure {
    Failure::parameter(format!(
        "Role with arn: {arn}, could not be assumed because it does not exist or the trusted entity is not correct"
    ))
}

/// Trust policies are shown percent-encoded.
fn encode(document: &str) -> String {
    url::form_urlencoded::byte_serialize(document.as_bytes()).collect::<String>().replace('+', "%20")
}

fn decode(document: &str) -> String {
    let pairs = crate::wire::form(format!("d={document}").as_bytes());
    pairs.into_iter().next().map(|(_, text)| text).unwrap_or_default()
}

/// Finds the role a call is about.
pub(crate) fn find<'a>(world: &'a mut World, name: &str) -> Result<&'a mut Role, Failure> {
    let missing = || Failure::no_entity(format!("The role with name {name} cannot be found."));
    world.aws.roles.get_mut(name).ok_or_else(missing)
}

/// `CreateRole`.
pub(crate) fn create(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let name = asked.text("RoleName");
    let same = world.aws.roles.keys().any(|known| known.eq_ignore_ascii_case(name));
    if same {
        let text = format!("Role with name {name} already exists.");
        return Err(Failure::new(409, "EntityAlreadyExists", text));
    }
    let document = asked.text("AssumeRolePolicyDocument");
    let parsed: Value = serde_json::from_str(document)
        .map_err(|_error| Failure::bad("MalformedPolicyDocument", "This policy contains invalid Json"))?;
    let statements = match &parsed["Statement"] {
        Value::Array(all) => all.clone(),
        Value::Object(_) => vec![parsed["Statement"].clone()],
        _ => Vec::new(),
    };
    if statements.is_empty() || statements.iter().any(|one| one["Principal"].is_null()) {
        let text = "Syntax errors in policy: a statement has no principal.";
        return Err(Failure::bad("MalformedPolicyDocument", text));
    }
    let tags = tags_in(asked.input.get("Tags"));
    few_enough(&tags)?;
    let path = Some(asked.text("Path")).filter(|path| !path.is_empty()).unwrap_or("/");
    let role = make(world, path, name, document, tags, asked);
    Ok(json!({ "Role": role }))
}

fn make(
    world: &mut World,
    path: &str,
    name: &str,
    document: &str,
    tags: BTreeMap<String, String>,
    asked: &Asked<'_>,
) -> Value {
    let number = world.number();
    let mut shown = json!({
        "Path": path,
        "RoleName": name,
        "RoleId": format!("AROA{}", world.hex(&format!("role/{number}"), 17).to_uppercase()),
        "Arn": arn("role", path, name),
        "CreateDate": stamp(asked.now),
        "AssumeRolePolicyDocument": encode(document),
        "MaxSessionDuration": asked.number("MaxSessionDuration").unwrap_or(3600),
    });
    if !asked.text("Description").is_empty() {
        shown["Description"] = Value::from(asked.text("Description"));
    }
    let role = Role { fields: fields(shown), tags, attached: Vec::new(), inline: BTreeMap::new(), created: asked.now };
    let whole = show(&role);
    world.aws.roles.insert(name.to_owned(), role);
    whole
}

fn show(role: &Role) -> Value {
    let mut shown = Value::Object(role.fields.clone());
    if !role.tags.is_empty() {
        shown["Tags"] = tags_out(&role.tags);
    }
    shown
}

/// `CreateServiceLinkedRole`.
pub(crate) fn create_service_linked(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let service = asked.text("AWSServiceName");
    let known = [
        ("eks.amazonaws.com", "AWSServiceRoleForAmazonEKS"),
        ("eks-nodegroup.amazonaws.com", "AWSServiceRoleForAmazonEKSNodegroup"),
        ("autoscaling.amazonaws.com", "AWSServiceRoleForAutoScaling"),
        ("spot.amazonaws.com", "AWSServiceRoleForEC2Spot"),
    ];
    let Some((_, name)) = known.iter().find(|(known, _)| *known == service) else {
        return Err(Failure::bad("InvalidInput", format!("Service role name {service} is not valid.")));
    };
    if world.aws.roles.contains_key(*name) {
        let text = format!("Service role name {name} has been taken in this account, please try a different suffix.");
        return Err(Failure::bad("InvalidInput", text));
    }
    let path = format!("/aws-service-role/{service}/");
    let document = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": [service]}, "Action": ["sts:AssumeRole"]},
    ]});
    let role = make(world, &path, name, &document.to_string(), BTreeMap::new(), asked);
    Ok(json!({ "Role": role }))
}

/// `GetRole`.
pub(crate) fn get(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let role = find(world, asked.text("RoleName"))?;
    Ok(json!({ "Role": show(role) }))
}

/// `ListRoles`; a list has no tags.
pub(crate) fn list(world: &World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let prefix = asked.text("PathPrefix");
    let roles =
        world.aws.roles.values().filter(|role| role.fields["Path"].as_str().is_some_and(|p| p.starts_with(prefix)));
    paged(asked, "Roles", roles.map(|role| Value::Object(role.fields.clone())).collect())
}

/// `DeleteRole`: refused while anything hangs on the role.
pub(crate) fn delete(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let name = asked.text("RoleName");
    let held = world.aws.profiles.values().any(|profile| profile.roles.iter().any(|role| role == name));
    let role = find(world, name)?;
    let conflict = |text: &str| Err(Failure::new(409, "DeleteConflict", text));
    if !role.attached.is_empty() {
        return conflict("Cannot delete entity, must detach all policies first.");
    }
    if !role.inline.is_empty() {
        return conflict("Cannot delete entity, must delete policies first.");
    }
    if held {
        return conflict("Cannot delete entity, must remove roles from instance profile first.");
    }
    world.aws.roles.remove(name);
    Ok(empty())
}

/// `UpdateAssumeRolePolicy`.
pub(crate) fn update_trust(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let document = encode(asked.text("PolicyDocument"));
    let now = asked.now;
    let role = find(world, asked.text("RoleName"))?;
    role.fields.insert("AssumeRolePolicyDocument".to_owned(), Value::from(document));
    // A changed trust spreads as slowly as a new role.
    role.created = now;
    Ok(empty())
}

/// `TagRole`.
pub(crate) fn tag(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let role = find(world, asked.text("RoleName"))?;
    let mut tags = role.tags.clone();
    tags.extend(tags_in(asked.input.get("Tags")));
    few_enough(&tags)?;
    role.tags = tags;
    Ok(empty())
}

/// `UntagRole`.
pub(crate) fn untag(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let role = find(world, asked.text("RoleName"))?;
    for key in texts(asked.input.get("TagKeys")) {
        role.tags.remove(key);
    }
    Ok(empty())
}

/// `ListRoleTags`.
pub(crate) fn list_tags(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let tags = tags_out(&find(world, asked.text("RoleName"))?.tags);
    paged(asked, "Tags", tags.as_array().cloned().unwrap_or_default())
}
