//! Node groups: made, shown, listed, deleted.

use serde_json::{Map, Value, json};

use super::group_checks::check;
use super::serve::{active, cluster, copy, made_before, paged, remember, spoil};
use crate::aws::ec2;
use crate::aws::failure::Failure;
use crate::aws::iam::{instance_profile, role_name};
use crate::aws::places::ACCOUNT;
use crate::aws::serve::Asked;
use crate::aws::state::{Entry, Group, Happening, Spoil, fields, seconds};
use crate::world::{Step, World};

/// The node group a call is about.
pub(crate) fn find<'a>(world: &'a mut World, asked: &Asked<'_>) -> Result<&'a mut Group, Failure> {
    let (name, group) = (asked.text("name"), asked.text("nodegroupName"));
    let text = format!("No node group found for name: {group}.");
    let missing = || Failure::missing(text).with("clusterName", name).with("nodegroupName", group);
    cluster(world, asked)?.groups.get_mut(group).ok_or_else(missing)
}

/// `CreateNodegroup`.
pub(crate) fn create(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let (name, group) = (asked.text("name"), asked.text("nodegroupName"));
    let cluster = active(world, asked)?;
    let uid = cluster.uid.clone();
    let version = cluster.fields["version"].as_str().unwrap_or_default().to_owned();
    let is_there = cluster.groups.contains_key(group);
    if let Some(answer) = made_before(world, asked)? {
        return if is_there { describe(world, asked) } else { Ok(answer) };
    }
    if is_there {
        let failure = Failure::in_use(format!("NodeGroup already exists with name {group} and cluster name {name}"));
        return Err(failure.with("clusterName", name).with("nodegroupName", group));
    }
    check(world, asked, &version)?;
    let number = world.number();
    let digits = world.hex(&format!("nodegroup/{number}"), 32);
    let id = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-");
    let shown = shown(world, asked, &version, &id);
    let entry = super::access::entry(asked, asked.text("nodeRole"), "EC2_LINUX");
    ec2::make_template_for_group(world, asked, &id);
    instance_profile(world, &format!("eks-{id}"), vec![role_name(asked.text("nodeRole")).to_owned()], asked.now);
    let made = Group {
        fields: shown,
        since: asked.now,
        scaling_group: format!("eks-{group}-{id}"),
        scaling_tags: scaling_tags(name, group),
        activities: Vec::new(),
        spoil: spoil(asked),
        machines: Vec::new(),
    };
    let cluster = active(world, asked)?;
    cluster
        .entries
        .entry(asked.text("nodeRole").to_owned())
        .or_insert_with(|| Entry { fields: entry, policies: Default::default() });
    cluster.groups.insert(group.to_owned(), made);
    world.plan(asked.now, Step::Aws(Happening::Group(uid, group.to_owned())));
    let answer = describe(world, asked)?;
    remember(world, asked, &answer);
    Ok(answer)
}

/// The tags EKS puts on the Auto Scaling group, the autoscaler's among them.
fn scaling_tags(cluster: &str, group: &str) -> std::collections::BTreeMap<String, String> {
    [
        ("eks:cluster-name".to_owned(), cluster.to_owned()),
        ("eks:nodegroup-name".to_owned(), group.to_owned()),
        (format!("k8s.io/cluster-autoscaler/{cluster}"), "owned".to_owned()),
        ("k8s.io/cluster-autoscaler/enabled".to_owned(), "true".to_owned()),
        (format!("kubernetes.io/cluster/{cluster}"), "owned".to_owned()),
    ]
    .into()
}

fn shown(world: &World, asked: &Asked<'_>, version: &str, id: &str) -> Map<String, Value> {
    let (name, group) = (asked.text("name"), asked.text("nodegroupName"));
    let template = asked.input.get("launchTemplate");
    let given = |member: &str, default: Value| asked.input.get(member).cloned().unwrap_or(default);
    let mut shown = fields(json!({
        "nodegroupName": group,
        "nodegroupArn": format!("arn:aws:eks:{}:{ACCOUNT}:nodegroup/{name}/{group}/{id}", asked.region),
        "clusterName": name,
        "version": version,
        "releaseVersion": format!("{version}.1-20260714"),
        "createdAt": seconds(asked.now),
        "modifiedAt": seconds(asked.now),
        "status": "CREATING",
        "capacityType": given("capacityType", json!("ON_DEMAND")),
        "scalingConfig": given("scalingConfig", json!({"minSize": 1, "maxSize": 2, "desiredSize": 2})),
        "subnets": given("subnets", json!([])),
        "amiType": given("amiType", json!("AL2023_x86_64_STANDARD")),
        "nodeRole": asked.text("nodeRole"),
        "resources": {},
        "health": {"issues": []},
        "updateConfig": given("updateConfig", json!({"maxUnavailable": 1})),
        "tags": given("tags", json!({})),
    }));
    copy(asked, &["labels", "taints", "nodeRepairConfig", "warmPoolConfig", "instanceTypes"], &mut shown);
    match template {
        Some(template) => {
            let text = |member: &str| template.get(member).and_then(Value::as_str).unwrap_or_default();
            let which = if text("id").is_empty() { text("name") } else { text("id") };
            if let Some(named) = ec2::template_named(world, asked.region, which, text("version")) {
                shown.insert("launchTemplate".to_owned(), named);
            }
        }
        None => {
            shown.entry("instanceTypes").or_insert_with(|| json!(["t3.medium"]));
            shown.insert("diskSize".to_owned(), given("diskSize", json!(20)));
        }
    }
    shown
}

/// `DescribeNodegroup`.
pub(crate) fn describe(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    find(world, asked).map(|group| json!({ "nodegroup": group.fields }))
}

/// `ListNodegroups`.
pub(crate) fn list(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let names = cluster(world, asked)?.groups.keys().map(|name| Value::from(name.as_str())).collect();
    paged(asked, "nodegroups", names)
}

/// `DeleteNodegroup`.
pub(crate) fn delete(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let name = asked.text("nodegroupName").to_owned();
    let spoil = spoil(asked);
    let cluster = cluster(world, asked)?;
    let uid = cluster.uid.clone();
    let group = find(world, asked)?;
    if group.status() == "UPDATING" {
        let text = format!("Nodegroup {name} cannot be deleted as it is currently being updated");
        return Err(Failure::in_use(text).with("nodegroupName", name));
    }
    if group.status() != "DELETING" {
        group.spoil = spoil.or(group.spoil.take().filter(|spoil| matches!(spoil, Spoil::Interfaces(_))));
        group.turn("DELETING", asked.now);
        *group.issues() = json!([]);
        let shown = group.fields.clone();
        world.plan(asked.now, Step::Aws(Happening::Group(uid, name)));
        return Ok(json!({ "nodegroup": shown }));
    }
    Ok(json!({ "nodegroup": group.fields }))
}
