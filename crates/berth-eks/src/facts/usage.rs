//! What already counts against quotas: vCPUs of machines, addresses, clusters, VPCs, NAT gateways.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{
    Filter, Instance, InstanceLifecycleType, InstanceType, NatGatewayState, Reservation, Tenancy,
};
use berth_core::run::Fault;

use crate::classify;
use crate::cloud::EksCloud;
use crate::unread::allowed;

/// DescribeInstanceTypes takes this many types in a call.
const TYPES_IN_A_CALL: usize = 100;
/// Ids in a filter of DescribeSubnets.
const IDS_IN_A_FILTER: usize = 200;

/// Machine families that share a quota of vCPUs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    /// A, C, D, H, I, M, R, T and Z.
    Standard,
    /// G and VT.
    G,
    /// P.
    P,
}

impl Family {
    /// The family by a machine type's name; `None` for families with a quota of their own that berth does not use.
    fn of(machine_type: &str) -> Option<Self> {
        let letters: String = machine_type.chars().take_while(char::is_ascii_alphabetic).collect();
        match letters.as_str() {
            "p" => Some(Self::P),
            "g" | "gr" | "vt" => Some(Self::G),
            "a" | "c" | "d" | "h" | "i" | "im" | "is" | "m" | "r" | "t" | "z" => Some(Self::Standard),
            _ => None,
        }
    }
}

/// vCPUs in use, by family and whether they are spot.
pub(super) type Vcpus = BTreeMap<(Family, bool), u32>;

/// How much is used; `None` is not known.
#[derive(Debug, Default)]
pub(super) struct Usage {
    /// vCPUs.
    pub(super) vcpus: Option<Vcpus>,
    /// Elastic addresses.
    pub(super) addresses: Option<u32>,
    /// EKS clusters.
    pub(super) clusters: Option<u32>,
    /// VPCs.
    pub(super) vpcs: Option<u32>,
    /// NAT gateways by zone.
    pub(super) nats: Option<BTreeMap<String, u32>>,
}

/// What came of reading the usage.
pub(super) struct Answers {
    machines: Result<Vec<Machine>, Fault>,
    sizes: Result<BTreeMap<String, u32>, Fault>,
    addresses: Result<u32, Fault>,
    clusters: Result<u32, Fault>,
    vpcs: Result<u32, Fault>,
    nats: Result<Vec<String>, Fault>,
    zones: Result<BTreeMap<String, String>, Fault>,
}

/// A machine that counts against a quota.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Machine {
    machine_type: String,
    family: Family,
    spot: bool,
    /// As it was started; `None` is what its type has.
    vcpus: Option<u32>,
}

/// Counts everything at once.
pub(super) async fn usage(cloud: &EksCloud) -> Answers {
    let ((machines, sizes), addresses, clusters, vpcs, (nats, zones)) = futures::join!(
        async {
            let machines = machines(cloud).await;
            let sizes = sizes(cloud, machines.as_deref().unwrap_or_default()).await;
            (machines, sizes)
        },
        addresses(cloud),
        clusters(cloud),
        vpcs(cloud),
        async {
            let nats = nats(cloud).await;
            let zones = zones(cloud, nats.as_deref().unwrap_or_default()).await;
            (nats, zones)
        },
    );
    Answers { machines, sizes, addresses, clusters, vpcs, nats, zones }
}

impl Answers {
    /// What could be read.
    ///
    /// # Errors
    /// AWS did not answer as it should.
    pub(super) fn stated(self, unread: &mut Vec<String>) -> Result<Usage, Fault> {
        let machines = allowed(self.machines, "ec2:DescribeInstances", unread)?;
        let sizes = allowed(self.sizes, "ec2:DescribeInstanceTypes", unread)?;
        let nats = allowed(self.nats, "ec2:DescribeNatGateways", unread)?;
        let zones = allowed(self.zones, "ec2:DescribeSubnets", unread)?;
        Ok(Usage {
            vcpus: machines.zip(sizes).map(|(machines, sizes)| count(&machines, &sizes)),
            addresses: allowed(self.addresses, "ec2:DescribeAddresses", unread)?,
            clusters: allowed(self.clusters, "eks:ListClusters", unread)?,
            vpcs: allowed(self.vpcs, "ec2:DescribeVpcs", unread)?,
            nats: nats.zip(zones).map(|(nats, zones)| by_zone(&nats, &zones)),
        })
    }
}

