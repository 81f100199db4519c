//! The cluster autoscaler: what is put into the cluster, in which order pools grow, and when it comes, changes and goes.

use std::fmt::Write as _;

use berth_core::actions::Action;
use berth_core::actions::eks::{EksAction, EksClusterRef};
use berth_core::actions::kube::KubeAction;
use berth_core::lint;
use berth_core::manifests::cluster_autoscaler::{GROUP, NAME, cluster_autoscaler, image, order, refs};
use berth_core::plan::Plan;
use berth_core::rules::eks::autoscaler;
use berth_core::spec::{Autoscaler, Capacity, ClusterSpec};
use berth_core::verify::brought_up;
use serde_json::Value;

use crate::read::{absent, present, shipped, text};
use crate::world::World;

fn dubbing() -> ClusterSpec {
    shipped("clusters/ai-dubbing-eks.yaml", None)
}

/// No pool of it can grow.
fn fixed() -> ClusterSpec {
    let mut spec = dubbing();
    spec.pools.iter_mut().for_each(|pool| pool.nodes.max = pool.nodes.min.max(1));
    spec.pools.iter_mut().for_each(|pool| pool.nodes.min = pool.nodes.max);
    spec
}

fn objects(spec: &ClusterSpec) -> Vec<Value> {
    let rendered = cluster_autoscaler(spec, Some("1.34")).expect("pools that grow");
    rendered.settings.into_iter().chain([rendered.deployment]).collect()
}

fn ids(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().map(|step| step.id.0.as_str()).collect()
}

#[test]
fn the_objects() {
    let mut text = String::new();
    for object in objects(&dubbing()) {
        writeln!(text, "{}", serde_json::to_string_pretty(&object).expect("JSON")).expect("a string");
    }
    insta::assert_snapshot!(text);
}

#[test]
fn all_objects_and_no_others_are_taken_away() {
    let mut made: Vec<(String, String)> = objects(&dubbing())
        .iter()
        .map(|object| (&object["kind"], &object["metadata"]["name"]))
        .map(|(kind, name)| (kind.as_str().expect("a kind").to_owned(), name.as_str().expect("a name").to_owned()))
        .collect();
    made.reverse();
    let gone: Vec<(String, String)> = refs().into_iter().map(|object| (object.kind, object.name)).collect();
    assert_eq!(made, gone);
}

#[test]
fn the_role_allows_no_more_than_it_needs() {
    let cluster =
        EksClusterRef { account: "123456789012".to_owned(), region: "cn-north-1".to_owned(), name: "film".to_owned() };
    let policy: Value = serde_json::from_str(&autoscaler::policy(&cluster)).expect("JSON");
    insta::assert_snapshot!(serde_json::to_string_pretty(&policy).expect("JSON"));
}

#[test]
fn orders_of_growth() {
    let mut text = String::new();
    let mut table = |name: &str, spec: &ClusterSpec| {
        writeln!(text, "# {name}\n{}", order(spec)).expect("a string");
        for note in autoscaler::notes(spec, None) {
            writeln!(text, "note: {}: {}", note.about, note.text).expect("a string");
        }
    };
    let mut spec = dubbing();
    table("as the file prefers", &spec);
    spec.pools[1].taints.clear();
    table("a preferred pool that keeps nobody off", &spec);
    spec.autoscaler.prefer.clear();
    table("in the order of the file", &spec);
    spec.autoscaler.prefer = vec!["gpu-t4-pool".to_owned()];
    spec.pools[2].capacity = Capacity::SpotThenOnDemand;
    spec.pools[2].group_per_zone = true;
    spec.pools[2].zones = vec!["us-east-1a".to_owned(), "us-east-1c".to_owned()];
    table("one preferred, bought as spot and then on-demand, in each zone", &spec);
    insta::assert_snapshot!(text);
}

