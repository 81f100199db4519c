//! What is in the index: each taggable kind with the ARN AWS gives it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::ghosts::Ghost;
use crate::aws::ec2;
use crate::aws::places::{ACCOUNT, REGION};
use crate::aws::state::{Aws, Cluster, Thing, text};

/// A resource with tags.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry<'a> {
    /// Its ARN.
    pub(super) arn: String,
    /// Its tags.
    pub(super) tags: Tags<'a>,
}

/// Tags as the services keep them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Tags<'a> {
    /// In order.
    Map(&'a BTreeMap<String, String>),
    /// As EKS shows them.
    Object(&'a Map<String, Value>),
    /// As IAM shows them: a list of keys and values.
    List(&'a [Value]),
}

impl<'a> Tags<'a> {
    /// All of them.
    pub(super) fn pairs(self) -> Vec<(&'a str, &'a str)> {
        match self {
            Tags::Map(tags) => tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect(),
            Tags::Object(tags) => {
                tags.iter().filter_map(|(key, value)| Some((key.as_str(), value.as_str()?))).collect()
            }
            Tags::List(tags) => {
                tags.iter().filter_map(|tag| Some((tag["Key"].as_str()?, tag["Value"].as_str()?))).collect()
            }
        }
    }

    fn is_empty(self) -> bool {
        match self {
            Tags::Map(tags) => tags.is_empty(),
            Tags::Object(tags) => tags.is_empty(),
            Tags::List(tags) => tags.is_empty(),
        }
    }
}

/// The service and kind in an ARN: `ec2` and `volume`.
pub(super) fn kind_of(arn: &str) -> (&str, &str) {
    let mut parts = arn.splitn(6, ':');
    let service = parts.nth(2).unwrap_or_default();
    let resource = parts.nth(2).unwrap_or_default();
    (service, resource.split(['/', ':']).next().unwrap_or_default())
}

/// Everything with tags in a region, what was deleted lately with it, in no order.
pub(super) fn all<'a>(
    aws: &'a Aws,
    region: &'a str,
    ghosts: impl Iterator<Item = (&'a String, &'a Ghost)>,
) -> Vec<Entry<'a>> {
    let mut entries: Vec<Entry<'_>> = of_ec2(aws, region).collect();
    for cluster in aws.clusters.values().filter(|cluster| cluster.region == region) {
        entries.extend(of_cluster(cluster));
    }
    let balancers = aws.balancers.iter().map(|(key, one)| (balancer_arn(key), one));
    let targets = aws.targets.iter().map(|(arn, one)| (arn.clone(), one));
    let logs = aws.logs.values().map(|one| (one.text("logGroupArn").to_owned(), one));
    let things = balancers.chain(targets).chain(logs).filter(|(_, thing)| thing.region == region);
    entries.extend(things.map(|(arn, thing)| Entry { arn, tags: Tags::Map(&thing.tags) }));
    if region == REGION {
        entries.extend(of_iam(aws));
    }
    entries.retain(|entry| !entry.tags.is_empty());
    let known: std::collections::BTreeSet<String> = entries.iter().map(|entry| entry.arn.clone()).collect();
    let gone = ghosts.filter(|(arn, _)| !known.contains(*arn));
    entries.extend(gone.map(|(arn, ghost)| Entry { arn: arn.clone(), tags: Tags::Map(&ghost.tags) }));
    entries
}

/// The ARN of one of EC2's resources; none for kinds that cannot be tagged.
pub(super) fn ec2_arn(id: &str, region: &str) -> Option<String> {
    let kind = ec2::kind_of(id)?;
    Some(format!("arn:aws:ec2:{region}:{ACCOUNT}:{kind}/{id}"))
}

fn of_ec2<'a>(aws: &'a Aws, region: &'a str) -> impl Iterator<Item = Entry<'a>> {
    let tagged = move |thing: &&Thing| thing.region == region && !thing.tags.is_empty();
    aws.things.iter().filter_map(move |(id, thing)| {
        let thing = Some(thing).filter(tagged)?;
        Some(Entry { arn: ec2_arn(id, region)?, tags: Tags::Map(&thing.tags) })
    })
}

/// A cluster with what belongs to it in EKS.
pub(super) fn of_cluster(cluster: &Cluster) -> Vec<Entry<'_>> {
    let groups = cluster.groups.values().map(|group| (&group.fields, "nodegroupArn"));
    let addons = cluster.addons.values().map(|addon| (&addon.fields, "addonArn"));
    let entries = cluster.entries.values().map(|entry| (&entry.fields, "accessEntryArn"));
    let identities = cluster.identities.values().map(|fields| (fields, "associationArn"));
    let all = std::iter::once((&cluster.fields, "arn")).chain(groups).chain(addons).chain(entries).chain(identities);
    let tagged = all.filter_map(|(fields, arn)| Some((text(fields, arn), fields.get("tags")?.as_object()?)));
    tagged.map(|(arn, tags)| Entry { arn: arn.to_owned(), tags: Tags::Object(tags) }).collect()
}

/// OIDC providers; roles and users are not in the index.
fn of_iam(aws: &Aws) -> impl Iterator<Item = Entry<'_>> {
    aws.providers.iter().filter_map(|(arn, provider)| {
        Some(Entry { arn: arn.clone(), tags: Tags::List(provider.get("Tags")?.as_array()?) })
    })
}

/// The ARN of a load balancer by its key: a classic one's is its region and name.
pub(super) fn balancer_arn(key: &str) -> String {
    match key.split_once('/') {
        Some((region, name)) if !key.starts_with("arn:") => {
            format!("arn:aws:elasticloadbalancing:{region}:{ACCOUNT}:loadbalancer/{name}")
        }
        _ => key.to_owned(),
    }
}
