//! Policies on roles.

use serde_json::{Value, json};

use super::roles::find;
use super::serve::{empty, paged};
use crate::aws::failure::Failure;
use crate::aws::serve::Asked;
use crate::world::World;

/// The policies of AWS that clusters use; others in the account are not made here.
const KNOWN: &[&str] = &[
    "AmazonEKSClusterPolicy",
    "AmazonEKSVPCResourceController",
    "AmazonEKSServicePolicy",
    "AmazonEKSWorkerNodePolicy",
    "AmazonEKSWorkerNodeMinimalPolicy",
    "AmazonEKS_CNI_Policy",
    "AmazonEC2ContainerRegistryReadOnly",
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonSSMManagedInstanceCore",
    "CloudWatchAgentServerPolicy",
    "service-role/AmazonEBSCSIDriverPolicy",
    "service-role/AmazonEBSCSIDriverPolicyV2",
    "service-role/AmazonEFSCSIDriverPolicy",
];

fn known(arn: &str) -> Result<&str, Failure> {
    let name = arn.strip_prefix("arn:aws:iam::aws:policy/").filter(|name| KNOWN.contains(name));
    name.ok_or_else(|| Failure::no_entity(format!("Policy {arn} does not exist or is not attachable.")))
}

/// `AttachRolePolicy`; attaching twice changes nothing.
pub(crate) fn attach(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let arn = asked.text("PolicyArn");
    let role = find(world, asked.text("RoleName"))?;
    known(arn)?;
    if !role.attached.iter().any(|one| one == arn) {
        if role.attached.len() >= 10 {
            return Err(Failure::new(409, "LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10"));
        }
        role.attached.push(arn.to_owned());
    }
    Ok(empty())
}

/// `DetachRolePolicy`.
pub(crate) fn detach(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let arn = asked.text("PolicyArn");
    let role = find(world, asked.text("RoleName"))?;
    let before = role.attached.len();
    role.attached.retain(|one| one != arn);
    if role.attached.len() == before {
        return Err(Failure::no_entity(format!("Policy {arn} was not found.")));
    }
    Ok(empty())
}

/// `ListAttachedRolePolicies`.
pub(crate) fn list_attached(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let role = find(world, asked.text("RoleName"))?;
    let name = |arn: &String| arn.rsplit('/').next().unwrap_or_default().to_owned();
    let items = role.attached.iter().map(|arn| json!({"PolicyName": name(arn), "PolicyArn": arn}));
    paged(asked, "AttachedPolicies", items.collect())
}

/// `PutRolePolicy`.
pub(crate) fn put(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let role = find(world, asked.text("RoleName"))?;
    let document = asked.text("PolicyDocument").to_owned();
    if serde_json::from_str::<Value>(&document).is_err() {
        return Err(Failure::bad("MalformedPolicyDocument", "Syntax errors in policy."));
    }
    role.inline.insert(asked.text("PolicyName").to_owned(), document);
    Ok(empty())
}

fn no_inline(name: &str) -> Failure {
    Failure::no_entity(format!("The role policy with name {name} cannot be found."))
}

/// `GetRolePolicy`.
pub(crate) fn get(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let name = asked.text("PolicyName");
    let role = find(world, asked.text("RoleName"))?;
    let document = role.inline.get(name).ok_or_else(|| no_inline(name))?;
    let encoded: String = url::form_urlencoded::byte_serialize(document.as_bytes()).collect();
    let encoded = encoded.replace('+', "%20");
    Ok(json!({"RoleName": asked.text("RoleName"), "PolicyName": name, "PolicyDocument": encoded}))
}

/// `DeleteRolePolicy`.
pub(crate) fn delete(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let name = asked.text("PolicyName");
    let role = find(world, asked.text("RoleName"))?;
    role.inline.remove(name).ok_or_else(|| no_inline(name))?;
    Ok(empty())
}

/// `ListRolePolicies`.
pub(crate) fn list(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let role = find(world, asked.text("RoleName"))?;
    paged(asked, "PolicyNames", role.inline.keys().map(|name| Value::from(name.as_str())).collect())
}

/// `GetPolicy`.
pub(crate) fn describe(asked: &Asked<'_>) -> Result<Value, Failure> {
    let arn = asked.text("PolicyArn");
    let name = known(arn)?.rsplit('/').next().unwrap_or_default();
    Ok(json!({"Policy": {
        "PolicyName": name, "Arn": arn, "DefaultVersionId": "v1", "IsAttachable": true, "Path": "/",
    }}))
}
