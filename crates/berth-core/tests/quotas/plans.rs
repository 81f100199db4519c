//! How quotas come into a cluster, change and go.

use std::fmt::Write;

use berth_core::actions::Action;
use berth_core::actions::gke::{AutoscalingProfile, GkeSettings, ReleaseChannel};
use berth_core::actions::kube::{KubeAction, KubeObjectRef, Manifest};
use berth_core::manifests::quotas;
use berth_core::observed::{Observed, ObservedCloud, ObservedCluster, Phase};
use berth_core::plan::{StepId, Workloads};
use berth_core::rules::kube::steps::{Inside, Kube, steps};
use berth_core::spec::{ClusterSpec, Place};
use serde_json::Value;

use crate::spec::{NAMESPACES, ONE_NAMESPACE, spec};

/// A cluster's objects, changed by actions as an API server changes them.
#[derive(Default)]
struct World {
    objects: Vec<Value>,
    phase: Option<Phase>,
}

fn settings() -> GkeSettings {
    GkeSettings {
        release_channel: ReleaseChannel::Regular,
        version: None,
        network: None,
        subnetwork: None,
        private_nodes: false,
        network_policy: true,
        workload_identity: true,
        shielded_nodes: true,
        maintenance: None,
        logging: Vec::new(),
        monitoring: Vec::new(),
        autoscaling_profile: AutoscalingProfile::Balanced,
    }
}

/// Whether the object has the labels that berth selects by.
fn is_selected(object: &Value) -> bool {
    quotas::SELECTOR.split(',').all(|pair| {
        let (key, value) = pair.split_once('=').expect("key=value");
        object["metadata"]["labels"][key] == value
    })
}

fn is(object: &Value, wanted: &KubeObjectRef) -> bool {
    object["kind"] == wanted.kind
        && object["metadata"]["name"] == wanted.name
        && object["metadata"]["namespace"].as_str() == wanted.namespace.as_deref()
}

fn decided(spec: &ClusterSpec, observed: &Observed, api: &[StepId]) -> Kube {
    steps(&Inside { spec, workloads: Workloads::default(), observed, api, nodes: &[] }).expect("nothing is contested")
}

impl World {
    fn look(&self) -> Observed {
        let cluster = self.phase.map(|phase| ObservedCluster {
            name: "demo".to_owned(),
            account: "studio-1".to_owned(),
            place: Place { region: "us-central1".to_owned(), zone: None },
            labels: std::collections::BTreeMap::new(),
            phase,
            issues: Vec::new(),
            version: "1.33.5".to_owned(),
            created_at: None,
            access: None,
            pools: Vec::new(),
            cloud: ObservedCloud::Gke(Box::new(settings())),
        });
        let mut observed = Observed { cluster, ..Observed::default() };
        let kinds: Vec<&str> = quotas::KINDS.iter().map(|(_, kind)| *kind).collect();
        let ours = self.objects.iter().filter(|object| kinds.iter().any(|kind| object["kind"] == *kind));
        let applied = quotas::applied(&ours.filter(|object| is_selected(object)).cloned().collect::<Vec<_>>());
        observed.applied.extend(applied.hash.map(|hash| (quotas::GROUP.to_owned(), hash)));
        observed.applied_objects.insert(quotas::GROUP.to_owned(), applied.objects);
        observed
    }

    /// Plans, and carries out only the first calls: each object is one, and what is left of an action is lost.
    fn run(&mut self, spec: &ClusterSpec, calls: usize) -> String {
        let plan = decided(spec, &self.look(), &[StepId("before".to_owned())]);
        let mut text = String::new();
        let mut left = calls;
        for step in &plan.steps {
            let after: Vec<&str> = step.after.iter().map(|id| id.0.as_str()).collect();
            writeln!(text, "[{:?}] {} after {}: {} ({})", step.change, step.id, after.join(", "), step.title, step.why)
                .expect("a string");
            step.details.iter().for_each(|detail| writeln!(text, "    - {detail}").expect("a string"));
            match &step.action {
                Action::Kube(KubeAction::ApplyObjects { objects, .. }) => {
                    for object in objects.iter().map(Manifest::value).take(left) {
                        self.objects.retain(|known| {
                            !(known["kind"] == object["kind"]
                                && known["metadata"]["name"] == object["metadata"]["name"]
                                && known["metadata"]["namespace"] == object["metadata"]["namespace"])
                        });
                        self.objects.push(object.clone());
                    }
                    left = left.saturating_sub(objects.len());
                }
                Action::Kube(KubeAction::DeleteObjects { objects, .. }) => {
                    for object in objects.iter().take(left) {
                        self.objects.retain(|known| !is(known, object));
                    }
                    left = left.saturating_sub(objects.len());
                }
                other => panic!("{other:?}"),
            }
        }
        plan.notes.iter().for_each(|note| writeln!(text, "note: {}: {}", note.about, note.text).expect("a string"));
        if text.is_empty() { "nothing to do\n".to_owned() } else { text }
    }

