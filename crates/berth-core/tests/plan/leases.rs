//! What a lease does to the plans of GKE.

use std::collections::BTreeMap;

use berth_core::actions::Action;
use berth_core::actions::gke::{GkeAction, GkeClusterChange};
use berth_core::lease::{Lease, LeaseError, LeaseId, leased, relabel};
use berth_core::observed::{Observed, Phase};
use berth_core::plan::{Goal, Plan, Refusal, Workloads, plan};
use berth_core::rules::ownership;
use berth_core::spec::ClusterSpec;

use crate::build::{PROJECT, cluster, cpu, dubbing, made};

fn lease(owner: &str, run: &str, expires: &str) -> Lease {
    let id = LeaseId::new("pr-123").expect("an id");
    Lease::new(id, owner, Some(run), expires.parse().expect("a time")).expect("a lease")
}

fn longest() -> Lease {
    lease(&"O".repeat(21), &"r".repeat(378), "2026-11-21T16:30:00Z")
}

fn under(lease: &Lease) -> ClusterSpec {
    leased(dubbing(), lease).expect("a leased file")
}

fn present(spec: &ClusterSpec, observed: &Observed) -> Result<Plan, Refusal> {
    plan(&Goal::Present { spec, account: PROJECT, adopt: false, workloads: Workloads::default() }, observed)
}

/// All sets of labels of what an action makes.
fn labels(action: &GkeAction) -> Vec<&BTreeMap<String, String>> {
    match action {
        GkeAction::CreateCluster(wanted) => {
            let pools = wanted.pools.iter().map(|pool| &pool.resource_labels);
            std::iter::once(&wanted.resource_labels).chain(pools).collect()
        }
        GkeAction::CreatePool { pool, .. } => vec![&pool.resource_labels],
        // These make nothing.
        GkeAction::ChangeCluster { .. }
        | GkeAction::DeleteCluster { .. }
        | GkeAction::ChangePool { .. }
        | GkeAction::DeletePool { .. }
        | GkeAction::AwaitOperation { .. }
        | GkeAction::DeleteLeftover(_)
        | GkeAction::LeaveReminder { .. } => Vec::new(),
    }
}

fn all_labels(plan: &Plan) -> Vec<&BTreeMap<String, String>> {
    let actions = plan.steps.iter().filter_map(|step| match &step.action {
        Action::Gke(action) => Some(action),
        Action::Eks(_) | Action::Kube(_) => None,
    });
    actions.flat_map(labels).collect()
}

#[test]
fn the_cluster_and_every_pool_bear_the_lease_and_our_mark_from_their_first_call() {
    let spec = leased(ClusterSpec { name: "n".repeat(40), ..dubbing() }, &longest()).expect("a leased file");
    assert_eq!(spec.name.len(), 40);
    let mut wanted = longest().labels();
    wanted.extend(ownership::labels(&spec.name));
    let bears = |labels: &&BTreeMap<String, String>| wanted.iter().all(|(key, value)| labels.get(key) == Some(value));
    let whole = present(&spec, &Observed::default()).expect("a plan");
    assert_eq!(all_labels(&whole).len(), 1 + spec.pools.len());
    assert!(all_labels(&whole).iter().all(bears) && all_labels(&whole).iter().all(|labels| labels.len() <= 64));
    let mut more = spec.clone();
    more.pools.push(cpu("more", 1, 1));
    let plan = present(&more, &made(&spec)).expect("a plan");
    assert_eq!(all_labels(&plan).len(), 1);
    assert!(all_labels(&plan).iter().all(bears));
}

