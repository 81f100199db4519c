//! A lease over the rounds of one command: what stands already is joined, taken over, or left to its owner.

use std::sync::atomic::{AtomicBool, Ordering};

use berth_core::lease::{self, Joined, Lease, LeaseError, Standing};
use berth_core::observed::{Observed, Phase};
use berth_core::spec::ClusterSpec;
use jiff::Timestamp;

use crate::failure::Failure;

/// A wanted lease, and the spec as its file has it.
pub(crate) struct Tenancy {
    bare: ClusterSpec,
    wanted: Lease,
    /// The first look is over: two runs of one owner must not go on putting their own run's mark over the other's.
    has_looked: AtomicBool,
}

impl Tenancy {
    /// Nothing is looked at yet.
    pub(crate) fn new(bare: ClusterSpec, wanted: Lease) -> Self {
        Self { bare, wanted, has_looked: AtomicBool::new(false) }
    }

    /// The spec under the wanted lease.
    pub(crate) fn spec(&self) -> Result<ClusterSpec, Failure> {
        self.under(&self.wanted)
    }

    /// The spec under the lease that comes of joining what is there.
    ///
    /// # Errors
    /// What is there is somebody else's, or bears no lease.
    pub(crate) fn joining(&self, observed: &Observed, now: Timestamp) -> Result<ClusterSpec, Failure> {
        let is_first = !self.has_looked.swap(true, Ordering::Relaxed);
        let Some(cluster) = &observed.cluster else {
            // The parts of a cluster that is yet to be made say whose it will be.
            for part in &observed.around.parts {
                if let Some(Ok(have)) = Lease::read(&part.tags) {
                    self.joined(&have, false, now)?;
                }
            }
            return self.spec();
        };
        if !cluster.is_ours() {
            // The planner says whose it is.
            return self.spec();
        }
        let have = read(&cluster.name, Lease::read(&cluster.labels))?;
        let joined = self.joined(&have, cluster.phase == Phase::Deleting, now)?;
        let is_enough = !is_first && have.expires >= self.wanted.expires;
        self.under(if is_enough { &have } else { &joined })
    }

    fn joined(&self, have: &Lease, is_leaving: bool, now: Timestamp) -> Result<Lease, Failure> {
        match lease::join(Standing { lease: have, is_leaving }, &self.wanted, now) {
            Joined::GoesOn(lease) | Joined::Renewed(lease) => Ok(lease),
            Joined::Leaving => Ok(self.wanted.clone()),
            Joined::Refused { why } => Err(Failure::refused(why)
                .leaving("nothing was changed")
                .hint("take another --id; or, if both are one owner's, say so with --owner")),
        }
    }

    fn under(&self, lease: &Lease) -> Result<ClusterSpec, Failure> {
        lease::leased(self.bare.clone(), lease)
            .map_err(|error| Failure::refused("this file cannot be leased").because(error))
    }
}

/// The lease of a cluster of ours.
///
/// # Errors
/// It bears none, or one that cannot be read.
pub(crate) fn read(cluster: &str, read: Option<Result<Lease, LeaseError>>) -> Result<Lease, Failure> {
    match read {
        Some(Ok(lease)) => Ok(lease),
        None => Err(Failure::refused(format!("cluster {cluster} is berth's and has no lease"))
            .leaving("nothing was changed")
            .hint("it was made by `berth create`; take another name or --id for the environment")),
        Some(Err(error)) => Err(Failure::refused(format!("the lease of cluster {cluster} cannot be read"))
            .because(error)
            .leaving("nothing was changed")),
    }
}
