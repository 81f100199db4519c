//! What is on offer: regions, zones, instance types, spot scores and prices, account attributes.

use serde_json::{Value, json};

use super::describe::{Filters, page_of};
use super::spot_price;
use crate::aws::failure::Failure;
use crate::aws::places::{regions, zones};
use crate::aws::serve::Asked;
use crate::aws::types::{self, InstanceType, TYPES};
use crate::lifecycle::digest;
use crate::world::World;

/// Answers a call about what is on offer.
pub(crate) fn serve(world: &World, asked: &Asked<'_>) -> Result<Value, Failure> {
    match asked.action {
        "DescribeRegions" => Ok(describe_regions(asked)),
        "DescribeAvailabilityZones" => describe_zones(asked),
        "DescribeInstanceTypes" => describe_types(asked),
        "DescribeInstanceTypeOfferings" => describe_offerings(asked),
        "GetSpotPlacementScores" => scores(world, asked),
        "DescribeSpotPriceHistory" => spot_price::history(asked),
        "DescribeAccountAttributes" => Ok(account()),
        "DescribeImages" => Ok(json!({ "imagesSet": [] })),
        "DescribeSnapshots" => Ok(json!({ "snapshotSet": [] })),
        _ => {
            let text = format!("The action {} is not valid for this web service.", asked.action);
            Err(Failure::bad("InvalidAction", text))
        }
    }
}

fn describe_regions(asked: &Asked<'_>) -> Value {
    let wanted = asked.texts("RegionName");
    let shown = regions().filter(|name| wanted.is_empty() || wanted.contains(name)).map(|name| {
        json!({"regionName": name, "regionEndpoint": format!("ec2.{name}.amazonaws.com"), "optInStatus": "opt-in-not-required"})
    });
    json!({ "regionInfo": shown.collect::<Vec<_>>() })
}

fn describe_zones(asked: &Asked<'_>) -> Result<Value, Failure> {
    const PATHS: &[(&str, &str)] = &[
        ("zone-name", "zoneName"),
        ("zone-id", "zoneId"),
        ("state", "zoneState"),
        ("zone-type", "zoneType"),
        ("region-name", "regionName"),
        ("opt-in-status", "optInStatus"),
        ("group-name", "groupName"),
    ];
    let filters = Filters::read(asked, PATHS)?;
    let (names, ids) = (asked.texts("ZoneName"), asked.texts("ZoneId"));
    let all = zones(asked.region);
    if let Some(name) = names.iter().find(|name| !all.iter().any(|zone| zone.name == **name)) {
        return Err(Failure::bad("InvalidParameterValue", format!("Invalid availability zone: [{name}]")));
    }
    let shown = all.into_iter().filter(|zone| {
        (names.is_empty() || names.contains(&zone.name.as_str())) && (ids.is_empty() || ids.contains(&zone.id.as_str()))
    });
    let shown = shown.map(|zone| {
        json!({
            "optInStatus": "opt-in-not-required", "messageSet": [], "regionName": asked.region, "zoneName": zone.name,
            "zoneId": zone.id, "groupName": format!("{}-zg-1", asked.region), "networkBorderGroup": asked.region,
            "zoneType": "availability-zone", "zoneState": "available",
        })
    });
    Ok(json!({ "availabilityZoneInfo": shown.filter(|zone| filters.fit(zone)).collect::<Vec<_>>() }))
}

fn offered_somewhere(kind: &InstanceType, region: &str) -> bool {
    zones(region).iter().any(|zone| types::offered(kind.name, region, &zone.name))
}

fn describe_types(asked: &Asked<'_>) -> Result<Value, Failure> {
    const PATHS: &[(&str, &str)] = &[
        ("instance-type", "instanceType"),
        ("current-generation", "currentGeneration"),
        ("supported-usage-class", "supportedUsageClasses"),
        ("processor-info.supported-architecture", "processorInfo/supportedArchitectures"),
        ("vcpu-info.default-vcpus", "vCpuInfo/defaultVCpus"),
    ];
    let filters = Filters::read(asked, PATHS)?;
    let wanted = asked.texts("InstanceType");
    let known = |name: &str| types::named(name).filter(|kind| offered_somewhere(kind, asked.region));
    let unknown: Vec<&str> = wanted.iter().copied().filter(|name| known(name).is_none()).collect();
    if !unknown.is_empty() {
        let text = format!("The following supplied instance types do not exist: [{}]", unknown.join(", "));
        return Err(Failure::bad("InvalidInstanceType", text));
    }
    let here = TYPES.iter().filter(|kind| offered_somewhere(kind, asked.region));
    let here = here.filter(|kind| wanted.is_empty() || wanted.contains(&kind.name)).map(shown);
    page_of(asked, "instanceTypeSet", here.filter(|kind| filters.fit(kind)).collect())
}

