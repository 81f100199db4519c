//! Load balancers of Services and Ingresses, of any generation. Neither API takes tags as a filter.

use std::collections::BTreeMap;

use berth_core::actions::eks::{EksPart, EksPartKind};
use berth_core::run::{Fault, FaultKind};

use super::left::Place;
use super::part;
use crate::classify;
use crate::cloud::EksCloud;

/// The most load balancers one call may ask for the tags of.
const MOST_TAGGED: usize = 20;

/// Tags by name or ARN.
type Tagged = Vec<(String, BTreeMap<String, String>)>;

/// Those of both generations.
pub(super) async fn balancers(cloud: &EksCloud, place: Place<'_>) -> Result<Vec<EksPart>, Fault> {
    let (classic, new) = futures::join!(Box::pin(classic(cloud, place)), Box::pin(new(cloud, place)));
    let (mut parts, new) = (classic?, new?);
    parts.extend(new);
    Ok(parts)
}

/// Classic ones, by name; they have no state.
async fn classic(cloud: &EksCloud, place: Place<'_>) -> Result<Vec<EksPart>, Fault> {
    let call = cloud.read.classic_balancers.describe_load_balancers();
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("look for classic load balancers", &error))?;
    let near = found.into_iter().filter(|one| place.holds(one.vpc_id.as_ref()));
    let names: Vec<String> = near.filter_map(|one| one.load_balancer_name).collect();
    let mut parts = Vec::new();
    for some in names.chunks(MOST_TAGGED) {
        for (name, tags) in classic_tags(cloud, some).await? {
            if part::is_of(place.cluster, &tags) {
                parts.push(part::part(EksPartKind::LoadBalancer, Some(name), "", tags));
            }
        }
    }
    Ok(parts)
}

async fn classic_tags(cloud: &EksCloud, names: &[String]) -> Result<Tagged, Fault> {
    let call = cloud.read.classic_balancers.describe_tags().set_load_balancer_names(Some(names.to_vec()));
    match call.send().await {
        Ok(found) => {
            let rows = found.tag_descriptions.unwrap_or_default().into_iter().filter_map(|row| {
                let tags = row.tags.unwrap_or_default().into_iter();
                Some((row.load_balancer_name?, tags.map(|tag| (tag.key, tag.value.unwrap_or_default())).collect()))
            });
            Ok(rows.collect())
        }
        Err(error) if classify::kind_of(&error) == FaultKind::NotFound => {
            let mut tagged = Vec::new();
            for one in names.iter().filter(|_| names.len() > 1) {
                tagged.extend(Box::pin(classic_tags(cloud, std::slice::from_ref(one))).await?);
            }
            Ok(tagged)
        }
        Err(error) => Err(classify::of_call("read the tags of classic load balancers", &error)),
    }
}

/// Application, network and gateway load balancers, by ARN.
async fn new(cloud: &EksCloud, place: Place<'_>) -> Result<Vec<EksPart>, Fault> {
    let call = cloud.read.balancers.describe_load_balancers();
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("look for load balancers", &error))?;
    let near = found.into_iter().filter(|one| place.holds(one.vpc_id.as_ref()));
    let states: BTreeMap<String, String> = near
        .filter_map(|one| {
            let state = one.state.and_then(|state| state.code);
            Some((one.load_balancer_arn?, state.map(|code| code.as_str().to_owned()).unwrap_or_default()))
        })
        .collect();
    let arns: Vec<String> = states.keys().cloned().collect();
    let mut parts = Vec::new();
    for some in arns.chunks(MOST_TAGGED) {
        for (arn, tags) in new_tags(cloud, some).await? {
            if part::is_of(place.cluster, &tags) {
                let state = states.get(&arn).map_or("", String::as_str);
                parts.push(part::part(EksPartKind::LoadBalancer, Some(arn.clone()), state, tags));
            }
        }
    }
    Ok(parts)
}

/// One load balancer that is gone meanwhile fails the whole call, so each is then asked for alone.
async fn new_tags(cloud: &EksCloud, arns: &[String]) -> Result<Tagged, Fault> {
    match cloud.read.balancers.describe_tags().set_resource_arns(Some(arns.to_vec())).send().await {
        Ok(found) => {
            let rows = found.tag_descriptions.unwrap_or_default().into_iter().filter_map(|row| {
                let tags = row.tags.unwrap_or_default().into_iter();
                let tags = tags.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))).collect();
                Some((row.resource_arn?, tags))
            });
            Ok(rows.collect())
        }
        Err(error) if classify::kind_of(&error) == FaultKind::NotFound => {
            let mut tagged = Vec::new();
            for one in arns.iter().filter(|_| arns.len() > 1) {
                tagged.extend(Box::pin(new_tags(cloud, std::slice::from_ref(one))).await?);
            }
            Ok(tagged)
        }
        Err(error) => Err(classify::of_call("read the tags of load balancers", &error)),
    }
}
