//! Each command under exactly the rights that `berth iam` prints for it, on both simulated clouds: enough, and none too many.
//!
//! Enough: the command succeeds and the clouds refuse nothing. None too many: the clouds keep what was asked under the policy, and tell
//! for each right whether anything would have been refused without it, which `rights.rs` holds against what really happens then.
//! A right that only some roads need says so; whichever road a test takes counts, and what no test here takes is printed.

use std::collections::BTreeSet;
use std::io::Write as _;

use serde_json::{Value, json};

use crate::control::Control;
use crate::sandbox::{Output, Sandbox};
use crate::spec::{SMALL, SMALL_EKS, small, small_eks};

/// Slow enough that no limit of a step is reached on a machine that has other things to do, and what the cloud is faster.
const SPEED: u32 = 50;
const HURRY: u32 = 500;

/// A cloud under a policy, and what of the printed rights was needed.
pub(crate) struct Trial {
    pub(crate) sandbox: Sandbox,
    pub(crate) provider: &'static str,
    printed: BTreeSet<(String, String)>,
    /// Purpose and right of those that are always needed.
    always: BTreeSet<(String, String)>,
    needed: BTreeSet<(String, String)>,
}

impl Trial {
    pub(crate) fn new(provider: &'static str) -> (Self, Control) {
        let (sandbox, control) = Sandbox::hurried(SPEED, HURRY);
        let sets = || BTreeSet::new();
        (Self { sandbox, provider, printed: sets(), always: sets(), needed: sets() }, control)
    }

    /// Puts what is printed for a purpose into force, for the kinds of a file's workloads if there is one.
    pub(crate) fn allow(&mut self, purpose: &str, file: Option<&str>) -> Value {
        let file = file.map(|file| format!(" -f {file}")).unwrap_or_default();
        let line = format!("iam --provider {}{file} --for {purpose} --output json", self.provider);
        let printed = self.sandbox.berth(&line).exits(0).json();
        self.enforce(&printed);
        for right in printed["rights"].as_array().unwrap() {
            let pair = (purpose.to_owned(), right["right"].as_str().unwrap().to_owned());
            if right["onlyIf"].is_null() {
                self.always.insert(pair.clone());
            }
            self.printed.insert(pair);
        }
        printed
    }

    pub(crate) fn enforce(&self, printed: &Value) {
        let documents = if printed["role"].is_object() { &printed["role"] } else { &printed["policies"] };
        self.sandbox.write("policy.json", &documents.to_string());
        self.sandbox.berth("sim policy set policy.json").exits(0);
    }

    /// What is in force, and what came of it.
    pub(crate) fn report(&self) -> Value {
        self.sandbox.berth("sim policy show").exits(0).json()
    }

    /// Runs a command under just what is printed for a purpose; nothing of it may be refused.
    fn run(&mut self, purpose: &str, file: Option<&str>, line: &str) -> Output {
        let printed = self.allow(purpose, file);
        let output = self.sandbox.berth(&format!("{line} --simulate")).exits(0);
        let report = self.report();
        assert_eq!(report["refused"], json!([]), "{line}\n{}", output.text());
        let missed = missed(&report);
        for right in printed["rights"].as_array().unwrap() {
            let right = right["right"].as_str().unwrap();
            if missed.contains(right) {
                self.needed.insert((purpose.to_owned(), right.to_owned()));
            }
        }
        output
    }

    /// Asserts that all that is always needed was needed, and prints what no road here has taken.
    fn end(self) {
        let idle: Vec<_> = self.always.difference(&self.needed).collect();
        assert_eq!(idle, Vec::<&(String, String)>::new(), "{}: these were never needed", self.provider);
        let untaken: Vec<String> =
            self.printed.difference(&self.needed).map(|(purpose, right)| format!("{purpose}: {right}")).collect();
        let text = format!(
            "{}: {} rights over all purposes, {} needed here, {} only on roads that are not taken here: {}\n",
            self.provider,
            self.printed.len(),
            self.needed.len(),
            untaken.len(),
            untaken.join(", ")
        );
        std::io::stderr().write_all(text.as_bytes()).unwrap();
    }
}

/// The rights without which something that was asked for would be refused, as the clouds reckon.
pub(crate) fn missed(report: &Value) -> BTreeSet<String> {
    let of = |cloud: &str| report[cloud]["missed"].as_object().into_iter().flatten().map(|(right, _)| right.clone());
    of("google").chain(of("aws")).collect()
}

