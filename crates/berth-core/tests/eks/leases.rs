//! What a lease does to the plans of EKS.

use std::collections::{BTreeMap, BTreeSet};

use berth_core::actions::Action;
use berth_core::actions::eks::{EksAction, EksClusterChange};
use berth_core::lease::{Lease, LeaseId, leased, relabel};
use berth_core::plan::{Plan, Step};
use berth_core::rules::ownership;
use berth_core::spec::{CloudSpec, ClusterSpec};

use crate::read::{present, shipped, text};
use crate::world::World;

const FILES: [&str; 4] = [
    "clusters/ai-dubbing-eks.yaml",
    "clusters/ai-film-eks.yaml",
    "clusters/imagepod-eks.yaml",
    "clusters/vidp-eks.yaml",
];

fn lease(owner: &str, run: &str, expires: &str) -> Lease {
    let id = LeaseId::new(&"i".repeat(40)).expect("an id");
    Lease::new(id, owner, Some(run), expires.parse().expect("a time")).expect("a lease")
}

/// The longest terms there are.
fn longest() -> Lease {
    lease(&"O".repeat(21), &"r".repeat(378), "2026-11-21T16:30:00Z")
}

fn under(lease: &Lease) -> ClusterSpec {
    leased(shipped(FILES[0], None), lease).expect("a leased file")
}

fn made(spec: &ClusterSpec) -> World {
    let mut world = World::new();
    let plan = present(spec, &world.observed).expect("a plan");
    world.run(&plan, usize::MAX, |_| 0).expect("it can be made");
    world
}

/// All sets of tags of what an action makes; `None` where AWS or berth tags nothing.
fn tags(action: &EksAction) -> Option<Vec<&BTreeMap<String, String>>> {
    Some(match action {
        EksAction::CreateRole(role) => vec![&role.tags],
        EksAction::CreateVpc(vpc) => vec![&vpc.tags],
        EksAction::CreateSubnet(subnet) => vec![&subnet.tags],
        EksAction::CreateInternetGateway(gateway) => vec![&gateway.tags],
        EksAction::AllocateAddress(address) => vec![&address.tags],
        EksAction::CreateNatGateway(nat) => vec![&nat.tags],
        EksAction::CreateRouteTable(table) => vec![&table.tags],
        EksAction::CreateCluster(cluster) => vec![&cluster.tags],
        EksAction::GrantAdmin { tags, .. } => vec![tags],
        EksAction::CreateAddon(addon) => vec![&addon.tags],
        EksAction::CreatePodIdentity(identity) => vec![&identity.tags],
        EksAction::CreateTemplate(template) => vec![&template.tags, &template.machine_tags],
        EksAction::CreateGroup(group) => vec![&group.tags],
        // EKS makes the group of machines; these tags on it tell an autoscaler of nodes, and it goes with its node group.
        EksAction::TagAutoscaling { .. } => return None,
        // These make nothing.
        EksAction::ChangeCluster { .. }
        | EksAction::DeletePodIdentity { .. }
        | EksAction::ChangeAddon { .. }
        | EksAction::ChangeGroup { .. }
        | EksAction::DeleteAddon { .. }
        | EksAction::DeleteGroup { .. }
        | EksAction::DeleteCluster { .. }
        | EksAction::DeletePart { .. }
        | EksAction::Sweep { .. }
        | EksAction::Await { .. } => return None,
    })
}

fn actions(plan: &Plan) -> impl Iterator<Item = (&Step, &EksAction)> {
    plan.steps.iter().filter_map(|step| match &step.action {
        Action::Eks(action) => Some((step, action)),
        Action::Gke(_) | Action::Kube(_) => None,
    })
}

fn room(step: &Step) -> String {
    step.id.0.split('/').take(2).collect::<Vec<_>>().join("/")
}

#[test]
fn everything_bears_the_lease_and_our_mark_from_its_first_call() {
    let lease = longest();
    let mut rooms = BTreeSet::new();
    for file in FILES {
        // The longest name the cloud takes, whose lease's name is cut to the same length.
        let long = ClusterSpec { name: "n".repeat(100), ..shipped(file, None) };
        let mut spec = leased(long, &lease).expect("a leased file");
        assert_eq!(spec.name.len(), 100);
        let CloudSpec::Eks(eks) = &mut spec.cloud else { panic!("not EKS") };
        eks.admin_arns = vec!["arn:aws:iam::123456789012:role/admin".to_owned()];
        let mut wanted = lease.labels();
        wanted.extend(ownership::labels(&spec.name));
        let plan = present(&spec, &World::new().observed).expect("a plan");
        for (step, action) in actions(&plan) {
            let Some(all) = tags(action) else {
                assert!(matches!(action, EksAction::TagAutoscaling { .. } | EksAction::Await { .. }), "{}", step.id);
                continue;
            };
            rooms.insert(room(step));
            for tags in all {
                assert!(wanted.iter().all(|(key, value)| tags.get(key) == Some(value)), "{}: {tags:?}", step.id);
                assert!(tags.len() <= 50 && tags.keys().all(|key| key.len() <= 128), "{}: {tags:?}", step.id);
                assert!(tags.values().all(|value| value.len() <= 256), "{}: {tags:?}", step.id);
            }
        }
    }
    let all = ["addon", "admin", "cluster", "identity", "network", "nodegroup", "role", "template"];
    let rooms: Vec<&str> = rooms.iter().map(|room| room.trim_start_matches("eks/")).collect();
    assert_eq!(rooms, all);
}

