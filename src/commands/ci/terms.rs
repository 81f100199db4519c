//! The terms of a lease, as flags and as the CI system tells them.

use std::time::Duration;

use berth_core::lease::{self, Lease, LeaseId};
use clap::Args;
use jiff::{SignedDuration, Timestamp};

use crate::failure::Failure;
use crate::settings::{Job, somebody};

/// Whose an environment is, and for how long.
#[derive(Debug, Args)]
pub(crate) struct TermsArgs {
    /// Name of the environment, such as pr-123; the cluster is named after the file and it
    #[arg(long, value_name = "ID", value_parser = lease_id)]
    pub(crate) id: LeaseId,
    /// How long it lives from now on: 30m, 2h, 7d; from 5m to 30d
    #[arg(long, value_name = "DURATION", default_value = "2h", value_parser = ttl)]
    pub(crate) ttl: Duration,
    /// Whose it is; without it the repository or project that the CI system names, else user@host
    #[arg(long, value_name = "NAME")]
    pub(crate) owner: Option<String>,
    /// The page of the run that makes it; without it the one the CI system names
    #[arg(long, value_name = "URL")]
    pub(crate) run_url: Option<String>,
}

impl TermsArgs {
    /// The lease from `now` on.
    pub(crate) fn lease(&self, job: &Job, now: Timestamp) -> Result<Lease, Failure> {
        let owner = self.owner.clone().or_else(|| job.owner.clone()).unwrap_or_else(somebody);
        let run = self.run_url.as_deref().or(job.run.as_deref());
        Lease::new(self.id.clone(), &owner, run, end(now, self.ttl)).map_err(|error| {
            Failure::refused("this lease cannot be written on cloud objects")
                .because(error)
                .hint("name a shorter one with --owner, or --run-url")
        })
    }
}

/// `now` and as long after it.
pub(crate) fn end(now: Timestamp, ttl: Duration) -> Timestamp {
    SignedDuration::try_from(ttl).ok().and_then(|ttl| now.checked_add(ttl).ok()).unwrap_or(now)
}

/// An id, for clap.
pub(crate) fn lease_id(text: &str) -> Result<LeaseId, String> {
    LeaseId::new(text).map_err(|error| error.to_string())
}

/// A time to live, for clap.
pub(crate) fn ttl(text: &str) -> Result<Duration, String> {
    lease::ttl(text).map_err(|error| error.to_string())
}