const EVERY_KIND: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: team}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: app, namespace: team}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: team}
spec: {type: LoadBalancer, selector: {app: db}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: team}
spec:
  serviceName: db
  replicas: 1
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers: [{name: db, image: "postgres:16", resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 64Mi}}}]
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly, namespace: team}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: c, image: "busybox:1.36", resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 64Mi}}}]
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: team}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      containers: [{name: c, image: "busybox:1.36", resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 64Mi}}}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: team}
spec: {defaultBackend: {service: {name: db, port: {number: 80}}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: scratch, namespace: team}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: lone, namespace: team}
spec:
  containers: [{name: c, image: "busybox:1.36", resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 64Mi}}}]
"#;

/// Two load balancers, a classic one and a network one, and a volume.
const LEAVING: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: team}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: team}
spec: {type: LoadBalancer, selector: {app: db}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata:
  name: web-nlb
  namespace: team
  annotations: {service.beta.kubernetes.io/aws-load-balancer-type: nlb}
spec: {type: LoadBalancer, selector: {app: db}, ports: [{port: 80}]}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: gp3}
provisioner: ebs.csi.aws.com
parameters: {type: gp3}
volumeBindingMode: WaitForFirstConsumer
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: team}
spec:
  serviceName: db
  replicas: 1
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers: [{name: db, image: "postgres:16", resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 64Mi}}}]
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], storageClassName: gp3, resources: {requests: {storage: 1Gi}}}
"#;

const GKE_FILE: &str = "clusters/ai-dubbing-gke.yaml";

#[test]
fn on_gke_each_command_runs_under_just_its_rights() {
    let (mut trial, control) = Trial::new("gke");
    small(&trial.sandbox);
    trial.run("plan", Some(GKE_FILE), &format!("plan -f {GKE_FILE}"));
    trial.run("create", Some(GKE_FILE), &format!("create -f {GKE_FILE} --yes")).says("passed");
    trial.run("plan", Some(GKE_FILE), &format!("plan -f {GKE_FILE}")).says("nothing to do");
    trial.run("verify", Some(GKE_FILE), &format!("verify -f {GKE_FILE}"));
    trial.run("status", None, "status ai-dubbing-production --provider gke");
    trial.run("list", None, "list --provider gke");
    trial.run("kubeconfig", None, "kubeconfig ai-dubbing-production --provider gke");
    costs(&mut trial, "ai-dubbing-production", GKE_FILE);
    trial.run("destroy", None, &format!("destroy -f {GKE_FILE} --yes")).says("0 left");
    // The probe takes free shares, and a pool that changes takes another right.
    trial.run("create", Some("small.yaml"), "create -f small.yaml --yes");
    trial.run("probe", Some("small.yaml"), "verify -f small.yaml --probe");
    trial.sandbox.write("small.yaml", &SMALL.replace("shares: 4", "shares: 2"));
    trial.run("create", Some("small.yaml"), "create -f small.yaml --yes --allow-recreate");
    trial.run("destroy", None, "destroy small --provider gke --yes").says("0 left");
    every_kind(&mut trial);
    assert_eq!(control.leftovers(), json!([]));
    trial.end();
}

/// What a cluster has cost, and what its file will.
fn costs(trial: &mut Trial, cluster: &str, file: &str) {
    let provider = trial.provider;
    trial.run("cost", None, &format!("cost {cluster} --provider {provider}")).says("so far");
    trial.run("cost", None, &format!("cost --all --provider {provider}")).says(cluster);
    trial.run("cost", None, &format!("cost -f {file} --live --refresh")).never_says("may not");
    trial.run("cost", None, &format!("cost -f {file}"));
}

/// Workloads of the usual kinds: put there, taken away by a file that has them no more, put there again and lost with the cluster.
fn every_kind(trial: &mut Trial) {
    let bare = SMALL.replace("nodes: {min: 1, max: 1}", "nodes: {min: 2, max: 2}");
    trial.sandbox.write("kinds.yaml", EVERY_KIND);
    trial.sandbox.write("small.yaml", &format!("{bare}  workloads: [kinds.yaml]\n"));
    trial.run("create", None, "create -f small.yaml --yes");
    trial.sandbox.write("small.yaml", &bare);
    trial.run("create", None, "create -f small.yaml --yes");
    trial.sandbox.write("small.yaml", &format!("{bare}  workloads: [kinds.yaml]\n"));
    trial.run("create", None, "create -f small.yaml --yes");
    trial.run("destroy", None, "destroy -f small.yaml --yes").says("0 left");
}

