//! Access entries and the policies associated with them.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::serve::{active, cluster, paged};
use crate::aws::failure::Failure;
use crate::aws::places::ACCOUNT;
use crate::aws::serve::Asked;
use crate::aws::state::{Cluster, Entry, fields, seconds};
use crate::lifecycle::digest;
use crate::world::World;

const POLICIES: &[&str] = &[
    "AmazonEKSAdminPolicy",
    "AmazonEKSAdminViewPolicy",
    "AmazonEKSClusterAdminPolicy",
    "AmazonEKSEditPolicy",
    "AmazonEKSViewPolicy",
];

fn policy_arn(name: &str) -> String {
    format!("arn:aws:eks::aws:cluster-access-policy/{name}")
}

/// The policy that makes somebody an administrator.
pub(crate) fn admin_policy_arn() -> String {
    policy_arn("AmazonEKSClusterAdminPolicy")
}

/// The association that makes somebody an administrator.
pub(crate) fn admin_policy(now: Timestamp) -> (String, Value) {
    let arn = admin_policy_arn();
    let scope = json!({"type": "cluster", "namespaces": []});
    let shown = json!({
        "policyArn": arn, "accessScope": scope, "associatedAt": seconds(now), "modifiedAt": seconds(now),
    });
    (arn, shown)
}

/// An entry as it is shown.
pub(crate) fn entry(asked: &Asked<'_>, principal: &str, kind: &str) -> Map<String, Value> {
    let (region, name) = (asked.region, asked.text("name"));
    let kind_name = if principal.contains(":role/") { "role" } else { "user" };
    let short = principal.rsplit('/').next().unwrap_or_default();
    let id = format!("{:016x}", digest(&format!("{name}/{principal}")));
    let user = match asked.text("username") {
        "" if kind.starts_with("EC2") => "system:node:{{EC2PrivateDNSName}}".to_owned(),
        "" if kind_name == "role" => format!("arn:aws:sts::{ACCOUNT}:assumed-role/{short}/{{{{SessionName}}}}"),
        "" => principal.to_owned(),
        given => given.to_owned(),
    };
    let groups = if kind.starts_with("EC2") { vec!["system:nodes"] } else { asked.texts("kubernetesGroups") };
    fields(json!({
        "clusterName": name,
        "principalArn": principal,
        "kubernetesGroups": groups,
        "accessEntryArn": format!("arn:aws:eks:{region}:{ACCOUNT}:access-entry/{name}/{kind_name}/{ACCOUNT}/{short}/{id}"),
        "createdAt": seconds(asked.now),
        "modifiedAt": seconds(asked.now),
        "tags": asked.input.get("tags").cloned().unwrap_or_else(|| json!({})),
        "username": user,
        "type": kind,
    }))
}

/// Access entries need an authentication mode with the API in it.
fn with_entries<'a>(world: &'a mut World, asked: &Asked<'_>) -> Result<&'a mut Cluster, Failure> {
    let cluster = active(world, asked)?;
    if cluster.fields["accessConfig"]["authenticationMode"] == "CONFIG_MAP" {
        let text = "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.";
        return Err(Failure::request(text).with("clusterName", asked.text("name")));
    }
    Ok(cluster)
}

fn find<'a>(world: &'a mut World, asked: &Asked<'_>) -> Result<&'a mut Entry, Failure> {
    let arn = asked.text("principalArn");
    let text = format!(
        "The specified principalArn could not be found. You can view your available access entries with 'list-access-entries'. ({arn})"
    );
    with_entries(world, asked)?.entries.get_mut(arn).ok_or_else(|| Failure::missing(text))
}

