//! Things found on a cloud.

use std::collections::BTreeMap;

use berth_core::gc::{Claim, GcPlan, GcRules, Inventory, Leftover, LeftoverKind, Unread, Whereabouts, decide};
use berth_core::lease::{Lease, LeaseId};
use berth_core::observed::Phase;
use berth_core::rules::ownership;
use berth_core::spec::Provider;
use jiff::Timestamp;

pub(crate) const PROJECT: &str = "studio-1";

pub(crate) fn at(time: &str) -> Timestamp {
    format!("2026-11-21T{time}Z").parse().expect("a time")
}

/// Noon, by which everything is decided.
pub(crate) fn rules() -> GcRules {
    GcRules::at(at("12:00:00"))
}

pub(crate) fn lease(until: &str) -> Lease {
    Lease::new(LeaseId::new("pr-1").expect("an id"), "acme/app", None, at(until)).expect("a lease")
}

/// A thing on GCP that bears our mark, as old as the day.
pub(crate) fn thing(kind: LeftoverKind, place: &str, name: &str, cluster: &str) -> Leftover {
    let folder = if place == "global" { place.to_owned() } else { format!("places/{place}") };
    Leftover {
        kind,
        id: format!("projects/{PROJECT}/{folder}/{kind:?}/{name}"),
        name: name.to_owned(),
        at: Whereabouts { provider: Provider::Gke, account: PROJECT.to_owned(), place: place.to_owned() },
        cluster: cluster.to_owned(),
        cluster_location: None,
        labels: ownership::labels(cluster),
        made: Some(at("00:00:00")),
        claim: Claim::Mark,
        phase: None,
        size: None,
    }
}

pub(crate) fn disk(name: &str, cluster: &str) -> Leftover {
    thing(LeftoverKind::Disk, "us-central1-a", name, cluster)
}

/// A cluster that runs in us-central1.
pub(crate) fn cluster(name: &str) -> Leftover {
    let cluster = thing(LeftoverKind::Cluster, "us-central1", name, name);
    Leftover {
        id: name.to_owned(),
        phase: Some(Phase::Running),
        cluster_location: Some("us-central1".to_owned()),
        ..cluster
    }
}

pub(crate) fn under(lease: &Lease, thing: Leftover) -> Leftover {
    let mut labels = thing.labels;
    labels.extend(lease.labels());
    Leftover { labels, ..thing }
}

/// The same thing without labels, believed ours because of another.
pub(crate) fn made_for(anchor: &Leftover, thing: Leftover) -> Leftover {
    let claim = Claim::MadeFor { anchor: anchor.id.clone(), words: "it names it".to_owned() };
    Leftover { labels: BTreeMap::new(), claim, ..thing }
}

pub(crate) fn unread_clusters(place: Option<&str>) -> Unread {
    Unread {
        provider: Provider::Gke,
        account: PROJECT.to_owned(),
        place: place.map(str::to_owned),
        kinds: vec![LeftoverKind::Cluster],
        why: "403".to_owned(),
    }
}

pub(crate) fn inventory(found: Vec<Leftover>) -> Inventory {
    Inventory { found, unread: Vec::new() }
}

/// The same thing elsewhere.
pub(crate) fn moved(thing: Leftover, provider: Provider, account: &str, place: &str) -> Leftover {
    Leftover { at: Whereabouts { provider, account: account.to_owned(), place: place.to_owned() }, ..thing }
}

pub(crate) fn decided(found: Vec<Leftover>) -> GcPlan {
    decide(&inventory(found), &rules())
}

/// What becomes of each environment, one line each.
pub(crate) fn words(plan: &GcPlan) -> Vec<String> {
    let names = |things: &[Leftover]| things.iter().map(|thing| thing.name.as_str()).collect::<Vec<_>>().join(" ");
    let doomed =
        plan.doomed.iter().map(|environment| format!("{}: doomed {}", environment.cluster, names(&environment.things)));
    let kept = plan
        .kept
        .iter()
        .map(|kept| format!("{}: kept {}: {}", kept.environment.cluster, names(&kept.environment.things), kept.why));
    let unproven = plan.unproven.iter().map(|thing| format!("{}: not proved {}", thing.cluster, thing.name));
    doomed.chain(kept).chain(unproven).collect()
}
