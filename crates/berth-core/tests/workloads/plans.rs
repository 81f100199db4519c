//! What is done for workloads, from how they stand.

use std::collections::BTreeMap;
use std::fmt::Write;

use berth_core::actions::Action;
use berth_core::actions::gke::{AutoscalingProfile, GkeSettings, ReleaseChannel};
use berth_core::actions::kube::{KubeAction, KubeObjectRef, Manifest};
use berth_core::observed::{Contest, ObjectState, Observed, ObservedCloud, ObservedCluster, ObservedObject, Phase};
use berth_core::plan::{Refusal, StepId, Workloads};
use berth_core::rules::kube::steps::{Inside, Kube, steps};
use berth_core::spec::{self, ClusterSpec, NetworkPolicy, Place, Source};

use crate::prepared::prepared;

const FILES: &str = r"
{apiVersion: v1, kind: Namespace, metadata: {name: ai-models}}
---
{apiVersion: v1, kind: Secret, metadata: {name: hub, namespace: ai-models}, stringData: {token: hunter2}}
---
{apiVersion: v1, kind: Service, metadata: {name: stt, namespace: ai-models}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: stt, namespace: ai-models}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: mt, namespace: ai-models}}
---
{apiVersion: batch/v1, kind: CronJob, metadata: {name: sweep, namespace: ai-models}}
---
{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: stt, namespace: ai-models}}
";

fn file(quotas: bool) -> ClusterSpec {
    let named = if quotas { "  quotas: quotas.yaml\n" } else { "" };
    let text = format!(
        "apiVersion: berth/v1\nkind: Cluster\nmetadata: {{name: demo}}\nspec:\n  provider: gke\n  region: us-central1\n{named}  \
         nodePools:\n  - {{name: cpu, machineType: n2-standard-4, nodes: {{min: 2, max: 60}}}}\n"
    );
    let read = |_: &str| {
        Ok("apiVersion: berth/v1\nkind: ServiceQuotas\nspec:\n  namespace: ai-models\n  services:\n    stt: {cpu: 4, memory: 8Gi}\n"
            .to_owned())
    };
    spec::check(&Source { file: "demo.yaml", text: &text, provider: None, read: &read }).expect("a good file").spec
}

fn running(states: Vec<(KubeObjectRef, ObjectState)>) -> Observed {
    let settings = GkeSettings {
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
    };
    let cluster = ObservedCluster {
        name: "demo".to_owned(),
        account: "studio-1".to_owned(),
        place: Place { region: "us-central1".to_owned(), zone: None },
        labels: BTreeMap::new(),
        phase: Phase::Running,
        issues: Vec::new(),
        version: "1.33.5".to_owned(),
        created_at: None,
        access: None,
        pools: Vec::new(),
        cloud: ObservedCloud::Gke(Box::new(settings)),
    };
    let workloads = states.into_iter().map(|(object, state)| ObservedObject { object, state }).collect();
    Observed { cluster: Some(cluster), workloads, ..Observed::default() }
}

/// All objects of the files as wanted, but for those named.
fn standing(objects: &[Manifest], but: &[(&str, ObjectState)]) -> Vec<(KubeObjectRef, ObjectState)> {
    let state = |object: &KubeObjectRef| {
        let other = but.iter().find(|(words, _)| *words == object.to_string());
        other.map_or(ObjectState::AsWanted, |(_, state)| state.clone())
    };
    let all: Vec<_> = objects.iter().map(Manifest::reference).map(|object| (state(&object), object)).collect();
    all.into_iter().map(|(state, object)| (object, state)).collect()
}

