//! EKS: which resource each operation is about, and what it takes of other services.
//!
//! What others need: roles are passed, the roles of the services are made at their first use, tags in a creating call take
//! `eks:TagResource`, and a node group with a launch template takes what launching machines takes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::aws::{Wanted, ask, linked_role, map_of, pass_role};
use super::document::Ask;
use super::ec2;
use crate::aws::{ACCOUNT, EksCluster};

/// Operations about no resource.
const ABOUT_NONE: &[&str] =
    &["CreateCluster", "ListClusters", "DescribeClusterVersions", "DescribeAddonVersions", "ListAccessPolicies"];

/// Everything an EKS call asks for.
pub(super) fn asks(wanted: &Wanted<'_>) -> Vec<Ask> {
    let action = format!("eks:{}", wanted.action);
    let given = map_of(wanted.input.get("tags"));
    if matches!(wanted.action, "TagResource" | "UntagResource" | "ListTagsForResource") {
        return tagging(wanted, &action, &given);
    }
    let mut asks = vec![if ABOUT_NONE.contains(&wanted.action) {
        ask(&action, "*".to_owned()).giving(&given)
    } else {
        about(wanted, &action).giving(&given)
    }];
    asks.extend(of_others(wanted));
    if let Some(kind) = made(wanted.action).filter(|_| !given.is_empty()) {
        let name = wanted.text("name");
        let arn = if kind == "cluster" { format!("cluster/{name}") } else { format!("{kind}/{name}/*") };
        asks.push(ask("eks:TagResource", wanted.arn("eks", &arn)).giving(&given));
    }
    asks
}

/// What an operation makes that can have tags.
fn made(action: &str) -> Option<&'static str> {
    Some(match action {
        "CreateCluster" => "cluster",
        "CreateNodegroup" => "nodegroup",
        "CreateAddon" => "addon",
        "CreateAccessEntry" => "access-entry",
        "CreatePodIdentityAssociation" => "podidentityassociation",
        _ => return None,
    })
}

fn cluster<'a>(wanted: &Wanted<'a>) -> Option<&'a EksCluster> {
    wanted.world.aws.clusters.get(&format!("{}/{}", wanted.region, wanted.text("name")))
}

/// The resource of an operation with its tags. What is not there has the name it would have, and no tags.
fn about(wanted: &Wanted<'_>, action: &str) -> Ask {
    let name = wanted.text("name");
    let fields = cluster(wanted).and_then(|cluster| part(wanted, cluster));
    let (kind, member) = kind(wanted.action);
    match fields {
        Some(fields) => {
            let arn = fields.get(member).and_then(Value::as_str).unwrap_or("*");
            ask(action, arn.to_owned()).tagged(&map_of(fields.get("tags")), "eks")
        }
        None if kind == "cluster" => ask(action, wanted.arn("eks", &format!("cluster/{name}"))),
        None => ask(action, wanted.arn("eks", &format!("{kind}/{name}/*"))),
    }
}

/// The kind of resource an operation is about, and the member with its ARN.
fn kind(action: &str) -> (&'static str, &'static str) {
    match action {
        "DescribeNodegroup" | "DeleteNodegroup" | "UpdateNodegroupConfig" => ("nodegroup", "nodegroupArn"),
        "DescribeAddon" | "DeleteAddon" | "UpdateAddon" => ("addon", "addonArn"),
        "DescribePodIdentityAssociation" | "DeletePodIdentityAssociation" => {
            ("podidentityassociation", "associationArn")
        }
        "DescribeAccessEntry"
        | "DeleteAccessEntry"
        | "AssociateAccessPolicy"
        | "DisassociateAccessPolicy"
        | "ListAssociatedAccessPolicies" => ("access-entry", "accessEntryArn"),
        _ => ("cluster", "arn"),
    }
}