#[test]
fn on_eks_each_command_runs_under_just_its_rights() {
    let (mut trial, control) = Trial::new("eks");
    small_eks(&trial.sandbox);
    trial.run("plan", None, "plan -f small.yaml");
    trial.run("create", None, "create -f small.yaml --yes").says("passed");
    trial.run("plan", None, "plan -f small.yaml").says("nothing to do");
    trial.run("verify", None, "verify -f small.yaml");
    trial.run("probe", None, "verify -f small.yaml --probe");
    trial.run("status", None, "status small --provider eks");
    trial.run("list", None, "list --provider eks");
    trial.run("kubeconfig", None, "kubeconfig small --provider eks");
    costs(&mut trial, "small", "small.yaml");
    // A pool grows and one goes, labels and tags come.
    let changed = SMALL_EKS.replace("name: small\n", "name: small\n  labels: {team: a}\n");
    let changed = changed.replacen("nodes: {min: 1, max: 2}", "nodes: {min: 2, max: 3}\n      labels: {x: y}", 1);
    let changed = changed.split("    - name: t4-pool").next().unwrap().to_owned();
    trial.sandbox.write("small.yaml", &changed);
    trial.run("create", None, "create -f small.yaml --yes --allow-recreate");
    trial.run("destroy", None, "destroy small --provider eks --yes").says("0 left");
    what_workloads_left(&mut trial, &control);
    assert_eq!(control.leftovers(), json!([]));
    trial.end();
}

