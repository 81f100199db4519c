//! Version 2012-06-01: classic load balancers.

use serde_json::{Value, json};

use super::parts::{drop_balancer, paged, tags_out};
use crate::aws::failure::Failure;
use crate::aws::serve::Asked;
use crate::aws::state::Thing;
use crate::world::World;

/// Answers a call about classic load balancers.
pub(crate) fn serve(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    match asked.action {
        "DescribeLoadBalancers" => describe(world, asked),
        "DescribeTags" => describe_tags(world, asked),
        "DeleteLoadBalancer" => {
            // Deleting one that is not there succeeds.
            drop_balancer(world, &key(asked, asked.text("LoadBalancerName")), asked.now);
            Ok(json!({}))
        }
        _ => Err(Failure::bad("InvalidAction", format!("{} is not served", asked.action))),
    }
}

fn key(asked: &Asked<'_>, name: &str) -> String {
    format!("{}/{name}", asked.region)
}

fn find<'a>(world: &'a World, asked: &Asked<'_>, name: &str) -> Result<&'a Thing, Failure> {
    let missing = || Failure::bad("LoadBalancerNotFound", format!("There is no ACTIVE Load Balancer named '{name}'"));
    world.aws.balancers.get(&key(asked, name)).ok_or_else(missing)
}

fn describe(world: &World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let names = asked.texts("LoadBalancerNames");
    let named: Vec<&Thing> = names.iter().map(|name| find(world, asked, name)).collect::<Result<_, _>>()?;
    let here =
        || world.aws.balancers.iter().filter(|(key, one)| !key.starts_with("arn:") && one.region == asked.region);
    let wanted = if names.is_empty() { here().map(|(_, one)| one).collect() } else { named };
    let items = wanted.into_iter().map(|one| shown(world, one)).collect();
    paged(asked, "LoadBalancerDescriptions", items)
}

/// A load balancer with the machines that are behind it now.
fn shown(world: &World, balancer: &Thing) -> Value {
    let cluster = world.aws.clusters.values().find(|cluster| cluster.uid == balancer.remembered("cluster"));
    let machines = cluster.into_iter().flat_map(|cluster| cluster.groups.values()).flat_map(|group| &group.machines);
    let ready = machines.filter(|machine| machine.ready.is_some());
    let instances: Vec<Value> = ready.map(|machine| json!({ "InstanceId": machine.id })).collect();
    let mut shown = Value::Object(balancer.fields.clone());
    shown["Instances"] = Value::from(instances);
    shown
}

fn describe_tags(world: &World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let mut items = Vec::new();
    for name in asked.texts("LoadBalancerNames") {
        let tags = tags_out(&find(world, asked, name)?.tags);
        items.push(json!({"LoadBalancerName": name, "Tags": tags}));
    }
    Ok(json!({ "TagDescriptions": items }))
}
