//! What EC2 can launch: offers, shortages, quotas.

use crate::aws::state::{Shortage, Spoil};
use crate::aws::types::{self, InstanceType};
use crate::aws::{places, quotas};
use crate::world::World;

/// A machine that is to be launched.
pub(crate) struct Wanted<'a> {
    /// The region.
    pub(crate) region: &'a str,
    /// Zones of the group's subnets, the preferred one first.
    pub(crate) zones: Vec<String>,
    /// Instance types in order.
    pub(crate) types: Vec<String>,
    /// Whether a spot machine is wanted.
    pub(crate) spot: bool,
    /// A fault on this group.
    pub(crate) spoil: Option<&'a Spoil>,
    /// How many machines the group has.
    pub(crate) present: usize,
}

/// Where and as what a machine comes up, or EC2's reason why none does.
pub(crate) fn place(world: &World, wanted: &Wanted<'_>) -> Result<(String, &'static InstanceType), String> {
    let mut reason = None;
    for zone in &wanted.zones {
        for kind in wanted.types.iter().filter_map(|name| types::named(name)) {
            match refusal(world, wanted, zone, kind) {
                None => return Ok((zone.clone(), kind)),
                // The first reason is told: it is about the preferred zone and type.
                Some(text) => reason.get_or_insert(text),
            };
        }
    }
    Err(reason.unwrap_or_else(|| {
        "InvalidParameterValue - No instance type was given. Launching EC2 instance failed.".to_owned()
    }))
}

fn refusal(world: &World, wanted: &Wanted<'_>, zone: &str, kind: &InstanceType) -> Option<String> {
    if !types::offered(kind.name, wanted.region, zone) {
        let valid: Vec<String> = places::zones(wanted.region)
            .into_iter()
            .filter(|one| types::offered(kind.name, wanted.region, &one.name))
            .map(|one| one.name)
            .collect();
        return Some(format!(
            "Unsupported - Your requested instance type ({}) is not supported in your requested Availability Zone \
             ({zone}). Please retry your request by not specifying an Availability Zone or choosing {}. Launching EC2 \
             instance failed.",
            kind.name,
            valid.join(", ")
        ));
    }
    if let Some(Spoil::Stockout { zone: short, created }) = wanted.spoil
        && short.as_deref().is_none_or(|short| short == zone)
        && wanted.present >= *created as usize
    {
        return Some(message("InsufficientInstanceCapacity", kind, zone, wanted.spot));
    }
    let fits = |shortage: &&Shortage| {
        shortage.zone.as_deref().is_none_or(|one| one == zone)
            && shortage.instance_type.as_deref().is_none_or(|one| one == kind.name)
            && shortage.spot.is_none_or(|spot| spot == wanted.spot)
    };
    if let Some(shortage) = world.aws.shortages.iter().find(fits) {
        return Some(message(&shortage.code, kind, zone, wanted.spot));
    }
    let code = kind.quota(wanted.spot);
    let used = quotas::used(world, wanted.region, code);
    let limit = quotas::limit(world, wanted.region, code);
    if f64::from(used + kind.vcpus) > limit {
        let code = if wanted.spot { "MaxSpotInstanceCountExceeded" } else { "VcpuLimitExceeded" };
        return Some(message_of_limit(code, limit, kind));
    }
    None
}

fn message(code: &str, kind: &InstanceType, zone: &str, spot: bool) -> String {
    let text = match code {
        "InsufficientInstanceCapacity" if !spot => format!(
            "We currently do not have sufficient {} capacity in the Availability Zone you requested ({zone}). Our system \
             will be working on provisioning additional capacity.",
            kind.name
        ),
        "InsufficientInstanceCapacity" | "UnfulfillableCapacity" => {
            "There is no Spot capacity available that matches your request.".to_owned()
        }
        "MaxSpotInstanceCountExceeded" => "Max spot instance count exceeded".to_owned(),
        _ => format!("The request for {} in {zone} could not be fulfilled.", kind.name),
    };
    let code = if spot && code == "InsufficientInstanceCapacity" { "UnfulfillableCapacity" } else { code };
    format!("Could not launch {} Instances. {code} - {text} Launching EC2 instance failed.", word(spot))
}

fn message_of_limit(code: &str, limit: f64, kind: &InstanceType) -> String {
    let spot = code == "MaxSpotInstanceCountExceeded";
    let text = if spot {
        "Max spot instance count exceeded.".to_owned()
    } else {
        format!(
            "You have requested more vCPU capacity than your current vCPU limit of {limit} allows for the instance bucket \
             that the specified instance type ({}) belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request \
             to request an adjustment to this limit.",
            kind.name
        )
    };
    format!("Could not launch {} Instances. {code} - {text} Launching EC2 instance failed.", word(spot))
}

fn word(spot: bool) -> &'static str {
    if spot { "Spot" } else { "On-Demand" }
}