/// `CreateAccessEntry`.
pub(crate) fn create(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let arn = asked.text("principalArn");
    let kind = if asked.text("type").is_empty() { "STANDARD" } else { asked.text("type") };
    let known = ["STANDARD", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "EC2", "HYBRID_LINUX", "HYPERPOD_LINUX"];
    if !known.contains(&kind) {
        return Err(Failure::parameter(format!("Invalid access entry type: {kind}")));
    }
    if !arn.starts_with("arn:aws:iam::") || !(arn.contains(":role/") || arn.contains(":user/")) {
        return Err(Failure::parameter("The principalArn parameter format is not valid"));
    }
    if kind != "STANDARD" && !asked.texts("kubernetesGroups").is_empty() {
        return Err(Failure::parameter(format!("kubernetesGroups cannot be set for an access entry of type {kind}")));
    }
    if asked.texts("kubernetesGroups").iter().any(|group| group.starts_with("system:")) {
        return Err(Failure::parameter("The kubernetes group name must not start with system:"));
    }
    let entry = entry(asked, arn, kind);
    let cluster = with_entries(world, asked)?;
    if cluster.entries.contains_key(arn) {
        let text = "The specified access entry resource is already in use on this cluster.";
        return Err(Failure::in_use(text).with("clusterName", asked.text("name")));
    }
    cluster.entries.insert(arn.to_owned(), Entry { fields: entry.clone(), policies: Default::default() });
    Ok(json!({ "accessEntry": entry }))
}

/// `DescribeAccessEntry`.
pub(crate) fn describe(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    find(world, asked).map(|entry| json!({ "accessEntry": entry.fields }))
}

/// `ListAccessEntries`.
pub(crate) fn list(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let policy = asked.text("associatedPolicyArn").to_owned();
    let entries = cluster(world, asked)?.entries.iter();
    let entries = entries.filter(|(_, entry)| policy.is_empty() || entry.policies.contains_key(&policy));
    let arns = entries.map(|(arn, _)| Value::from(arn.as_str())).collect();
    paged(asked, "accessEntries", arns)
}

/// `DeleteAccessEntry`.
pub(crate) fn delete(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    find(world, asked)?;
    cluster(world, asked)?.entries.remove(asked.text("principalArn"));
    Ok(json!({}))
}

/// `AssociateAccessPolicy`.
pub(crate) fn associate(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let policy = asked.text("policyArn");
    let scope = asked.input.get("accessScope").cloned().unwrap_or_default();
    if !POLICIES.iter().any(|name| policy_arn(name) == policy) {
        return Err(Failure::parameter("The policyArn parameter format is not valid"));
    }
    if scope["type"] == "namespace" && scope["namespaces"].as_array().is_none_or(Vec::is_empty) {
        return Err(Failure::parameter("namespaces must be given for an access scope of type namespace"));
    }
    let entry = find(world, asked)?;
    if entry.fields["type"] != "STANDARD" {
        return Err(Failure::request("Access policies can only be associated with access entries of type STANDARD"));
    }
    let shown = json!({
        "policyArn": policy,
        "accessScope": {"type": scope["type"], "namespaces": scope.get("namespaces").cloned().unwrap_or(json!([]))},
        "associatedAt": seconds(asked.now),
        "modifiedAt": seconds(asked.now),
    });
    entry.policies.insert(policy.to_owned(), shown.clone());
    Ok(json!({
        "clusterName": asked.text("name"), "principalArn": asked.text("principalArn"), "associatedAccessPolicy": shown,
    }))
}

/// `DisassociateAccessPolicy`.
pub(crate) fn disassociate(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let policy = asked.text("policyArn");
    let removed = find(world, asked)?.policies.remove(policy);
    removed.map(|_| json!({})).ok_or_else(|| Failure::missing("The specified policyArn could not be found."))
}

/// `ListAssociatedAccessPolicies`.
pub(crate) fn list_associated(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let policies = find(world, asked)?.policies.values().cloned().collect();
    let mut answer = paged(asked, "associatedAccessPolicies", policies)?;
    answer["clusterName"] = Value::from(asked.text("name"));
    answer["principalArn"] = Value::from(asked.text("principalArn"));
    Ok(answer)
}

/// `ListAccessPolicies`.
pub(crate) fn list_policies(asked: &Asked<'_>) -> Result<Value, Failure> {
    let items = POLICIES.iter().map(|name| json!({"name": name, "arn": policy_arn(name)})).collect();
    paged(asked, "accessPolicies", items)
}
