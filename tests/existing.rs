//! A cluster that stands already, filled and cleared by the real binary: by others' kubeconfig, without a cloud, and without a trace.

use std::io::Write;

use serde_json::{Value, json};

use crate::control::Control;
use crate::crash::{End, run_and_kill_at};
use crate::sandbox::{Output, Sandbox};
use crate::spec::{FILE, SMALL_EKS};
use crate::witnesses::present;

/// The standing cluster is made by commands whose limits follow this; what fills it runs by the wall clock.
const SPEED: u32 = 60;
/// The cloud's own seconds go by faster.
const MORE: u32 = 600;

/// A cluster that berth is then not told about any more.
const STANDING: &str = r"apiVersion: berth/v1
kind: Cluster
metadata: {name: small}
spec:
  provider: gke
  zone: us-central1-a
  nodePools:
    - name: cpu-pool
      machineType: e2-standard-4
      nodes: {min: 2, max: 2}
";

const FILM: &str = r"apiVersion: v1
kind: Namespace
metadata: {name: film}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: film}
data: {quality: high}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: comfyui, namespace: film}
spec:
  replicas: 2
  selector: {matchLabels: {app: comfyui}}
  template:
    metadata: {labels: {app: comfyui}}
    spec:
      nodeSelector: {team: film}
      containers: [{name: main, image: 'example.org/comfyui:1'}]
";

const QUOTAS: &str = r"apiVersion: berth/v1
kind: ServiceQuotas
spec:
  namespace: models
  services:
    stt: {cpu: 2, memory: 4Gi, gpus: 1}
";

/// What fills it: `CONTEXT` and `KUBECONFIG` are put in.
const WORKSHOP: &str = r"apiVersion: berth/v1
kind: Cluster
metadata: {name: workshop}
spec:
  provider: existing
  existing: {context: CONTEXT, kubeconfig: KUBECONFIG}
  quotas: quotas.yaml
  workloads: [filling/]
  secrets: [{name: hub, namespace: film, generate: [TOKEN]}]
  nodePools:
    - name: all
      nodeSelector: {cloud.google.com/gke-nodepool: cpu-pool}
      nodes: {min: 2}
      labels: {team: film}
      taints: [{key: berth.example/soft, value: yes-please, effect: PreferNoSchedule}]
";

/// A cluster of somebody else's, and the way to it.
struct Standing {
    sandbox: Sandbox,
    control: Control,
    kubeconfig: String,
    context: String,
}

impl Standing {
    fn begin(spec: &str) -> Self {
        let (sandbox, control) = Sandbox::hurried(SPEED, MORE);
        sandbox.write(FILE, spec);
        sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
        let written = std::fs::read_dir(sandbox.path("state/kubeconfig")).unwrap().next().unwrap().unwrap().path();
        let kubeconfig = written.display().to_string();
        let read = sandbox.other("kubectl", &format!("--kubeconfig {kubeconfig} config current-context")).exits(0);
        let context = read.stdout.trim().to_owned();
        Self { sandbox, control, kubeconfig, context }
    }

    fn write(&self, text: &str) {
        let text = text.replace("CONTEXT", &self.context).replace("KUBECONFIG", &self.kubeconfig);
        self.sandbox.write("workshop.yaml", &text);
    }

    /// Runs berth on the file that fills it.
    fn berth(&self, line: &str) -> Output {
        let (verb, flags) = line.split_once(' ').unwrap_or((line, ""));
        self.sandbox.berth(&format!("{verb} -f workshop.yaml {flags}"))
    }

    fn kubectl(&self, line: &str) -> Output {
        self.sandbox.other("kubectl", &format!("--kubeconfig {} {line}", self.kubeconfig)).exits(0)
    }

    /// Labels, annotations and taints of all nodes.
    fn nodes(&self) -> Vec<Value> {
        let list = self.kubectl("get nodes -o json").json();
        let items = list["items"].as_array().unwrap();
        items
            .iter()
            .map(|node| {
                let metadata = &node["metadata"];
                json!([metadata["name"], metadata["labels"], metadata["annotations"], node["spec"]["taints"]])
            })
            .collect()
    }

    /// Labels and annotations of an object.
    fn metadata(&self, object: &str) -> Value {
        let metadata = &self.kubectl(&format!("get {object} -o json")).json()["metadata"];
        json!([metadata["labels"], metadata["annotations"]])
    }