/// The members of what an operation is about.
fn part<'a>(wanted: &Wanted<'_>, cluster: &'a EksCluster) -> Option<&'a serde_json::Map<String, Value>> {
    match kind(wanted.action).0 {
        "nodegroup" => cluster.groups.get(wanted.text("nodegroupName")).map(|group| &group.fields),
        "addon" => cluster.addons.get(wanted.text("addonName")).map(|addon| &addon.fields),
        "podidentityassociation" => cluster.identities.get(wanted.text("associationId")),
        "access-entry" => cluster.entries.get(wanted.text("principalArn")).map(|entry| &entry.fields),
        _ => Some(&cluster.fields),
    }
}

/// What a call takes of IAM and EC2.
fn of_others(wanted: &Wanted<'_>) -> Vec<Ask> {
    const GROUPS: &str = "eks-nodegroup.amazonaws.com";
    const GROUPS_ROLE: &str = "AWSServiceRoleForAmazonEKSNodegroup";
    match wanted.action {
        "CreateCluster" => {
            let role = pass_role(wanted.text("roleArn"), "eks.amazonaws.com");
            vec![role, linked_role("eks.amazonaws.com", "AWSServiceRoleForAmazonEKS")]
        }
        "CreateNodegroup" => {
            let arn = format!("arn:aws:iam::{ACCOUNT}:role/aws-service-role/{GROUPS}/{GROUPS_ROLE}");
            let mut asks = vec![
                pass_role(wanted.text("nodeRole"), "ec2.amazonaws.com"),
                ask("iam:GetRole", arn),
                linked_role(GROUPS, GROUPS_ROLE),
            ];
            if let Some(template) = template(wanted) {
                let subnets = wanted.input.get("subnets").and_then(Value::as_array).into_iter().flatten();
                let subnets: Vec<String> = subnets.filter_map(Value::as_str).map(str::to_owned).collect();
                asks.extend(ec2::launching(wanted, &template, &subnets));
            }
            asks
        }
        "CreatePodIdentityAssociation" => vec![pass_role(wanted.text("roleArn"), "pods.eks.amazonaws.com")],
        "CreateAddon" | "UpdateAddon" => {
            let identities = wanted.input.get("podIdentityAssociations").and_then(Value::as_array);
            let roles = identities.into_iter().flatten().filter_map(|one| one["roleArn"].as_str());
            roles.map(|role| pass_role(role, "pods.eks.amazonaws.com")).collect()
        }
        _ => Vec::new(),
    }
}

/// The id of a node group's launch template.
fn template(wanted: &Wanted<'_>) -> Option<String> {
    let given = wanted.input.get("launchTemplate")?;
    if let Some(id) = given["id"].as_str() {
        return Some(id.to_owned());
    }
    let name = given["name"].as_str()?;
    let mut all = wanted.world.aws.kind("lt-", wanted.region);
    all.find(|(_, thing)| thing.text("launchTemplateName") == name).map(|(id, _)| id.clone())
}

fn tagging(wanted: &Wanted<'_>, action: &str, given: &BTreeMap<String, String>) -> Vec<Ask> {
    let arn = wanted.text("resourceArn");
    let clusters = || wanted.world.aws.clusters.values();
    let groups = clusters().flat_map(|cluster| cluster.groups.values()).map(|group| (&group.fields, "nodegroupArn"));
    let mut all = clusters().map(|cluster| (&cluster.fields, "arn")).chain(groups);
    let found = all.find(|(fields, member)| fields.get(*member).and_then(Value::as_str) == Some(arn));
    let tags = found.map(|(fields, _)| map_of(fields.get("tags"))).unwrap_or_default();
    let mut wish = ask(action, arn.to_owned()).tagged(&tags, "eks").giving(given);
    let keys = wanted.input.get("tagKeys").and_then(Value::as_array).into_iter().flatten();
    let keys: Vec<String> = keys.filter_map(Value::as_str).map(str::to_owned).collect();
    if !keys.is_empty() {
        wish.keys.insert("aws:TagKeys".to_owned(), keys);
    }
    vec![wish]
}
