//! The default storage class: with the volume driver, unless somebody else brings one.

use berth_core::actions::kube::{KubeObjectRef, Manifest};
use berth_core::manifests::default_class::{GROUP, default_class, refs};
use berth_core::observed::{ObjectState, ObservedObject};
use berth_core::plan::{Goal, Plan, Workloads, plan};
use berth_core::rules::eks::addons::EBS_CSI;
use berth_core::spec::{CloudSpec, ClusterSpec};
use serde_json::{Value, json};

use crate::read::{ACCOUNT, present, shipped, text};
use crate::world::World;

const APPLY: &str = "kube/default-storage-class";
const DELETE: &str = "kube/default-storage-class/delete";

fn film() -> ClusterSpec {
    shipped("clusters/ai-film-eks.yaml", None)
}

fn without_driver() -> ClusterSpec {
    let mut spec = film();
    let CloudSpec::Eks(eks) = &mut spec.cloud else { panic!("not EKS") };
    eks.addons.retain(|addon| addon != EBS_CSI);
    spec
}

fn class(name: &str, is_default: &str) -> Value {
    json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "ebs.csi.aws.com",
        "metadata": {"name": name, "annotations": {"storageclass.kubernetes.io/is-default-class": is_default}},
    })
}

fn with(world: &World, spec: &ClusterSpec, objects: &[Manifest]) -> Plan {
    let workloads = Workloads { objects, force_conflicts: false };
    plan(&Goal::Present { spec, account: ACCOUNT, adopt: false, workloads }, &world.observed).expect("a plan")
}

/// The steps about the class.
fn about(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().map(|step| step.id.0.as_str()).filter(|id| id.contains("storage-class")).collect()
}

#[test]
fn the_class() {
    let class = default_class();
    assert_eq!(class.object["metadata"]["annotations"]["berth.dev/hash"], class.hash.as_str());
    let mut shown = class.object.clone();
    shown["metadata"]["annotations"]["berth.dev/hash"] = json!("(hash)");
    insta::assert_snapshot!(serde_json::to_string_pretty(&shown).expect("JSON"));
    let reference = Manifest::new(class.object).reference();
    assert_eq!(refs(), [reference]);
}

#[test]
fn it_comes_before_the_pods_and_goes_with_the_driver() {
    let mut world = World::standing(&film());
    assert!(world.observed.applied.contains_key(GROUP));
    let plan = present(&without_driver(), &world.observed).expect("a plan");
    assert_eq!(about(&plan), [DELETE]);
    world.run(&plan, usize::MAX, |_| 0).unwrap_or_else(|refusal| panic!("{refusal}\n{}", text(&plan)));
    assert!(about(&present(&without_driver(), &world.observed).expect("a plan")).is_empty());

    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one", "namespace": "default"}});
    let plan = with(&World::new(), &film(), &[Manifest::new(pod)]);
    let pods = plan.steps.iter().find(|step| step.id.0 == "kube/workloads/workloads").expect("pods");
    assert!(pods.after.iter().any(|id| id.0 == APPLY), "{:?}", pods.after);
}

#[test]
fn workloads_that_bring_one_get_no_second() {
    let world = World::standing(&film());
    let brought = |name: &str, is_default: &str| [Manifest::new(class(name, is_default))];
    assert_eq!(about(&with(&world, &film(), &brought("fast", "true"))), [DELETE]);
    assert_eq!(about(&with(&world, &film(), &brought("berth-gp3", "false"))), [DELETE]);
    assert!(about(&with(&world, &film(), &brought("fast", "false"))).is_empty());
    assert!(about(&with(&World::new(), &film(), &brought("fast", "true"))).is_empty());
}

#[test]
fn one_that_somebody_else_made_stays_the_only_one_unless_it_goes() {
    let mut world = World::standing(&without_driver());
    world.observed.default_classes = vec!["theirs".to_owned()];
    assert!(about(&present(&film(), &world.observed).expect("a plan")).is_empty());
    // One of the files that they have no more is taken away by the same plan.
    let (api_version, kind) = ("storage.k8s.io/v1".to_owned(), "StorageClass".to_owned());
    let object = KubeObjectRef { api_version, kind, namespace: None, name: "theirs".to_owned() };
    world.observed.workloads = vec![ObservedObject { object, state: ObjectState::Unwanted }];
    assert_eq!(about(&present(&film(), &world.observed).expect("a plan")), [APPLY]);
    // Ours stays where it is, also when another one comes later.
    let mut world = World::standing(&film());
    world.observed.default_classes = vec!["theirs".to_owned()];
    assert!(present(&film(), &world.observed).expect("a plan").is_empty());
}
