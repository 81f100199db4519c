//! What workloads, nodes and the control plane leave: volumes, network interfaces, templates, logs, the OIDC provider.

use aws_sdk_ec2::types::{InstanceStateName, NetworkInterfaceStatus, VolumeState};
use berth_core::actions::eks::EksPartRef;
use berth_core::ports::Progress;
use berth_core::run::Fault;

use super::{outcome, seen};
use crate::cloud::EksCloud;

/// A machine; it holds its volumes and interfaces until it is terminated.
pub(super) async fn machine(cloud: &EksCloud, part: &EksPartRef) -> Result<Progress, Fault> {
    let found = cloud.read.ec2.describe_instances().instance_ids(&part.id).send().await;
    let found = seen(part, found)?.and_then(|found| found.reservations).unwrap_or_default();
    let machine = found.iter().flat_map(|reservation| reservation.instances()).next();
    let state = machine.and_then(|machine| machine.state.as_ref()).and_then(|state| state.name.as_ref());
    let going = || Ok(Progress::Pending(Some("shutting down".to_owned())));
    match (machine, state) {
        (None, _) | (_, Some(InstanceStateName::Terminated)) => Ok(Progress::Done),
        (_, Some(InstanceStateName::ShuttingDown)) => going(),
        _ => match outcome(part, cloud.write.ec2.terminate_instances().instance_ids(&part.id).send().await)? {
            Progress::Done => going(),
            held => Ok(held),
        },
    }
}

/// A volume; one that a machine still has is waited for.
pub(super) async fn volume(cloud: &EksCloud, part: &EksPartRef) -> Result<Progress, Fault> {
    let found = cloud.read.ec2.describe_volumes().volume_ids(&part.id).send().await;
    let found = seen(part, found)?.and_then(|found| found.volumes).unwrap_or_default();
    let Some(volume) = found.first() else { return Ok(Progress::Done) };
    match &volume.state {
        Some(VolumeState::Deleted) => Ok(Progress::Done),
        Some(VolumeState::Deleting) => Ok(Progress::Pending(Some("deleting".to_owned()))),
        Some(VolumeState::InUse) => {
            let machine = volume.attachments().first().and_then(|one| one.instance_id()).unwrap_or("a machine");
            Ok(Progress::Pending(Some(format!("attached to {machine}"))))
        }
        _ => outcome(part, cloud.write.ec2.delete_volume().volume_id(&part.id).send().await),
    }
}

/// A network interface; one that is in use is waited for.
pub(super) async fn interface(cloud: &EksCloud, part: &EksPartRef) -> Result<Progress, Fault> {
    let found = cloud.read.ec2.describe_network_interfaces().network_interface_ids(&part.id).send().await;
    let found = seen(part, found)?.and_then(|found| found.network_interfaces).unwrap_or_default();
    let Some(interface) = found.first() else { return Ok(Progress::Done) };
    if interface.status != Some(NetworkInterfaceStatus::Available) {
        let state = interface.status.as_ref().map_or("in no state", |status| status.as_str());
        let about = interface.description().unwrap_or_default();
        return Ok(Progress::Pending(Some(format!("{state} ({about})"))));
    }
    outcome(part, cloud.write.ec2.delete_network_interface().network_interface_id(&part.id).send().await)
}

/// A launch template with all its versions.
pub(super) async fn template(cloud: &EksCloud, part: &EksPartRef) -> Result<Progress, Fault> {
    outcome(part, cloud.write.ec2.delete_launch_template().launch_template_id(&part.id).send().await)
}

/// A log group with all it holds.
pub(super) async fn log_group(cloud: &EksCloud, part: &EksPartRef) -> Result<Progress, Fault> {
    outcome(part, cloud.write.logs.delete_log_group().log_group_name(&part.id).send().await)
}

/// An OIDC provider.
pub(super) async fn oidc_provider(cloud: &EksCloud, part: &EksPartRef) -> Result<Progress, Fault> {
    let call = cloud.write.iam.delete_open_id_connect_provider().open_id_connect_provider_arn(&part.id);
    outcome(part, call.send().await)
}
