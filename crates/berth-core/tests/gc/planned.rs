//! How what is doomed goes away, and the look before.

use std::collections::BTreeMap;

use berth_core::actions::Action;
use berth_core::actions::eks::{EksPart, EksPartKind, EksPartRef};
use berth_core::actions::gke::{GkeAction, GkeSettings};
use berth_core::gc::{Claim, Environment, GcRules, Inventory, Leftover, LeftoverKind, Unread, confirm, decide, plan};
use berth_core::lease::Lease;
use berth_core::observed::{Observed, ObservedCloud, ObservedCluster, ObservedOperation, Phase};
use berth_core::plan::Plan;
use berth_core::rules::ownership;
use berth_core::spec::{self, CloudSpec, Place, Provider, Source};

use crate::build::{PROJECT, at, cluster, decided, disk, lease, moved, thing, under};

fn gke_settings() -> GkeSettings {
    let text = "apiVersion: berth/v1\nkind: Cluster\nmetadata: {name: x}\nspec:\n  provider: gke\n  region: us-central1\n  nodePools:\n    - {name: cpu, machineType: n2-standard-4, nodes: {min: 1, max: 1}}\n";
    let read = |_: &str| Err("no other file".to_owned());
    let source = Source { file: "x.yaml", text, provider: None, read: &read };
    match spec::check(&source).expect("a good file").spec.cloud {
        CloudSpec::Gke(gke) => gke.settings,
        CloudSpec::Eks(_) | CloudSpec::Existing(_) => panic!("not GKE"),
    }
}

fn standing(lease: Option<&Lease>) -> Observed {
    let mut labels = ownership::labels("x");
    labels.extend(lease.map(Lease::labels).unwrap_or_default());
    let cluster = ObservedCluster {
        name: "x".to_owned(),
        account: PROJECT.to_owned(),
        place: Place::from_gke_location("us-central1"),
        labels,
        phase: Phase::Running,
        issues: Vec::new(),
        version: "1.34".to_owned(),
        created_at: None,
        access: None,
        pools: Vec::new(),
        cloud: ObservedCloud::Gke(Box::new(gke_settings())),
    };
    Observed { cluster: Some(cluster), ..Observed::default() }
}

fn lines(plan: &Plan) -> Vec<String> {
    let word = |action: &Action| match action {
        Action::Gke(GkeAction::DeleteCluster { cluster }) => format!("cluster {}", cluster.name),
        Action::Gke(GkeAction::DeleteLeftover(leftover)) => format!("{} {}", leftover.kind, leftover.name),
        Action::Gke(GkeAction::LeaveReminder { name, .. }) => format!("leave {name}"),
        other => format!("{other:?}"),
    };
    plan.steps.iter().map(|step| word(&step.action)).collect()
}

fn balancer() -> Vec<Leftover> {
    let kinds = [
        (LeftoverKind::HealthCheck, "global"),
        (LeftoverKind::NetworkEndpointGroup, "us-central1-a"),
        (LeftoverKind::BackendService, "global"),
        (LeftoverKind::UrlMap, "global"),
        (LeftoverKind::Address, "global"),
        (LeftoverKind::TargetProxy, "global"),
        (LeftoverKind::ForwardingRule, "global"),
        (LeftoverKind::Disk, "us-central1-a"),
        (LeftoverKind::Instance, "us-central1-a"),
        (LeftoverKind::Firewall, "global"),
    ];
    let of = |(kind, place): (LeftoverKind, &str)| under(&lease("10:00:00"), thing(kind, place, "l", "x"));
    kinds.into_iter().map(of).collect()
}

fn doomed(found: Vec<Leftover>) -> Environment {
    let mut plan = decided(found);
    assert_eq!(plan.doomed.len(), 1);
    plan.doomed.remove(0)
}