#[test]
fn other_terms_are_a_change_of_the_clusters_tags_and_of_nothing_else() {
    let first = under(&longest());
    let mut world = made(&first);
    let later = Lease {
        run: Some("https://ci/2".to_owned()),
        ..longest().until("2026-11-22T00:00:00Z".parse().expect("a time"))
    };
    let renewed = under(&later);
    let plan = present(&renewed, &world.observed).expect("a plan");
    let [step] = plan.steps.as_slice() else { panic!("{}", text(&plan)) };
    let Action::Eks(EksAction::ChangeCluster { change: EksClusterChange::Tags { set, remove }, .. }) = &step.action
    else {
        panic!("{}", text(&plan))
    };
    assert_eq!(set.keys().collect::<Vec<_>>(), ["berth-expires", "berth-run"]);
    assert_eq!(remove, &["berth-run-2", "berth-run-3", "berth-run-4", "berth-run-5", "berth-run-6"]);
    world.run(&plan, usize::MAX, |_| 0).expect("it can be changed");
    let cluster = world.observed.cluster.clone().expect("a cluster");
    assert_eq!(Lease::read(&cluster.labels), Some(Ok(later.clone())));
    assert!(present(&renewed, &world.observed).expect("a plan").is_empty());
    assert!(relabel(&cluster, &later).expect("a plan").is_empty());

    // The first run goes on with its earlier end, and must not cut the other's; only its own address comes back.
    let plan = present(&first, &world.observed).expect("a plan");
    world.run(&plan, usize::MAX, |_| 0).expect("it can be changed");
    let read = Lease::read(&world.observed.cluster.as_ref().expect("a cluster").labels);
    assert_eq!(read, Some(Ok(longest().until(later.expires))));
}

#[test]
fn extending_and_ending_is_one_change_of_the_clusters_tags() {
    let mut world = made(&under(&longest()));
    let cluster = world.observed.cluster.clone().expect("a cluster");
    let over = longest().until("2026-11-21T15:00:00Z".parse().expect("a time"));
    let plan = relabel(&cluster, &over).expect("a plan");
    assert_eq!(plan.steps.len(), 1, "{}", text(&plan));
    world.run(&plan, usize::MAX, |_| 0).expect("it can be changed");
    let cluster = world.observed.cluster.as_ref().expect("a cluster");
    assert_eq!(Lease::read(&cluster.labels), Some(Ok(over)));
    assert!(cluster.is_ours());
    let mut foreign = cluster.clone();
    foreign.labels.remove(ownership::OWNER_KEY);
    assert!(relabel(&foreign, &longest()).is_err());
}

#[test]
fn a_file_without_a_lease_leaves_one_alone_and_says_so() {
    let leased = under(&longest());
    let world = made(&leased);
    let plain = ClusterSpec { name: leased.name, ..shipped(FILES[0], None) };
    let plan = present(&plain, &world.observed).expect("a plan");
    assert!(plan.is_empty(), "{}", text(&plan));
    let note = plan.notes.iter().find(|note| note.text.starts_with("bears lease iiii")).expect("a note");
    assert!(note.text.contains("until 2026-11-21T16:30:00Z, which the file does not have"), "{}", note.text);
}

#[test]
fn a_cluster_that_stands_is_put_under_no_lease_and_taken_from_nobody() {
    let leased = under(&longest());
    let plain = ClusterSpec { name: leased.name.clone(), ..shipped(FILES[0], None) };
    let refusal = present(&leased, &made(&plain).observed).expect_err("it has no lease").to_string();
    assert!(refusal.contains("stands without a lease"), "{refusal}");
    let others = lease("acme/other", "https://ci/3", "2026-11-21T18:00:00Z");
    let refusal = present(&under(&others), &made(&leased).observed).expect_err("another's").to_string();
    assert!(refusal.contains("stands under lease iiii"), "{refusal}");
}
