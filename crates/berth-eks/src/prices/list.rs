//! Which products are asked for, and which of those that come is meant.
//!
//! Attributes and usage types: the price lists AWS publishes, as the open tools that read them name them.

use std::collections::BTreeSet;

use aws_sdk_pricing::types::{Filter, FilterType};
use berth_core::cost::{Bought, Item, LivePrice, LivePrices, Source, Unit};
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use berth_core::spec::Provider;
use futures::stream::{self, StreamExt};
use jiff::Timestamp;

use super::offer::{Offer, only};
use crate::classify;
use crate::cloud::EksCloud;

/// The service's own limit of calls is low; more at once would only be throttled.
const AT_ONCE: usize = 4;
/// Products on a page, the most that are allowed.
const PAGE: i32 = 100;

/// A question to the price list that answers some items.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Question {
    service: &'static str,
    filters: Vec<(&'static str, String)>,
}

/// Reads the price list for some items.
pub(super) async fn read(
    cloud: &EksCloud,
    items: &BTreeSet<Item>,
    now: Timestamp,
) -> Result<(LivePrices, Vec<String>), Fault> {
    let region = cloud.region();
    let wanted: Vec<&Item> = items.iter().filter(|item| question(item, region).is_some()).collect();
    let questions: BTreeSet<Question> = wanted.iter().filter_map(|item| question(item, region)).collect();
    if !questions.is_empty() && cloud.identity().partition() != "aws" {
        return Err(elsewhere(cloud.identity().partition()));
    }
    // As tasks of their own the borrows would have to be owned; four at a time is all the service takes anyway.
    let mut answers = stream::iter(questions.into_iter().map(|question| async move {
        let offers = ask(cloud, &question).await?;
        Ok::<_, Fault>((question, offers))
    }))
    .buffer_unordered(AT_ONCE);
    let mut known = Vec::new();
    while let Some(answer) = answers.next().await {
        known.push(answer?);
    }
    let (mut prices, mut notes) = (Vec::new(), Vec::new());
    for item in wanted {
        let asked = question(item, region);
        let offers = known.iter().find(|(question, _)| Some(question) == asked.as_ref());
        match offers.and_then(|(_, offers)| price(item, offers)) {
            Some(micro_usd) if micro_usd > 0 => prices.push(LivePrice {
                item: item.clone(),
                region: region.to_owned(),
                zone: None,
                unit: unit(item),
                micro_usd,
                since: None,
            }),
            _ => {
                notes.push(format!("AWS's price list has no single price of {} in {region}", item.words(Provider::Eks)))
            }
        }
    }
    Ok((LivePrices { provider: Provider::Eks, source: Source::live("AWS price list", now), prices }, notes))
}