#[test]
fn network_policies_that_hold_nothing_back_are_told() {
    const POLICY: &str =
        "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: deny, namespace: ai-models}}";
    let objects = prepared(&[FILES, "\n---\n", POLICY].concat()).objects;
    let said = |wish: NetworkPolicy, observed: &Observed, objects: &[Manifest]| {
        let spec = ClusterSpec { network_policy: wish, ..file(false) };
        let kube = decide(&spec, observed, objects, false).expect("a plan");
        kube.notes.into_iter().map(|note| format!("{}: {}", note.about, note.text)).collect::<Vec<_>>()
    };
    let (nothing, enforcing) = (Observed::default(), running(Vec::new()));
    let mut storing = enforcing.clone();
    let cloud = storing.cluster.as_mut().map(|cluster| &mut cluster.cloud);
    let Some(ObservedCloud::Gke(settings)) = cloud else { panic!("not GKE") };
    settings.network_policy = false;
    let off =
        ["network policies: 1 of the files are stored and hold nothing back: the file says `networkPolicy: false`"];
    let unsaid = [
        "network policies: 1 of the files are stored and hold nothing back: the cluster was made without; `networkPolicy: true` in the file asks for it",
    ];
    assert_eq!(said(NetworkPolicy::Unenforced, &nothing, &objects), off);
    assert_eq!(said(NetworkPolicy::Unenforced, &storing, &objects), off);
    assert_eq!(said(NetworkPolicy::FromCreation, &storing, &objects), unsaid);
    for (wish, observed) in [
        (NetworkPolicy::FromCreation, &nothing),
        (NetworkPolicy::FromCreation, &enforcing),
        (NetworkPolicy::Enforced, &storing),
        (NetworkPolicy::Unenforced, &enforcing),
    ] {
        assert!(said(wish, observed, &objects).is_empty(), "{wish:?}");
    }
    assert!(said(NetworkPolicy::Unenforced, &nothing, &prepared(FILES).objects).is_empty());
}

fn object(api_version: &str, kind: &str, namespace: Option<&str>, name: &str) -> KubeObjectRef {
    KubeObjectRef {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.map(str::to_owned),
        name: name.to_owned(),
    }
}

fn contested() -> ObjectState {
    let fields = vec![".spec.replicas".to_owned()];
    ObjectState::Contested(vec![Contest { manager: "\"kubectl\" using apps/v1".to_owned(), fields }])
}

fn fields(count: usize) -> Vec<String> {
    (0..count).map(|number| format!(".spec.ports[{number}]")).collect()
}

fn decide(spec: &ClusterSpec, observed: &Observed, objects: &[Manifest], force: bool) -> Result<Kube, Refusal> {
    let (api, nodes) = (StepId("cluster".to_owned()), StepId("pool".to_owned()));
    let workloads = Workloads { objects, force_conflicts: force };
    let nodes = [api.clone(), nodes];
    steps(&Inside { spec, workloads, observed, api: &[api], nodes: &nodes })
}

fn text(kube: &Kube) -> String {
    let mut text = String::new();
    for step in &kube.steps {
        let after: Vec<&str> = step.after.iter().map(|id| id.0.as_str()).collect();
        writeln!(text, "[{:?}] {}: {} ({})", step.change, step.id, step.title, step.why).expect("a string");
        writeln!(text, "    after {}; {} s of {} s", after.join(", "), step.usual_seconds, step.limit_seconds)
            .expect("a string");
        step.details.iter().for_each(|detail| writeln!(text, "    - {detail}").expect("a string"));
        let of = |objects: Vec<KubeObjectRef>| objects.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let does = match &step.action {
            Action::Kube(KubeAction::ApplyObjects { objects, about, force, .. }) => {
                let by_force = if *force { " by force" } else { "" };
                format!("apply{by_force} \"{about}\": {}", of(objects.iter().map(Manifest::reference).collect()))
            }
            Action::Kube(KubeAction::AwaitRollouts { objects, .. }) => format!("await {}", of(objects.clone())),
            Action::Kube(KubeAction::DeleteObjects { objects, .. }) => format!("delete {}", of(objects.clone())),
            other => panic!("{other:?}"),
        };
        writeln!(text, "    = {does}").expect("a string");
    }
    kube.notes.iter().for_each(|note| writeln!(text, "note: {}: {}", note.about, note.text).expect("a string"));
    if text.is_empty() { "nothing to do".to_owned() } else { text }
}

