//! What a plan does to a cluster that berth did not make, and what it leaves alone.

use std::collections::BTreeMap;

use berth_core::actions::Action;
use berth_core::actions::kube::{KubeAction, KubeObjectRef, Manifest, NodeWish};
use berth_core::manifests::{device_plugin, quotas};
use berth_core::observed::{
    ForeignPlugin, ObjectState, Observed, ObservedCloud, ObservedCluster, ObservedObject, Phase, Standing, StandingNode,
};
use berth_core::plan::{Goal, Plan, Refusal, Workloads, plan};
use berth_core::rules::existing::nodes::settle;
use berth_core::rules::existing::plugin::FILE_KEY;
use berth_core::spec::{ClusterSpec, Place, Provider, Source, check};

const FILE: &str = r"apiVersion: berth/v1
kind: Cluster
metadata: {name: lab}
spec:
  provider: existing
  existing: {context: lab}
  nodePools:
    - name: gpu
      nodeSelector: {role: gpu}
      gpu: {type: t4, sharing: {shares: 4}}
      labels: {tier: premium}
      taints: [{key: nvidia.com/gpu, value: present, effect: NoSchedule}]
    - name: cpu
      nodeSelector: {role: cpu}
      nodes: {min: 2}
";

fn spec(text: &str) -> ClusterSpec {
    let read = |_: &str| Err("no other files".to_owned());
    check(&Source { file: "lab.yaml", text, provider: None, read: &read }).unwrap().spec
}

fn node(name: &str, labels: &[(&str, &str)]) -> StandingNode {
    let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    StandingNode { name: name.to_owned(), labels, ..StandingNode::default() }
}

/// One node with a GPU, one without, and one that is of no pool.
fn lab() -> Standing {
    let nodes = vec![node("n1", &[("role", "gpu")]), node("n2", &[("role", "cpu")]), node("n3", &[])];
    Standing { nodes, ..Standing::default() }
}

fn observed(standing: Standing) -> Observed {
    let cluster = ObservedCluster {
        name: "lab".to_owned(),
        account: "lab".to_owned(),
        place: place(),
        labels: BTreeMap::new(),
        phase: Phase::Running,
        issues: Vec::new(),
        version: "v1.35.0".to_owned(),
        created_at: None,
        access: None,
        pools: Vec::new(),
        cloud: ObservedCloud::Existing(Box::new(standing)),
    };
    Observed { cluster: Some(cluster), ..Observed::default() }
}

fn place() -> Place {
    Place { region: "lab".to_owned(), zone: None }
}

fn present(text: &str, observed: &Observed, force_conflicts: bool) -> Result<Plan, Refusal> {
    let workloads = Workloads { objects: &[], force_conflicts };
    plan(&Goal::Present { spec: &spec(text), account: "lab", adopt: false, workloads }, observed)
}

fn absent(observed: &Observed) -> Plan {
    let place = place();
    let goal = Goal::Absent { provider: Provider::Existing, account: "lab", place: &place, name: "lab", adopt: false };
    plan(&goal, observed).unwrap()
}

fn titles(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().map(|step| step.title.as_str()).collect()
}

/// The cluster after a plan was carried out, as far as nodes and the plugin go.
fn carried_out(mut observed: Observed, plan: &Plan) -> Observed {
    let ObservedCloud::Existing(standing) = &mut observed.cluster.as_mut().unwrap().cloud else {
        panic!("not existing")
    };
    for step in &plan.steps {
        match &step.action {
            Action::Kube(KubeAction::ChangeNodes { nodes, force, .. }) => {
                nodes.iter().for_each(|wish| change(standing, wish, *force));
            }
            Action::Kube(KubeAction::ApplyObjects { objects, .. }) => {
                let hash = |object: &Manifest| object.value()["metadata"]["annotations"]["berth.dev/hash"].clone();
                let hash = objects.iter().find_map(|object| hash(object).as_str().map(str::to_owned)).unwrap();
                assert!(objects.iter().all(|object| object.value()["metadata"]["annotations"][FILE_KEY] == "lab"));
                observed.applied.insert(device_plugin::GROUP.to_owned(), hash);
                standing.nodes[0].gpus = Some(4);
            }
            Action::Kube(KubeAction::DeleteObjects { objects, .. }) => {
                assert_eq!(*objects, device_plugin::refs());
                observed.applied.clear();
                standing.nodes[0].gpus = Some(0);
            }
            other => panic!("no step of this kind is expected: {other:?}"),
        }
    }
    observed
}