/// What to ask for an item; `None` where the list is not where its price is.
fn question(item: &Item, region: &str) -> Option<Question> {
    let (service, own): (_, Vec<(&'static str, &str)>) = match item {
        Item::Machine { name, bought: Bought::OnDemand } => {
            let filters = vec![
                ("instanceType", name.as_str()),
                ("operatingSystem", "Linux"),
                ("tenancy", "Shared"),
                ("capacitystatus", "Used"),
                ("preInstalledSw", "NA"),
            ];
            ("AmazonEC2", filters)
        }
        Item::Disk(kind) => ("AmazonEC2", vec![("volumeApiName", kind.as_str()), ("productFamily", "Storage")]),
        Item::NatGateway | Item::NatTraffic => ("AmazonEC2", vec![("productFamily", "NAT Gateway")]),
        Item::ControlPlane | Item::ControlPlaneExtended => ("AmazonEKS", Vec::new()),
        Item::Address => ("AmazonVPC", Vec::new()),
        Item::LoadBalancer => ("AWSELB", Vec::new()),
        _ => return None,
    };
    let filters = own.into_iter().chain([("regionCode", region)]).map(|(field, value)| (field, value.to_owned()));
    Some(Question { service, filters: filters.collect() })
}

/// The price of an item among the offers that answered its question.
fn price(item: &Item, offers: &[Offer]) -> Option<u64> {
    let of = |usage: &'static str| only(offers.iter().filter(move |offer| offer.is_usage(usage) && offer.is_hourly()));
    match item {
        Item::Machine { name, .. } => {
            let usage = format!("BoxUsage:{name}");
            // Blocks of capacity that are bought ahead have the same attributes otherwise.
            let ordinary = |offer: &&Offer| ["", "OnDemand"].contains(&offer.attribute("marketoption"));
            only(offers.iter().filter(ordinary).filter(|offer| offer.is_usage(&usage) && offer.is_hourly()))
        }
        Item::Disk(kind) => {
            // The older kinds bear older names, and io2's unit is spelt out.
            let usage = match kind.as_str() {
                "standard" => "EBS:VolumeUsage".to_owned(),
                "io1" => "EBS:VolumeUsage.piops".to_owned(),
                _ => format!("EBS:VolumeUsage.{kind}"),
            };
            let is_monthly = |offer: &&Offer| matches!(offer.unit.as_str(), "GB-Mo" | "GB-month");
            only(offers.iter().filter(is_monthly).filter(|offer| offer.is_usage(&usage)))
        }
        Item::NatGateway => of("NatGateway-Hours"),
        Item::NatTraffic => {
            only(offers.iter().filter(|offer| offer.is_usage("NatGateway-Bytes") && offer.unit == "GB"))
        }
        Item::ControlPlane => of("AmazonEKS-Hours:perCluster"),
        // The list has what extended support adds to the fee.
        Item::ControlPlaneExtended => Some(of("AmazonEKS-Hours:perCluster")? + of("AmazonEKS-Hours:extendedSupport")?),
        Item::Address => of("PublicIPv4:InUseAddress"),
        // The controller in the control plane makes classic ones, unless it is told otherwise.
        Item::LoadBalancer => {
            let classic = offers.iter().filter(|offer| offer.attribute("operation") == "LoadBalancing");
            only(classic.filter(|offer| offer.is_usage("LoadBalancerUsage") && offer.is_hourly()))
        }
        _ => None,
    }
}

fn unit(item: &Item) -> Unit {
    match item {
        Item::Disk(_) => Unit::GbMonth,
        Item::NatTraffic => Unit::Gb,
        _ => Unit::Hour,
    }
}

async fn ask(cloud: &EksCloud, question: &Question) -> Result<Vec<Offer>, Fault> {
    let call = cloud.read.pricing.get_products().service_code(question.service).set_filters(Some(filters(question)));
    let read: Result<Vec<String>, _> = call.into_paginator().page_size(PAGE).items().send().collect().await;
    let tried = format!("read the price list of {}", question.service);
    let read = read.map_err(|error| classify::of_call(tried, &error))?;
    Ok(read.iter().filter_map(|text| Offer::read(text)).collect())
}

fn filters(question: &Question) -> Vec<Filter> {
    let filter = |(field, value): &(&'static str, String)| {
        Filter::builder().r#type(FilterType::TermMatch).field(*field).value(value).build().ok()
    };
    question.filters.iter().filter_map(filter).collect()
}

/// China and the government's regions have price lists of their own, in places and currencies of their own.
fn elsewhere(partition: &str) -> Fault {
    Fault {
        kind: FaultKind::Refused,
        tried: "read AWS's price list".to_owned(),
        said: format!("berth does not read the price list of the partition {partition}"),
        left_behind: LeftBehind::Nothing,
        retry: Retry::Never,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn offer(usage: &str, unit: &str, usd: &str, more: &[(&str, &str)]) -> Offer {
        let mut attributes = json!({ "usagetype": usage });
        for (name, value) in more {
            attributes[*name] = json!(value);
        }
        let rates = json!({"r": {"unit": unit, "pricePerUnit": {"USD": usd}}});
        let told =
            json!({"product": {"attributes": attributes}, "terms": {"OnDemand": {"o": {"priceDimensions": rates}}}});
        Offer::read(&told.to_string()).unwrap()
    }

    #[test]
    fn a_machine_is_not_taken_for_a_block_of_capacity_or_for_its_neighbour() {
        let p5 = Item::machine("p5.48xlarge", Bought::OnDemand);
        let block = offer("BoxUsage:p5.48xlarge", "Hrs", "31.4", &[("marketoption", "CapacityBlock")]);
        let plain = offer("BoxUsage:p5.48xlarge", "Hrs", "55.04", &[("marketoption", "OnDemand")]);
        let longer = offer("BoxUsage:p5.48xlarge.metal", "Hrs", "60", &[]);
        assert_eq!(price(&p5, &[block.clone(), plain, longer]), Some(55_040_000));
        assert_eq!(price(&p5, &[block]), None);
    }

    #[test]
    fn extended_support_is_the_fee_and_what_it_adds() {
        let offers = [
            offer("USE1-AmazonEKS-Hours:perCluster", "Hours", "0.1000000000", &[]),
            offer("USE1-AmazonEKS-Hours:extendedSupport", "Hours", "0.5000000000", &[]),
        ];
        assert_eq!(price(&Item::ControlPlane, &offers), Some(100_000));
        assert_eq!(price(&Item::ControlPlaneExtended, &offers), Some(600_000));
        assert_eq!(price(&Item::ControlPlaneExtended, &offers[..1]), None);
    }

    #[test]
    fn load_balancers_are_told_apart_by_their_operation() {
        let of = |operation, usd| offer("LoadBalancerUsage", "Hrs", usd, &[("operation", operation)]);
        let offers = [of("LoadBalancing:Network", "0.0225"), of("LoadBalancing", "0.025")];
        assert_eq!(price(&Item::LoadBalancer, &offers), Some(25_000));
    }

    #[test]
    fn spot_machines_are_not_asked_of_the_list_and_like_things_share_a_question() {
        let of = |item: &Item| question(item, "us-east-1");
        assert_eq!(of(&Item::machine("p4d.24xlarge", Bought::Spot)), None);
        assert_eq!(of(&Item::ControlPlane), of(&Item::ControlPlaneExtended));
        let machine = of(&Item::machine("p4d.24xlarge", Bought::OnDemand)).unwrap();
        assert!(machine.filters.contains(&("regionCode", "us-east-1".to_owned())), "{machine:?}");
    }
}