    /// The calls of a command that may change the cluster, when nobody disturbs: its method, and which one of the method it is.
    fn changes(&self, line: &str) -> Vec<(String, u64)> {
        let begin = self.control.calls_since(0).len();
        self.sandbox.berth(line).exits(0);
        let mut changes: Vec<(String, u64)> = Vec::new();
        for call in self.control.calls_since(begin) {
            let method = call.split(' ').next().unwrap().to_owned();
            if ["kube:PATCH", "kube:POST", "kube:PUT", "kube:DELETE"].contains(&method.as_str()) {
                let earlier = changes.iter().filter(|(known, _)| *known == method).count();
                changes.push((method, earlier as u64 + 1));
            }
        }
        changes
    }

    /// All that stands there and berth could have made or changed.
    fn all(&self) -> (Vec<Value>, String) {
        let kinds = "namespace,configmap,secret,resourcequota,limitrange,priorityclass,deployment,pod";
        (self.nodes(), self.kubectl(&format!("get {kinds} -A -o name")).stdout)
    }

    fn end(self) {
        self.sandbox.berth("destroy -f small.yaml --simulate --yes").exits(0).says("0 left");
        assert_eq!(self.control.leftovers(), json!([]));
    }
}

/// With everything that is not a GPU.
fn workshop() -> Standing {
    let standing = Standing::begin(STANDING);
    std::fs::create_dir(standing.sandbox.path("filling")).unwrap();
    standing.sandbox.write("filling/film.yaml", FILM);
    standing.sandbox.write("quotas.yaml", QUOTAS);
    standing.write(WORKSHOP);
    standing
}

#[test]
fn a_standing_cluster_is_filled_and_left_as_it_was() {
    if !present(&["kubectl"]) {
        return;
    }
    let standing = workshop();
    let before = standing.nodes();
    // What is theirs: a namespace that the files do not know, and one that berth's quotas go into as well.
    standing.kubectl("create namespace theirs");
    standing.kubectl("create namespace models");
    let models = standing.metadata("namespace models");
    let calls = standing.control.calls_since(0).len();

    standing.berth("plan --exit-code").exits(6).says("label and taint 2 nodes").says("+ label team=film");
    assert_eq!(standing.nodes(), before, "a plan changes nothing");
    standing.berth("create --yes").exits(0).says("done     bring up Deployment film/comfyui").never_says("billed");
    assert!(standing.nodes().iter().all(|node| node[1]["team"] == "film"));
    assert!(standing.nodes().iter().all(|node| node[3].to_string().contains("berth.example/soft")));
    standing.kubectl("-n film get configmap/settings secret/hub deployment/comfyui");
    standing.kubectl("-n models get resourcequota/stt");
    standing.berth("create --yes").exits(0).says("nothing to do");
    standing.berth("plan --exit-code").exits(0).says("nothing to do");
    standing.berth("verify").exits(0).says("in force").says("workloads: 1 of 1 up");
    standing.berth("status").exits(0).says("workshop: team=film, berth.example/soft=yes-please:PreferNoSchedule");

    // Another label of the same nodes, by somebody else, in the meantime.
    standing.kubectl("label nodes --all later=yes");
    standing.berth("destroy --yes").exits(0).says("0 left of what berth put there").says("stays").says("models");
    let cleared = standing.nodes();
    standing.kubectl("label nodes --all later-");
    assert!(cleared.iter().all(|node| node[1]["later"] == "yes"));
    assert_eq!(standing.nodes(), before);
    let namespaces = standing.kubectl("get namespaces -o name").stdout;
    assert!(namespaces.contains("namespace/theirs") && namespaces.contains("namespace/models"), "{namespaces}");
    assert!(!namespaces.contains("namespace/film"), "{namespaces}");
    assert_eq!(standing.metadata("namespace models"), models, "what is theirs bears nothing of berth's");
    let left = "get resourcequota,limitrange,priorityclass,configmap,secret -A -o name";
    let left = standing.kubectl(left).stdout;
    assert!(!["stt", "berth", "settings", "hub"].iter().any(|name| left.contains(name)), "{left}");
    standing.berth("destroy --yes").exits(0).never_says("start ").says("0 left");

    // All that was called is the Kubernetes API, and what kubectl's own way to a token asks.
    let mut called = standing.control.calls_since(calls);
    called.retain(|call| !call.starts_with("kube:") && !call.starts_with("Token"));
    assert_eq!(called, Vec::<String>::new());
    standing.end();
}