#[test]
fn an_empty_cluster_is_filled_wave_after_wave_with_its_quotas_between() {
    let objects = prepared(FILES).objects;
    let kube = decide(&file(true), &Observed::default(), &objects, false).expect("a plan");
    let text = text(&kube);
    assert!(!text.contains("hunter2") && !format!("{kube:?}").contains("hunter2"), "{text}");
    let applied = kube.steps.iter().flat_map(|step| match &step.action {
        Action::Kube(KubeAction::ApplyObjects { objects, .. }) => objects.as_slice(),
        _ => &[],
    });
    assert_eq!(applied.filter(|object| object.kind() == "Namespace").count(), 1, "applied from one side only: {text}");
    insta::assert_snapshot!(text);
}

#[test]
fn nothing_is_done_for_what_is_as_wanted() {
    let objects = prepared(FILES).objects;
    let kube = decide(&file(false), &running(standing(&objects, &[])), &objects, false).expect("a plan");
    assert_eq!(text(&kube), "nothing to do");
}

#[test]
fn only_what_differs_is_applied_and_only_what_is_not_ready_is_waited_for() {
    let objects = prepared(FILES).objects;
    let but = [
        ("Deployment ai-models/stt", ObjectState::Differs(fields(6))),
        ("Service ai-models/stt", ObjectState::Differs(fields(1))),
        ("CronJob ai-models/sweep", ObjectState::Missing),
        ("Deployment ai-models/mt", ObjectState::Unready),
    ];
    let kube = decide(&file(false), &running(standing(&objects, &but)), &objects, false).expect("a plan");
    insta::assert_snapshot!(text(&kube));
}

#[test]
fn what_the_files_have_no_more_goes_in_an_order_that_works_and_what_holds_others_stays() {
    let objects = prepared(FILES).objects;
    let mut states = standing(&objects, &[]);
    let film = Some("film");
    for (object, state) in [
        (object("v1", "Namespace", None, "film"), ObjectState::Unwanted),
        (object("v1", "Namespace", None, "shared"), ObjectState::Holding(vec!["Deployment shared/theirs".to_owned()])),
        (object("v1", "PersistentVolumeClaim", film, "clips"), ObjectState::Unwanted),
        (object("v1", "Service", film, "comfyui"), ObjectState::Unwanted),
        (object("apps/v1", "Deployment", film, "comfyui"), ObjectState::Unwanted),
        (object("networking.k8s.io/v1", "NetworkPolicy", film, "closed"), ObjectState::Unwanted),
        (object("example.org/v1", "Studio", film, "one"), ObjectState::Unwanted),
    ] {
        states.push((object, state));
    }
    let kube = decide(&file(false), &running(states), &objects, false).expect("a plan");
    insta::assert_snapshot!(text(&kube));
}

#[test]
fn fields_of_others_are_refused_with_their_owner_and_taken_only_by_force() {
    let objects = prepared(FILES).objects;
    let observed = running(standing(&objects, &[("Deployment ai-models/stt", contested())]));
    let refusal = decide(&file(false), &observed, &objects, false).expect_err("it is not ours");
    let forced = decide(&file(false), &observed, &objects, true).expect("a plan");
    insta::assert_snapshot!(format!("{refusal}\n\n{}", text(&forced)));
}

#[test]
fn a_cluster_that_goes_is_filled_anew_whatever_it_holds() {
    let objects = prepared(FILES).objects;
    let mut observed = running(standing(&objects, &[("Deployment ai-models/stt", contested())]));
    if let Some(cluster) = &mut observed.cluster {
        cluster.phase = Phase::Failed;
    }
    let again = decide(&file(false), &observed, &objects, false).expect("a plan");
    let first = decide(&file(false), &Observed::default(), &objects, false).expect("a plan");
    assert_eq!(text(&again), text(&first));
}