#[test]
fn what_uses_a_thing_goes_before_it() {
    let plan = plan(&doomed(balancer()), &Observed::default()).expect("a plan");
    let lines = lines(&plan);
    let place = |word: &str| lines.iter().position(|line| line.starts_with(word)).expect(word);
    for (first, then) in [
        ("forwarding rule", "target proxy"),
        ("target proxy", "URL map"),
        ("URL map", "backend service"),
        ("backend service", "health check"),
        ("backend service", "network endpoint group"),
        ("forwarding rule", "address"),
        ("machine", "disk"),
        // By it they are known to be ours.
        ("health check", "firewall"),
    ] {
        assert!(place(first) < place(then), "{lines:?}");
        // It waits, itself or by what it waits for.
        let mut reached = vec![plan.steps[place(then)].id.clone()];
        for step in plan.steps.iter().rev() {
            if reached.contains(&step.id) {
                reached.extend(step.after.iter().cloned());
            }
        }
        assert!(reached.contains(&plan.steps[place(first)].id), "{then} does not wait for {first}");
    }
    assert_eq!(plan.steps.len(), 10);
    assert!(plan.steps.iter().all(|step| step.after.iter().all(|id| plan.steps.iter().any(|known| known.id == *id))));
}

#[test]
fn a_reminder_is_left_before_the_cluster_goes_and_goes_last() {
    let lease = lease("10:00:00");
    let hung = |kind, name| {
        let claim = Claim::MadeFor { anchor: "x".to_owned(), words: "its tag says so".to_owned() };
        Leftover { claim, labels: BTreeMap::new(), ..thing(kind, "global", name, "x") }
    };
    let standing_cluster = under(&lease, cluster("x"));
    let parts = [hung(LeftoverKind::Firewall, "k8s-fw-a"), hung(LeftoverKind::HealthCheck, "k8s-a")];
    let found: Vec<Leftover> = parts.into_iter().chain([standing_cluster.clone()]).collect();
    let mut seen = standing(Some(&lease));
    seen.cluster.as_mut().expect("a cluster").created_at = Some("2026-11-21T08:00:00Z".parse().expect("a time"));
    let told = lines(&plan(&doomed(found), &seen).expect("a plan"));
    let name = told[0].strip_prefix("leave ").expect("a reminder").to_owned();
    assert_eq!(
        told[1..],
        ["cluster x", "health check k8s-a", "firewall rule k8s-fw-a", format!("reminder {name}").as_str()]
    );
    // What bears the mark needs none.
    let found = vec![standing_cluster, under(&lease, disk("pvc-1", "x"))];
    let told = lines(&plan(&doomed(found), &seen).expect("a plan"));
    assert_eq!(told, ["cluster x", "disk pvc-1"]);
}

#[test]
fn a_reminder_stays_as_long_as_not_all_could_be_looked_for() {
    let lease = lease("10:00:00");
    let reminder = || under(&lease, thing(LeftoverKind::Reminder, "global", "berth-reminder-1", "x"));
    let pool = under(&lease, disk("pvc-1", "x"));
    let mut inventory = Inventory { found: vec![reminder(), pool], unread: Vec::new() };
    let things = |inventory: &Inventory| {
        decide(inventory, &GcRules::at(at("12:00:00"))).doomed.iter().map(|gone| gone.things.len()).sum::<usize>()
    };
    assert_eq!(things(&inventory), 2);
    let (provider, account) = (Provider::Gke, PROJECT.to_owned());
    let kinds = vec![LeftoverKind::TargetPool];
    inventory.unread.push(Unread { provider, account, place: None, kinds, why: "503".to_owned() });
    assert_eq!(things(&inventory), 1);
}

#[test]
fn a_cluster_goes_the_way_of_destroy_and_what_it_would_leave_goes_after_it() {
    let mut found = balancer();
    found.push(under(&lease("10:00:00"), cluster("x")));
    let plan = plan(&doomed(found), &standing(Some(&lease("10:00:00")))).expect("a plan");
    let lines = lines(&plan);
    assert_eq!(lines[0], "cluster x");
    assert!(!lines.iter().any(|line| line.starts_with("machine")), "machines go with their cluster: {lines:?}");
    assert!(plan.steps[1..].iter().all(|step| !step.after.is_empty()));
    assert_eq!(lines.len(), 10);
}

