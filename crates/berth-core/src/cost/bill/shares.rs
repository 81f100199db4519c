//! Who asked for shares of which node, to divide what the node cost.

use std::collections::HashMap;
use std::sync::Arc;

use super::clock::Tariff;
use super::usage::{Request, Usage};

/// Weights are counted in parts of this of what was paid, because shares seldom divide it.
const FINE: u128 = 1 << 24;

/// A node whose shares were asked for.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) cluster: &'a str,
    pub(super) name: &'a str,
    /// Shares of GPUs it offers.
    pub(super) shares: u64,
}

/// How a node was used.
#[derive(Default)]
pub(super) struct Used {
    /// By service, in the order of their names.
    pub(super) services: Vec<(Arc<str>, Weight)>,
    /// By nobody.
    pub(super) idle: Weight,
}

/// How much of a node.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Weight {
    /// Shares times seconds.
    pub(super) share_seconds: u128,
    /// The same, weighed with the price of each second.
    pub(super) paid: u128,
}

impl Used {
    /// Adds some seconds in which services had these shares.
    fn add(&mut self, shares: &[u64], offered: u64, seconds: u128, price: u128) {
        let asked: u128 = shares.iter().map(|shares| u128::from(*shares)).sum();
        // Where more was asked for than there is, the services divide what there is.
        let whole = asked.max(offered.into()).max(1);
        let mut left = seconds * price * FINE;
        for ((_, weight), shares) in self.services.iter_mut().zip(shares).filter(|(_, shares)| **shares > 0) {
            let paid = seconds * price * FINE * u128::from(*shares) / whole;
            weight.share_seconds += seconds * u128::from(*shares);
            weight.paid += paid;
            left -= paid;
        }
        if asked < whole {
            self.idle.share_seconds += seconds * (whole - asked);
            self.idle.paid += left;
        }
    }
}

/// A service gets more shares, or fewer.
struct Change {
    at: i64,
    service: usize,
    begun: u64,
    ended: u64,
}

/// All requests, found by cluster and node.
pub(super) struct Asked<'a> {
    clusters: HashMap<&'a str, HashMap<&'a str, Node<'a>>>,
}

/// The requests of one node name, ordered by their beginning.
#[derive(Default)]
struct Node<'a> {
    requests: Vec<&'a Request>,
    /// The latest end among the requests up to and with this one, which says where a search has to begin.
    ends: Vec<i64>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(usage: &'a Usage) -> Self {
        let mut clusters: HashMap<&str, HashMap<&str, Node<'a>>> = HashMap::new();
        for request in &usage.requests {
            let nodes = clusters.entry(&request.cluster).or_default();
            nodes.entry(&request.node).or_default().requests.push(request);
        }
        for node in clusters.values_mut().flat_map(HashMap::values_mut) {
            node.requests.sort_by_key(|request| request.from);
            let mut latest = i64::MIN;
            node.ends.extend(node.requests.iter().map(|request| {
                latest = latest.max(end(request));
                latest
            }));
        }
        Self { clusters }
    }

    /// How a node with so many shares was used from one second to another, at the prices of its time.
    pub(super) fn used(&self, node: Place<'_>, (from, to): (i64, i64), tariff: &Tariff) -> Used {
        let requests = self.between(node, from, to);
        if requests.is_empty() {
            let mut used = Used::default();
            tariff
                .pieces(from, to)
                .for_each(|(at, end, price)| used.add(&[], node.shares, end.abs_diff(at).into(), price));
            return used;
        }
        let mut used = Used { services: services(requests), idle: Weight::default() };
        let mut changes = changes(requests, &used.services, from, to).into_iter().peekable();
        let mut shares = vec![0_u64; used.services.len()];
        for (begin, end, price) in tariff.pieces(from, to) {
            let mut at = begin;
            while at < end {
                while let Some(change) = changes.next_if(|change| change.at <= at) {
                    let of = &mut shares[change.service];
                    *of = of.saturating_add(change.begun).saturating_sub(change.ended);
                }
                let until = changes.peek().map_or(end, |change| change.at.min(end));
                used.add(&shares, node.shares, u128::from(until.abs_diff(at)), price);
                at = until;
            }
        }
        used
    }

    /// How it is used at one second.
    pub(super) fn using(&self, node: Place<'_>, now: i64) -> Used {
        self.used(node, (now, now.saturating_add(1)), &Tariff::unknown())
    }

    fn between(&self, node: Place<'_>, from: i64, to: i64) -> &[&'a Request] {
        let Some(node) = self.clusters.get(node.cluster).and_then(|nodes| nodes.get(node.name)) else { return &[] };
        let first = node.ends.partition_point(|latest| *latest <= from);
        let behind = node.requests.partition_point(|request| request.from.as_second() < to);
        node.requests.get(first..behind).unwrap_or(&[])
    }
}

fn end(request: &Request) -> i64 {
    request.to.map_or(i64::MAX, jiff::Timestamp::as_second)
}

fn services(requests: &[&Request]) -> Vec<(Arc<str>, Weight)> {
    let mut names: Vec<&Arc<str>> = requests.iter().map(|request| &request.service).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|name| (Arc::clone(name), Weight::default())).collect()
}

fn changes(requests: &[&Request], services: &[(Arc<str>, Weight)], from: i64, to: i64) -> Vec<Change> {
    let mut changes = Vec::with_capacity(requests.len() * 2);
    for request in requests {
        let (begin, end) = (request.from.as_second().max(from), end(request).min(to));
        let service = services.binary_search_by(|(name, _)| name.cmp(&request.service));
        if let Ok(service) = service
            && begin < end
        {
            changes.push(Change { at: begin, service, begun: request.shares.into(), ended: 0 });
            changes.push(Change { at: end, service, begun: 0, ended: request.shares.into() });
        }
    }
    // What ends and what begins at the same second are both done before that second is counted.
    changes.sort_by_key(|change| change.at);
    changes
}