    /// All objects but the namespaces, whole.
    fn limits(&self) -> Vec<String> {
        let mut limits: Vec<String> =
            self.objects.iter().filter(|object| object["kind"] != "Namespace").map(Value::to_string).collect();
        limits.sort();
        limits
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .objects
            .iter()
            .map(|object| {
                let namespace = object["metadata"]["namespace"].as_str().unwrap_or("-");
                let text = |value: &Value| value.as_str().expect("text").to_owned();
                format!("{} {namespace}/{}", text(&object["kind"]), text(&object["metadata"]["name"]))
            })
            .collect();
        names.sort();
        names
    }
}

#[test]
fn quotas_come_change_and_go() {
    let mut world = World { phase: Some(Phase::Running), ..World::default() };
    let all = usize::MAX;
    let one = spec("gke", Some(ONE_NAMESPACE));
    let fewer = spec("gke", Some("  namespace: ai-models\n  services:\n    stt: {cpu: 64, memory: 256Gi, gpus: 3}\n"));
    let apart = spec("gke", Some(NAMESPACES));
    let mut text = String::new();
    for (about, spec) in [
        ("first", &one),
        ("again", &one),
        ("a service goes", &fewer),
        ("another fence", &apart),
        ("none", &spec("gke", None)),
        ("none again", &spec("gke", None)),
    ] {
        writeln!(text, "{about}:\n{}", world.run(spec, all)).expect("a string");
    }
    writeln!(text, "left: {:?}", world.names()).expect("a string");
    insta::assert_snapshot!("come_change_and_go", text);
}

#[test]
fn a_run_cut_short_anywhere_is_ended_by_the_next_whatever_that_one_wants() {
    let (one, apart, none) = (spec("gke", Some(ONE_NAMESPACE)), spec("eks", Some(NAMESPACES)), spec("gke", None));
    let at_rest = |spec: &ClusterSpec| {
        let mut world = World { phase: Some(Phase::Running), ..World::default() };
        world.run(spec, usize::MAX);
        world.limits()
    };
    let more = spec("gke", Some(&ONE_NAMESPACE.replace("gpus: 4", "gpus: 5")));
    let specs = [&one, &apart, &none, &more];
    let pairs: Vec<[&ClusterSpec; 2]> = specs.iter().flat_map(|a| specs.map(|b| [*a, b])).collect();
    for ([from, cut], to) in pairs.into_iter().flat_map(|pair| specs.map(|to| (pair, to))) {
        for calls in 0..20 {
            let mut world = World { phase: Some(Phase::Running), ..World::default() };
            world.run(from, usize::MAX);
            world.run(cut, calls);
            world.run(to, usize::MAX);
            assert_eq!(world.run(to, usize::MAX), "nothing to do\n");
            assert_eq!(world.limits(), at_rest(to), "cut after {calls} calls");
        }
    }
}

#[test]
fn a_cluster_made_again_gets_its_quotas_again() {
    let one = spec("gke", Some(ONE_NAMESPACE));
    let mut world = World { phase: Some(Phase::Running), ..World::default() };
    world.run(&one, usize::MAX);
    assert_eq!(decided(&one, &world.look(), &[]).steps.len(), 0);
    for phase in [None, Some(Phase::Failed), Some(Phase::Deleting)] {
        world.phase = phase;
        let kube = decided(&one, &world.look(), &[]);
        assert_eq!(kube.steps.len(), 1, "{phase:?}");
        assert_eq!(kube.steps[0].id.0, "kube/service-quotas");
    }
}
