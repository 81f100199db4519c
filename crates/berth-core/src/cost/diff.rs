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

/// By how much an amount changes in a month. What is unknown alike on both sides takes nothing from what is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delta {
    /// In micro-USD a month, as far as both amounts are known; negative for what becomes cheaper.
    pub micro_usd: i128,
    /// Whether something is unknown on one side and not alike on the other, so that the true change is another.
    pub lacks: bool,
    /// Whether it lacks something, and nothing of one of the amounts or of the change is known, so that it is no figure.
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
    let pools = paired(pools(old), pools(new), |pool| &pool.name).map(|(old, new)| of_pool(old, new));
    let lines = paired(around(old), around(new), |line| &line.what).map(|(old, new)| of_line(old, new));
    let (pools, lines): (Vec<Changed>, Vec<Changed>) = (pools.collect(), lines.collect());
    let lacks = any_lacks(pools.iter().chain(&lines));
    let mut total = changed("total", old.map(Estimate::total), new.map(Estimate::total), lacks, Vec::new());
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

/// A line as it was and as it will be.
type Pair<'a> = (Option<&'a Line>, Option<&'a Line>);

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
    let pairs = paired(inside(old), inside(new), |line| &line.what).map(|pair| (pair, of_line(pair.0, pair.1)));
    let lines: Vec<(Pair<'_>, Changed)> = pairs.filter(|(_, line)| line.change != Change::Same).collect();
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
        let unsaid = lines.iter().filter(|(pair, line)| !is_said(old, new, *pair, &line.name));
        why.extend(unsaid.map(|(_, line)| reason(line)));
    }
    let lines: Vec<Changed> = lines.into_iter().map(|(_, line)| line).collect();
    let (old, new) = (old.map(PoolEstimate::total), new.map(PoolEstimate::total));
    let mut changed = changed(name, old, new, any_lacks(&lines), why);
    if changed.change == Change::Same && !lines.is_empty() {
        changed.change = Change::Changed;
    }
    Changed { lines, ..changed }
}

/// Whether a pool's nodes, its machines or how they are bought say already why one of its lines changes.
fn is_said(old: &PoolEstimate, new: &PoolEstimate, pair: Pair<'_>, name: &str) -> bool {
    let is_disk = [old, new].iter().any(|pool| pool.lines.last().is_some_and(|disk| disk.what == name));
    let is_otherwise = old.machine_type != new.machine_type || old.capacity != new.capacity;
    let is_of_machines = !is_disk && is_otherwise;
    let times = |quantity: u64, nodes: u64| u128::from(quantity) * u128::from(nodes);
    match pair {
        (Some(was), Some(is)) if is_same_price(was, is) => {
            // As much of it for each node as before.
            is_of_machines || was.quantity.with(new.nodes, times) == is.quantity.with(old.nodes, times)
        }
        (Some(_), Some(_)) => false,
        _ => is_of_machines,
    }
}

fn of_line(old: Option<&Line>, new: Option<&Line>) -> Changed {
    let name = new.or(old).map_or("", |line| &line.what);
    let mut why = Vec::new();
    if let (Some(old), Some(new)) = (old, new) {
        if old.quantity != new.quantity {
            why.push(format!("count {} -> {}", range(old.quantity), range(new.quantity)));
        }
        if !is_same_price(old, new) {
            why.push("another price".to_owned());
        }
    }
    changed(name, old.map(Line::amount), new.map(Line::amount), lacks(old, new), why)
}

/// Whether two lines have one price; one that nobody knows is the same only if it is of the same thing in the same place.
fn is_same_price(old: &Line, new: &Line) -> bool {
    let (was, is) = (old.quote.amount(), new.quote.amount());
    if was.is_at_least() { old.quote == new.quote } else { was == is }
}

/// In which cases something of a line is unknown that is not alike on the other side.
fn lacks(old: Option<&Line>, new: Option<&Line>) -> Cases<bool> {
    let amount = |line: Option<&Line>| line.map(Line::amount).unwrap_or_default();
    let lacks = amount(old).with(amount(new), |old, new| old.is_at_least() || new.is_at_least());
    match (old, new) {
        (Some(old), Some(new)) if is_same_price(old, new) => {
            let differs = old.quantity.with(new.quantity, |old, new| old != new);
            lacks.with(differs, |lacks, differs| lacks && differs)
        }
        _ => lacks,
    }
}

/// In which cases one of the parts lacks something.
fn any_lacks<'a>(parts: impl IntoIterator<Item = &'a Changed>) -> Cases<bool> {
    parts
        .into_iter()
        .fold(Cases::always(false), |lacks, part| lacks.with(part.delta, |lacks, delta| lacks || delta.lacks))
}

/// How a line has changed: `pd-ssd disks, GB: count 600 -> 300`.
fn reason(line: &Changed) -> String {
    match line.change {
        Change::Added => format!("with {}", line.name),
        Change::Removed => format!("without {}", line.name),
        Change::Changed | Change::Same => format!("{}: {}", line.name, line.why.join(", ")),
    }
}

fn changed(
    name: &str,
    old: Option<Cases<Amount>>,
    new: Option<Cases<Amount>>,
    lacks: Cases<bool>,
    why: Vec<String>,
) -> Changed {
    let change = match (old, new) {
        (None, Some(_)) => Change::Added,
        (Some(_), None) => Change::Removed,
        (old, new) if old == new && why.is_empty() => Change::Same,
        _ => Change::Changed,
    };
    let sides = old.unwrap_or_default().with(new.unwrap_or_default(), |old, new| (old, new));
    let delta = sides.with(lacks, |(old, new), lacks| delta(old, new, lacks));
    Changed { name: name.to_owned(), change, old, new, delta, why, lines: Vec::new() }
}

fn delta(old: Amount, new: Amount, lacks: bool) -> Delta {
    let signed = |amount: Amount| i128::try_from(amount.micro_usd(Span::Month)).unwrap_or(i128::MAX);
    let micro_usd = signed(new).saturating_sub(signed(old));
    Delta { micro_usd, lacks, is_unknown: lacks && (micro_usd == 0 || old.is_unknown() || new.is_unknown()) }
}

fn range(cases: Cases<u64>) -> String {
    if cases.min == cases.max { cases.min.to_string() } else { format!("{}-{}", cases.min, cases.max) }
}

#[cfg(test)]
mod tests {
    use super::{Amount, delta};

    #[test]
    fn a_change_is_no_figure_if_nothing_is_known_of_it_or_of_one_of_its_sides() {
        let (known, unknown) = (Amount::by_the_month(614_700_000), Amount::UNKNOWN);
        let is_unknown = |old, new| delta(old, new, true).is_unknown;
        assert!(is_unknown(known, unknown) && is_unknown(unknown, known));
        assert!(is_unknown(known, known + unknown) && !is_unknown(known, known + known + unknown));
        assert!(!delta(known, Amount::NOTHING, false).is_unknown);
        assert!(!delta(unknown, unknown + known, false).is_unknown, "the same unknown is on both sides");
    }
}
