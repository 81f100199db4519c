//! Decisions, one rule each.

use berth_core::gc::{GcRules, Inventory, KeptWhy, Leftover, LeftoverKind, decide};
use berth_core::lease::EXPIRES_KEY;
use berth_core::observed::Phase;
use berth_core::rules::ownership::OWNER_KEY;
use berth_core::spec::Provider;

use crate::build::{
    PROJECT, at, cluster, decided, disk, inventory, lease, made_for, moved, rules, thing, under, unread_clusters, words,
};

#[test]
fn a_cluster_goes_when_its_own_lease_is_over_and_stays_without_one() {
    let over = under(&lease("12:00:00"), cluster("over"));
    let live = under(&lease("12:00:01"), cluster("live"));
    // The cluster's own end is the truth: the end of an extended lease does not stand on its things.
    let old = under(&lease("11:00:00"), disk("old", "live"));
    // Nor does the end of one that was ended early.
    let late = under(&lease("23:00:00"), disk("late", "over"));
    let lines = words(&decided(vec![over, live, old, late, cluster("standing"), disk("d", "standing")]));
    assert_eq!(
        lines,
        [
            "over: doomed over late",
            "live: kept live old: lease pr-1 of acme/app until 2026-11-21T12:00:01Z",
            "standing: kept standing d: its cluster stands and has no lease",
        ]
    );
}

#[test]
fn clusters_that_are_being_made_or_deleted_go_by_their_lease_too() {
    for phase in [Phase::Creating, Phase::Deleting, Phase::Failed] {
        let over = Leftover { phase: Some(phase), ..under(&lease("11:00:00"), cluster("x")) };
        assert_eq!(words(&decided(vec![over])), ["x: doomed x"]);
    }
}

#[test]
fn without_a_cluster_the_latest_end_counts() {
    let over = [under(&lease("10:00:00"), disk("a", "x")), under(&lease("11:00:00"), disk("b", "x"))];
    assert_eq!(words(&decided(over.to_vec())), ["x: doomed a b"]);
    let live = [over[0].clone(), under(&lease("13:00:00"), disk("b", "x"))];
    assert_eq!(words(&decided(live.to_vec())), ["x: kept a b: lease pr-1 of acme/app until 2026-11-21T13:00:00Z"]);
}

#[test]
fn without_a_cluster_and_a_lease_age_counts() {
    let made = |time| Leftover { made: time, ..disk("a", "x") };
    assert_eq!(words(&decided(vec![made(Some(at("11:00:00")))])), ["x: doomed a"]);
    let young = "x: kept a: no cluster, but made at 2026-11-21T11:00:01Z: its creation may be running";
    assert_eq!(words(&decided(vec![made(Some(at("11:00:01")))])), [young]);
    let unknown = [made(None)];
    let plan = decided(unknown.to_vec());
    assert!(plan.doomed.is_empty() && plan.kept[0].why == KeptWhy::AgeUnknown && plan.kept[0].why.is_open());
    let any = decide(&inventory(unknown.to_vec()), &GcRules { even_without_age: true, ..rules() });
    assert_eq!(words(&any), ["x: doomed a"]);
    // The youngest of them tells, also beside leased things that are over.
    let young = Leftover { made: Some(at("11:30:00")), ..disk("b", "x") };
    let plan = decided(vec![made(Some(at("01:00:00"))), young.clone(), under(&lease("10:00:00"), disk("c", "x"))]);
    assert!(matches!(plan.kept[0].why, KeptWhy::Young { .. }), "{:?}", words(&plan));
    let leased = under(&lease("10:00:00"), young);
    assert_eq!(words(&decided(vec![leased])), ["x: doomed b"], "what is leased and over goes however young it is");
}

#[test]
fn a_lease_that_cannot_be_read_keeps_what_bears_it() {
    let mut broken = under(&lease("10:00:00"), cluster("x"));
    broken.labels.insert(EXPIRES_KEY.to_owned(), "yesterday".to_owned());
    let plan = decided(vec![broken]);
    assert_eq!(
        words(&plan),
        [
            "x: kept x: its lease cannot be read: cluster x in us-central1: its label berth-expires is `yesterday`, which berth does not write"
        ]
    );
    assert!(plan.kept[0].why.is_open());
}

