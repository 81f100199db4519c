//! What the index still shows of what was deleted: hours are told of, one is simulated.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::index::{self, Entry, Tags};
use crate::aws::call::{Call, Service};
use crate::aws::state::Aws;
use crate::lifecycle::after;
use crate::world::World;

/// A resource as it was when it was asked to be deleted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Ghost {
    /// The region.
    pub(crate) region: String,
    /// The tags it had.
    pub(crate) tags: BTreeMap<String, String>,
    /// When the index forgets it.
    pub(crate) until: Timestamp,
}

/// Keeps what a deleting call is about, before it is carried out; whether it goes is seen when the index is asked.
pub(crate) fn remember(world: &mut World, call: &Call, now: Timestamp) {
    if !["Delete", "Release", "Terminate"].iter().any(|verb| call.action.starts_with(verb)) {
        return;
    }
    let about = call.resource();
    let texts: Vec<&str> = about.split(' ').skip(1).collect();
    let meant: Vec<(String, BTreeMap<String, String>)> = meant(&world.aws, call, &texts)
        .into_iter()
        .map(|entry| (entry.arn, owned(entry.tags)))
        .filter(|(_, tags)| !tags.is_empty())
        .collect();
    let until = now + after("tags", "deleted", "forgotten", "");
    world.aws.ghosts.retain(|_, ghost| ghost.until > now);
    let region = if call.service == Service::Iam { crate::aws::REGION } else { &call.region };
    let ghosts = meant.into_iter().map(|(arn, tags)| (arn, Ghost { region: region.to_owned(), tags, until }));
    world.aws.ghosts.extend(ghosts);
}

fn owned(tags: Tags<'_>) -> BTreeMap<String, String> {
    tags.pairs().into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn meant<'a>(aws: &'a Aws, call: &Call, texts: &[&str]) -> Vec<Entry<'a>> {
    let region = call.region.as_str();
    match (call.service, call.action.as_str()) {
        (Service::Ec2, _) => {
            let known = texts.iter().filter_map(|id| aws.things.get_key_value(*id));
            let here = known.filter(|(_, thing)| thing.region == region);
            here.filter_map(|(id, one)| Some(Entry { arn: index::ec2_arn(id, region)?, tags: Tags::Map(&one.tags) }))
                .collect()
        }
        (Service::Eks, action) => {
            let named = texts.iter().find_map(|name| aws.clusters.get(&format!("{region}/{name}")));
            let mut entries = named.map(index::of_cluster).unwrap_or_default();
            entries.retain(|entry| match index::kind_of(&entry.arn).1 {
                "cluster" => action == "DeleteCluster",
                "nodegroup" => {
                    action == "DeleteNodegroup" && texts.iter().any(|text| entry.arn.contains(&format!("/{text}/")))
                }
                _ => action == "DeleteCluster",
            });
            entries
        }
        (Service::Elb | Service::ElbV2, _) => {
            let keys = texts.iter().flat_map(|text| [(*text).to_owned(), format!("{region}/{text}")]);
            let known =
                keys.filter_map(|key| aws.balancers.get_key_value(&key).or_else(|| aws.targets.get_key_value(&key)));
            known.map(|(key, one)| Entry { arn: index::balancer_arn(key), tags: Tags::Map(&one.tags) }).collect()
        }
        (Service::Logs, _) => {
            let known = texts.iter().filter_map(|name| aws.logs.get(&format!("{region}/{name}")));
            known.map(|one| Entry { arn: one.text("logGroupArn").to_owned(), tags: Tags::Map(&one.tags) }).collect()
        }
        (Service::Iam, _) => {
            let known = texts.iter().filter_map(|arn| aws.providers.get_key_value(*arn));
            known
                .filter_map(|(arn, one)| {
                    Some(Entry { arn: arn.clone(), tags: Tags::List(one.get("Tags")?.as_array()?) })
                })
                .collect()
        }
        _ => Vec::new(),
    }
}
