//! The Auto Scaling groups behind node groups.

use serde_json::{Value, json};

use super::failure::Failure;
use super::serve::{Asked, page, texts};
use super::state::{Cluster, Group};
use crate::world::World;

/// Answers an Auto Scaling call.
pub(crate) fn serve(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    match asked.action {
        "DescribeAutoScalingGroups" => describe_groups(world, asked),
        "CreateOrUpdateTags" => change_tags(world, asked, true),
        "DeleteTags" => change_tags(world, asked, false),
        "DescribeTags" => describe_tags(world, asked),
        "DescribeScalingActivities" => describe_activities(world, asked),
        _ => Err(Failure::bad("InvalidAction", format!("{} is not served", asked.action))),
    }
}

/// The groups of a region that exist: EKS shows their names once they do.
fn groups<'a>(world: &'a World, region: &'a str) -> impl Iterator<Item = (&'a Cluster, &'a Group)> {
    let clusters = world.aws.clusters.values().filter(move |cluster| cluster.region == region);
    let all = clusters.flat_map(|cluster| cluster.groups.values().map(move |group| (cluster, group)));
    all.filter(|(_, group)| group.fields["resources"].get("autoScalingGroups").is_some())
}

fn paged(asked: &Asked<'_>, name: &str, items: Vec<Value>) -> Result<Value, Failure> {
    let invalid = || Failure::bad("InvalidNextToken", "The NextToken value is not valid.");
    let size = asked.number("MaxRecords").or(Some(50));
    let (items, next) = page(items, size, asked.text("NextToken")).ok_or_else(invalid)?;
    Ok(json!({name: items, "NextToken": next}))
}

fn tags_of(group: &Group) -> Vec<Value> {
    let tags = group.scaling_tags.iter().map(|(key, value)| {
        json!({
            "ResourceId": group.scaling_group, "ResourceType": "auto-scaling-group", "Key": key, "Value": value,
            "PropagateAtLaunch": key.starts_with("eks:") || key.starts_with("kubernetes.io/cluster/"),
        })
    });
    tags.collect()
}

fn describe_groups(world: &World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let names = asked.texts("AutoScalingGroupNames");
    let filters = asked.input.get("Filters").and_then(Value::as_array).cloned().unwrap_or_default();
    let fits = |group: &Group| {
        filters.iter().all(|filter| {
            let name = filter["Name"].as_str().unwrap_or_default();
            let values = texts(filter.get("Values"));
            let mut tags = group.scaling_tags.iter();
            match (name, name.strip_prefix("tag:")) {
                ("tag-key", _) => tags.any(|(key, _)| values.contains(&key.as_str())),
                ("tag-value", _) => tags.any(|(_, value)| values.contains(&value.as_str())),
                (_, Some(key)) => group.scaling_tags.get(key).is_some_and(|value| values.contains(&value.as_str())),
                _ => false,
            }
        })
    };
    let all = groups(world, asked.region)
        .filter(|(_, group)| names.is_empty() || names.contains(&group.scaling_group.as_str()));
    let items = all.filter(|(_, group)| fits(group)).map(|(cluster, group)| shown(world, cluster, group)).collect();
    paged(asked, "AutoScalingGroups", items)
}

fn shown(world: &World, cluster: &Cluster, group: &Group) -> Value {
    let machines: Vec<Value> = group
        .machines
        .iter()
        .map(|machine| {
            json!({
                "InstanceId": machine.id, "InstanceType": machine.instance_type, "AvailabilityZone": machine.zone,
                "LifecycleState": "InService", "HealthStatus": "Healthy", "ProtectedFromScaleIn": false,
            })
        })
        .collect();
    let subnets = texts(group.fields.get("subnets"));
    let mut zones: Vec<&str> = subnets
        .iter()
        .filter_map(|id| world.aws.things.get(*id))
        .map(|subnet| subnet.text("availabilityZone"))
        .collect();
    zones.sort_unstable();
    zones.dedup();
    json!({
        "AutoScalingGroupName": group.scaling_group,
        "AutoScalingGroupARN": format!("arn:aws:autoscaling:{}:{}:autoScalingGroup:*:autoScalingGroupName/{}",
            cluster.region, super::places::ACCOUNT, group.scaling_group),
        "MinSize": group.size("minSize"),
        "MaxSize": group.size("maxSize"),
        "DesiredCapacity": group.size("desiredSize"),
        "DefaultCooldown": 300,
        "AvailabilityZones": zones,
        "HealthCheckType": "EC2",
        "HealthCheckGracePeriod": 15,
        "CapacityRebalance": group.is_spot(),
        "CreatedTime": super::state::stamp(group.since),
        "Instances": machines,
        "VPCZoneIdentifier": subnets.join(","),
        "Tags": tags_of(group),
        "Status": if group.status() == "DELETING" { Value::from("Delete in progress") } else { Value::Null },
    })
}

fn change_tags(world: &mut World, asked: &Asked<'_>, add: bool) -> Result<Value, Failure> {
    let tags = asked.input.get("Tags").and_then(Value::as_array).cloned().unwrap_or_default();
    if tags.len() > 25 {
        return Err(Failure::bad("ValidationError", "At most 25 tags can be given in one call."));
    }
    for tag in &tags {
        let part = |member: &str| tag[member].as_str().unwrap_or_default().to_owned();
        let name = part("ResourceId");
        let all = world.aws.clusters.values_mut().filter(|cluster| cluster.region == asked.region);
        let group = all.flat_map(|cluster| cluster.groups.values_mut()).find(|group| group.scaling_group == name);
        let Some(group) = group else {
            let text = format!("AutoScalingGroup name not found - null: {name} not found");
            return Err(Failure::bad("ValidationError", text));
        };
        if !add {
            group.scaling_tags.remove(&part("Key"));
            continue;
        }
        group.scaling_tags.insert(part("Key"), part("Value"));
        if group.scaling_tags.len() > 50 {
            group.scaling_tags.remove(&part("Key"));
            return Err(Failure::bad("LimitExceeded", "A group cannot have more than 50 tags."));
        }
    }
    Ok(json!({}))
}

fn describe_tags(world: &World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let filters = asked.input.get("Filters").and_then(Value::as_array).cloned().unwrap_or_default();
    let member = |name: &str| match name {
        "auto-scaling-group" => "ResourceId",
        "key" => "Key",
        _ => "Value",
    };
    let fits = |tag: &Value| {
        filters.iter().all(|filter| {
            let values = texts(filter.get("Values"));
            let of_tag = tag[member(filter["Name"].as_str().unwrap_or_default())].as_str().unwrap_or_default();
            values.contains(&of_tag)
        })
    };
    let all = groups(world, asked.region).flat_map(|(_, group)| tags_of(group));
    paged(asked, "Tags", all.filter(fits).collect())
}

fn describe_activities(world: &World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let name = asked.text("AutoScalingGroupName");
    let all = groups(world, asked.region).filter(|(_, group)| name.is_empty() || group.scaling_group == name);
    let activities = all.flat_map(|(_, group)| group.activities.clone()).collect();
    paged(asked, "Activities", activities)
}