#[test]
fn the_image_is_of_the_clusters_minor_version() {
    let release = |version: Option<&str>| image(version).rsplit(':').next().expect("a tag").to_owned();
    for minor in 30..=36 {
        assert!(release(Some(&format!("1.{minor}"))).starts_with(&format!("v1.{minor}.")), "{minor}");
    }
    assert_eq!(release(Some("1.99")), release(Some("1.36")));
    assert_eq!(release(Some("1.21")), release(Some("1.30")));
    assert_eq!(release(None), release(Some("1.34")));
}

#[test]
fn it_comes_with_its_role_before_its_pod() {
    let spec = dubbing();
    let plan = present(&spec, &World::new().observed).expect("a plan");
    let after = |id: &str| -> Vec<&str> {
        let step = plan.steps.iter().find(|step| step.id.0 == id).unwrap_or_else(|| panic!("no {id}"));
        step.after.iter().map(|id| id.0.as_str()).collect()
    };
    assert_eq!(after("eks/identity/autoscaler"), ["eks/cluster", "eks/role/autoscaler"]);
    assert_eq!(after("eks/autoscaler/settings"), ["eks/cluster", "eks/identity/autoscaler"]);
    assert_eq!(after("eks/autoscaler"), ["eks/autoscaler/settings"]);
    World::standing(&spec);
}

#[test]
fn a_version_that_it_has_no_release_for_is_told() {
    let told = |version: &str| autoscaler::notes(&dubbing(), Some(version)).into_iter().map(|note| note.text).next();
    assert_eq!(told("1.34"), None);
    let newer = "this version of berth knows no release for Kubernetes 1.99 and takes the nearest, v1.36.0";
    assert_eq!(told("1.99").as_deref(), Some(newer));
    assert!(told("1.29").expect("a note").ends_with("v1.30.3"));
    assert!(autoscaler::notes(&fixed(), Some("1.99")).is_empty(), "there is none");
}

