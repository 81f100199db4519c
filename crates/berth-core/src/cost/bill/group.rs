//! Sums of a bill by what people ask for.

use std::collections::BTreeMap;

use super::money::Money;
use super::{Bill, BillLine};
use crate::cost::amount::Amount;

/// What the lines of a bill are summed up by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupBy {
    /// The cluster.
    Cluster,
    /// The pool, each with its cluster.
    Pool,
    /// The service.
    Service,
    /// The value of this label or tag of the cluster.
    Label(String),
    /// The owner.
    Owner,
    /// The lease.
    Lease,
    /// The pipeline run.
    Run,
}

/// The name of a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupName {
    /// Of this name.
    Named(String),
    /// A pool of a cluster; only by pool.
    Pool {
        /// The cluster.
        cluster: String,
        /// The pool.
        pool: String,
    },
    /// What stands around the pools of this cluster; only by pool.
    Around(String),
    /// What of divided nodes nobody asked for; only by service.
    Idle,
    /// What has no such name: no owner, no such label; what is not divided among services.
    Rest,
}

/// The lines of one name together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Whose.
    pub name: GroupName,
    /// What they came to.
    pub money: Money,
    /// What they cost now.
    pub rate: Amount,
}

impl Bill {
    /// The sums by that, dearest first; together they are the total.
    pub fn grouped(&self, by: &GroupBy) -> Vec<Group> {
        let mut sums: BTreeMap<Key<'_>, (Money, Amount)> = BTreeMap::new();
        let mut add = |key, money, rate| {
            let sum = sums.entry(key).or_default();
            *sum = (sum.0 + money, sum.1 + rate);
        };
        for line in &self.lines {
            if *by == GroupBy::Service && !line.parts.is_empty() {
                for part in &line.parts {
                    let key = part.service.as_deref().map_or(Key::Idle, Key::Named);
                    add(key, part.money, part.rate);
                }
            } else {
                add(key(line, by), line.money, line.rate);
            }
        }
        let group = |(key, (money, rate)): (Key<'_>, (Money, Amount))| Group { name: key.name(), money, rate };
        let mut groups: Vec<Group> = sums.into_iter().map(group).collect();
        groups
            .sort_by(|one, other| other.money.micro_usd().cmp(&one.money.micro_usd()).then(one.name.cmp(&other.name)));
        groups
    }
}

/// The name of a group without a copy of it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    Named(&'a str),
    Pool(&'a str, &'a str),
    Around(&'a str),
    Idle,
    Rest,
}

impl Key<'_> {
    fn name(self) -> GroupName {
        match self {
            Self::Named(name) => GroupName::Named(name.to_owned()),
            Self::Pool(cluster, pool) => GroupName::Pool { cluster: cluster.to_owned(), pool: pool.to_owned() },
            Self::Around(cluster) => GroupName::Around(cluster.to_owned()),
            Self::Idle => GroupName::Idle,
            Self::Rest => GroupName::Rest,
        }
    }
}

fn key<'a>(line: &'a BillLine, by: &GroupBy) -> Key<'a> {
    let whose = line.what.whose.as_ref();
    let name = match by {
        GroupBy::Pool => {
            let around = Key::Around(&whose.cluster);
            return line.what.pool.as_deref().map_or(around, |pool| Key::Pool(&whose.cluster, pool));
        }
        GroupBy::Cluster => Some(whose.cluster.as_str()),
        GroupBy::Service => None,
        GroupBy::Label(label) => whose.labels.get(label).map(String::as_str),
        GroupBy::Owner => whose.owner.as_deref(),
        GroupBy::Lease => whose.lease.as_deref(),
        GroupBy::Run => whose.run.as_deref(),
    };
    name.map_or(Key::Rest, Key::Named)
}