/// Machines that run or are about to, also those of others: quotas are the account's.
async fn machines(cloud: &EksCloud) -> Result<Vec<Machine>, Fault> {
    let live = Filter::builder().name("instance-state-name").values("pending").values("running").build();
    let call = cloud.read.ec2.describe_instances().filters(live).max_results(1000);
    let read: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let tried = format!("count the machines in {}", cloud.region());
    let read = read.map_err(|error| classify::of_call(tried, &error))?;
    let instances = read.into_iter().filter_map(|reservation: Reservation| reservation.instances).flatten();
    Ok(instances.filter_map(|instance| machine(&instance)).collect())
}

fn machine(instance: &Instance) -> Option<Machine> {
    let machine_type = instance.instance_type()?.as_str().to_owned();
    let spot = match instance.instance_lifecycle() {
        None => false,
        Some(InstanceLifecycleType::Spot) => true,
        // Capacity blocks and the like are bought beforehand and count elsewhere.
        Some(_) => return None,
    };
    let tenancy = instance.placement().and_then(|placement| placement.tenancy());
    if tenancy == Some(&Tenancy::Host) {
        return None;
    }
    let vcpus = instance.cpu_options().and_then(|options| {
        let of = |count: Option<i32>| u32::try_from(count?).ok();
        Some(of(options.core_count())? * of(options.threads_per_core())?)
    });
    Some(Machine { family: Family::of(&machine_type)?, machine_type, spot, vcpus })
}

/// vCPUs of the types of machines that do not say it themselves.
async fn sizes(cloud: &EksCloud, machines: &[Machine]) -> Result<BTreeMap<String, u32>, Fault> {
    let silent = machines.iter().filter(|machine| machine.vcpus.is_none());
    let wanted: BTreeSet<&str> = silent.map(|machine| machine.machine_type.as_str()).collect();
    let wanted: Vec<InstanceType> = wanted.into_iter().map(InstanceType::from).collect();
    let mut sizes = BTreeMap::new();
    for types in wanted.chunks(TYPES_IN_A_CALL) {
        let call = cloud.read.ec2.describe_instance_types().set_instance_types(Some(types.to_vec()));
        let read: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
        let tried = format!("read the sizes of the machines in {}", cloud.region());
        for row in read.map_err(|error| classify::of_call(tried, &error))? {
            let vcpus = row.v_cpu_info().and_then(|info| info.default_v_cpus());
            if let (Some(name), Some(vcpus)) = (row.instance_type, vcpus.and_then(|count| u32::try_from(count).ok())) {
                sizes.insert(name.as_str().to_owned(), vcpus);
            }
        }
    }
    Ok(sizes)
}

fn count(machines: &[Machine], sizes: &BTreeMap<String, u32>) -> Vcpus {
    let mut vcpus = Vcpus::new();
    for machine in machines {
        let count = machine.vcpus.or_else(|| sizes.get(&machine.machine_type).copied()).unwrap_or(0);
        *vcpus.entry((machine.family, machine.spot)).or_default() += count;
    }
    vcpus
}

async fn addresses(cloud: &EksCloud) -> Result<u32, Fault> {
    let read = cloud.read.ec2.describe_addresses().send().await;
    let tried = format!("count the elastic addresses in {}", cloud.region());
    let read = read.map_err(|error| classify::of_call(tried, &error))?;
    Ok(number(read.addresses().len()))
}

async fn clusters(cloud: &EksCloud) -> Result<u32, Fault> {
    let read: Result<Vec<_>, _> = cloud.read.eks.list_clusters().into_paginator().items().send().collect().await;
    let tried = format!("count the EKS clusters in {}", cloud.region());
    Ok(number(read.map_err(|error| classify::of_call(tried, &error))?.len()))
}