#[test]
fn what_bears_no_mark_or_anothers_is_never_touched() {
    let over = under(&lease("10:00:00"), cluster("x"));
    let mut anothers = under(&lease("10:00:00"), disk("anothers", "x"));
    anothers.labels.insert(OWNER_KEY.to_owned(), "terraform".to_owned());
    let mut bare = disk("bare", "x");
    bare.labels.clear();
    let of_another_name = disk("wrong", "y");
    let of_another_name = Leftover { cluster: "x".to_owned(), ..of_another_name };
    let rule = made_for(&over, thing(LeftoverKind::Firewall, "global", "rule", "x"));
    let mut taken = rule.clone();
    taken.id.push('2');
    taken.labels.insert(OWNER_KEY.to_owned(), "gke-team".to_owned());
    let stray = made_for(&cluster("y"), thing(LeftoverKind::Firewall, "global", "stray", "x"));
    let through_bare = made_for(&bare, disk("through", "x"));
    let found = vec![over, anothers, bare, of_another_name, rule, taken, stray, through_bare];
    let plan = decided(found);
    assert_eq!(plan.doomed.len(), 1);
    assert_eq!(plan.doomed[0].things.iter().map(|thing| thing.name.as_str()).collect::<Vec<_>>(), ["x", "rule"]);
    assert_eq!(plan.unproven.len(), 6, "{:?}", words(&plan));
}

#[test]
fn nothing_is_a_leftover_where_clusters_could_not_be_listed() {
    let found = vec![under(&lease("10:00:00"), disk("a", "x"))];
    for (place, is_kept) in [(None, true), (Some("us-central1-f"), true), (Some("europe-west4"), false)] {
        let inventory = Inventory { found: found.clone(), unread: vec![unread_clusters(place)] };
        let plan = decide(&inventory, &rules());
        assert_eq!(plan.doomed.is_empty(), is_kept, "{place:?}");
        assert_eq!(plan.unread, inventory.unread);
    }
    let mut other_kind = unread_clusters(None);
    other_kind.kinds = vec![LeftoverKind::Disk];
    assert_eq!(decide(&Inventory { found, unread: vec![other_kind] }, &rules()).doomed.len(), 1);
}

#[test]
fn things_belong_to_the_cluster_of_their_region_and_to_none_in_doubt() {
    let zonal = |zone: &str| {
        let cluster = moved(cluster("x"), Provider::Gke, PROJECT, zone);
        Leftover { cluster_location: Some(zone.to_owned()), ..cluster }
    };
    let near = disk("near", "x");
    let far = thing(LeftoverKind::Disk, "europe-west4-a", "far", "x");
    let global = thing(LeftoverKind::Firewall, "global", "rule", "x");
    let plan = decided(vec![cluster("x"), near.clone(), far.clone(), global.clone()]);
    assert_eq!(words(&plan), ["x: doomed far", "x: kept x near rule: its cluster stands and has no lease"]);
    let doubtful = decided(vec![zonal("us-central1-a"), zonal("us-central1-b"), near.clone()]);
    assert!(doubtful.doomed.is_empty());
    assert_eq!(doubtful.kept.iter().filter(|kept| kept.why == KeptWhy::Ambiguous).count(), 1);
    let told = Leftover { cluster_location: Some("us-central1-b".to_owned()), ..near };
    let plan = decided(vec![zonal("us-central1-a"), under(&lease("10:00:00"), zonal("us-central1-b")), told]);
    assert_eq!(words(&plan), ["x: doomed x near", "x: kept x: its cluster stands and has no lease"]);
}

#[test]
fn things_of_another_project_or_cloud_are_another_environments() {
    let over = under(&lease("10:00:00"), cluster("x"));
    let elsewhere = moved(cluster("x"), Provider::Gke, "studio-2", "us-central1");
    let volume = Leftover { kind: LeftoverKind::Volume, ..disk("volume", "x") };
    let aws = moved(volume, Provider::Eks, "1", "us-east-1");
    let plan = decided(vec![over, elsewhere, aws]);
    assert_eq!(plan.doomed.len(), 2, "{:?}", words(&plan));
    let aws = plan.doomed.iter().find(|environment| environment.provider == Provider::Eks).expect("an environment");
    assert_eq!(aws.place().expect("a place").region, "us-east-1");
    assert_eq!(plan.kept.len(), 1);
}

#[test]
fn what_was_found_twice_is_there_once() {
    let over = under(&lease("10:00:00"), cluster("x"));
    let rule = thing(LeftoverKind::Firewall, "global", "rule", "x");
    let plan = decided(vec![over.clone(), made_for(&over, rule.clone()), rule.clone(), over.clone()]);
    assert_eq!(words(&plan), ["x: doomed x rule"]);
    assert_eq!(plan.doomed[0].things[1].why(), "it bears managed-by=berth for x");
}

#[test]
fn a_cluster_that_was_read_before_and_after_a_change_counts_as_what_keeps_it() {
    let (over, live) = (under(&lease("10:00:00"), cluster("x")), under(&lease("13:00:00"), cluster("x")));
    for found in [vec![over.clone(), live.clone()], vec![live.clone(), over.clone()]] {
        assert_eq!(words(&decided(found)), ["x: kept x: lease pr-1 of acme/app until 2026-11-21T13:00:00Z"]);
    }
    for found in [vec![over.clone(), cluster("x")], vec![cluster("x"), over]] {
        assert_eq!(words(&decided(found)), ["x: kept x: its cluster stands and has no lease"]);
    }
}