#[test]
fn a_step_names_only_so_many_objects() {
    let many: Vec<String> = (0..500)
        .map(|number| format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: c{number}}}}}\n"))
        .collect();
    let objects = prepared(&many.join("---\n")).objects;
    let kube = decide(&file(false), &Observed::default(), &objects, false).expect("a plan");
    let [step] = kube.steps.as_slice() else { panic!("{kube:?}") };
    assert_eq!((step.details.len(), step.details.last().map(String::as_str)), (41, Some("and 460 more")));
}

/// A kind nobody defines, once to be left out where it is not known.
const CUSTOM: &str = r"
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: stt, namespace: ai-models}
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: mt, namespace: ai-models, annotations: {berth.dev/optional: 'true'}}
---
apiVersion: networking.gke.io/v1
kind: ManagedCertificate
metadata: {name: film, namespace: ai-models}
---
apiVersion: example.org/v1
kind: Studio
metadata: {name: one}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: studios.example.org}
spec: {group: example.org, scope: Cluster, names: {kind: Studio, plural: studios}}
";

#[test]
fn a_kind_that_nobody_defines_is_refused_before_anything_is_made_with_its_file_and_line() {
    let objects = prepared(CUSTOM).objects;
    let refusal = decide(&file(false), &Observed::default(), &objects, false).expect_err("no cluster has that kind");
    assert_eq!(
        refusal,
        Refusal::Undefined(vec![
            "film.yaml:2: ServiceMonitor ai-models/stt: no kind ServiceMonitor in monitoring.coreos.com/v1".to_owned()
        ])
    );
    // Of a cluster that stands only itself knows: what it has not said is left to the apply.
    let unseen = decide(&file(false), &running(Vec::new()), &objects, false).expect("a plan");
    assert!(text(&unseen).contains("ServiceMonitor"), "{}", text(&unseen));
    let but = [("ServiceMonitor ai-models/stt", ObjectState::Undefined)];
    let seen = decide(&file(false), &running(standing(&objects, &but)), &objects, false);
    assert_eq!(seen.expect_err("the cluster has said so"), refusal);
}

#[test]
fn what_is_optional_is_left_out_until_its_kind_is_there() {
    let objects = &prepared(CUSTOM).objects[1..];
    let new = text(&decide(&file(false), &Observed::default(), objects, false).expect("a plan"));
    let there = [("PodMonitor ai-models/mt", ObjectState::Missing)];
    let there = decide(&file(false), &running(standing(objects, &there)), objects, false).expect("a plan");
    insta::assert_snapshot!(format!("{new}\nonce its kind is there:\n{}", text(&there)));
}

const JOB: &str = r"
{apiVersion: v1, kind: Namespace, metadata: {name: ai-models}}
---
{apiVersion: batch/v1, kind: Job, metadata: {name: fetch, namespace: ai-models}}
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: gp3}}
";

fn immutable(field: &str, finished: bool) -> ObjectState {
    ObjectState::Immutable { fields: vec![field.to_owned()], finished }
}

#[test]
fn a_job_that_has_finished_is_made_again() {
    let objects = prepared(JOB).objects;
    let but = [("Job ai-models/fetch", immutable("spec.template", true))];
    let kube = decide(&file(false), &running(standing(&objects, &but)), &objects, false).expect("a plan");
    insta::assert_snapshot!(text(&kube));
}

#[test]
fn what_cannot_be_changed_is_refused_with_the_way_out() {
    let objects = prepared(JOB).objects;
    let but = [
        ("Job ai-models/fetch", immutable("spec.template", false)),
        ("StorageClass gp3", immutable("parameters", false)),
    ];
    let refusal = decide(&file(false), &running(standing(&objects, &but)), &objects, true).expect_err("no server does");
    let Refusal::Immutable(lines) = refusal else { panic!("{refusal}") };
    insta::assert_snapshot!(lines.join("\n"));
}
