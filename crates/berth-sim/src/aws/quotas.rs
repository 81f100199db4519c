//! Service Quotas, and how much of the vCPU quotas is used.

use serde_json::{Value, json};

use super::failure::Failure;
use super::places::ACCOUNT;
use super::serve::{Asked, page};
use super::types;
use crate::world::World;

/// A quota: service, code, name, default, what this account has.
type Quota = (&'static str, &'static str, &'static str, f64, f64);

/// The served quotas. The simulated account has had its GPU quotas raised; a new one has 0.
const QUOTAS: &[Quota] = &[
    ("ec2", "L-1216C47A", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 5.0, 1152.0),
    ("ec2", "L-34B43A08", "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests", 5.0, 1152.0),
    ("ec2", "L-DB2E81BA", "Running On-Demand G and VT instances", 0.0, 768.0),
    ("ec2", "L-3819A6DF", "All G and VT Spot Instance Requests", 0.0, 768.0),
    ("ec2", "L-417A185B", "Running On-Demand P instances", 0.0, 1152.0),
    ("ec2", "L-7212CCBC", "All P5, P4, P3 and P2 Spot Instance Requests", 0.0, 1152.0),
    ("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", 5.0, 5.0),
    ("eks", "L-1194D53C", "Clusters", 100.0, 100.0),
    ("eks", "L-6D54EA21", "Managed node groups per cluster", 30.0, 30.0),
    ("eks", "L-BD136A63", "Nodes per managed node group", 450.0, 450.0),
    ("vpc", "L-F678F1CE", "VPCs per Region", 5.0, 5.0),
    ("vpc", "L-FE5A380F", "NAT gateways per Availability Zone", 5.0, 5.0),
    ("vpc", "L-A4707A72", "Internet gateways per Region", 5.0, 5.0),
];

/// The limit of a quota in a region.
pub(crate) fn limit(world: &World, region: &str, code: &str) -> f64 {
    let set = world.aws.quotas.get(&format!("{region}/{code}")).or_else(|| world.aws.quotas.get(code));
    let default = || QUOTAS.iter().find(|quota| quota.1 == code).map_or(f64::INFINITY, |quota| quota.4);
    set.copied().unwrap_or_else(default)
}

/// The vCPUs that count against a quota in a region.
pub(crate) fn used(world: &World, region: &str, code: &str) -> u32 {
    let groups =
        world.aws.clusters.values().filter(|cluster| cluster.region == region).flat_map(|one| one.groups.values());
    let kinds = groups.flat_map(|group| {
        let spot = group.is_spot();
        let kinds = group.machines.iter().filter_map(|machine| types::named(&machine.instance_type));
        kinds.filter(move |kind| kind.quota(spot) == code)
    });
    kinds.map(|kind| kind.vcpus).sum()
}

fn shown(world: &World, asked: &Asked<'_>, quota: &Quota, applied: bool) -> Value {
    let (service, code, name, default, _) = quota;
    json!({
        "ServiceCode": service,
        "ServiceName": if *service == "eks" { "Amazon Elastic Kubernetes Service (Amazon EKS)" } else { "Amazon Elastic Compute Cloud (Amazon EC2)" },
        "QuotaArn": format!("arn:aws:servicequotas:{}:{ACCOUNT}:{service}/{code}", asked.region),
        "QuotaCode": code,
        "QuotaName": name,
        "Value": if applied { limit(world, asked.region, code) } else { *default },
        "Unit": "None",
        "Adjustable": true,
        "GlobalQuota": false,
    })
}

/// Whether this account has a value of its own, rather than the default alone.
fn is_applied(world: &World, asked: &Asked<'_>, quota: &Quota) -> bool {
    (limit(world, asked.region, quota.1) - quota.3).abs() > f64::EPSILON
}

/// Answers a Service Quotas call.
pub(crate) fn serve(world: &World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let service = asked.text("ServiceCode");
    let of_service = || QUOTAS.iter().filter(move |quota| quota.0 == service);
    let one = || of_service().find(|quota| quota.1 == asked.text("QuotaCode"));
    let missing =
        || Failure::bad("NoSuchResourceException", "The request failed because the specified quota does not exist.");
    match asked.action {
        "GetServiceQuota" => {
            let quota = one().filter(|quota| is_applied(world, asked, quota)).ok_or_else(missing)?;
            Ok(json!({ "Quota": shown(world, asked, quota, true) }))
        }
        "GetAWSDefaultServiceQuota" => {
            let quota = one().ok_or_else(missing)?;
            Ok(json!({ "Quota": shown(world, asked, quota, false) }))
        }
        "ListServiceQuotas" | "ListAWSDefaultServiceQuotas" => {
            if of_service().next().is_none() {
                return Err(missing());
            }
            let applied = asked.action == "ListServiceQuotas";
            let items: Vec<Value> = of_service().map(|quota| shown(world, asked, quota, applied)).collect();
            let invalid = || Failure::bad("InvalidPaginationTokenException", "Invalid token was provided.");
            let (items, next) = page(items, asked.number("MaxResults"), asked.text("NextToken")).ok_or_else(invalid)?;
            Ok(json!({"Quotas": items, "NextToken": next}))
        }
        _ => Err(Failure::bad("UnknownOperationException", format!("{} is not served", asked.action))),
    }
}
