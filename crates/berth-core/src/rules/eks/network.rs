//! The network berth makes when no subnets are given: a VPC with a public and a private subnet in each zone.

use super::ranges;
use super::tags::{INNER_LOAD_BALANCER_KEY, PUBLIC_LOAD_BALANCER_KEY, part_tags};
use super::zones::Zones;
use crate::actions::eks::{EksAddress, EksClusterRef, EksGateway, EksNat, EksRoute, EksRouteTable, EksSubnet, EksVpc};
use crate::plan::Refusal;
use crate::spec::EksSpec;

/// Part of the VPC.
pub const VPC: &str = "vpc";
/// Part of the internet gateway.
pub const INTERNET_GATEWAY: &str = "internet-gateway";
/// Part of the route table of the public subnets.
pub const PUBLIC_ROUTES: &str = "routes-public";

/// What the part of a zone's NAT gateway begins with.
pub const NAT_PREFIX: &str = "nat-";

/// All parts of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// The VPC.
    pub vpc: EksVpc,
    /// Its gateway to the world.
    pub gateway: EksGateway,
    /// Public and private subnets.
    pub subnets: Vec<EksSubnet>,
    /// Addresses of the NAT gateways.
    pub addresses: Vec<EksAddress>,
    /// NAT gateways: one, or one in each zone.
    pub nats: Vec<EksNat>,
    /// Route tables: one for all public subnets, one for each private one.
    pub tables: Vec<EksRouteTable>,
}

/// Part of a zone's private subnet.
pub fn private_subnet(zone: &str) -> String {
    format!("subnet-private-{zone}")
}

/// Part of a zone's public subnet.
pub fn public_subnet(zone: &str) -> String {
    format!("subnet-public-{zone}")
}

/// The network for these zones.
///
/// # Errors
/// A zone has no room in the address range.
pub fn network(cluster: &EksClusterRef, eks: &EksSpec, zones: &Zones) -> Result<Network, Refusal> {
    let tags = |part: &str| part_tags(&cluster.name, part);
    let nat_zones: &[String] = if eks.nat_per_zone { &zones.all } else { &zones.all[..1] };
    let mut subnets = Vec::new();
    for zone in &zones.all {
        let ranges = ranges::of_zone(&eks.vpc_cidr, &cluster.region, zone).ok_or_else(|| Refusal::Impossible {
            about: format!("a subnet in zone {zone}"),
            why: format!("range {} has rooms for the zones a to h of the region; give `subnetIds`", eks.vpc_cidr),
        })?;
        subnets.push(subnet(cluster, zone, true, ranges.public));
        subnets.push(subnet(cluster, zone, false, ranges.private));
    }
    let address = |zone: &str| format!("address-{zone}");
    let nat = |zone: &str| format!("{NAT_PREFIX}{zone}");
    let addresses = nat_zones.iter().map(|zone| {
        let part = address(zone);
        EksAddress { cluster: cluster.clone(), tags: tags(&part), part }
    });
    let nats = nat_zones.iter().map(|zone| {
        let part = nat(zone);
        let (subnet, address) = (public_subnet(zone), address(zone));
        EksNat { cluster: cluster.clone(), tags: tags(&part), part, subnet, address }
    });
    let public = EksRouteTable {
        cluster: cluster.clone(),
        part: PUBLIC_ROUTES.to_owned(),
        default_route: EksRoute::InternetGateway,
        subnets: zones.all.iter().map(|zone| public_subnet(zone)).collect(),
        tags: tags(PUBLIC_ROUTES),
    };
    let private = zones.all.iter().map(|zone| {
        let part = format!("routes-private-{zone}");
        let via = if eks.nat_per_zone { zone } else { &nat_zones[0] };
        EksRouteTable {
            cluster: cluster.clone(),
            default_route: EksRoute::Nat(nat(via)),
            subnets: vec![private_subnet(zone)],
            tags: tags(&part),
            part,
        }
    });
    Ok(Network {
        vpc: EksVpc { cluster: cluster.clone(), cidr: eks.vpc_cidr.clone(), tags: tags(VPC) },
        gateway: EksGateway { cluster: cluster.clone(), tags: tags(INTERNET_GATEWAY) },
        addresses: addresses.collect(),
        nats: nats.collect(),
        tables: std::iter::once(public).chain(private).collect(),
        subnets,
    })
}

/// Load balancers choose their subnets by these tags.
fn subnet(cluster: &EksClusterRef, zone: &str, public: bool, cidr: String) -> EksSubnet {
    let part = if public { public_subnet(zone) } else { private_subnet(zone) };
    let mut tags = part_tags(&cluster.name, &part);
    let key = if public { PUBLIC_LOAD_BALANCER_KEY } else { INNER_LOAD_BALANCER_KEY };
    tags.insert(key.to_owned(), "1".to_owned());
    EksSubnet { cluster: cluster.clone(), part, zone: zone.to_owned(), cidr, public, tags }
}