/// Load balancers, volumes, security groups and logs that a cluster leaves whose Kubernetes API lets nobody in any more.
fn what_workloads_left(trial: &mut Trial, control: &Control) {
    let settings =
        "region: us-east-1\n  eks: {addons: [vpc-cni, coredns, kube-proxy, aws-ebs-csi-driver], logging: [api]}";
    let spec = SMALL_EKS.replace("region: us-east-1", settings);
    trial.sandbox.write("left.yaml", LEAVING);
    trial.sandbox.write("small.yaml", &format!("{spec}  workloads: [left.yaml]\n"));
    trial.run("create", None, "create -f small.yaml --yes");
    let there = control.leftovers();
    let kinds: BTreeSet<&str> = there.as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert!(["load-balancer", "target-group", "volume"].iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
    let answer = json!({"answer": {"code": 403, "status": "PERMISSION_DENIED", "message": "nobody comes in here"}});
    control.arm(&json!({"on": "kube", "times": 100_000, "do": answer}));
    trial.run("destroy", None, "destroy small --provider eks --yes --with-volumes").says("0 left");
    control.clear_faults();
}

/// An environment of a pipeline is made, extended, left to its end and swept up; and an elder one is ended on the spot.
#[test]
fn environments_of_pipelines_run_under_just_their_rights() {
    for provider in ["gke", "eks"] {
        let (mut trial, control) = Trial::new(provider);
        if provider == "gke" {
            small(&trial.sandbox)
        } else {
            small_eks(&trial.sandbox)
        };
        let up = |id: &str| format!("ci up -f small.yaml --id {id} --owner acme/app --ttl 2d");
        trial.run("ci", Some("small.yaml"), &up("pr-1"));
        trial.run("ci", Some("small.yaml"), "ci extend --id pr-1 --owner acme/app --ttl 4d");
        trial.run("ci", Some("small.yaml"), "ci list");
        trial.run("ci", Some("small.yaml"), "ci down -f small.yaml --id pr-1 --owner acme/app");
        trial.run("ci", Some("small.yaml"), &up("pr-2"));
        control.advance(5 * 24 * 3600);
        trial.run("gc", None, &format!("gc --yes --provider {provider} --grace 5m"));
        assert_eq!(control.leftovers(), json!([]));
        let cloudy = |pair: &&(String, String)| pair.0 == "gc";
        let idle: Vec<_> = trial.always.difference(&trial.needed).filter(cloudy).collect();
        assert!(idle.is_empty(), "{provider}: gc never needed {idle:?}");
    }
}

/// What was printed, but for one right.
pub(crate) fn without(printed: &Value, right: &str) -> Value {
    let mut less = printed.clone();
    if let Some(names) = less.pointer_mut("/role/includedPermissions").and_then(Value::as_array_mut) {
        names.retain(|name| name != right);
    }
    for policy in less.pointer_mut("/policies").and_then(Value::as_array_mut).into_iter().flatten() {
        let statements = policy["Statement"].as_array_mut().unwrap();
        // One that has this action alone has it as a text.
        statements.retain(|statement| statement["Action"] != right);
        for actions in statements.iter_mut().filter_map(|statement| statement["Action"].as_array_mut()) {
            actions.retain(|action| action != right);
        }
    }
    less
}

#[test]
fn a_refusal_names_the_right_and_what_prints_it() {
    for (provider, text, right) in [("gke", SMALL, "container.clusters.create"), ("eks", SMALL_EKS, "ec2:CreateVpc")] {
        let (mut trial, control) = Trial::new(provider);
        trial.sandbox.write("small.yaml", text);
        let printed = trial.allow("create", None);
        trial.enforce(&without(&printed, right));
        let output = trial.sandbox.berth("create -f small.yaml --simulate --yes");
        assert!([4, 5].contains(&output.code), "{}", output.text());
        output.says(right).says(&format!("berth iam --provider {provider}"));
        trial.sandbox.berth("sim policy clear").exits(0);
        trial.sandbox.berth("destroy -f small.yaml --simulate --yes").exits(0);
        assert_eq!(control.leftovers(), json!([]));
    }
}

#[test]
fn what_is_somebody_elses_is_out_of_reach() {
    let (mut trial, _control) = Trial::new("eks");
    small_eks(&trial.sandbox);
    trial.sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
    // Without berth's tags the cluster is somebody else's, and no flag of berth's reaches over the policy.
    let arn = "arn:aws:eks:us-east-1:123456789012:cluster/small";
    if crate::witnesses::present(&["aws"]) {
        aws(&trial.sandbox, &format!("eks untag-resource --resource-arn {arn} --tag-keys managed-by")).exits(0);
        trial.allow("destroy", None);
        trial.sandbox.berth("destroy small --provider eks --adopt --simulate --yes").says("eks:DeleteCluster");
        let refused = trial.report()["refused"].to_string();
        assert!(refused.contains("eks:DeleteCluster"), "{refused}");
        trial.sandbox.berth("sim policy clear").exits(0);
    }
    trial.sandbox.berth("destroy small --provider eks --adopt --simulate --yes").exits(0);
}

/// The `aws` command line in the box, pointed at the simulated clouds.
fn aws(sandbox: &Sandbox, line: &str) -> Output {
    let script = format!("eval \"$(\"{}\" sim env)\" && aws {line}", env!("CARGO_BIN_EXE_berth"));
    sandbox.write("aws.sh", &script);
    sandbox.other("sh", "aws.sh")
}

#[test]
fn the_role_and_the_policy_are_what_the_clouds_take() {
    let sandbox = Sandbox::new(SPEED);
    let role = sandbox.berth("iam --provider gke --for list").exits(0).says("gcloud iam roles create");
    assert!(role.stdout.contains("includedPermissions:\n- container.clusters.list # list clusters"), "{}", role.text());
    let policy = sandbox.berth("iam --provider eks --for list").exits(0).says("aws iam create-policy").json();
    assert_eq!(policy["Version"], "2012-10-17");
    let all = sandbox.berth("iam --provider eks").exits(0).says("--part 1").json();
    for (index, policy) in all.as_array().unwrap().iter().enumerate() {
        let part = sandbox.berth(&format!("iam --provider eks --part {}", index + 1)).exits(0).json();
        assert_eq!(&part, policy);
    }
    sandbox.berth("iam --provider eks --part 9").exits(1).says("no number 9");
    sandbox.berth("iam --provider eks --for create --explain").exits(0).says("iam:PassRole").says("and no other");
    sandbox.berth("iam --provider gke --for gc --explain").exits(0).says("compute.disks.delete");
    sandbox.berth("iam -f clusters/existing.yaml").exits(1).says("takes no rights on a cloud");
    sandbox.berth("iam").exits(2);
}
