//! The machines of our clusters with their volumes, each by itself and with its own times: what a bill is made of.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{
    Filter, Instance, InstanceLifecycleType, InstanceStateName, NatGateway, NatGatewayState, Volume,
};
use berth_core::cost::Bought;
use berth_core::metering::{Machine, Machines, Told};
use berth_core::rules::eks::tags::POOL_KEY;
use berth_core::rules::ownership::CLUSTER_KEY;
use berth_core::run::Fault;
use berth_core::spec::Provider;
use jiff::Timestamp;

use super::marked::mark;
use crate::classify;
use crate::cloud::EksCloud;
use crate::read::{self, CLAIM_KEY};

/// EKS's tag for the node group a machine is of.
const GROUP_KEY: &str = "eks:nodegroup-name";

/// For how long EC2 goes on telling of a machine that is gone, in words.
const TOLD: &str = "an hour";

impl EksCloud {
    /// All machines of our clusters in this region, with those that ended so lately that EC2 still tells of them; and, if clusters are
    /// `remembered` that may be gone, when NAT gateways ended.
    ///
    /// # Errors
    /// Machines, volumes or NAT gateways cannot be listed.
    pub async fn machines(&self, remembered: bool) -> Result<Machines, Fault> {
        let gateways = async { if remembered { gateways(self).await } else { Ok(Vec::new()) } };
        let (instances, volumes, ends) =
            futures::join!(Box::pin(instances(self)), Box::pin(volumes(self)), Box::pin(gateways));
        let (instances, volumes) = (instances?, volumes?);
        let mut disks: BTreeMap<String, Vec<(String, u64)>> = BTreeMap::new();
        for volume in volumes {
            if let Some((instance, disk)) = boot_disk(&volume) {
                disks.entry(instance).or_default().push(disk);
            }
        }
        let mut machines = Machines { ends: ends?, ..Machines::default() };
        machines.unread.push(format!(
            "machines that berth has not seen while they were there, and that ended more than {TOLD} ago, are not counted: EC2 tells of \
             them no longer"
        ));
        for instance in instances {
            match machine(self.region(), &instance, &mut disks) {
                Some(machine) if is_over(&instance) && machine.to.is_none() => machines
                    .unread
                    .push(format!("machine {} is gone and EC2 does not say since when; it is not counted", machine.id)),
                Some(machine) => machines.found.push(machine),
                None => {}
            }
        }
        like_the_others(&mut machines);
        Ok(machines)
    }
}

/// The volume of a machine that is gone went with it; it was as those of its pool are.
fn like_the_others(machines: &mut Machines) {
    let pool = |one: &Machine| (one.cluster.clone(), one.pool.clone());
    let there = machines.found.iter().filter(|machine| machine.to.is_none());
    let known: BTreeMap<_, _> = there.map(|one| (pool(one), one.disks.clone())).collect();
    for gone in machines.found.iter_mut().filter(|machine| machine.to.is_some() && machine.disks.is_empty()) {
        if let Some(disks) = known.get(&pool(gone)) {
            gone.disks.clone_from(disks);
        }
    }
}

async fn instances(cloud: &EksCloud) -> Result<Vec<Instance>, Fault> {
    let call = cloud.read.ec2.describe_instances().filters(mark());
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("list machines of ours", &error))?;
    Ok(found.into_iter().flat_map(|reservation| reservation.instances.unwrap_or_default()).collect())
}

async fn volumes(cloud: &EksCloud) -> Result<Vec<Volume>, Fault> {
    let call = cloud.read.ec2.describe_volumes().filters(mark());
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    found.map_err(|error| classify::of_call("list volumes of ours", &error))
}

/// When NAT gateways ended: EC2 goes on telling of them for an hour too, whether or not with their tags.
async fn gateways(cloud: &EksCloud) -> Result<Vec<Told>, Fault> {
    let states = [NatGatewayState::Deleting, NatGatewayState::Deleted].map(|state| state.as_str().to_owned());
    let over = Filter::builder().name("state").set_values(Some(states.into())).build();
    let call = cloud.read.ec2.describe_nat_gateways().filter(over);
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("list NAT gateways that are gone", &error))?;
    let told = |one: NatGateway| Some(Told { id: one.nat_gateway_id?, at: read::time(one.delete_time?)? });
    Ok(found.into_iter().filter_map(told).collect())
}

/// A volume that lives and ends with its machine; those of claims stand for themselves.
fn boot_disk(volume: &Volume) -> Option<(String, (String, u64))> {
    if volume.tags().iter().any(|tag| tag.key() == Some(CLAIM_KEY)) {
        return None;
    }
    let instance = volume.attachments().first()?.instance_id()?;
    let gigabytes = u64::try_from(volume.size?).ok()?;
    Some((instance.to_owned(), (volume.volume_type()?.as_str().to_owned(), gigabytes)))
}

fn is_over(instance: &Instance) -> bool {
    let state = instance.state().and_then(|state| state.name());
    matches!(state, Some(InstanceStateName::Terminated | InstanceStateName::ShuttingDown))
}

fn machine(region: &str, one: &Instance, disks: &mut BTreeMap<String, Vec<(String, u64)>>) -> Option<Machine> {
    let id = one.instance_id()?;
    let tags = read::of_ec2(one.tags.clone());
    let node = one.private_dns_name().filter(|name| !name.is_empty()).unwrap_or(id);
    let is_spot = one.instance_lifecycle() == Some(&InstanceLifecycleType::Spot);
    Some(Machine {
        provider: Provider::Eks,
        cluster: tags.get(CLUSTER_KEY)?.clone(),
        cluster_location: Some(region.to_owned()),
        pool: tags.get(POOL_KEY).or_else(|| tags.get(GROUP_KEY)).cloned(),
        id: id.to_owned(),
        node: node.to_owned(),
        region: region.to_owned(),
        zone: one.placement().and_then(|place| place.availability_zone()).unwrap_or_default().to_owned(),
        machine_type: one.instance_type()?.as_str().to_owned(),
        bought: if is_spot { Bought::Spot } else { Bought::OnDemand },
        accelerator: None,
        disks: disks.remove(id).unwrap_or_default(),
        addresses: u64::from(one.public_ip_address().is_some_and(|address| !address.is_empty())),
        from: one.launch_time.and_then(read::time)?,
        to: is_over(one).then(|| ended(one.state_transition_reason()?)).flatten(),
    })
}

/// When it ended, out of `User initiated (2026-11-21 15:30:00 GMT)`.
fn ended(reason: &str) -> Option<Timestamp> {
    let inside = reason.split_once('(')?.1.split_once(" GMT)")?.0;
    format!("{}Z", inside.replace(' ', "T")).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::ended;

    #[test]
    fn the_reason_tells_when_a_machine_ended() {
        let told = ended("User initiated (2026-11-21 15:30:07 GMT)").map(|time| time.to_string());
        assert_eq!(told.as_deref(), Some("2026-11-21T15:30:07Z"));
        assert_eq!(ended("Server.SpotInstanceTermination"), None);
        assert_eq!(ended(""), None);
    }
}
