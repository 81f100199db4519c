//! Environments with an end, as text and as JSON.

use berth_core::cost::Money;
use berth_core::lease::Lease;
use berth_core::spec::Provider;
use berth_report::cost;
use berth_report::table::{self, Align, Column};
use berth_report::words::elapsed;
use jiff::Timestamp;
use serde_json::{Value, json};

/// One environment.
pub(crate) struct Row {
    pub(crate) cluster: String,
    /// Of one that is a namespace.
    pub(crate) namespace: Option<String>,
    pub(crate) provider: Provider,
    pub(crate) location: String,
    /// Its lease, or why it cannot be read.
    pub(crate) lease: Result<Lease, String>,
    pub(crate) made: Option<Timestamp>,
    pub(crate) now: Timestamp,
    pub(crate) state: State,
    /// What it has cost since it was made, if that was read.
    pub(crate) cost: Option<Money>,
}

/// Where an environment is in its life.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// It is being made.
    Coming,
    /// It is there.
    Up,
    /// Its lease is over.
    Dying,
    /// It is being deleted.
    Leaving,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Coming => "creating",
            Self::Up => "up",
            Self::Dying => "dying",
            Self::Leaving => "deleting",
        }
    }
}

impl Row {
    /// For machines; what is not known is `null`.
    pub(crate) fn json(&self) -> Value {
        let lease = self.lease.as_ref().ok();
        json!({
            "id": lease.map(|lease| &lease.id), "owner": lease.map(|lease| &lease.owner),
            "run": lease.and_then(|lease| lease.run.as_ref()), "expires": lease.map(|lease| lease.expires),
            "secondsLeft": lease.map(|lease| lease.expires.duration_since(self.now).as_secs().max(0)),
            "made": self.made, "state": self.state.as_str(), "cluster": self.cluster, "namespace": self.namespace,
            "provider": self.provider, "location": self.location, "unreadable": self.lease.as_ref().err(),
            "costSoFar": self.cost.map(cost::bill::money_json),
        })
    }

    fn cells(&self) -> Vec<String> {
        let dash = || "-".to_owned();
        let place = match &self.namespace {
            Some(namespace) => format!("{}/{namespace}", self.cluster),
            None => self.cluster.clone(),
        };
        let (id, owner, left, run) = match &self.lease {
            Ok(lease) => {
                let left = if lease.is_over(self.now) { "over".to_owned() } else { elapsed(self.now, lease.expires) };
                (lease.id.to_string(), lease.owner.clone(), left, lease.run.clone().unwrap_or_else(dash))
            }
            Err(_) => ("?".to_owned(), "?".to_owned(), "?".to_owned(), dash()),
        };
        let age = self.made.map_or_else(dash, |made| elapsed(made, self.now));
        vec![
            id,
            place,
            self.location.clone(),
            self.state.as_str().to_owned(),
            age,
            left,
            self.cost.map_or_else(dash, cost::bill::cents),
            owner,
            run,
        ]
    }
}

/// A table for people; what cannot be read is said below it.
pub(crate) fn table(rows: &[Row]) -> String {
    if rows.is_empty() {
        return "No environments".to_owned();
    }
    let columns = [
        Column("ID", Align::Left),
        Column("CLUSTER", Align::Left),
        Column("LOCATION", Align::Left),
        Column("STATE", Align::Left),
        Column("AGE", Align::Right),
        Column("LEFT", Align::Right),
        Column("COST SO FAR", Align::Right),
        Column("OWNER", Align::Left),
        Column("RUN", Align::Left),
    ];
    let mut lines = vec![table::text(&columns, rows.iter().map(Row::cells))];
    for row in rows {
        if let Err(why) = &row.lease {
            lines.push(format!("cluster {}: its lease cannot be read: {why}", row.cluster));
        }
    }
    lines.join("\n")
}