fn shown(kind: &InstanceType) -> Value {
    let mut shown = json!({
        "instanceType": kind.name, "currentGeneration": !kind.name.starts_with("p3"), "freeTierEligible": false,
        "supportedUsageClasses": ["on-demand", "spot"], "supportedRootDeviceTypes": ["ebs"],
        "supportedVirtualizationTypes": ["hvm"], "bareMetal": false, "hypervisor": "nitro",
        "processorInfo": {"supportedArchitectures": ["x86_64"]},
        "vCpuInfo": {"defaultVCpus": kind.vcpus, "defaultCores": kind.vcpus / 2, "defaultThreadsPerCore": 2},
        "memoryInfo": {"sizeInMiB": kind.memory_gib * 1024},
        "networkInfo": {"maximumNetworkInterfaces": 4, "ipv4AddressesPerInterface": 15, "efaSupported": kind.gpus.is_some()},
    });
    if let Some(gpus) = kind.gpus {
        shown["gpuInfo"] = json!({
            "gpus": [{"name": gpus.name, "manufacturer": "NVIDIA", "count": gpus.count, "memoryInfo": {"sizeInMiB": gpus.memory_mib}}],
            "totalGpuMemoryInMiB": gpus.memory_mib * gpus.count,
        });
    }
    shown
}

fn describe_offerings(asked: &Asked<'_>) -> Result<Value, Failure> {
    const PATHS: &[(&str, &str)] = &[("instance-type", "instanceType"), ("location", "location")];
    let filters = Filters::read(asked, PATHS)?;
    let by = if asked.text("LocationType").is_empty() { "region" } else { asked.text("LocationType") };
    let mut items = Vec::new();
    for kind in TYPES {
        let in_zones =
            zones(asked.region).into_iter().filter(|zone| types::offered(kind.name, asked.region, &zone.name));
        let places: Vec<String> = match by {
            "availability-zone" => in_zones.map(|zone| zone.name).collect(),
            "availability-zone-id" => in_zones.map(|zone| zone.id).collect(),
            _ => in_zones.take(1).map(|_| asked.region.to_owned()).collect(),
        };
        items.extend(
            places.into_iter().map(|place| json!({"instanceType": kind.name, "locationType": by, "location": place})),
        );
    }
    page_of(asked, "instanceTypeOfferingSet", items.into_iter().filter(|item| filters.fit(item)).collect())
}

/// `GetSpotPlacementScores`: a stable score by type and zone, low where machines are short.
fn scores(world: &World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let kinds = asked.texts("InstanceType");
    if kinds.is_empty() && asked.input.get("InstanceRequirementsWithMetadata").is_none() {
        let text = "Either InstanceTypes or InstanceRequirementsWithMetadata must be given.";
        return Err(Failure::bad("MissingParameter", text));
    }
    let named = asked.texts("RegionName");
    let all: Vec<&str> = if named.is_empty() { vec![asked.region] } else { named };
    let single = asked.input.get("SingleAvailabilityZone") == Some(&Value::Bool(true));
    let mut items = Vec::new();
    for region in all {
        let mut best = None;
        for zone in zones(region) {
            let score = kinds.iter().filter(|kind| types::offered(kind, region, &zone.name)).map(|kind| {
                let short = world.aws.shortages.iter().any(|one| {
                    one.spot != Some(false)
                        && one.zone.as_deref().is_none_or(|short| short == zone.name)
                        && one.instance_type.as_deref().is_none_or(|short| short == *kind)
                });
                if short { 1 } else { 3 + digest(&format!("{kind}/{}", zone.name)) % 7 }
            });
            let Some(score) = score.max() else { continue };
            best = best.max(Some(score));
            if single {
                items.push(json!({"region": region, "availabilityZoneId": zone.id, "score": score}));
            }
        }
        if let Some(score) = best.filter(|_| !single) {
            items.push(json!({"region": region, "score": score}));
        }
    }
    items.sort_by_key(|item| std::cmp::Reverse(item["score"].as_u64()));
    page_of(asked, "spotPlacementScoreSet", items)
}

fn account() -> Value {
    let attributes = [
        ("supported-platforms", "VPC"),
        ("default-vpc", "none"),
        ("vpc-max-elastic-ips", "5"),
        ("max-instances", "20"),
    ];
    let shown = attributes
        .map(|(name, value)| json!({"attributeName": name, "attributeValueSet": [{"attributeValue": value}]}));
    json!({ "accountAttributeSet": shown })
}
