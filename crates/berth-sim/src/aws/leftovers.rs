//! What exists on AWS that somebody made or caused: everything but what an empty account has.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::state::{Aws, Group, Thing, text};

/// EC2's kinds by the front of their ids, each with the member that names a thing where its tag `Name` does not.
const KINDS: &[(&str, &str, &str)] = &[
    ("vpc-", "vpc", ""),
    ("subnet-", "subnet", ""),
    ("igw-", "internet-gateway", ""),
    ("nat-", "nat-gateway", ""),
    ("eipalloc-", "address", ""),
    ("rtb-", "route-table", ""),
    ("sg-", "security-group", "groupName"),
    ("eni-", "network-interface", "description"),
    ("i-", "instance", ""),
    ("vol-", "volume", ""),
    ("lt-", "launch-template", "launchTemplateName"),
];

/// Everything that is left, in the order of its kinds.
pub(crate) fn leftovers(aws: &Aws) -> Vec<Value> {
    let mut left = Vec::new();
    for cluster in aws.clusters.values() {
        left.push(entry("cluster", cluster.arn(), cluster.name(), &cluster.fields["tags"]));
        for (name, group) in &cluster.groups {
            left.push(entry("node-group", text(&group.fields, "nodegroupArn"), name, &group.fields["tags"]));
            left.extend(scaling_group(group));
        }
    }
    for (front, kind, named) in KINDS {
        let all = aws.things.iter().filter(|(id, thing)| id.starts_with(front) && is_left(thing));
        left.extend(all.map(|(id, thing)| {
            let name = thing.tags.get("Name").map_or(thing.text(named), String::as_str);
            entry(kind, id, name, &tags(&thing.tags))
        }));
    }
    for (key, balancer) in &aws.balancers {
        left.push(entry("load-balancer", key, balancer.text("LoadBalancerName"), &tags(&balancer.tags)));
    }
    for (arn, target) in &aws.targets {
        left.push(entry("target-group", arn, target.text("TargetGroupName"), &tags(&target.tags)));
    }
    for group in aws.logs.values() {
        left.push(entry("log-group", group.text("logGroupArn"), group.text("logGroupName"), &tags(&group.tags)));
    }
    for (name, role) in &aws.roles {
        if !text(&role.fields, "Path").starts_with("/aws-service-role/") {
            left.push(entry("role", text(&role.fields, "Arn"), name, &tags(&role.tags)));
        }
    }
    for (name, profile) in &aws.profiles {
        left.push(entry("instance-profile", text(&profile.fields, "Arn"), name, &json!({})));
    }
    for (arn, provider) in &aws.providers {
        let listed = provider.get("Tags").and_then(Value::as_array).into_iter().flatten();
        let part = |tag: &Value, member: &str| tag[member].as_str().unwrap_or_default().to_owned();
        let given: BTreeMap<String, String> = listed.map(|tag| (part(tag, "Key"), part(tag, "Value"))).collect();
        left.push(entry("oidc-provider", arn, text(provider, "Url"), &tags(&given)));
    }
    left
}

/// The Auto Scaling group of a node group, once it exists.
fn scaling_group(group: &Group) -> Option<Value> {
    group.fields["resources"].get("autoScalingGroups")?;
    Some(entry("auto-scaling-group", &group.scaling_group, &group.scaling_group, &tags(&group.scaling_tags)))
}

/// Whether a thing is more than a record of what was, and does not come and go with its VPC.
fn is_left(thing: &Thing) -> bool {
    let main = thing.fields.get("associationSet").is_some_and(|all| all[0]["main"] == true);
    let ended = thing.fields.get("instanceState").is_some_and(|state| state["name"] == "terminated");
    !main && !ended && thing.text("state") != "deleted" && thing.text("groupName") != "default"
}

fn tags(tags: &BTreeMap<String, String>) -> Value {
    json!(tags)
}

fn entry(kind: &str, id: &str, name: &str, tags: &Value) -> Value {
    json!({"cloud": "aws", "kind": kind, "id": id, "name": name, "tags": tags})
}
