//! What gc found, what it decided, and what came of it, as text and as JSON.

use std::collections::BTreeMap;

use berth_core::cost::{Amount, Span};
use berth_core::gc::{Environment, GcPlan, KeptWhy, LeaseFound, Leftover};
use berth_report::table::{self, Align, Column};
use berth_report::words::{count, elapsed};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::failure::Failure;

/// What came of a doomed environment.
pub(crate) struct Swept {
    pub(crate) environment: Environment,
    pub(crate) outcome: Outcome,
}

/// How taking something away ended.
pub(crate) enum Outcome {
    /// A last look found nothing.
    Gone,
    /// All but these disks and volumes, which are kept for their data.
    Spared(Vec<Leftover>),
    /// A second look said that it is not to go, for this reason.
    Stays(String),
    /// The next gc has it, for this reason.
    HandedOver(String),
    /// It could not be taken away.
    Failed(Failure),
}

impl Outcome {
    /// Whether there is nothing left to do about it.
    pub(crate) fn is_settled(&self) -> bool {
        matches!(self, Self::Gone | Self::Spared(_) | Self::Stays(_))
    }

    fn words(&self) -> String {
        match self {
            Self::Gone => "deleted".to_owned(),
            Self::Spared(volumes) => format!("deleted, but {} kept", counts(volumes)),
            Self::Stays(why) => format!("stays: {why}"),
            Self::HandedOver(why) => format!("remains: {why}"),
            Self::Failed(failure) => format!("remains: {}", failure.message),
        }
    }
}

impl Swept {
    /// For machines.
    pub(crate) fn json(&self) -> Value {
        let Environment { provider, account, location, cluster, .. } = &self.environment;
        let (outcome, why) = match &self.outcome {
            Outcome::Gone => ("deleted", Vec::new()),
            Outcome::Spared(volumes) => ("deleted", volumes.iter().map(volume_words).collect()),
            Outcome::Stays(why) => ("stays", vec![why.clone()]),
            Outcome::HandedOver(why) => ("handed-over", vec![why.clone()]),
            Outcome::Failed(failure) => {
                ("failed", std::iter::once(failure.message.clone()).chain(failure.causes.clone()).collect())
            }
        };
        json!({"provider": provider, "account": account, "location": location, "cluster": cluster, "outcome": outcome,
               "why": why})
    }
}

/// A namespace whose lease is over, and what came of it.
pub(crate) struct SweptNamespace {
    pub(crate) cluster: String,
    pub(crate) namespace: String,
    pub(crate) words: String,
    /// It is not there any more.
    pub(crate) is_gone: bool,
}

impl SweptNamespace {
    /// For machines.
    pub(crate) fn json(&self) -> Value {
        json!({"cluster": self.cluster, "namespace": self.namespace, "gone": self.is_gone, "why": self.words})
    }

    /// For people.
    pub(crate) fn line(&self) -> String {
        format!("namespace {} of {}: {}", self.namespace, self.cluster, self.words)
    }
}

/// What is decided of one account.
pub(crate) struct Decided<'a> {
    pub(crate) plan: &'a GcPlan,
    pub(crate) now: Timestamp,
    /// What each of the doomed costs, in their order.
    pub(crate) prices: Vec<Amount>,
}

/// What is decided of one account, for machines.
pub(crate) fn json(decided: &Decided<'_>) -> Value {
    let Decided { plan, now, prices } = decided;
    let doomed: Vec<Value> =
        plan.doomed.iter().zip(prices).map(|(environment, price)| doomed_json(environment, *price, *now)).collect();
    let kept: Vec<Value> = plan
        .kept
        .iter()
        .map(|kept| {
            json!({"cluster": kept.environment.cluster, "location": kept.environment.location,
                   "things": counts(&kept.environment.things), "why": kept.why.to_string(), "open": kept.why.is_open()})
        })
        .collect();
    let unproven: Vec<Value> = plan
        .unproven
        .iter()
        .map(|thing| json!({"kind": thing.kind, "name": thing.name, "place": thing.at.place, "why": thing.why()}))
        .collect();
    json!({"doomed": doomed, "kept": kept, "unproven": unproven, "unread": plan.unread})
}

fn doomed_json(environment: &Environment, price: Amount, now: Timestamp) -> Value {
    let things: Vec<Value> = environment
        .things
        .iter()
        .map(|thing| {
            json!({"kind": thing.kind, "id": thing.id, "name": thing.name, "place": thing.at.place, "made": thing.made,
                   "billed": thing.kind.is_billed(), "why": thing.why()})
        })
        .collect();
    let lease = match environment.lease() {
        LeaseFound::Lease(lease) => json!(lease),
        LeaseFound::None | LeaseFound::Unreadable(_) => Value::Null,
    };
    json!({
        "provider": environment.provider, "account": environment.account, "location": environment.location,
        "cluster": environment.cluster, "lease": lease, "things": things, "counts": counts(&environment.things),
        "ageSeconds": environment.oldest().map(|made| now.duration_since(made).as_secs().max(0)),
        "usdPerHour": known(price), "isAtLeast": price.is_at_least(), "why": why(environment),
    })
}

