//! The workloads of a spec, put into the cluster by the real binary: filled, filled again, changed, thinned out, fought over,
//! killed in the middle, and stuck.

use std::process::Child;

use serde_json::{Value, json};

use crate::control::{Control, eventually};
use crate::sandbox::{Output, Sandbox};
use crate::spec::{FILE, SMALL, SMALL_EKS};
use crate::witnesses::present;

/// Slow enough that no limit of a step is reached on a machine that has other things to do.
const SPEED: u32 = 100;
/// What the cloud is faster.
const HURRY: u32 = 500;
const CREATE: &str = "create -f small.yaml --simulate --yes";
const PLAN: &str = "plan -f small.yaml --simulate --exit-code";
const DESTROY: &str = "destroy -f small.yaml --simulate --yes";

/// A namespace with one of everything that needs no other program.
const FILM: &str = r"apiVersion: v1
kind: Namespace
metadata: {name: film}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: film}
data: {quality: high}
---
apiVersion: v1
kind: Service
metadata: {name: comfyui, namespace: film}
spec: {selector: {app: comfyui}, ports: [{port: 8188}]}
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
      containers:
        - name: main
          image: example.org/comfyui:1
";

/// The value of a key of the Secret that the spec names.
const TOKEN: &str = "from-the-environment";

/// What it consists of, with the Secret, as `kubectl get -o name` names it.
const OBJECTS: [&str; 4] = ["configmap/settings", "secret/hub", "service/comfyui", "deployment.apps/comfyui"];

/// A small cluster on a simulated cloud of its own, with workloads.
struct Filled {
    sandbox: Sandbox,
    control: Control,
    provider: &'static str,
}

impl Filled {
    fn begin(provider: &'static str) -> Self {
        let (mut sandbox, control) = Sandbox::hurried(SPEED, HURRY);
        sandbox.set("HUB_TOKEN", TOKEN);
        std::fs::create_dir(sandbox.path("manifests")).unwrap();
        let spec = if provider == "gke" { SMALL } else { SMALL_EKS };
        sandbox.write(FILE, &spec.replace("  nodePools:", "  workloads: [manifests/]\n  secrets: [{name: hub, namespace: film, env: [HUB_TOKEN], generate: [password]}]\n  nodePools:"));
        sandbox.write("manifests/film.yaml", FILM);
        Self { sandbox, control, provider }
    }

    fn files(&self, text: &str) {
        self.sandbox.write("manifests/film.yaml", text);
    }

    /// The kubeconfig that berth wrote.
    fn kubeconfig(&self) -> String {
        let written = std::fs::read_dir(self.sandbox.path("state/kubeconfig")).unwrap().next().unwrap().unwrap();
        written.path().display().to_string()
    }

    fn kubectl(&self, line: &str) -> Output {
        self.sandbox.other("kubectl", &format!("--kubeconfig {} -n film {line}", self.kubeconfig())).exits(0)
    }

    /// One field of the cluster, as kubectl reads it.
    fn field(&self, object: &str, path: &str) -> String {
        self.kubectl(&format!("get {object} -o jsonpath={{{path}}}")).stdout
    }

    fn end(self) {
        self.sandbox.berth(DESTROY).exits(0).says("0 left");
        assert_eq!(self.control.leftovers(), json!([]), "{}", self.provider);
    }
}