#[test]
fn a_file_that_wants_none_has_none_and_hears_that_nothing_scales() {
    let mut off = dubbing();
    off.autoscaler = Autoscaler { is_off: true, ..Autoscaler::default() };
    let mut world = World::standing(&dubbing());
    let plan = present(&off, &world.observed).expect("a plan");
    let about: Vec<&str> = ids(&plan);
    let [objects, identity, role] = about[..] else { panic!("{}", text(&plan)) };
    assert_eq!((objects, identity), ("eks/autoscaler/delete", "eks/identity/autoscaler/delete"));
    assert!(role.starts_with("eks/delete/role/berth-ai-dubbing-production-autoscaler-"), "{role}");
    world.run(&plan, usize::MAX, |_| 0).unwrap_or_else(|refusal| panic!("{refusal}\n{}", text(&plan)));
    insta::assert_snapshot!(text(&present(&off, &world.observed).expect("a plan")), @"
    note: autoscaler: off in the file: nothing of berth's adds or removes nodes; pools stay at their fewest unless something else scales them: cpu-pool (2 to 10), gpu-a100-pool (0 to 2), gpu-t4-pool (2 to 8)
    ");
    let fresh = present(&off, &World::new().observed).expect("a plan");
    assert!(!ids(&fresh).iter().any(|id| id.contains("/autoscaler")), "{}", text(&fresh));
    assert!(brought_up(&off, &[]).iter().all(|object| object.name != NAME), "verify waits for none");
}

#[test]
fn it_does_not_come_where_no_pool_can_grow() {
    let plan = present(&fixed(), &World::new().observed).expect("a plan");
    assert!(!text(&plan).contains("cluster-autoscaler-priority"), "{}", text(&plan));
    assert!(!ids(&plan).iter().any(|id| id.ends_with("/autoscaler")), "{:?}", ids(&plan));
}

#[test]
fn it_changes_with_the_file() {
    let spec = dubbing();
    let mut world = World::standing(&spec);
    let mut later = spec.clone();
    later.autoscaler.scale_down_after_seconds = Some(300);
    let plan = present(&later, &world.observed).expect("a plan");
    assert_eq!(ids(&plan), ["eks/autoscaler/settings", "eks/autoscaler"]);
    world.run(&plan, usize::MAX, |_| 0).expect("what AWS takes");
    assert!(present(&later, &world.observed).expect("a plan").is_empty());
    later.autoscaler.prefer.reverse();
    let plan = present(&later, &world.observed).expect("a plan");
    assert_eq!(ids(&plan), ["eks/autoscaler/settings", "eks/autoscaler"]);
}

#[test]
fn it_follows_an_upgrade_of_the_cluster() {
    let spec = dubbing();
    let mut world = World::standing(&spec);
    world.cluster().expect("a cluster").version = "1.35".to_owned();
    let plan = present(&spec, &world.observed).expect("a plan");
    let step = plan.steps.last().expect("a step");
    let Action::Kube(KubeAction::ApplyObjects { objects, .. }) = &step.action else { panic!("{step:?}") };
    let image = &objects[0].value()["spec"]["template"]["spec"]["containers"][0]["image"];
    assert_eq!(image, "registry.k8s.io/autoscaling/cluster-autoscaler:v1.35.1");
}

#[test]
fn it_goes_with_its_rights_when_no_pool_can_grow_any_more() {
    let mut world = World::standing(&dubbing());
    let spec = fixed();
    let plan = present(&spec, &world.observed).expect("a plan");
    let ids: Vec<&str> =
        ids(&plan).into_iter().filter(|id| id.contains("autoscaler") && !id.contains("nodegroup")).collect();
    let [objects, identity, role] = ids[..] else { panic!("{ids:?}") };
    assert_eq!((objects, identity), ("eks/autoscaler/delete", "eks/identity/autoscaler/delete"));
    assert!(role.starts_with("eks/delete/role/berth-ai-dubbing-production-autoscaler-"), "{role}");
    world.run(&plan, usize::MAX, |_| 0).unwrap_or_else(|refusal| panic!("{refusal}\n{}", text(&plan)));
    let plan = present(&spec, &world.observed).expect("a plan");
    assert!(plan.is_empty(), "{}", text(&plan));
    assert!(!world.observed.applied.contains_key(GROUP));
}

#[test]
fn an_association_with_another_role_is_replaced() {
    let spec = dubbing();
    let mut world = World::standing(&spec);
    let cluster = world.cluster().expect("a cluster");
    let berth_core::observed::ObservedCloud::Eks(description) = &mut cluster.cloud else { panic!("not EKS") };
    description.identities[0].role_arn = "arn:aws:iam::123456789012:role/other".to_owned();
    let plan = present(&spec, &world.observed).expect("a plan");
    assert_eq!(ids(&plan), ["eks/identity/autoscaler"]);
    assert!(matches!(plan.steps[0].action, Action::Eks(EksAction::CreatePodIdentity(_))));
}

#[test]
fn its_role_goes_with_the_cluster() {
    let spec = dubbing();
    let mut world = World::standing(&spec);
    let plan = absent(&spec, &world.observed).expect("a plan");
    assert!(ids(&plan).iter().any(|id| id.contains("role/berth-ai-dubbing-production-autoscaler")), "{:?}", ids(&plan));
    world.run(&plan, usize::MAX, |_| 0).unwrap_or_else(|refusal| panic!("{refusal}\n{}", text(&plan)));
    assert!(world.observed.around.parts.is_empty(), "{:?}", world.observed.around.parts);
}

#[test]
fn lint_finds_nothing_wrong_with_its_manifests() {
    let spec = dubbing();
    let text = objects(&spec).iter().map(|object| format!("---\n{object}\n")).collect::<String>();
    let findings = lint::check(&spec, &[lint::ManifestFile { path: "autoscaler.yaml".to_owned(), text }]);
    assert!(findings.is_empty(), "{findings:?}");
}
