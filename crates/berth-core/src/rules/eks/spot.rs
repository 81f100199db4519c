//! What the chance of spot machines is, and their price, before anything is made.
//!
//! AWS scores a zone from 1 to 10 for all machine types of a request together; it is a guess for the moment and promises nothing.

use std::collections::BTreeSet;

use crate::rules::preflight::PreflightVerdict::{Passed, Warning};
use crate::rules::preflight::{CloudFacts, PreflightFinding, SpotOutlook};
use crate::spec::{Capacity, PoolSpec};

/// Highest score that is called low.
const LOW: u8 = 3;
/// Machine types from which on AWS calls a request flexible; with fewer it scores low by itself.
const FLEXIBLE: usize = 3;

/// What AWS thinks of a spot pool; nothing for other pools, and nothing where AWS was not asked or did not answer.
pub fn outlook(pool: &PoolSpec, facts: &CloudFacts) -> Option<PreflightFinding> {
    if pool.capacity == Capacity::OnDemand {
        return None;
    }
    let of_pool: Vec<&SpotOutlook> = facts.spot.iter().filter(|outlook| outlook.pool == pool.name).collect();
    let (here, elsewhere): (Vec<&SpotOutlook>, Vec<&SpotOutlook>) =
        of_pool.into_iter().partition(|outlook| pool.zones.contains(&outlook.zone));
    let check = format!("spot machines for pool {}", pool.name);
    let price = cheapest(&here).map_or_else(String::new, |words| format!("; {words}"));
    let Some(best) = here.iter().filter_map(|outlook| outlook.score).max() else {
        let text = price.strip_prefix("; ")?.to_owned();
        return Some(PreflightFinding { check, verdict: Passed, text });
    };
    let scores = format!("AWS scores the chance out of 10: {}", scored(&here));
    if best > LOW {
        return Some(PreflightFinding { check, verdict: Passed, text: format!("{scores}{price}") });
    }
    let mut ways = Vec::new();
    let better: Vec<&SpotOutlook> = elsewhere
        .into_iter()
        .filter(|outlook| outlook.score.is_some_and(|score| score > best) && sells(facts, outlook, pool))
        .collect();
    if !better.is_empty() {
        ways.push(format!("zones with a better one: {}", scored(&better)));
    }
    if pool.other_machine_types.len() + 1 < FLEXIBLE {
        ways.push(format!("{FLEXIBLE} machine types or more in `machineTypes` raise it"));
    }
    if pool.capacity == Capacity::Spot {
        ways.push("`spot-then-on-demand` takes on-demand machines for what spot cannot give".to_owned());
    }
    let ways: String = ways.into_iter().map(|way| format!("; {way}")).collect();
    Some(PreflightFinding { check, verdict: Warning, text: format!("{scores}; that is low{ways}{price}") })
}

/// `7 in us-east-1d, 4 in us-east-1b`, the best first.
fn scored(outlooks: &[&SpotOutlook]) -> String {
    let mut scored: Vec<(u8, &str)> =
        outlooks.iter().filter_map(|outlook| Some((outlook.score?, outlook.zone.as_str()))).collect();
    scored.sort_by_key(|(score, zone)| (std::cmp::Reverse(*score), *zone));
    scored.into_iter().map(|(score, zone)| format!("{score} in {zone}")).collect::<Vec<_>>().join(", ")
}

/// Whether the zone sells one of the pool's machine types, as far as is known.
fn sells(facts: &CloudFacts, outlook: &SpotOutlook, pool: &PoolSpec) -> bool {
    let Some(sold) = &facts.machine_types else { return true };
    let none = BTreeSet::new();
    let sold = sold.get(&outlook.zone).unwrap_or(&none);
    sold.contains(&pool.machine_type) || pool.other_machine_types.iter().any(|machine| sold.contains(machine))
}

/// `from 9.8304 USD an hour for p4d.24xlarge in us-east-1b`.
fn cheapest(outlooks: &[&SpotOutlook]) -> Option<String> {
    let priced = outlooks.iter().flat_map(|outlook| {
        let priced = outlook.prices.iter().map(|(machine, price)| (price, machine, &outlook.zone));
        priced.filter_map(|(price, machine, zone)| Some((price.parse::<f64>().ok()?, price, machine, zone)))
    });
    let (_, price, machine, zone) = priced.min_by(|one, other| one.0.total_cmp(&other.0))?;
    let price = price.trim_end_matches('0').trim_end_matches('.');
    Some(format!("from {price} USD an hour for {machine} in {zone}"))
}