#[test]
fn what_others_have_set_stays_theirs() {
    if !present(&["kubectl"]) {
        return;
    }
    let standing = workshop();
    standing.kubectl("label nodes --all team=theirs");
    let before = standing.nodes();
    let refused = standing.berth("create --yes").exits(1).says("label team is theirs, not film");
    assert!(refused.stderr.contains("--force-conflicts"), "{}", refused.text());
    assert_eq!(standing.nodes(), before);
    standing.berth("create --yes --force-conflicts").exits(0);
    standing.berth("plan --exit-code").exits(0).says("nothing to do");
    standing.berth("destroy --yes").exits(0);
    assert_eq!(standing.nodes(), before, "what was taken by force is given back");
    standing.end();
}

#[test]
fn gpus_are_shared_where_nobody_else_offers_them() {
    if !present(&["kubectl"]) {
        return;
    }
    let standing = Standing::begin(SMALL_EKS);
    let spec = r"apiVersion: berth/v1
kind: Cluster
metadata: {name: workshop}
spec:
  provider: existing
  existing: {context: CONTEXT, kubeconfig: KUBECONFIG}
  nodePools:
    - name: t4-pool
      nodeSelector: {eks.amazonaws.com/nodegroup: t4-pool}
      gpu: {type: t4, sharing: {shares: 6}}
";
    standing.write(spec);
    // The plugin that came with the cluster is somebody else's here.
    let plugin = "berth-nvidia-device-plugin";
    standing.berth("create --yes").exits(1).says(&format!("DaemonSet kube-system/{plugin} offers the GPUs already"));
    standing.kubectl(&format!("-n kube-system delete daemonset/{plugin} configmap/{plugin}"));
    crate::control::eventually("the node offers no GPUs", || {
        let offered = standing.kubectl("get nodes -o jsonpath={..allocatable.nvidia\\.com/gpu}").stdout;
        offered.split_whitespace().all(|gpus| gpus == "0")
    });
    let before = standing.nodes();

    standing.berth("create --yes").exits(0).says("apply NVIDIA device plugin");
    let report = standing.berth("verify --output json").exits(0).json();
    assert_eq!(report["pools"][0]["gpus"]["allocatable"], 6, "{report}");
    assert_eq!(report["pools"][0]["nodes"]["max"], Value::Null);
    // Another number of shares rolls the plugin.
    standing.write(&spec.replace("shares: 6", "shares: 8"));
    standing.berth("create --yes").exits(0).says("sharing or taints have changed");
    standing.berth("verify").exits(0);
    standing.berth("destroy --yes").exits(0).says("delete NVIDIA device plugin");
    assert_eq!(standing.nodes(), before);
    let left = standing.kubectl("get daemonset,configmap,clusterrole,serviceaccount -A -o name").stdout;
    assert!(!left.contains(plugin), "{left}");
    standing.end();
}

#[test]
fn a_context_that_leads_nowhere_is_said_at_once() {
    let sandbox = Sandbox::new(SPEED);
    sandbox.write(
        "lab.yaml",
        &WORKSHOP
            .replace("KUBECONFIG", "lab.kubeconfig")
            .replace("  quotas: quotas.yaml\n  workloads: [filling/]\n", ""),
    );
    sandbox.berth("plan -f lab.yaml").exits(1).says("there is no kubeconfig at lab.kubeconfig");
    let kubeconfig = "apiVersion: v1\nkind: Config\nclusters: []\nusers: []\ncontexts: [{name: home, context: {cluster: c, user: u}}]\ncurrent-context: home\n";
    sandbox.write("lab.kubeconfig", kubeconfig);
    sandbox.berth("plan -f lab.yaml").exits(1).says("has no context CONTEXT; it has home");
    sandbox.berth("plan -f lab.yaml --simulate").exits(1).says("an existing cluster is not simulated");
    sandbox.berth("kubeconfig -f lab.yaml").exits(1);
}