/// USD for an hour; `None` when nothing of it is known.
fn known(price: Amount) -> Option<String> {
    let micro_usd = price.micro_usd(Span::Hour);
    (!price.is_unknown()).then(|| format!("{}.{:04}", micro_usd / 1_000_000, micro_usd % 1_000_000 / 100))
}

fn price_words(price: Amount) -> String {
    match known(price) {
        None => "unknown".to_owned(),
        Some(usd) if price.is_at_least() => format!("at least ${usd}"),
        Some(usd) => format!("${usd}"),
    }
}

/// What is decided of one account, for people; `None` when nothing of ours is there.
pub(crate) fn text(decided: &Decided<'_>, swept: &[Swept]) -> Option<String> {
    let plan = decided.plan;
    let mut parts = Vec::new();
    if !plan.doomed.is_empty() {
        parts.push(doomed(decided, swept));
    }
    for kept in &plan.kept {
        let place = kept.environment.location.as_deref().unwrap_or("?");
        let things = counts(&kept.environment.things);
        parts.push(format!("kept: {} in {place} ({things}): {}", kept.environment.cluster, kept.why));
        if kept.why == KeptWhy::Data {
            parts.extend(kept.environment.things.iter().map(volume_words));
        }
    }
    for thing in &plan.unproven {
        parts.push(format!(
            "not touched: {}: nothing of berth's says that it is ours ({})",
            thing.words(),
            thing.why()
        ));
    }
    for unread in &plan.unread {
        let place = unread.place.as_deref().unwrap_or("everywhere");
        let kinds = unread.kinds.iter().map(|kind| kind.words()).collect::<Vec<_>>().join(", ");
        parts.push(format!("not looked for: {kinds} ({place}): {}", unread.why));
    }
    (!parts.is_empty()).then(|| parts.join("\n"))
}

fn doomed(decided: &Decided<'_>, swept: &[Swept]) -> String {
    let Decided { plan, now, prices } = decided;
    let columns = [
        Column("ENVIRONMENT", Align::Left),
        Column("PLACE", Align::Left),
        Column("WHAT IS THERE", Align::Left),
        Column("AGE", Align::Right),
        Column("PER HOUR", Align::Right),
        Column("WHY IT IS OURS", Align::Left),
        Column("WHAT HAPPENS", Align::Left),
    ];
    let row = |(environment, price): (&Environment, &Amount)| {
        let came = swept.iter().find(|swept| swept.environment == *environment);
        vec![
            environment.cluster.clone(),
            environment.location.clone().unwrap_or_else(|| "?".to_owned()),
            counts(&environment.things),
            environment.oldest().map_or_else(|| "?".to_owned(), |made| elapsed(made, *now)),
            price_words(*price),
            why(environment),
            came.map_or_else(|| happens(environment), |swept| swept.outcome.words()),
        ]
    };
    let mut lines = vec![table::text(&columns, plan.doomed.iter().zip(prices).map(row))];
    let of_here = swept.iter().filter(|swept| plan.doomed.contains(&swept.environment));
    for swept in of_here {
        if let Outcome::Spared(volumes) = &swept.outcome {
            lines.extend(volumes.iter().map(volume_words));
        }
    }
    for swept in swept {
        if let Outcome::Failed(failure) = &swept.outcome {
            let of_here = plan.doomed.contains(&swept.environment);
            lines.extend(
                failure
                    .causes
                    .iter()
                    .filter(|_| of_here)
                    .map(|cause| format!("{}: {cause}", swept.environment.cluster)),
            );
        }
    }
    lines.join("\n")
}

/// A disk or volume that is kept, and what deletes it.
pub(crate) fn volume_words(volume: &Leftover) -> String {
    format!("{} is kept for its data and stays billed; delete it with: {}", volume.words(), volume.deletion())
}

/// Why it is to go.
fn happens(environment: &Environment) -> String {
    match environment.lease() {
        LeaseFound::Lease(lease) => format!("goes: its lease was over at {}", lease.expires),
        LeaseFound::None | LeaseFound::Unreadable(_) => "goes: its cluster is not there".to_owned(),
    }
}

/// Why it is believed to be ours: the reason of its first thing, which the others hang on.
fn why(environment: &Environment) -> String {
    let marked = environment.things.iter().find(|thing| thing.is_marked());
    marked.or(environment.things.first()).map(Leftover::why).unwrap_or_default()
}

/// `1 cluster, 3 disks`, by kind.
fn counts(things: &[Leftover]) -> String {
    let mut kinds: BTreeMap<_, usize> = BTreeMap::new();
    for thing in things {
        *kinds.entry(thing.kind).or_default() += 1;
    }
    let words: Vec<String> = kinds.into_iter().map(|(kind, number)| counted(number, kind.words())).collect();
    words.join(", ")
}

/// `1 address`, `2 addresses`, `2 groups of machines`.
fn counted(number: usize, words: &str) -> String {
    let (head, tail) =
        words.split_once(" of ").map_or((words, String::new()), |(head, tail)| (head, format!(" of {tail}")));
    let plural = if head.ends_with('s') && number != 1 { "es" } else { "" };
    if plural.is_empty() { format!("{}{tail}", count(number, head)) } else { format!("{number} {head}{plural}{tail}") }
}