#[test]
fn other_terms_are_a_change_of_the_clusters_labels_and_of_nothing_else() {
    let mut observed = made(&under(&longest()));
    let later = Lease {
        run: Some("https://ci/2".to_owned()),
        ..longest().until("2026-11-22T00:00:00Z".parse().expect("a time"))
    };
    let plan = present(&under(&later), &observed).expect("a plan");
    let [step] = plan.steps.as_slice() else { panic!("{:?}", plan.steps) };
    let Action::Gke(GkeAction::ChangeCluster { change: GkeClusterChange::ResourceLabels(labels), .. }) = &step.action
    else {
        panic!("{step:?}")
    };
    assert_eq!(Lease::read(labels), Some(Ok(later.clone())));
    assert!(
        labels.contains_key("team") && ownership::is_ours(labels) && !labels.contains_key("berth-run-2"),
        "{labels:?}"
    );
    cluster(&mut observed).labels = labels.clone();
    assert!(present(&under(&later), &observed).expect("a plan").is_empty());
    // Nobody cuts the end of a lease by making its cluster again.
    let early = Lease { run: later.run.clone(), ..longest() };
    assert!(present(&under(&early), &observed).expect("a plan").is_empty());
    // But it is ended by asking for that.
    let over = early.until("2026-11-21T12:00:00Z".parse().expect("a time"));
    let plan = relabel(cluster(&mut observed), &over).expect("a plan");
    let [step] = plan.steps.as_slice() else { panic!("{:?}", plan.steps) };
    let Action::Gke(GkeAction::ChangeCluster { change: GkeClusterChange::ResourceLabels(labels), .. }) = &step.action
    else {
        panic!("{step:?}")
    };
    assert_eq!(Lease::read(labels), Some(Ok(over)));
    assert!(labels.contains_key("team") && ownership::is_ours(labels));
}

#[test]
fn a_file_without_a_lease_leaves_one_alone_and_says_so() {
    let leased = under(&longest());
    let plain = ClusterSpec { name: leased.name.clone(), ..dubbing() };
    let plan = present(&plain, &made(&leased)).expect("a plan");
    assert!(plan.is_empty(), "{:?}", plan.steps);
    let notes: Vec<&str> = plan.notes.iter().map(|note| note.text.as_str()).collect();
    assert_eq!(notes.iter().filter(|text| text.starts_with("bears lease pr-123")).count(), 1, "{notes:?}");
    assert!(!notes.contains(&"is not in the file and is left alone"), "{notes:?}");
}

#[test]
fn a_cluster_that_stands_is_put_under_no_lease_and_taken_from_nobody() {
    let leased = under(&longest());
    let plain = ClusterSpec { name: leased.name.clone(), ..dubbing() };
    let mut standing = made(&plain);
    let refusal = present(&leased, &standing).expect_err("it has no lease").to_string();
    assert!(refusal.contains("stands without a lease"), "{refusal}");
    cluster(&mut standing).phase = Phase::Failed;
    assert!(present(&leased, &standing).is_err(), "a failed cluster is deleted and made again, but not somebody's");
    cluster(&mut standing).phase = Phase::Deleting;
    assert!(present(&leased, &standing).is_ok(), "what goes away leaves its name");
    let others = lease("acme/other", "https://ci/3", "2026-11-21T18:00:00Z");
    let refusal = present(&under(&others), &made(&leased)).expect_err("another's").to_string();
    assert!(refusal.contains("stands under lease pr-123"), "{refusal}");
    let mut broken = made(&leased);
    cluster(&mut broken).labels.remove("berth-expires");
    let refusal = present(&leased, &broken).expect_err("not whole").to_string();
    assert!(refusal.contains("its label berth-expires is missing"), "{refusal}");
}

#[test]
fn more_labels_than_the_cloud_takes_are_refused() {
    let mut spec = dubbing();
    spec.labels = (0..60).map(|n| (format!("l{n}"), "x".to_owned())).collect();
    assert_eq!(leased(spec.clone(), &longest()), Err(LeaseError::TooManyLabels { labels: 60, most: 64 }));
    spec.labels.retain(|key, _| key.len() < 3 && key != "l1");
    assert!(leased(spec, &longest()).is_ok());
}