#[test]
fn a_cluster_that_is_not_ours_refuses_the_plan() {
    let environment = doomed(vec![under(&lease("10:00:00"), cluster("x"))]);
    let mut observed = standing(Some(&lease("10:00:00")));
    observed.cluster.as_mut().expect("a cluster").labels.clear();
    assert!(plan(&environment, &observed).is_err());
    assert!(confirm(&environment, &observed, at("12:00:00")).is_err());
}

#[test]
fn the_second_look_spares_what_was_renewed_or_made_anew() {
    let environment = doomed(vec![under(&lease("10:00:00"), cluster("x"))]);
    let now = at("12:00:00");
    let look = |observed: &Observed| confirm(&environment, observed, now);
    assert_eq!(look(&standing(Some(&lease("10:00:00")))), Ok(()));
    assert_eq!(look(&Observed::default()), Ok(()));
    let mut being_made = Observed::default();
    being_made.operations.push(ObservedOperation {
        name: "operation-1".to_owned(),
        kind: "CREATE_CLUSTER".to_owned(),
        pool: None,
        started_at: None,
    });
    assert!(look(&being_made).expect_err("it is being made").contains("is being made"));
    let renewed = look(&standing(Some(&lease("13:00:00")))).expect_err("it was renewed");
    assert_eq!(renewed, "lease pr-1 of acme/app until 2026-11-21T13:00:00Z");
    assert!(look(&standing(None)).expect_err("it was made anew").contains("without a lease"));
    let mut broken = standing(Some(&lease("10:00:00")));
    broken.cluster.as_mut().expect("a cluster").labels.remove("berth-owner");
    assert!(look(&broken).expect_err("not whole").contains("cannot be read"));
}

#[test]
fn the_second_look_spares_a_creation_that_has_begun() {
    let volume = moved(under(&lease("10:00:00"), disk("vol-1", "x")), Provider::Eks, "1", "us-east-1");
    let volume = Leftover { id: "vol-1".to_owned(), ..volume };
    let environment = doomed(vec![volume]);
    let part = |id: &str, lease: Option<Lease>| {
        let mut tags = ownership::labels("x");
        tags.extend(lease.map(|lease| lease.labels()).unwrap_or_default());
        let thing = EksPartRef { kind: EksPartKind::Vpc, id: id.to_owned() };
        EksPart { thing, part: None, state: String::new(), complete: true, tags }
    };
    let look = |parts: Vec<EksPart>| {
        let mut observed = Observed::default();
        observed.around.parts = parts;
        confirm(&environment, &observed, at("12:00:00"))
    };
    assert_eq!(look(vec![part("vol-1", Some(lease("10:00:00")))]), Ok(()));
    assert!(look(vec![part("vol-1", Some(lease("10:00:00"))), part("vpc-2", Some(lease("14:00:00")))]).is_err());
    assert!(look(vec![part("vol-1", Some(lease("10:00:00"))), part("vpc-2", None)]).is_err());
    let mut others = part("vpc-3", None);
    others.tags.clear();
    assert_eq!(look(vec![others]), Ok(()), "what does not bear our mark says nothing");
}

#[test]
fn machines_without_a_cluster_go_before_the_network_they_stand_in() {
    let of = |kind, id: &str| {
        let thing =
            moved(under(&lease("10:00:00"), thing(kind, "us-east-1", id, "x")), Provider::Eks, "1", "us-east-1");
        Leftover { id: id.to_owned(), ..thing }
    };
    let environment = doomed(vec![of(LeftoverKind::Instance, "i-1"), of(LeftoverKind::Vpc, "vpc-1")]);
    let mut observed = Observed::default();
    let thing = EksPartRef { kind: EksPartKind::Vpc, id: "vpc-1".to_owned() };
    let tags = environment.things[0].labels.clone();
    observed.around.parts =
        vec![EksPart { thing, part: Some("vpc".to_owned()), state: String::new(), complete: true, tags }];
    let plan = plan(&environment, &observed).expect("a plan");
    let first = &plan.steps[0];
    assert_eq!(first.title, "delete machine i-1");
    assert!(plan.steps.len() > 2 && plan.steps[1..].iter().all(|step| !step.after.is_empty()), "{:?}", plan.steps);
    assert!(plan.steps.iter().any(|step| step.after == [first.id.clone()]));
}
