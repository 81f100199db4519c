//! Version 2015-12-01: network load balancers and target groups.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::parts::{drop_balancer, paged, tags_out};
use crate::aws::failure::Failure;
use crate::aws::serve::Asked;
use crate::aws::state::Thing;
use crate::lifecycle::after;
use crate::world::World;

/// The most ARNs one call may ask for tags of.
const MOST_TAGGED: usize = 20;

/// Answers a call about network load balancers or target groups.
pub(crate) fn serve(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    match asked.action {
        "DescribeLoadBalancers" => describe(world, asked),
        "DescribeTags" => describe_tags(world, asked),
        "DeleteLoadBalancer" => {
            let arn = asked.text("LoadBalancerArn");
            well_formed(arn, "loadbalancer", "load balancer")?;
            // Deleting one that is not there succeeds; target groups stay.
            drop_balancer(world, arn, asked.now);
            Ok(json!({}))
        }
        "DescribeTargetGroups" => describe_targets(world, asked),
        "DeleteTargetGroup" => delete_target(world, asked),
        _ => Err(Failure::bad("InvalidAction", format!("{} is not served", asked.action))),
    }
}

fn well_formed(arn: &str, kind: &str, words: &str) -> Result<(), Failure> {
    if arn.starts_with("arn:aws:elasticloadbalancing:") && arn.contains(&format!(":{kind}/")) {
        return Ok(());
    }
    Err(Failure::bad("ValidationError", format!("'{arn}' is not a valid {words} ARN")))
}

fn no_balancer() -> Failure {
    Failure::bad("LoadBalancerNotFound", "One or more load balancers not found")
}

fn no_target() -> Failure {
    Failure::bad("TargetGroupNotFound", "One or more target groups not found")
}

/// Which things of a region a call means: by ARN, by name, or all. One that is not there is an error.
fn wanted<'a>(
    things: impl Iterator<Item = (&'a String, &'a Thing)>,
    (arns, names): (&[&str], &[&str]),
    name_member: &str,
    missing: Failure,
) -> Result<Vec<&'a Thing>, Failure> {
    let all: Vec<(&String, &Thing)> = things.collect();
    let has_arn = |arn: &&str| all.iter().any(|(one, _)| one == arn);
    let has_name = |name: &&str| all.iter().any(|(_, one)| one.text(name_member) == *name);
    if !arns.iter().all(has_arn) || !names.iter().all(has_name) {
        return Err(missing);
    }
    let every = arns.is_empty() && names.is_empty();
    let meant = all
        .into_iter()
        .filter(|(arn, one)| every || arns.contains(&arn.as_str()) || names.contains(&one.text(name_member)));
    Ok(meant.map(|(_, one)| one).collect())
}

fn describe(world: &World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let here = world.aws.balancers.iter().filter(|(key, one)| key.starts_with("arn:") && one.region == asked.region);
    let named = (&asked.texts("LoadBalancerArns")[..], &asked.texts("Names")[..]);
    let found = wanted(here, named, "LoadBalancerName", no_balancer())?;
    paged(asked, "LoadBalancers", found.into_iter().map(|one| shown(one, asked.now)).collect())
}

/// A load balancer with the state it has by now.
fn shown(balancer: &Thing, now: Timestamp) -> Value {
    let made: Option<Timestamp> = balancer.text("CreatedTime").parse().ok();
    let up = made.is_some_and(|made| now >= made + after("load-balancer", "requested", "active", ""));
    let mut shown = Value::Object(balancer.fields.clone());
    shown["State"] = json!({"Code": if up { "active" } else { "provisioning" }});
    shown
}

fn describe_tags(world: &World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let arns = asked.texts("ResourceArns");
    if arns.len() > MOST_TAGGED {
        let text = format!("Tags of at most {MOST_TAGGED} resources can be described in one call");
        return Err(Failure::bad("ValidationError", text));
    }
    let mut items = Vec::new();
    for arn in arns {
        let is_target = arn.contains(":targetgroup/");
        let missing = if is_target { no_target() } else { no_balancer() };
        let kept = if is_target { &world.aws.targets } else { &world.aws.balancers };
        let thing = kept.get(arn).filter(|one| one.region == asked.region).ok_or(missing)?;
        items.push(json!({"ResourceArn": arn, "Tags": tags_out(&thing.tags)}));
    }
    Ok(json!({ "TagDescriptions": items }))
}

fn describe_targets(world: &World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let here = world.aws.targets.iter().filter(|(_, one)| one.region == asked.region);
    let named = (&asked.texts("TargetGroupArns")[..], &asked.texts("Names")[..]);
    let found = wanted(here, named, "TargetGroupName", no_target())?;
    let balancer = asked.text("LoadBalancerArn");
    if !balancer.is_empty() && !world.aws.balancers.contains_key(balancer) {
        return Err(no_balancer());
    }
    let items: Vec<Value> = found
        .into_iter()
        .map(|one| Value::Object(one.fields.clone()))
        .filter(|one| balancer.is_empty() || one["LoadBalancerArns"][0] == balancer)
        .collect();
    paged(asked, "TargetGroups", items)
}

/// `DeleteTargetGroup`: refused while a listener of a load balancer sends to it; one that is not there is gone already.
fn delete_target(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let arn = asked.text("TargetGroupArn");
    well_formed(arn, "targetgroup", "target group")?;
    let used = world.aws.targets.get(arn).is_some_and(|one| !one.fields["LoadBalancerArns"][0].is_null());
    if used {
        let text = format!("Target group '{arn}' is currently in use by a listener or a rule");
        return Err(Failure::bad("ResourceInUse", text));
    }
    world.aws.targets.remove(arn);
    Ok(json!({}))
}