async fn vpcs(cloud: &EksCloud) -> Result<u32, Fault> {
    let read: Result<Vec<_>, _> = cloud.read.ec2.describe_vpcs().into_paginator().items().send().collect().await;
    let tried = format!("count the VPCs in {}", cloud.region());
    Ok(number(read.map_err(|error| classify::of_call(tried, &error))?.len()))
}

/// Subnets of NAT gateways that are there, one for each gateway.
async fn nats(cloud: &EksCloud) -> Result<Vec<String>, Fault> {
    let call = cloud.read.ec2.describe_nat_gateways();
    let read: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let tried = format!("count the NAT gateways in {}", cloud.region());
    let read = read.map_err(|error| classify::of_call(tried, &error))?;
    let gone = |state: &NatGatewayState| matches!(state, NatGatewayState::Deleted | NatGatewayState::Failed);
    let there = read.into_iter().filter(|nat| !nat.state().is_some_and(gone));
    Ok(there.filter_map(|nat| nat.subnet_id).collect())
}

/// Zones of subnets, by their ids.
async fn zones(cloud: &EksCloud, subnets: &[String]) -> Result<BTreeMap<String, String>, Fault> {
    let wanted: Vec<String> = subnets.iter().collect::<BTreeSet<_>>().into_iter().cloned().collect();
    let mut zones = BTreeMap::new();
    for ids in wanted.chunks(IDS_IN_A_FILTER) {
        let these = Filter::builder().name("subnet-id").set_values(Some(ids.to_vec())).build();
        let call = cloud.read.ec2.describe_subnets().filters(these);
        let read: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
        let tried = format!("look where the NAT gateways in {} stand", cloud.region());
        let read = read.map_err(|error| classify::of_call(tried, &error))?;
        zones.extend(read.into_iter().filter_map(|subnet| Some((subnet.subnet_id?, subnet.availability_zone?))));
    }
    Ok(zones)
}

fn by_zone(subnets: &[String], zones: &BTreeMap<String, String>) -> BTreeMap<String, u32> {
    let mut nats = BTreeMap::new();
    for zone in subnets.iter().filter_map(|subnet| zones.get(subnet)) {
        *nats.entry(zone.clone()).or_default() += 1;
    }
    nats
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{CpuOptions, Placement};

    use super::*;

    #[test]
    fn families_are_told_by_the_letters_before_the_first_digit() {
        let family = |name| Family::of(name);
        assert_eq!(family("p4d.24xlarge"), Some(Family::P));
        assert_eq!(family("g4dn.xlarge"), Some(Family::G));
        assert_eq!(family("vt1.3xlarge"), Some(Family::G));
        assert_eq!(family("is4gen.large"), Some(Family::Standard));
        for other in ["inf2.xlarge", "trn1.2xlarge", "dl1.24xlarge", "x2idn.16xlarge", "mac2.metal", "u-6tb1.metal"] {
            assert_eq!(family(other), None, "{other}");
        }
    }

    #[test]
    fn machines_count_as_they_were_started_or_as_their_type_is() {
        let small = Instance::builder()
            .instance_type(InstanceType::M5Xlarge)
            .cpu_options(CpuOptions::builder().core_count(1).threads_per_core(1).build());
        let spot = Instance::builder().instance_type(InstanceType::M5Xlarge);
        let spot = spot.instance_lifecycle(InstanceLifecycleType::Spot);
        let block = Instance::builder().instance_type(InstanceType::P548xlarge);
        let block = block.instance_lifecycle(InstanceLifecycleType::CapacityBlock);
        let hosted = Instance::builder().instance_type(InstanceType::M5Xlarge);
        let hosted = hosted.placement(Placement::builder().tenancy(Tenancy::Host).build());
        let all = [small.build(), spot.build(), block.build(), hosted.build()];
        let machines: Vec<Machine> = all.iter().filter_map(machine).collect();
        let vcpus = count(&machines, &BTreeMap::from([("m5.xlarge".to_owned(), 4)]));
        assert_eq!(vcpus, Vcpus::from([((Family::Standard, false), 1), ((Family::Standard, true), 4)]));
    }
}
