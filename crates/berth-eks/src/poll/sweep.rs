//! What workloads and the network plugin have left.

use berth_core::actions::eks::EksPartKind;
use berth_core::ports::Progress;
use berth_core::run::Fault;

use crate::calls;
use crate::cloud::EksCloud;
use crate::read::Place;

/// Looks again for all of it, and takes away what is there.
pub(crate) async fn sweep(cloud: &EksCloud, place: &Place<'_>, kinds: &[EksPartKind]) -> Result<Progress, Fault> {
    calls::sweep::round(cloud, place, kinds).await
}
