//! A part that goes away.

use berth_core::actions::eks::{EksClusterRef, EksPartRef};
use berth_core::ports::Progress;
use berth_core::run::Fault;

use crate::calls;
use crate::cloud::EksCloud;

/// Tries again to take it away; what holds it goes away a little later.
pub(crate) async fn part(cloud: &EksCloud, cluster: &EksClusterRef, part: &EksPartRef) -> Result<Progress, Fault> {
    calls::delete_part::attempt(cloud, cluster, part).await
}