fn change(standing: &mut Standing, wish: &NodeWish, force: bool) {
    let node = standing.nodes.iter_mut().find(|node| node.name == wish.node).unwrap();
    let change = settle(node, "lab", wish, force).unwrap();
    for (key, value) in change.labels {
        match value {
            Some(value) => node.labels.insert(key, value),
            None => node.labels.remove(&key),
        };
    }
    node.taints.retain(|taint| !change.taints_off.contains(taint));
    node.taints.extend(change.taints_on);
    if let Some(record) = change.record {
        node.record = record;
    }
}

#[test]
fn a_cluster_is_filled_stays_so_and_is_left_as_it_was() {
    let before = observed(lab());
    let filling = present(FILE, &before, false).unwrap();
    assert_eq!(titles(&filling), ["label and taint 1 node", "apply NVIDIA device plugin"]);
    assert!(
        filling.notes.iter().any(|note| note.about == "pool cpu" && note.text.starts_with("1 of at least 2 nodes"))
    );
    let filled = carried_out(before.clone(), &filling);
    assert!(present(FILE, &filled, false).unwrap().is_empty());
    let clearing = absent(&filled);
    assert_eq!(titles(&clearing), ["delete NVIDIA device plugin", "take berth's labels and taints off 1 node"]);
    let mut after = carried_out(filled, &clearing);
    assert!(absent(&after).is_empty());
    let ObservedCloud::Existing(standing) = &mut after.cluster.as_mut().unwrap().cloud else { panic!("not existing") };
    standing.nodes[0].gpus = None;
    assert_eq!(after, before);
}