#[test]
fn workloads_come_with_the_cluster_and_follow_their_files_on_either_cloud() {
    if !present(&["kubectl"]) {
        return;
    }
    for provider in ["gke", "eks"] {
        let filled = Filled::begin(provider);
        let sandbox = &filled.sandbox;
        // One plan, from no cluster to pods that run.
        sandbox.berth(PLAN).exits(6).says("create cluster small").says("apply Namespace film").says("bring up");
        sandbox.berth(CREATE).exits(0).says("done     bring up Deployment film/comfyui");
        for object in OBJECTS {
            filled.kubectl(&format!("get {object} -o name")).says(object);
        }
        assert_eq!(filled.field("deployment/comfyui", ".status.availableReplicas"), "2");
        let made_up = filled.field("secret/hub", ".data.password");
        assert!(made_up.len() > 30, "{made_up}");
        sandbox.berth(CREATE).exits(0).says("nothing to do");
        sandbox.berth(PLAN).exits(0).says("nothing to do").never_says("not started");
        // Another image, and another value.
        filled.files(&FILM.replace("comfyui:1", "comfyui:2").replace("quality: high", "quality: low"));
        sandbox.berth(PLAN).exits(6).says("apply ConfigMap film/settings").never_says("apply Service");
        sandbox.berth(CREATE).exits(0);
        let image = ".spec.template.spec.containers[0].image";
        assert_eq!(filled.field("deployment/comfyui", image), "example.org/comfyui:2");
        assert_eq!(filled.field("configmap/settings", ".data.quality"), "low");
        assert_eq!(filled.field("secret/hub", ".data.password"), made_up, "what is made up is made up once");
        sandbox.berth(PLAN).exits(0).says("nothing to do");
        filled.end();
    }
}

#[test]
fn what_the_files_have_no_more_goes_and_what_others_made_stays() {
    if !present(&["kubectl"]) {
        return;
    }
    let filled = Filled::begin("gke");
    let of = |namespace: &str, name: &str| {
        format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: {namespace}}}\n")
    };
    let namespace = |name: &str| format!("---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n");
    let more = [of("film", "more"), namespace("empty"), of("empty", "more"), namespace("shared")].concat();
    filled.files(&format!("{FILM}{more}"));
    filled.sandbox.berth(CREATE).exits(0);
    filled.sandbox.write("theirs.yaml", &[of("film", "theirs"), of("shared", "theirs")].concat());
    filled.sandbox.other("kubectl", &format!("--kubeconfig {} create -f theirs.yaml", filled.kubeconfig())).exits(0);
    filled.files(FILM);
    let stays = "Namespace shared: is not in the files any more; it stays";
    filled.sandbox.berth(PLAN).exits(6).says("delete 2 objects").says("delete Namespace empty").says(stays);
    filled.sandbox.berth(CREATE).exits(0);
    filled.kubectl("get configmap -o name").says("configmap/theirs").says("configmap/settings").never_says("more");
    filled.kubectl("get namespace -o name").says("namespace/shared").never_says("empty");
    filled.sandbox.berth(PLAN).exits(0).says("nothing to do").says(stays);
    filled.end();
}

