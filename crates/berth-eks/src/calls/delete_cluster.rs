//! DeleteCluster, with deletion protection off.

use aws_sdk_eks::types::{Cluster, ClusterStatus, UpdateStatus};
use berth_core::actions::eks::{EksClusterRef, EksTarget};
use berth_core::metering::cluster_id;
use berth_core::ports::{Progress, Started};
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};

use super::{making, under_way};
use crate::cloud::EksCloud;
use crate::poll::{ended, look, unseen, verdict};
use crate::ticket::{Work, target_words};
use crate::{classify, there};

/// Removes the cluster, or finds that it is gone or going.
///
/// EKS refuses to delete a protected one; taking the protection off is an update, and the ticket goes on with the deletion after it.
pub(crate) async fn delete_cluster(cloud: &EksCloud, at: &EksClusterRef) -> Result<Started, Fault> {
    let Some(cluster) = there::cluster(cloud, at).await.map_err(unseen)? else { return Ok(Started::Done) };
    if cluster.status == Some(ClusterStatus::Deleting) {
        return Ok(under_way::going(at, EksTarget::Cluster));
    }
    if cluster.deletion_protection == Some(true) {
        return unprotect(cloud, at, &cluster).await;
    }
    Ok(if delete(cloud, at).await? { under_way::going(at, EksTarget::Cluster) } else { Started::Done })
}

/// Looks once at a cluster whose protection is being taken off, and deletes it when that is done.
///
/// # Errors
/// The protection stays; or the cluster is another one by now, which nobody asked to delete.
pub(crate) async fn delete_unprotected(
    cloud: &EksCloud,
    at: &EksClusterRef,
    update: &str,
    created: &i64,
) -> Result<Progress, Fault> {
    let Some(cluster) = there::cluster(cloud, at).await.map_err(unseen)? else { return Ok(Progress::Done) };
    let words = target_words(at, &EksTarget::Cluster);
    if made_at(&cluster) != *created {
        let said = "the one of that name was made later and is not this one, which is gone".to_owned();
        return Err(Fault {
            kind: FaultKind::Refused,
            tried: format!("delete {words}"),
            said,
            left_behind: LeftBehind::These(vec![words]),
            retry: Retry::Never,
        });
    }
    if cluster.status == Some(ClusterStatus::Deleting) {
        return verdict::gone(look::look(cloud, at, &EksTarget::Cluster).await.map_err(unseen)?.as_ref());
    }
    if let Some(pending) = protected(cloud, at, &cluster, update).await? {
        return Ok(pending);
    }
    match delete(cloud, at).await {
        Ok(true) => Ok(Progress::Pending(Some("deletion protection is off, DELETING".to_owned()))),
        Ok(false) => Ok(Progress::Done),
        Err(fault) => Err(fault),
    }
}

/// What to say while the update that takes the protection off runs; `None` when it is over, or forgotten, and the protection off.
async fn protected(
    cloud: &EksCloud,
    at: &EksClusterRef,
    cluster: &Cluster,
    id: &str,
) -> Result<Option<Progress>, Fault> {
    let words = target_words(at, &EksTarget::Cluster);
    let tried = format!("take deletion protection off {words}");
    let is_protected = cluster.deletion_protection == Some(true);
    let left = || LeftBehind::These(vec![words.clone()]);
    let answer = match cloud.read.eks.describe_update().name(&at.name).update_id(id).send().await {
        Ok(answer) => answer,
        Err(error) if !is_protected && classify::kind_of(&error) == FaultKind::NotFound => return Ok(None),
        Err(error) => return Err(classify::with_left(tried, &error, |_| left())),
    };
    let update = answer.update;
    let status = update.as_ref().and_then(|update| update.status.clone());
    if matches!(status, Some(UpdateStatus::Failed | UpdateStatus::Cancelled)) && !is_protected {
        return Ok(None);
    }
    let errors = update.as_ref().map(|update| update.errors()).unwrap_or_default();
    match ended(tried, status.as_ref(), errors) {
        Ok(Progress::Done) if !is_protected => Ok(None),
        Ok(_) => Ok(Some(Progress::Pending(Some("deletion protection is being taken off".to_owned())))),
        Err(fault) => Err(Fault { left_behind: left(), ..fault }),
    }
}

async fn unprotect(cloud: &EksCloud, at: &EksClusterRef, cluster: &Cluster) -> Result<Started, Fault> {
    let words = target_words(at, &EksTarget::Cluster);
    let tried = format!("take deletion protection off {words}");
    match cloud.write.eks.update_cluster_config().name(&at.name).deletion_protection(false).send().await {
        Ok(answer) => {
            let update = making::id_in(answer.update.and_then(|update| update.id), &tried)?;
            Ok(Work::Unprotected { cluster: at.clone(), update, created: made_at(cluster) }.waiting())
        }
        Err(error) => {
            let fault = classify::with_left(tried, &error, |kind| classify::left_by_delete(kind, words));
            // An earlier try took it off, which was not to be seen yet.
            Err(if under_way::is_no_change(&fault) { making::again(fault) } else { fault })
        }
    }
}

/// Whether there was a cluster to delete.
///
/// Its fee is counted until EKS takes the call: whether a cluster in `DELETING` is billed is not public, machines and databases of AWS
/// that are going away are not [I].
async fn delete(cloud: &EksCloud, at: &EksClusterRef) -> Result<bool, Fault> {
    let words = target_words(at, &EksTarget::Cluster);
    let end = cloud.ends.of(cluster_id(&at.region, &at.name));
    match cloud.write.eks.delete_cluster().name(&at.name).customize().interceptor(end).send().await {
        Ok(_) => Ok(true),
        Err(error) if classify::kind_of(&error) == FaultKind::NotFound => Ok(false),
        Err(error) => {
            let fault =
                classify::with_left(format!("delete {words}"), &error, |kind| classify::left_by_delete(kind, words));
            let text = fault.said.to_ascii_lowercase();
            // The protection was taken off, and the deletion does not see that yet.
            let is_late = fault.kind == FaultKind::Refused && text.contains("deletion protection");
            Err(if is_late { Fault { retry: Retry::Backoff, ..fault } } else { fault })
        }
    }
}

/// When the cluster was made, in seconds.
fn made_at(cluster: &Cluster) -> i64 {
    cluster.created_at.map_or(0, |created| created.secs())
}
