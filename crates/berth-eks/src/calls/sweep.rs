//! Finding and taking away what workloads and the network plugin have left.

use berth_core::actions::eks::EksPartKind;
use berth_core::ports::{Progress, Started};
use berth_core::run::Fault;

use super::delete_part;
use crate::cloud::EksCloud;
use crate::read::{self, Place};
use crate::ticket::Work;

/// Begins to sweep; goes on as long as anything is found.
pub(crate) async fn sweep(cloud: &EksCloud, place: &Place<'_>, kinds: &[EksPartKind]) -> Result<Started, Fault> {
    match round(cloud, place, kinds).await? {
        Progress::Done => Ok(Started::Done),
        Progress::Pending(_) => {
            let (cluster, vpc) = (place.cluster.clone(), place.vpcs.first().cloned());
            let near = place.near.map(ToOwned::to_owned);
            Ok(Work::Sweep { cluster, vpc, near, kinds: kinds.to_vec() }.waiting())
        }
    }
}

/// Looks once and tries to take away all that is found; done only when a look finds nothing.
///
/// One thing that cannot be taken away does not keep the others; its fault is told after all have been tried.
pub(crate) async fn round(cloud: &EksCloud, place: &Place<'_>, kinds: &[EksPartKind]) -> Result<Progress, Fault> {
    // Sorted by kind: the order in which they let go of each other.
    let parts = read::left(cloud, *place, kinds).await?;
    let mut first_fault = None;
    let mut held = None;
    for part in &parts {
        match delete_part::attempt(cloud, place.cluster, &part.thing).await {
            Ok(Progress::Done) => {}
            Ok(Progress::Pending(why)) => {
                let words = format!("{} {}", part.thing.kind.words(), part.thing.id);
                let said = why.map_or_else(|| words.clone(), |why| format!("{words}: {why}"));
                held.get_or_insert(said);
            }
            Err(fault) => {
                first_fault.get_or_insert(fault);
            }
        }
    }
    if let Some(fault) = first_fault {
        return Err(fault);
    }
    if kinds.contains(&EksPartKind::LoadBalancer)
        && let Progress::Pending(why) = delete_part::delete_target_groups(cloud, place).await?
    {
        return Ok(Progress::Pending(held.or(why)));
    }
    if parts.is_empty() {
        return Ok(Progress::Done);
    }
    Ok(Progress::Pending(held.or_else(|| Some(format!("{} taken away, looking again", parts.len())))))
}