#[test]
fn the_plugin_tolerates_what_stands_on_the_nodes() {
    let mut lab = lab();
    let foreign = r#"{"key": "dedicated", "value": "ml", "effect": "NoExecute"}"#;
    lab.nodes[0].taints = vec![serde_json::from_str(foreign).unwrap()];
    let plan = present(FILE, &observed(lab), false).unwrap();
    let Action::Kube(KubeAction::ApplyObjects { objects, .. }) = &plan.steps[1].action else { panic!("{plan:?}") };
    let plugin = objects.iter().find(|object| object.kind() == "DaemonSet").unwrap();
    let tolerations = plugin.value()["spec"]["template"]["spec"]["tolerations"].to_string();
    assert!(tolerations.contains(r#""dedicated""#) && tolerations.contains(r#""nvidia.com/gpu""#), "{tolerations}");
}

#[test]
fn a_file_that_wants_less_takes_off_what_is_too_much() {
    let before = observed(lab());
    let filled = carried_out(before.clone(), &present(FILE, &before, false).unwrap());
    let less = FILE.replace("      gpu: {type: t4, sharing: {shares: 4}}\n", "").replace("{tier: premium}", "{}");
    let plan = present(&less, &filled, false).unwrap();
    assert_eq!(titles(&plan), ["label and taint 1 node", "delete NVIDIA device plugin"]);
    let details = plan.steps[0].details.join("\n");
    assert!(details.contains("- label tier") && !details.contains("taint"), "{details}");
    assert!(present(&less, &carried_out(filled, &plan), false).unwrap().is_empty());
}

#[test]
fn what_others_have_set_is_refused_by_name_unless_forced() {
    let mut lab = lab();
    lab.nodes[0].labels.insert("tier".to_owned(), "gold".to_owned());
    let observed = observed(lab);
    let refused = present(FILE, &observed, false).unwrap_err();
    assert_eq!(refused, Refusal::Contested(vec!["Node n1: label tier is gold, not premium".to_owned()]));
    assert_eq!(titles(&present(FILE, &observed, true).unwrap())[0], "label and taint 1 node");
}

#[test]
fn a_node_is_of_one_pool() {
    let mut lab = lab();
    lab.nodes[1].labels.insert("rack".to_owned(), "7".to_owned());
    let both = FILE.replace("{role: gpu}", "{rack: \"7\"}");
    let refused = present(&both, &observed(lab), false).unwrap_err().to_string();
    assert!(refused.contains("pool cpu cannot be made: node n2 is of pool gpu too"), "{refused}");
}

#[test]
fn gpus_that_somebody_else_offers_are_not_shared_by_a_second_plugin() {
    let operator = || ForeignPlugin { words: "DaemonSet gpu-operator/nvidia-device-plugin-daemonset".to_owned() };
    let exclusive = FILE.replace(", sharing: {shares: 4}", "");
    let gke = [("role", "gpu"), ("cloud.google.com/gke-nodepool", "x")];
    let mut offering = node("n1", &[("role", "gpu")]);
    offering.gpus = Some(1);
    for (standing, who) in [
        (Standing { plugins: vec![operator()], ..lab() }, "DaemonSet gpu-operator/"),
        (Standing { nodes: vec![node("n1", &gke)], ..Standing::default() }, "GKE's own device plugin"),
        (Standing { nodes: vec![offering.clone()], ..Standing::default() }, "something on node n1"),
    ] {
        let observed = observed(standing);
        let refused = present(FILE, &observed, true).unwrap_err().to_string();
        assert!(refused.contains(who) && refused.contains("leave the sharing out"), "{refused}");
        // Without sharing there is nothing to do about GPUs, and that is said.
        let plan = present(&exclusive, &observed, false).unwrap();
        assert_eq!(titles(&plan), ["label and taint 1 node"]);
        assert!(plan.notes.iter().any(|note| note.text.contains(who)), "{:?}", plan.notes);
        assert!(!plan.steps[0].details[0].contains("nvidia.com/device-plugin.config"));
    }
    // Shared by them as the file says: the file only tells what is there.
    offering.gpus = Some(4);
    let shared = Standing { nodes: vec![offering], plugins: vec![operator()], ..Standing::default() };
    assert_eq!(titles(&present(FILE, &observed(shared), false).unwrap()), ["label and taint 1 node"]);
}

#[test]
fn what_another_file_has_put_there_is_not_overwritten() {
    let claim = |object: KubeObjectRef| Standing { claimed: BTreeMap::from([(object, "studio".to_owned())]), ..lab() };
    // A run of the other file may have been cut short after the first object.
    for object in device_plugin::refs() {
        let refused = present(FILE, &observed(claim(object.clone())), true).unwrap_err().to_string();
        assert!(refused.contains(&format!("{object} belongs to the file of studio")), "{refused}");
    }
    let without_gpus = FILE.replace("      gpu: {type: t4, sharing: {shares: 4}}\n", "");
    assert!(present(&without_gpus, &observed(claim(device_plugin::refs()[0].clone())), false).is_ok());

    let read = |_: &str| {
        Ok("apiVersion: berth/v1\nkind: ServiceQuotas\nspec:\n  namespace: models\n  services:\n    \
            stt: {cpu: 2, memory: 4Gi, gpus: 1}\n"
            .to_owned())
    };
    let with_quotas = FILE.replace("  nodePools:", "  quotas: quotas.yaml\n  nodePools:");
    let spec = check(&Source { file: "lab.yaml", text: &with_quotas, provider: None, read: &read }).unwrap().spec;
    let workloads = Workloads { objects: &[], force_conflicts: true };
    let decided = |standing| {
        plan(&Goal::Present { spec: &spec, account: "lab", adopt: false, workloads }, &observed(standing))
            .map_err(|refusal| refusal.to_string())
    };
    for object in quotas::render(&spec).unwrap().refs() {
        let refused = decided(claim(object.clone())).unwrap_err();
        assert!(refused.contains(&format!("{object} belongs to the file of studio")), "{refused}");
    }
    assert!(decided(lab()).unwrap().steps.iter().any(|step| step.title == "apply service quotas"));
}

#[test]
fn a_namespace_of_others_is_given_back_and_not_deleted() {
    let mut observed = observed(lab());
    let reference = |kind: &str, namespace: Option<&str>, name: &str| KubeObjectRef {
        api_version: "v1".to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.map(str::to_owned),
        name: name.to_owned(),
    };
    observed.workloads = vec![
        ObservedObject {
            object: reference("Namespace", None, "film"),
            state: ObjectState::Theirs("kubectl-create".to_owned()),
        },
        ObservedObject { object: reference("Secret", Some("film"), "hub"), state: ObjectState::Unwanted },
    ];
    let plan = absent(&observed);
    assert_eq!(titles(&plan), ["delete Secret film/hub", "take berth's labels off Namespace film"]);
    assert_eq!(plan.steps[1].after, [plan.steps[0].id.clone()]);
    let Action::Kube(KubeAction::ApplyObjects { objects, .. }) = &plan.steps[1].action else { panic!("{plan:?}") };
    // Nothing but what names it: the server then takes off what berth had applied.
    let bare = serde_json::json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "film"}});
    assert_eq!(*objects[0].value(), bare);
}

#[test]
fn a_cluster_that_was_not_seen_is_never_made() {
    let refused = present(FILE, &Observed::default(), false).unwrap_err().to_string();
    assert!(refused.contains("berth does not make clusters of this provider"), "{refused}");
}
