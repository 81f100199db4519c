//! What holds a thing that cannot go yet, and who can let go of it.

use aws_sdk_ec2::types::{Instance, InstanceStateName, NetworkInterface, NetworkInterfaceStatus};
use berth_core::actions::eks::{EksClusterRef, EksPartRef};
use berth_core::ports::Progress;
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};

use crate::cloud::EksCloud;
use crate::find;
use crate::read::{is_of, of_ec2};

/// A thing that is to go, and how what holds it is found: an EC2 filter of network interfaces.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held<'a> {
    /// The cluster it was made for.
    pub(super) cluster: &'a EksClusterRef,
    /// The thing.
    pub(super) part: &'a EksPartRef,
    /// Name and value of the filter.
    pub(super) by: (&'a str, &'a str),
}

impl Held<'_> {
    /// The same progress; what does not go says which network interfaces hold it, if there are some.
    ///
    /// # Errors
    /// Machines that are not of this cluster hold it: nobody but their owner can let go of it, so waiting is in vain.
    pub(super) async fn told(self, cloud: &EksCloud, progress: Progress) -> Result<Progress, Fault> {
        let Progress::Pending(said) = progress else { return Ok(progress) };
        Ok(Progress::Pending(self.holder(cloud).await?.or(said)))
    }

    /// The same for a subnet berth made; interfaces in it that nothing uses any more are taken away, since nobody else will.
    ///
    /// # Errors
    /// As above.
    pub(super) async fn cleared(self, cloud: &EksCloud, progress: Progress) -> Result<Progress, Fault> {
        let Progress::Pending(said) = progress else { return Ok(progress) };
        let holders = interfaces(cloud, self.by).await;
        for holder in holders.iter().filter(|holder| holder.status == Some(NetworkInterfaceStatus::Available)) {
            let call = cloud.write.ec2.delete_network_interface();
            // The next look sees what came of it.
            drop(call.network_interface_id(holder.network_interface_id().unwrap_or_default()).send().await);
        }
        self.refuse_strangers(cloud, &holders).await?;
        Ok(Progress::Pending(words(&holders).or(said)))
    }

    /// What still uses the thing, in words; `None` if nothing does, or if that cannot be read.
    ///
    /// # Errors
    /// As above.
    pub(super) async fn holder(self, cloud: &EksCloud) -> Result<Option<String>, Fault> {
        let holders = interfaces(cloud, self.by).await;
        self.refuse_strangers(cloud, &holders).await?;
        Ok(words(&holders))
    }

    async fn refuse_strangers(self, cloud: &EksCloud, holders: &[NetworkInterface]) -> Result<(), Fault> {
        let machines = holders.iter().filter_map(|holder| holder.attachment.as_ref()?.instance_id.clone());
        // Where machines may not be seen, the wait goes on and names the interfaces.
        let found = find::machines(cloud, machines.collect()).await;
        let strangers: Vec<String> =
            found.iter().filter(|machine| is_stranger(self.cluster, machine)).map(machine_words).collect();
        if strangers.is_empty() {
            return Ok(());
        }
        let part = format!("{} {}", self.part.kind.words(), self.part.id);
        let (number, they) = if strangers.len() == 1 { ("machine", "it") } else { ("machines", "them") };
        Err(Fault {
            kind: FaultKind::Refused,
            tried: format!("delete {part}"),
            said: format!(
                "held by {number} {} that cluster {} does not know: terminate {they} in EC2, or move {they} to another VPC, then delete the cluster again",
                strangers.join(", "),
                self.cluster.name
            ),
            left_behind: LeftBehind::These(vec![part]),
            retry: Retry::Never,
        })
    }
}

/// Whether a machine is not the cluster's, and stays until its owner ends it.
fn is_stranger(cluster: &EksClusterRef, machine: &Instance) -> bool {
    let state = machine.state.as_ref().and_then(|state| state.name.as_ref());
    let goes = matches!(state, Some(InstanceStateName::ShuttingDown | InstanceStateName::Terminated));
    !goes && !is_of(cluster, &of_ec2(machine.tags.clone()))
}

/// `i-1 (web)`
fn machine_words(machine: &Instance) -> String {
    let id = machine.instance_id().unwrap_or_default();
    let name = machine.tags().iter().find(|tag| tag.key() == Some("Name")).and_then(|tag| tag.value());
    name.map_or_else(|| id.to_owned(), |name| format!("{id} ({name})"))
}

/// What cannot be read is left out: the words only explain.
async fn interfaces(cloud: &EksCloud, (name, value): (&str, &str)) -> Vec<NetworkInterface> {
    let call = cloud.read.ec2.describe_network_interfaces().filters(find::filter(name, value));
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let mut found: Vec<NetworkInterface> = found.unwrap_or_default();
    // A public address is what holds a gateway.
    found.sort_by_key(|interface| interface.association.is_none());
    found
}

/// `held by network interface eni-1 (ELB app/x) and 2 more`
fn words(holders: &[NetworkInterface]) -> Option<String> {
    let first = holders.first()?;
    let id = first.network_interface_id().unwrap_or_default();
    let about =
        first.description().filter(|text| !text.is_empty()).map_or_else(String::new, |text| format!(" ({text})"));
    let more = match holders.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!("held by network interface {id}{about}{more}"))
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{InstanceState, Tag};

    use super::*;

    #[test]
    fn a_machine_is_a_stranger_unless_it_is_the_clusters_or_goes_away() {
        let cluster = EksClusterRef { account: "1".to_owned(), region: "us-east-1".to_owned(), name: "c".to_owned() };
        let machine = |state: InstanceStateName, (key, value): (&str, &str)| {
            let tag = Tag::builder().key(key).value(value).build();
            let state = InstanceState::builder().name(state).build();
            Instance::builder().instance_id("i-1").state(state).tags(tag).build()
        };
        let is = |state, tag| is_stranger(&cluster, &machine(state, tag));
        assert!(is(InstanceStateName::Running, ("Name", "web")));
        assert!(is(InstanceStateName::Stopped, ("kubernetes.io/cluster/other", "owned")));
        assert!(!is(InstanceStateName::ShuttingDown, ("Name", "web")));
        assert!(!is(InstanceStateName::Running, ("kubernetes.io/cluster/c", "owned")));
        assert_eq!(machine_words(&machine(InstanceStateName::Running, ("Name", "web"))), "i-1 (web)");
        assert_eq!(machine_words(&machine(InstanceStateName::Running, ("a", "b"))), "i-1");
    }

    #[test]
    fn the_first_holder_is_named_and_the_others_counted() {
        let one = |id: &str, text: &str| NetworkInterface::builder().network_interface_id(id).description(text).build();
        assert_eq!(words(&[]), None);
        assert_eq!(words(&[one("eni-1", "")]).as_deref(), Some("held by network interface eni-1"));
        let holders = [one("eni-1", "ELB app/x"), one("eni-2", ""), one("eni-3", "")];
        assert_eq!(words(&holders).as_deref(), Some("held by network interface eni-1 (ELB app/x) and 2 more"));
    }
}
