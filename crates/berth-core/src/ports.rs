//! The doors to the outside: what the engine and the command line need from a cloud, a clock and a journal.
//!
//! Only traits and plain data; the crates of the clouds implement them.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::actions::Action;
use crate::gc::{Inventory, Scope};
use crate::observed::{Fleet, Observed};
use crate::rules::preflight::CloudFacts;
use crate::run::{Event, Fault};
use crate::spec::ClusterSpec;

/// Changes a cloud.
pub trait Hands: Send + Sync {
    /// Issues the action's call, or finds that its effect is already there or under way.
    ///
    /// Safe to repeat: a repeated call whose first form took effect returns that effect, not an error.
    fn start(&self, action: &Action) -> impl Future<Output = Result<Started, Fault>> + Send;

    /// Looks once at what [`Hands::start`] began.
    fn poll(&self, ticket: &Ticket) -> impl Future<Output = Result<Progress, Fault>> + Send;
}

/// Reads a cloud.
pub trait Eyes: Send + Sync {
    /// Looks at one cluster by name and location and at what is going on there; a missing cluster is not an error.
    fn observe(&self, name: &str, location: &str) -> impl Future<Output = Result<Observed, Fault>> + Send;

    /// Looks at all clusters of the project or account.
    fn fleet(&self) -> impl Future<Output = Result<Fleet, Fault>> + Send;

    /// Reads what preflight has to know about identity, quotas, zones and versions for this spec.
    fn facts(&self, spec: &ClusterSpec) -> impl Future<Output = Result<CloudFacts, Fault>> + Send;
}

/// Looks for everything of ours, whole or left over.
pub trait Finder: Send + Sync {
    /// Lists by label or tag what is ours in these places, clusters that stand included, and what hangs on it without bearing our mark.
    ///
    /// It works from an index, page by page and many at once; what cannot be listed is told in the inventory. A fault means that nothing
    /// could be listed at all.
    fn inventory(&self, scope: &Scope) -> impl Future<Output = Result<Inventory, Fault>> + Send;
}

/// What came of starting an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Started {
    /// Its effect is complete.
    Done,
    /// It goes on; ask with the ticket.
    Waiting(Ticket),
}

/// What to ask a cloud about something it is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// The cloud's name for it, whatever [`Hands::poll`] needs.
    pub operation: String,
    /// Resource it works on, for messages.
    pub target: String,
}

/// How far something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Finished well.
    Done,
    /// Not finished; the cloud's word for what it does now, if it says.
    Pending(Option<String>),
}

/// Time, so that tests and the simulator can bend it.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Waits this long.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send;
}

/// Spreads calls over time, so that many clusters at once ask of an API no more than it takes.
pub trait Pace: fmt::Debug + Send + Sync {
    /// Waits for the next turn at an API, by the name its calls share, for example `us-east-1/ec2`; `change` names the operation of
    /// a call that changes something, where the API counts these by themselves.
    fn turn<'a>(&'a self, api: &'a str, change: Option<&'a str>) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;
}

/// Keeps the facts of a run.
pub trait Journal: Send {
    /// Keeps one event; when a fact cannot be kept the run must stop.
    fn record(&mut self, event: &Event) -> Result<(), JournalError>;
}

/// A fact could not be kept.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the journal {path}")]
pub struct JournalError {
    /// Where it stands.
    pub path: String,
    /// Why not.
    #[source]
    pub source: std::io::Error,
}
