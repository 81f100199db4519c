//! Instance profiles.

use serde_json::{Value, json};

use super::roles::find as find_role;
use super::serve::{arn, empty, paged};
use crate::aws::failure::Failure;
use crate::aws::serve::Asked;
use crate::aws::state::{Profile, fields, stamp};
use crate::world::World;

fn find<'a>(world: &'a mut World, name: &str) -> Result<&'a mut Profile, Failure> {
    let missing = || Failure::no_entity(format!("Instance Profile {name} cannot be found."));
    world.aws.profiles.get_mut(name).ok_or_else(missing)
}

fn show(world: &World, profile: &Profile) -> Value {
    let roles = profile.roles.iter().filter_map(|name| world.aws.roles.get(name));
    let mut shown = Value::Object(profile.fields.clone());
    shown["Roles"] = roles.map(|role| Value::Object(role.fields.clone())).collect();
    shown
}

/// Makes a profile, as EKS does for a node group.
pub(crate) fn instance_profile(world: &mut World, name: &str, roles: Vec<String>, now: jiff::Timestamp) {
    let id = format!("AIPA{}", world.hex(&format!("profile/{name}"), 17).to_uppercase());
    let shown = json!({
        "Path": "/", "InstanceProfileName": name, "InstanceProfileId": id,
        "Arn": arn("instance-profile", "/", name), "CreateDate": stamp(now),
    });
    world.aws.profiles.insert(name.to_owned(), Profile { fields: fields(shown), roles });
}

/// `CreateInstanceProfile`.
pub(crate) fn create(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let name = asked.text("InstanceProfileName");
    if world.aws.profiles.contains_key(name) {
        let text = format!("Instance Profile {name} already exists.");
        return Err(Failure::new(409, "EntityAlreadyExists", text));
    }
    instance_profile(world, name, Vec::new(), asked.now);
    get(world, asked)
}

/// `GetInstanceProfile`.
pub(crate) fn get(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let profile = find(world, asked.text("InstanceProfileName"))?.clone();
    Ok(json!({ "InstanceProfile": show(world, &profile) }))
}

/// `DeleteInstanceProfile`.
pub(crate) fn delete(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let name = asked.text("InstanceProfileName");
    if !find(world, name)?.roles.is_empty() {
        let text = "Cannot delete entity, must remove roles from instance profile first.";
        return Err(Failure::new(409, "DeleteConflict", text));
    }
    world.aws.profiles.remove(name);
    Ok(empty())
}

/// `AddRoleToInstanceProfile`.
pub(crate) fn add_role(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let role = asked.text("RoleName");
    find_role(world, role)?;
    let profile = find(world, asked.text("InstanceProfileName"))?;
    if !profile.roles.is_empty() {
        let text = "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1";
        return Err(Failure::new(409, "LimitExceeded", text));
    }
    profile.roles.push(role.to_owned());
    Ok(empty())
}

/// `RemoveRoleFromInstanceProfile`.
pub(crate) fn remove_role(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let role = asked.text("RoleName");
    find(world, asked.text("InstanceProfileName"))?.roles.retain(|one| one != role);
    Ok(empty())
}

/// `ListInstanceProfiles` and `ListInstanceProfilesForRole`.
pub(crate) fn list(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let role = asked.text("RoleName");
    if !role.is_empty() {
        find_role(world, role)?;
    }
    let profiles = world.aws.profiles.values();
    let profiles = profiles.filter(|profile| role.is_empty() || profile.roles.iter().any(|one| one == role));
    paged(asked, "InstanceProfiles", profiles.map(|profile| show(world, profile)).collect())
}