#[test]
fn fields_of_others_are_left_to_them_until_they_are_taken() {
    if !present(&["kubectl"]) {
        return;
    }
    let filled = Filled::begin("gke");
    filled.sandbox.berth(CREATE).exits(0);
    filled.sandbox.write("patch.yaml", r#"{"data": {"quality": "theirs"}}"#);
    filled.kubectl("patch configmap settings --type merge --patch-file patch.yaml --field-manager their-tool");
    for line in [PLAN, CREATE] {
        filled.sandbox.berth(line).exits(1).says("their-tool").says(".data.quality").says("--force-conflicts");
    }
    assert_eq!(filled.field("configmap/settings", ".data.quality"), "theirs");
    filled.sandbox.berth(&format!("{CREATE} --force-conflicts")).exits(0).says("take over: ConfigMap film/settings");
    assert_eq!(filled.field("configmap/settings", ".data.quality"), "high");
    filled.sandbox.berth(PLAN).exits(0).says("nothing to do");
    filled.end();
}

#[test]
fn killed_in_the_middle_of_filling_the_next_run_converges_and_doubles_nothing() {
    if !present(&["kubectl"]) {
        return;
    }
    for effect in ["hang-before", "hang-after"] {
        let filled = Filled::begin("gke");
        let begin = filled.control.calls_since(0).len();
        // In the middle of five objects.
        let rule = json!({"on": "kube:PATCH", "nth": 4, "times": 1, "do": effect});
        let id = filled.control.arm(&rule);
        let mut child = filled.sandbox.begin(CREATE);
        let held = wait_until_held(&filled.control, id, &mut child);
        assert!(held, "{:?}", filled.control.calls_since(begin));
        child.kill().unwrap();
        child.wait().unwrap();
        filled.control.clear_faults();
        filled.sandbox.berth(CREATE).exits(0);
        filled.sandbox.berth(PLAN).exits(0).says("nothing to do");
        assert_eq!(filled.kubectl("get deployment,service,secret,replicaset -o name").stdout.lines().count(), 4);
        assert_eq!(filled.kubectl("get pods -o name").stdout.lines().count(), 2);
        filled.end();
    }
}

fn wait_until_held(control: &Control, fault: u64, child: &mut Child) -> bool {
    let is_held = || control.fault(fault)["held"] == 1;
    let mut ended = false;
    eventually("a call is held", || {
        ended = child.try_wait().unwrap().is_some();
        ended || is_held()
    });
    is_held()
}

#[test]
fn a_rollout_that_is_stuck_fails_with_the_reason_and_says_what_runs() {
    if !present(&["kubectl"]) {
        return;
    }
    let filled = Filled::begin("gke");
    filled.files(&FILM.replace("example.org/comfyui:1", "registry.invalid/comfyui:1"));
    filled
        .sandbox
        .berth(CREATE)
        .exits(5)
        .says("cannot bring up Deployment film/comfyui")
        .says("ImagePull")
        .says("running and billed")
        .says("berth destroy -f small.yaml --simulate");
    // Corrected, the same command ends well.
    filled.files(FILM);
    filled.sandbox.berth(CREATE).exits(0);
    filled.end();
}

/// What holds a load balancer, and what holds disks: by a template, by name, and from one pod.
const HOLDING: &str = r"apiVersion: v1
kind: Namespace
metadata: {name: film}
---
apiVersion: v1
kind: Service
metadata: {name: front, namespace: film}
spec: {type: LoadBalancer, selector: {app: db}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: film}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers: [{name: main, image: example.org/db:1}]
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: clips, namespace: film}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cutter, namespace: film}
spec:
  selector: {matchLabels: {app: cutter}}
  template:
    metadata: {labels: {app: cutter}}
    spec:
      containers: [{name: main, image: example.org/cutter:1}]
      volumes: [{name: clips, persistentVolumeClaim: {claimName: clips}}]
";

#[test]
fn disks_and_load_balancers_of_workloads_go_with_the_cluster() {
    let filled = Filled::begin("gke");
    filled.files(HOLDING);
    filled.sandbox.berth(CREATE).exits(0);
    let disks = |control: &Control| {
        let all = control.leftovers();
        all.as_array().unwrap().iter().filter(|left| left["kind"] == "disk").count()
    };
    assert_eq!(disks(&filled.control), 2, "{}", filled.control.leftovers());
    filled.end();
}

#[test]
fn workloads_that_cannot_work_are_refused_before_anything_is_made() {
    let filled = Filled::begin("gke");
    filled.files(&FILM.replace("namespace: film", "namespace: fiml"));
    for line in [PLAN, CREATE] {
        filled
            .sandbox
            .berth(line)
            .exits(1)
            .says("manifests/film.yaml")
            .says("missing-namespace")
            .says("nothing was changed");
    }
    assert_eq!(filled.control.ledger()["billedNow"], json!([]));
}

#[test]
fn no_value_of_a_secret_is_ever_shown_or_written() {
    let filled = Filled::begin("gke");
    let (plain, encoded) = (TOKEN, "ZnJvbS10aGUtZW52aXJvbm1lbnQ=");
    let outputs = [
        filled.sandbox.berth(&format!("{PLAN} --output json")),
        filled.sandbox.berth(&format!("{CREATE} --output json")),
    ];
    for output in outputs {
        output.says("hub").never_says(plain).never_says(encoded);
    }
    for entry in std::fs::read_dir(filled.sandbox.path("state/runs")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!text.contains(plain) && !text.contains(encoded), "{text}");
    }
    let plan: Value = filled.sandbox.berth(&format!("{PLAN} --output json")).json();
    assert_eq!(plan["plan"]["steps"], json!([]), "{plan}");
    filled.end();
}
