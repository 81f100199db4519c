//! What holds a thing that cannot go yet.

use aws_sdk_ec2::types::{NetworkInterface, NetworkInterfaceStatus};
use berth_core::ports::Progress;

use crate::cloud::EksCloud;
use crate::find;

/// The same progress; what does not go says which network interfaces hold it, if there are some by this filter.
pub(super) async fn told(cloud: &EksCloud, progress: Progress, filter: (&str, &str)) -> Progress {
    let Progress::Pending(said) = progress else { return progress };
    let holders = interfaces(cloud, filter).await;
    Progress::Pending(words(&holders).or(said))
}

/// The same for a subnet berth made; interfaces in it that nothing uses any more are taken away, since nobody else will.
pub(super) async fn cleared(cloud: &EksCloud, progress: Progress, filter: (&str, &str)) -> Progress {
    let Progress::Pending(said) = progress else { return progress };
    let holders = interfaces(cloud, filter).await;
    for holder in holders.iter().filter(|holder| holder.status == Some(NetworkInterfaceStatus::Available)) {
        let call = cloud.write.ec2.delete_network_interface();
        // The next look sees what came of it.
        drop(call.network_interface_id(holder.network_interface_id().unwrap_or_default()).send().await);
    }
    Progress::Pending(words(&holders).or(said))
}

/// What still uses a thing, in words; `None` if nothing does, or if that cannot be read.
pub(super) async fn holder(cloud: &EksCloud, filter: (&str, &str)) -> Option<String> {
    words(&interfaces(cloud, filter).await)
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
    use super::*;

    #[test]
    fn the_first_holder_is_named_and_the_others_counted() {
        let one = |id: &str, text: &str| NetworkInterface::builder().network_interface_id(id).description(text).build();
        assert_eq!(words(&[]), None);
        assert_eq!(words(&[one("eni-1", "")]).as_deref(), Some("held by network interface eni-1"));
        let holders = [one("eni-1", "ELB app/x"), one("eni-2", ""), one("eni-3", "")];
        assert_eq!(words(&holders).as_deref(), Some("held by network interface eni-1 (ELB app/x) and 2 more"));
    }
}
