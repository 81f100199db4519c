//! What is not a machine: disks, NAT gateways, addresses, load balancers, control planes.

use super::products::{Market, Product};

/// A row: service, family, usage type, operation, micro-USD in us-east-1, unit, and whether the usage type has a front there.
type Row = (&'static str, &'static str, &'static str, &'static str, u64, &'static str, bool);

/// Prices of us-east-1. Those of load balancers, of requests and of provisioned disk speed are general knowledge.
///
/// Extended support is told as what it adds to the fee of the cluster, not as the sum. What every cluster has comes last of its
/// service, because the order of the real list is nothing to count on, and who reads its first page only has to miss something.
const ROWS: &[Row] = &[
    ("AmazonEKS", "Compute", "Fargate-vCPU-Hours:perCPU", "", 40_480, "Hours", true),
    ("AmazonEKS", "Compute", "AmazonEKS-Hours:extendedSupport", "ExtendedSupport", 500_000, "Hours", true),
    ("AmazonEKS", "Compute", "AmazonEKS-Hours:perCluster", "CreateOperation", 100_000, "Hours", true),
    ("AmazonEC2", "NAT Gateway", "RegionalNatGateway-Hours", "RegionalNatGateway", 45_000, "Hrs", false),
    ("AmazonEC2", "NAT Gateway", "NatGateway-Bytes", "NatGateway", 45_000, "GB", false),
    ("AmazonEC2", "NAT Gateway", "NatGateway-Hours", "NatGateway", 45_000, "Hrs", false),
    ("AmazonVPC", "VpcEndpoint", "VpcEndpoint-Hours", "VpcEndpoint", 10_000, "Hrs", true),
    ("AmazonVPC", "", "PublicIPv4:IdleAddress", "AllocateAddressVPC", 5000, "Hrs", true),
    ("AmazonVPC", "", "PublicIPv4:InUseAddress", "AllocateAddressVPC", 5000, "Hrs", true),
    ("AWSELB", "Load Balancer-Network", "LCUUsage", "LoadBalancing:Network", 6000, "LCU-Hrs", false),
    ("AWSELB", "Load Balancer-Network", "LoadBalancerUsage", "LoadBalancing:Network", 22_500, "Hrs", false),
    ("AWSELB", "Load Balancer-Application", "LoadBalancerUsage", "LoadBalancing:Application", 22_500, "Hrs", false),
    ("AWSELB", "Load Balancer", "LoadBalancerUsage", "LoadBalancing", 25_000, "Hrs", false),
];

/// Disks: API name, usage type, micro-USD of a gigabyte a month; then what faster ones cost.
const DISKS: &[(&str, &str, &str, &str, u64, &str)] = &[
    ("gp3", "Storage", "EBS:VolumeUsage.gp3", "CreateVolume-Gp3", 80_000, "GB-Mo"),
    ("gp3", "System Operation", "EBS:VolumeP-IOPS.gp3", "CreateVolume-Gp3", 5000, "IOPS-Mo"),
    ("gp3", "Provisioned Throughput", "EBS:VolumeP-Throughput.gp3", "CreateVolume-Gp3", 40_960_000, "GiBps-mo"),
    ("gp2", "Storage", "EBS:VolumeUsage.gp2", "CreateVolume-Gp2", 100_000, "GB-Mo"),
    ("io1", "Storage", "EBS:VolumeUsage.piops", "CreateVolume-P-IOPS", 125_000, "GB-Mo"),
    ("io2", "Storage", "EBS:VolumeUsage.io2", "CreateVolume-io2", 125_000, "GB-month"),
    ("io2", "System Operation", "EBS:VolumeP-IOPS.io2", "CreateVolume-io2", 65_000, "IOPS-Mo"),
    ("st1", "Storage", "EBS:VolumeUsage.st1", "CreateVolume-St1", 45_000, "GB-Mo"),
    ("sc1", "Storage", "EBS:VolumeUsage.sc1", "CreateVolume-Sc1", 15_000, "GB-Mo"),
    ("standard", "Storage", "EBS:VolumeUsage", "CreateVolume", 50_000, "GB-Mo"),
];

/// All of it in a region.
pub(super) fn products(market: &'static Market) -> impl Iterator<Item = Product> {
    ROWS.iter().map(|row| thing(market, row)).chain(DISKS.iter().map(|row| disk(market, row)))
}

fn thing(market: &Market, row: &Row) -> Product {
    let (service, family, usage, operation, micro_usd, unit, has_front) = *row;
    let mut attributes = market.attributes(service);
    let usage = if has_front { format!("{}{usage}", market.front) } else { market.usage(usage) };
    attributes.insert("usagetype", usage);
    attributes.insert("operation", operation.to_owned());
    // A control plane and an address cost the same everywhere.
    let is_even = matches!(service, "AmazonEKS" | "AmazonVPC");
    let micro_usd = if is_even { micro_usd } else { market.price(micro_usd) };
    let family = Some(family).filter(|family| !family.is_empty());
    Product { service, family, attributes, micro_usd, unit }
}

fn disk(market: &Market, row: &(&str, &'static str, &str, &str, u64, &'static str)) -> Product {
    let (name, family, usage, operation, micro_usd, unit) = *row;
    let mut attributes = market.attributes("AmazonEC2");
    attributes.insert("volumeApiName", name.to_owned());
    attributes.insert("usagetype", market.usage(usage));
    attributes.insert("operation", operation.to_owned());
    Product { service: "AmazonEC2", family: Some(family), attributes, micro_usd: market.price(micro_usd), unit }
}
