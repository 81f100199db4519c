//! What holds for any inventory.

use std::collections::{BTreeMap, BTreeSet};

use berth_core::gc::{Claim, Environment, GcPlan, Inventory, Leftover, LeftoverKind, Unread, Whereabouts, decide};
use berth_core::lease::{EXPIRES_KEY, Lease, LeaseId};
use berth_core::observed::Phase;
use berth_core::rules::ownership;
use berth_core::spec::Provider;
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::build::rules;

const NAMES: [&str; 3] = ["dubbing-pr-1", "film", "film-2"];
const PLACES: [&str; 5] = ["us-central1", "us-central1-a", "us-central1-b", "europe-west4", "global"];
const KINDS: [LeftoverKind; 6] = [
    LeftoverKind::Cluster,
    LeftoverKind::Disk,
    LeftoverKind::Firewall,
    LeftoverKind::Vpc,
    LeftoverKind::Role,
    LeftoverKind::Address,
];

/// How a thing is labelled.
#[derive(Debug, Clone)]
enum Mark {
    None,
    Anothers,
    OfAnotherCluster,
    Unleased,
    /// Ends so many minutes after noon.
    Leased(i64),
    Broken,
}

fn mark() -> impl Strategy<Value = Mark> {
    prop_oneof![
        1 => Just(Mark::None),
        1 => Just(Mark::Anothers),
        1 => Just(Mark::OfAnotherCluster),
        2 => Just(Mark::Unleased),
        4 => (-200_i64..100).prop_map(Mark::Leased),
        1 => Just(Mark::Broken),
    ]
}

fn labels(mark: &Mark, cluster: &str) -> BTreeMap<String, String> {
    let mut labels = ownership::labels(cluster);
    let end = |minutes: i64| Timestamp::from_second(rules().now.as_second() + minutes * 60).expect("a time");
    let lease = |minutes| Lease::new(LeaseId::new("pr-1").expect("an id"), "me", None, end(minutes)).expect("a lease");
    match mark {
        Mark::None => labels.clear(),
        Mark::Anothers => {
            labels.extend(lease(-100).labels());
            labels.insert(ownership::OWNER_KEY.to_owned(), "other".to_owned());
        }
        Mark::OfAnotherCluster => {
            labels.insert(ownership::CLUSTER_KEY.to_owned(), "elsewhere".to_owned());
        }
        Mark::Unleased => {}
        Mark::Leased(minutes) => labels.extend(lease(*minutes).labels()),
        Mark::Broken => {
            labels.extend(lease(-100).labels());
            labels.remove(EXPIRES_KEY);
        }
    }
    labels
}

type Drawn = (usize, usize, usize, bool, Mark, Option<i64>, Option<usize>, bool);

fn leftover(index: usize, drawn: &Drawn, count: usize) -> Leftover {
    let (kind, name, place, on_aws, mark, age, anchor, tells) = drawn;
    let (kind, name) = (KINDS[*kind], NAMES[*name]);
    let place = if kind == LeftoverKind::Cluster { PLACES[*place % 4] } else { PLACES[*place] };
    let provider = if *on_aws { Provider::Eks } else { Provider::Gke };
    let id = if kind == LeftoverKind::Cluster { format!("{name}-{index}") } else { format!("id-{index}") };
    let claim = match anchor {
        Some(anchor) => Claim::MadeFor { anchor: format!("id-{}", anchor % count), words: "so".to_owned() },
        None => Claim::Mark,
    };
    let made = age.map(|minutes| Timestamp::from_second(rules().now.as_second() - minutes * 60).expect("a time"));
    Leftover {
        kind,
        id,
        name: format!("thing-{index}"),
        at: Whereabouts { provider, account: "a".to_owned(), place: place.to_owned() },
        cluster: name.to_owned(),
        cluster_location: (*tells && place != "global").then(|| place.to_owned()),
        labels: labels(mark, name),
        made,
        claim,
        phase: (kind == LeftoverKind::Cluster).then_some(Phase::Running),
        size: None,
    }
}

fn inventories() -> impl Strategy<Value = Inventory> {
    let age = proptest::option::of(0_i64..200);
    let anchor = proptest::option::weighted(0.3, 0_usize..20);
    let thing = (0..KINDS.len(), 0..NAMES.len(), 0..PLACES.len(), any::<bool>(), mark(), age, anchor, any::<bool>());
    let unread = proptest::option::weighted(0.2, (any::<bool>(), proptest::option::of(0..PLACES.len())));
    (vec(thing, 1..14), unread).prop_map(|(drawn, unread)| {
        let found = drawn.iter().enumerate().map(|(index, one)| leftover(index, one, drawn.len())).collect();
        let unread = unread.map(|(on_aws, place)| Unread {
            provider: if on_aws { Provider::Eks } else { Provider::Gke },
            account: "a".to_owned(),
            place: place.map(|place| PLACES[place].to_owned()),
            kinds: vec![LeftoverKind::Cluster],
            why: "403".to_owned(),
        });
        Inventory { found, unread: unread.into_iter().collect() }
    })
}

