//! Who asked for shares of which node, to divide what the node cost.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::Window;
use super::clock::Tariff;
use super::money::quotient;
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
            let paid = quotient(seconds * price * FINE * u128::from(*shares), whole);
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

/// Numbers of nodes by cluster and name, which nobody outside chooses: a quick hash will do.
type Numbers<'a> = HashMap<(&'a str, &'a str), usize, FixedState>;

/// All requests of a window, found by cluster and node.
pub(super) struct Asked<'a> {
    /// Numbers of the nodes whose shares were asked for.
    nodes: Numbers<'a>,
    /// The same by their numbers.
    names: Vec<(&'a str, &'a str)>,
    /// Where the requests of each node begin, and where those of the last one end.
    begins: Vec<usize>,
    /// Node by node, in each ordered by their beginning.
    requests: Vec<&'a Request>,
    /// The latest end among the requests of the node up to and with this one, which says where a search has to begin.
    ends: Vec<i64>,
}

/// Lists that are used for one node after another.
#[derive(Default)]
pub(super) struct Desk {
    /// The number of the node that comes next, if things and requests were written down in one order; a guess.
    next: usize,
    changes: Vec<Change>,
    shares: Vec<u64>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(usage: &'a Usage, window: Window) -> Self {
        let since = window.since.map_or(i64::MIN, |since| since.as_second());
        let now = window.now.as_second();
        let is_asked = |request: &&Request| end(request) > since && request.from.as_second() <= now;
        let mut nodes = Numbers::default();
        let mut counts: Vec<usize> = Vec::new();
        let (mut numbers, mut names) = (Vec::new(), Vec::new());
        for request in usage.requests.iter().filter(is_asked) {
            let next = nodes.len();
            let number = *nodes.entry((&request.cluster, &request.node)).or_insert(next);
            if number == next {
                names.push((&*request.cluster, &*request.node));
                counts.push(0);
            }
            counts[number] += 1;
            numbers.push(number);
        }
        let mut begins = Vec::with_capacity(counts.len() + 1);
        let mut all = 0;
        for count in &mut counts {
            begins.push(all);
            all += std::mem::replace(count, all);
        }
        begins.push(all);
        let mut requests: Vec<&Request> = Vec::new();
        if let Some(first) = usage.requests.first() {
            requests.resize(all, first);
        }
        for (request, number) in usage.requests.iter().filter(is_asked).zip(numbers) {
            requests[counts[number]] = request;
            counts[number] += 1;
        }
        let mut ends = Vec::with_capacity(all);
        for pair in begins.windows(2) {
            let of_node = &mut requests[pair[0]..pair[1]];
            of_node.sort_by_key(|request| request.from);
            let mut latest = i64::MIN;
            ends.extend(of_node.iter().map(|request| {
                latest = latest.max(end(request));
                latest
            }));
        }
        Self { nodes, names, begins, requests, ends }
    }

    /// How a node with so many shares was used from one second to another, at the prices of its time.
    pub(super) fn used(
        &self,
        node: Place<'_>,
        (from, to): (i64, i64),
        tariff: &Tariff,
        desk: &mut Desk,
        used: &mut Used,
    ) {
        let requests = self.between(node, (from, to), &mut desk.next);
        used.idle = Weight::default();
        services(requests, &mut used.services);
        changes(requests, &used.services, (from, to), &mut desk.changes);
        desk.shares.clear();
        desk.shares.resize(used.services.len(), 0);
        let (shares, mut changes) = (&mut desk.shares, desk.changes.iter().peekable());
        for (begin, end, price) in tariff.pieces(from, to) {
            let mut at = begin;
            while at < end {
                while let Some(change) = changes.next_if(|change| change.at <= at) {
                    let of = &mut shares[change.service];
                    *of = of.saturating_add(change.begun).saturating_sub(change.ended);
                }
                let until = changes.peek().map_or(end, |change| change.at.min(end));
                used.add(shares, node.shares, u128::from(until.abs_diff(at)), price);
                at = until;
            }
        }
    }

    /// How it is used at one second.
    pub(super) fn using(&self, node: Place<'_>, now: i64, desk: &mut Desk) -> Used {
        let mut used = Used::default();
        self.used(node, (now, now.saturating_add(1)), &Tariff::unknown(), desk, &mut used);
        used
    }

    fn between(&self, node: Place<'_>, (from, to): (i64, i64), next: &mut usize) -> &[&'a Request] {
        let name = (node.cluster, node.name);
        let number = match self.names.get(*next) {
            Some(known) if *known == name => *next,
            _ => match self.nodes.get(&name) {
                Some(number) => *number,
                None => return &[],
            },
        };
        *next = number + 1;
        let (begin, end) = (self.begins[number], self.begins[number + 1]);
        let first = self.ends[begin..end].partition_point(|latest| *latest <= from);
        let behind = self.requests[begin..end].partition_point(|request| request.from.as_second() < to);
        self.requests[begin..end].get(first..behind).unwrap_or(&[])
    }
}

fn end(request: &Request) -> i64 {
    request.to.map_or(i64::MAX, jiff::Timestamp::as_second)
}

fn services(requests: &[&Request], into: &mut Vec<(Arc<str>, Weight)>) {
    into.clear();
    into.extend(requests.iter().map(|request| (Arc::clone(&request.service), Weight::default())));
    into.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    into.dedup_by(|(one, _), (other, _)| one == other);
}

fn changes(requests: &[&Request], services: &[(Arc<str>, Weight)], (from, to): (i64, i64), changes: &mut Vec<Change>) {
    changes.clear();
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
}