/// A second file for the same cluster: `REST` is put in.
const STUDIO: &str = r"apiVersion: berth/v1
kind: Cluster
metadata: {name: studio}
spec:
  provider: existing
  existing: {context: CONTEXT, kubeconfig: KUBECONFIG}
  REST
  nodePools:
    - {name: all, nodeSelector: {cloud.google.com/gke-nodepool: cpu-pool}}
";

#[test]
fn two_files_fill_one_cluster_and_neither_takes_the_other_ones_objects() {
    if !present(&["kubectl"]) {
        return;
    }
    let standing = workshop();
    standing.berth("create --yes").exits(0);
    let before = standing.metadata("namespace film");
    let second = |rest: &str, line: &str| {
        let text = STUDIO.replace("REST", rest);
        let text = text.replace("CONTEXT", &standing.context).replace("KUBECONFIG", &standing.kubeconfig);
        standing.sandbox.write("studio.yaml", &text);
        standing.sandbox.berth(line)
    };
    let create = "create -f studio.yaml --yes";
    second("quotas: quotas.yaml", create).exits(1).says("belongs to the file of workshop").says("quotas of both");
    second("workloads: [filling/]", create).exits(1).says("Namespace film: ").says("belongs to the file of workshop");
    assert_eq!(standing.metadata("namespace film"), before);

    // With objects of its own it lives beside the first, and goes without it.
    standing.sandbox.write("studio.configmap.yaml", STUDIOS_OWN);
    second("workloads: [studio.configmap.yaml]", create).exits(0);
    standing.berth("plan --exit-code").exits(0).says("nothing to do");
    standing.kubectl("-n film get configmap/studio configmap/settings");
    standing.sandbox.berth("destroy -f studio.yaml --yes").exits(0).says("0 left");
    standing.berth("plan --exit-code").exits(0).says("nothing to do");
    standing.berth("destroy --yes").exits(0).says("0 left");
    assert!(!standing.all().1.contains("film"));
    standing.end();
}

const STUDIOS_OWN: &str = r"apiVersion: v1
kind: ConfigMap
metadata: {name: studio, namespace: film}
data: {own: 'yes'}
";

/// So many calls of create, and of destroy, are killed, each in a run of its own.
const KILLS: usize = 10;

/// SIGKILL at the first calls of create and of destroy that may change the cluster, by turns just before and just after its
/// effect: just after one call is as good as just before the next. Every other two times what is half filled is cleared without
/// being filled first.
#[test]
fn killed_at_any_change_of_a_standing_cluster_the_next_run_converges() {
    if !present(&["kubectl"]) {
        return;
    }
    let standing = workshop();
    standing.kubectl("create namespace models");
    let before = standing.all();
    let [create, destroy] = ["create -f workshop.yaml --yes", "destroy -f workshop.yaml --yes"];
    let (creating, destroying) = (standing.changes(create), standing.changes(destroy));
    assert!(creating.len() >= KILLS && destroying.len() >= KILLS, "{creating:?} {destroying:?}");
    assert_eq!(standing.all(), before);
    let mut kills = 0;
    for nth in 0..KILLS {
        let effect = ["hang-before", "hang-after"][nth % 2];
        let mut kill = |line: &str, calls: &[(String, u64)]| {
            let Some((method, number)) = calls.get(nth) else { return };
            let rule = json!({"on": method, "nth": number, "times": 1, "do": effect});
            kills += u32::from(run_and_kill_at(&standing.sandbox, &standing.control, line, &rule) != End::Finished);
        };
        kill(create, &creating);
        if nth / 2 % 2 == 0 {
            standing.sandbox.berth(create).exits(0);
            standing.berth("plan --exit-code").exits(0).says("nothing to do");
        }
        kill(destroy, &destroying);
        standing.sandbox.berth(destroy).exits(0).says("0 left");
        assert_eq!(
            standing.all(),
            before,
            "after a kill at call {nth}: {:?} {:?}",
            creating.get(nth),
            destroying.get(nth)
        );
    }
    let all = 2 * KILLS;
    let text = format!("crash (existing): {kills} of {all} calls of create and destroy killed\n");
    std::io::stderr().write_all(text.as_bytes()).unwrap();
    assert!(kills as usize * 2 >= all, "only {kills} of {all} calls were killed");
    standing.end();
}
