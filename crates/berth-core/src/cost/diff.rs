//! What changes between two estimates.

use super::amount::{Amount, Cases, Span};
use super::estimate::Estimate;
use super::pool::PoolEstimate;
use super::quote::Line;

/// What changes between two estimates, in the order of the new one, with what is gone behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Pools, each with the lines in it that changed.
    pub pools: Vec<Changed>,
    /// What stands around the pools.
    pub lines: Vec<Changed>,
    /// Everything together.
    pub total: Changed,
}

/// One part of the estimates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// What it is: the pool's name, the line's words.
    pub name: String,
    /// What becomes of it.
    pub change: Change,
    /// What it came to; `None` if it was not there.
    pub old: Option<Cases<Amount>>,
    /// What it comes to; `None` if it is not there any more.
    pub new: Option<Cases<Amount>>,
    /// By how much it grows or shrinks.
    pub delta: Cases<Delta>,
    /// Why, in words such as `nodes 1-8 -> 0-4`; empty where the name says it.
    pub why: Vec<String>,
    /// The lines in it that are not the same; empty for a line.
    pub lines: Vec<Changed>,
}

/// What becomes of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was not there before.
    Added,
    /// It is not there any more.
    Removed,
    /// It is there with another amount, or for another reason.
    Changed,
    /// Nothing changes.
    Same,
}

/// By how much an amount changes in a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delta {
    /// In micro-USD a month, as far as both amounts are known; negative for what becomes cheaper.
    pub micro_usd: i128,
    /// Whether some part of either amount is unknown, so that the true change is another.
    pub lacks: bool,
    /// Whether nothing of one of the amounts is known, so that the change is no figure.
    pub is_unknown: bool,
}

impl Difference {
    /// Whether anything changes.
    pub fn is_empty(&self) -> bool {
        self.pools.iter().chain(&self.lines).all(|part| part.change == Change::Same)
    }
}

/// What changes from one estimate to another; `None` stands for no cluster at all.
pub fn diff(old: Option<&Estimate>, new: Option<&Estimate>) -> Difference {
    let mut total = changed("total", old.map(Estimate::total), new.map(Estimate::total), Vec::new());
    let pools = paired(pools(old), pools(new), |pool| &pool.name).map(|(old, new)| of_pool(old, new));
    let lines = paired(around(old), around(new), |line| &line.what).map(|(old, new)| of_line(old, new));
    let (pools, lines): (Vec<Changed>, Vec<Changed>) = (pools.collect(), lines.collect());
    if total.change == Change::Same && pools.iter().chain(&lines).any(|part| part.change != Change::Same) {
        total.change = Change::Changed;
    }
    Difference { pools, lines, total }
}

fn pools(estimate: Option<&Estimate>) -> &[PoolEstimate] {
    estimate.map_or(&[], |estimate| &estimate.pools)
}

/// The lines around the pools.
fn around(estimate: Option<&Estimate>) -> &[Line] {
    estimate.map_or(&[], |estimate| &estimate.lines)
}

fn inside(pool: Option<&PoolEstimate>) -> &[Line] {
    pool.map_or(&[], |pool| &pool.lines)
}

/// Old and new of the same name together; new ones in their order, then what is gone.
fn paired<'a, T>(
    old: &'a [T],
    new: &'a [T],
    name: impl Fn(&T) -> &String,
) -> impl Iterator<Item = (Option<&'a T>, Option<&'a T>)> {
    let mut left: Vec<&T> = old.iter().collect();
    let mut pairs: Vec<(Option<&T>, Option<&T>)> = Vec::new();
    for part in new {
        let place = left.iter().position(|old| name(old) == name(part));
        pairs.push((place.map(|place| left.remove(place)), Some(part)));
    }
    pairs.into_iter().chain(left.into_iter().map(|old| (Some(old), None)))
}

fn of_pool(old: Option<&PoolEstimate>, new: Option<&PoolEstimate>) -> Changed {
    let name = new.or(old).map_or("", |pool| &pool.name);
    let mut why = Vec::new();
    if let (Some(old), Some(new)) = (old, new) {
        let mut say = |what: &str, old: String, new: String| {
            if old != new {
                why.push(format!("{what} {old} -> {new}"));
            }
        };
        say("machine", old.machine_type.clone(), new.machine_type.clone());
        say("capacity", old.capacity.word().to_owned(), new.capacity.word().to_owned());
        say("nodes", range(old.nodes), range(new.nodes));
        say("shares of a node", old.shares_per_node.to_string(), new.shares_per_node.to_string());
    }
    let lines = paired(inside(old), inside(new), |line| &line.what).map(|(old, new)| of_line(old, new));
    let lines: Vec<Changed> = lines.filter(|line| line.change != Change::Same).collect();
    if why.is_empty() && old.is_some() && new.is_some() {
        why.extend(lines.iter().map(reason));
    }
    let mut changed = changed(name, old.map(PoolEstimate::total), new.map(PoolEstimate::total), why);
    if changed.change == Change::Same && !lines.is_empty() {
        changed.change = Change::Changed;
    }
    Changed { lines, ..changed }
}

fn of_line(old: Option<&Line>, new: Option<&Line>) -> Changed {
    let name = new.or(old).map_or("", |line| &line.what);
    let mut why = Vec::new();
    if let (Some(old), Some(new)) = (old, new) {
        if old.quantity != new.quantity {
            why.push(format!("count {} -> {}", range(old.quantity), range(new.quantity)));
        }
        if old.quote.amount() != new.quote.amount() {
            why.push("another price".to_owned());
        }
    }
    changed(name, old.map(Line::amount), new.map(Line::amount), why)
}

/// How a line has changed: `pd-ssd disks, GB: count 600 -> 300`.
fn reason(line: &Changed) -> String {
    match line.change {
        Change::Added => format!("with {}", line.name),
        Change::Removed => format!("without {}", line.name),
        Change::Changed | Change::Same => format!("{}: {}", line.name, line.why.join(", ")),
    }
}

fn changed(name: &str, old: Option<Cases<Amount>>, new: Option<Cases<Amount>>, why: Vec<String>) -> Changed {
    let change = match (old, new) {
        (None, Some(_)) => Change::Added,
        (Some(_), None) => Change::Removed,
        (old, new) if old == new && why.is_empty() => Change::Same,
        _ => Change::Changed,
    };
    let delta = old.unwrap_or_default().with(new.unwrap_or_default(), delta);
    Changed { name: name.to_owned(), change, old, new, delta, why, lines: Vec::new() }
}

fn delta(old: Amount, new: Amount) -> Delta {
    let signed = |amount: Amount| i128::try_from(amount.micro_usd(Span::Month)).unwrap_or(i128::MAX);
    Delta {
        micro_usd: signed(new).saturating_sub(signed(old)),
        lacks: old.is_at_least() || new.is_at_least(),
        is_unknown: old.is_unknown() || new.is_unknown(),
    }
}

fn range(cases: Cases<u64>) -> String {
    if cases.min == cases.max { cases.min.to_string() } else { format!("{}-{}", cases.min, cases.max) }
}

#[cfg(test)]
mod tests {
    use super::{Amount, delta};

    #[test]
    fn a_change_from_or_to_an_amount_of_which_nothing_is_known_is_no_figure() {
        let known = Amount::by_the_month(614_700_000);
        assert!(delta(known, Amount::UNKNOWN).is_unknown && delta(Amount::UNKNOWN, known).is_unknown);
        assert!(!delta(known, known + Amount::UNKNOWN).is_unknown && !delta(known, Amount::NOTHING).is_unknown);
    }
}