fn is_over(labels: &BTreeMap<String, String>) -> bool {
    matches!(Lease::read(labels), Some(Ok(lease)) if lease.is_over(rules().now))
}

fn doomed(plan: &GcPlan) -> impl Iterator<Item = (&Environment, &Leftover)> {
    plan.doomed.iter().flat_map(|environment| environment.things.iter().map(move |thing| (environment, thing)))
}

fn ids(things: &[Leftover]) -> BTreeSet<&str> {
    things.iter().map(|thing| thing.id.as_str()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nothing_goes_that_is_not_proved_to_be_ours(inventory in inventories()) {
        let plan = decide(&inventory, &rules());
        for (environment, thing) in doomed(&plan) {
            prop_assert!(thing.labels.get(ownership::OWNER_KEY).is_none_or(|owner| owner == ownership::OWNER_VALUE));
            let bears = |thing: &Leftover| {
                ownership::is_ours(&thing.labels) && thing.labels.get(ownership::CLUSTER_KEY) == Some(&environment.cluster)
            };
            let hangs = match &thing.claim {
                Claim::Mark => false,
                Claim::MadeFor { anchor, .. } => inventory.found.iter().any(|other| other.id == *anchor && bears(other)),
            };
            prop_assert!(bears(thing) || hangs, "{:?}", thing);
        }
    }

    #[test]
    fn no_live_lease_and_no_cluster_without_a_lease_ever_goes(inventory in inventories()) {
        let plan = decide(&inventory, &rules());
        for environment in &plan.doomed {
            let clusters: Vec<&Leftover> = environment.things.iter().filter(|t| t.kind == LeftoverKind::Cluster).collect();
            prop_assert!(clusters.iter().all(|cluster| is_over(&cluster.labels)), "{:?}", environment);
            if clusters.is_empty() {
                let marked = environment.things.iter().filter(|thing| thing.is_marked());
                for thing in marked {
                    let is_old = thing.made.is_some() || environment.youngest().is_some();
                    prop_assert!(is_over(&thing.labels) || (Lease::read(&thing.labels).is_none() && is_old), "{:?}", thing);
                }
                let hidden = inventory.unread.iter().any(|unread| unread.place.is_none() && unread.provider == environment.provider);
                prop_assert!(!hidden, "{:?}", environment);
            }
        }
    }

    #[test]
    fn everything_past_its_end_goes(inventory in inventories()) {
        let plan = decide(&inventory, &rules());
        let going: BTreeSet<&str> = doomed(&plan).map(|(_, thing)| thing.id.as_str()).collect();
        for thing in inventory.found.iter().filter(|thing| thing.is_marked() && thing.claim == Claim::Mark && is_over(&thing.labels)) {
            let same = |other: &&Leftover| other.at.provider == thing.at.provider && other.cluster == thing.cluster;
            let near: Vec<&Leftover> = inventory.found.iter().filter(same).collect();
            let alone = near.iter().all(|other| other.kind != LeftoverKind::Cluster)
                && near.iter().filter(|other| other.is_marked()).all(|other| is_over(&other.labels))
                && inventory.unread.is_empty();
            let doubtful = plan.kept.iter().any(|kept| kept.why == berth_core::gc::KeptWhy::Ambiguous && ids(&kept.environment.things).contains(thing.id.as_str()));
            if (thing.kind == LeftoverKind::Cluster && near.iter().filter(|other| other.kind == LeftoverKind::Cluster).count() == 1) || (alone && !doubtful) {
                prop_assert!(going.contains(thing.id.as_str()), "{:?}", thing);
            }
        }
    }

    #[test]
    fn everything_found_is_told_once_whatever_the_order(inventory in inventories()) {
        let plan = decide(&inventory, &rules());
        let mut told: Vec<&str> = doomed(&plan).map(|(_, thing)| thing.id.as_str()).collect();
        told.extend(plan.kept.iter().flat_map(|kept| kept.environment.things.iter().map(|thing| thing.id.as_str())));
        told.extend(plan.unproven.iter().map(|thing| thing.id.as_str()));
        told.sort_unstable();
        let mut found: Vec<&str> = inventory.found.iter().map(|thing| thing.id.as_str()).collect();
        found.sort_unstable();
        prop_assert_eq!(told, found);
        let mut twice = inventory.clone();
        twice.found.reverse();
        twice.found.extend(inventory.found.clone());
        let again = decide(&twice, &rules());
        let sets = |plan: &GcPlan| plan.doomed.iter().map(|environment| ids(&environment.things).into_iter().map(str::to_owned).collect()).collect::<BTreeSet<BTreeSet<String>>>();
        prop_assert_eq!(sets(&plan), sets(&again));
        prop_assert_eq!(ids(&plan.unproven), ids(&again.unproven));
    }
}
