//! Waiting for an operation that somebody else has started.

use berth_core::actions::gke::GkeClusterRef;
use berth_core::ports::Started;
use berth_core::run::Fault;

use crate::cloud::GkeCloud;
use crate::read;
use crate::ticket::{Work, operation_path};

/// The ticket of the operation; an operation nobody knows any more, or one that is over, is done.
///
/// How it ended is not this run's affair: the next look at the cluster shows what it left.
pub(crate) async fn await_operation(gke: &GkeCloud, at: &GkeClusterRef, operation: &str) -> Result<Started, Fault> {
    let found = gke.find_operation(&operation_path(at, operation)).await?;
    match found.filter(|operation| !read::is_done(operation)) {
        Some(operation) => Ok(Started::Waiting(Work::only_awaited(&operation, at).ticket())),
        None => Ok(Started::Done),
    }
}
