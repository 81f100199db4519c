//! Waiting for what somebody else has begun.

use berth_core::actions::eks::{EksClusterRef, EksTarget};
use berth_core::ports::{Progress, Started};
use berth_core::run::Fault;

use crate::cloud::EksCloud;
use crate::poll::{look, verdict};
use crate::ticket::Work;

/// The ticket of a cluster, node group or add-on in transition; what is at rest or not there is done.
pub(crate) async fn await_target(cloud: &EksCloud, at: &EksClusterRef, target: &EksTarget) -> Result<Started, Fault> {
    match verdict::awaited(look::look(cloud, at, target).await?.as_ref())? {
        Progress::Done => Ok(Started::Done),
        Progress::Pending(_) => Ok(Work::Awaited { cluster: at.clone(), target: target.clone() }.waiting()),
    }
}
