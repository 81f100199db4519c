//! What a cluster has cost: the bill's seconds are the ledger's, to the second.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::control::Control;
use crate::crash::{End, run_and_kill_at};
use crate::sandbox::Sandbox;
use crate::spec::{FILE, SMALL, SMALL_EKS, small, small_eks};
use crate::witnesses::present;

/// A claim whose disk is kept, and what holds a load balancer.
const HOLDING: &str = r"apiVersion: v1
kind: Namespace
metadata: {name: film}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: kept}
provisioner: DRIVER
parameters: {type: KIND}
reclaimPolicy: Retain
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: clips, namespace: film}
spec: {accessModes: [ReadWriteOnce], storageClassName: kept, resources: {requests: {storage: 10Gi}}}
---
apiVersion: v1
kind: Service
metadata: {name: front, namespace: film}
spec: {type: LoadBalancer, selector: {app: front}, ports: [{port: 80}]}
";

/// Billed seconds by kind and pool, and how many things they are of.
pub(crate) type Seconds = BTreeMap<(String, String), (usize, i64)>;

/// A bill, and the ledger's seconds up to the moment it is of.
pub(crate) fn bill(sandbox: &Sandbox, control: &Control, rest: &str) -> (Value, Seconds) {
    bill_of("small", sandbox, control, rest)
}

fn bill_of(name: &str, sandbox: &Sandbox, control: &Control, rest: &str) -> (Value, Seconds) {
    let bill = sandbox.berth(&format!("cost {name} --simulate --output json {rest}")).exits(0).json();
    let until = time(&bill["until"]);
    let mut seconds = Seconds::new();
    let ledger = control.ledger();
    let spans = ledger["spans"].as_array().unwrap();
    for span in spans.iter().filter(|span| time(&span["from"]) <= until) {
        let end = if span["to"].is_null() { until } else { time(&span["to"]).min(until) };
        add(&mut seconds, span["kind"].as_str().unwrap(), &span["pool"], end - time(&span["from"]));
    }
    (bill, seconds)
}

pub(crate) fn time(value: &Value) -> i64 {
    value.as_str().unwrap().parse::<Timestamp>().unwrap().as_second()
}

fn add(seconds: &mut Seconds, kind: &str, pool: &Value, more: i64) {
    let sum = seconds.entry((kind.to_owned(), pool.as_str().unwrap_or("").to_owned())).or_default();
    *sum = (sum.0 + 1, sum.1 + more);
}

/// What of a kind stands around the pools, as a key of [`Seconds`].
fn around(kind: &str) -> (String, String) {
    (kind.to_owned(), String::new())
}

/// The same of the bill's own lines; GPUs attached to machines are no thing of their own in the ledger.
#[track_caller]
pub(crate) fn billed(bill: &Value) -> Seconds {
    attached(bill);
    let mut seconds = Seconds::new();
    for line in bill["lines"].as_array().unwrap() {
        let item = &line["item"];
        let kind = match item.as_str() {
            Some(kind) => kind,
            None if item["machine"].is_object() => "node",
            None if item["disk"].is_string() => "disk",
            None => continue,
        };
        add(&mut seconds, kind, &line["pool"], line["seconds"].as_i64().unwrap());
    }
    seconds
}

/// Fails unless each machine on GKE that GPUs are attached to has one line of them, as long as its own, and nothing else has any.
#[track_caller]
fn attached(bill: &Value) {
    let lives = |part: &str, is_meant: fn(&Value) -> bool| {
        let lines = bill["lines"].as_array().unwrap().iter();
        let lines = lines.filter(|line| line["item"][part].is_object() && is_meant(line));
        // A name can live more than once; the end tells which life it is.
        let mut lives: Vec<String> =
            lines.map(|line| json!([line["name"], line["seconds"], line["ended"]]).to_string()).collect();
        lives.sort();
        lives
    };
    let machines = lives("machine", |line| line["provider"] == "gke" && line["pool"] == "t4-pool");
    assert_eq!(lives("gpu", |_| true), machines, "{bill:#}");
}

/// Takes the cluster away, and fails unless the bill of what is gone is the ledger still, whenever it is asked for.
fn ends(sandbox: &Sandbox, control: &Control) {
    sandbox.berth("destroy -f small.yaml --simulate --yes").exits(0);
    over("small", sandbox, control);
    let before = bill(sandbox, control, "").0;
    control.advance(3 * 3600);
    let after = bill(sandbox, control, "").0;
    let lines = |bill: &Value| bill["lines"].as_array().unwrap().iter().map(Value::to_string).collect::<Vec<_>>();
    assert_eq!(lines(&before), lines(&after));
    assert_eq!((&before["total"], 0.0), (&after["total"], usd(&after["perHour"])));
}

/// Fails unless the bill of what is gone is the ledger, and each end in it the cloud's own.
#[track_caller]
fn over(name: &str, sandbox: &Sandbox, control: &Control) {
    let (bill, ledger) = bill_of(name, sandbox, control, "");
    assert_eq!(billed(&bill), ledger, "{bill:#}");
    for line in bill["lines"].as_array().unwrap() {
        assert_eq!(line["ended"]["told"], "cloud", "{line:#}");
    }
}

/// Fails unless both tell the same.
#[track_caller]
fn agree(sandbox: &Sandbox, control: &Control) -> Value {
    let (bill, ledger) = bill(sandbox, control, "");
    assert_eq!(billed(&bill), ledger, "{bill:#}");
    bill
}

/// Leads the clouds' own programs to the simulated clouds.
pub(crate) fn lead(sandbox: &mut Sandbox) {
    let settings = sandbox.berth("sim env --output json").exits(0).json();
    for (name, value) in settings.as_object().unwrap() {
        sandbox.set(name, value.as_str().unwrap());
    }
}

/// Machines that are gone, each with its reason, as `aws` shows them; none where there is no `aws`.
fn terminated(sandbox: &mut Sandbox) -> Vec<Value> {
    if !present(&["aws"]) {
        return Vec::new();
    }
    lead(sandbox);
    let line = "ec2 describe-instances --region us-east-1 --filters Name=instance-state-name,Values=terminated --output json \
                --query Reservations[].Instances[].[InstanceId,StateTransitionReason]";
    sandbox.other("aws", line).exits(0).json().as_array().unwrap().clone()
}

/// How many machines came and went.
fn gone(control: &Control) -> usize {
    let ledger = control.ledger();
    let spans = ledger["spans"].as_array().unwrap();
    spans.iter().filter(|span| span["kind"] == "node" && !span["to"].is_null()).count()
}

fn usd(value: &Value) -> f64 {
    value["usd"].as_f64().unwrap()
}

/// Makes a cluster of its file and follows its bill through its life.
fn lives(sandbox: &Sandbox, control: &Control, hours: u32) {
    sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
    control.advance(hours * 3600);
    let bill = agree(sandbox, control);
    assert!(bill["lines"][0]["seconds"].as_i64().unwrap() > i64::from(hours) * 3600, "{bill:#}");

    let larger = sandbox.read(FILE).replacen("{min: 1,", "{min: 2,", 1).replacen("max: 1}", "max: 2}", 1);
    sandbox.write(FILE, &larger);
    sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
    control.advance(600);
    agree(sandbox, control);

    control.arm_now(&json!({"preempt": {"pool": "t4-pool", "count": 1}}));
    control.advance(900);
    assert!(gone(control) > 0);
    let bill = agree(sandbox, control);
    assert!(usd(&bill["total"]) > 0.0 && usd(&bill["perHour"]) > 0.0, "{bill:#}");
    let groups = bill["groups"].as_array().unwrap();
    let sum: f64 = groups.iter().map(|group| usd(&group["cost"])).sum();
    assert!((sum - usd(&bill["total"])).abs() < 1e-5 && groups.len() == 3, "{bill:#}");
}

#[test]
fn the_bill_of_a_gke_cluster_is_the_ledger_to_the_second() {
    let (mut sandbox, control) = Sandbox::serving(60);
    small(&sandbox);
    lives(&sandbox, &control, 2);

    let line = "cost --all --simulate --group-by";
    sandbox.berth(&format!("{line} cluster --output markdown")).exits(0).says("| small |");
    sandbox.berth(&format!("{line} service")).exits(0).says("(idle)").says("(not divided)");
    let late = bill(&sandbox, &control, "--since 10m").0;
    assert!(usd(&late["total"]) < usd(&bill(&sandbox, &control, "").0["total"]));
    let csv = sandbox.berth("cost small --simulate --output csv").exits(0).stdout;
    assert!(csv.lines().count() > 5 && csv.contains("e2-standard-4") && csv.contains(",(idle),"), "{csv}");
    let metrics = sandbox.berth("cost small --simulate --output prometheus").exits(0).stdout;
    assert!(
        metrics.contains("berth_cost_so_far_usd{cluster=\"small\",pool=\"t4-pool\",service=\"(idle)\"}"),
        "{metrics}"
    );
    sandbox.berth("cost small --simulate --fail-over 0.01").exits(7).says("expected to cost more");
    sandbox.berth("cost small --simulate --budget 0.01").exits(0).says("over the budget of 0.01 USD a month");
    let csv = sandbox.berth("cost small --simulate --budget 0.01 --output csv").exits(0);
    assert!(csv.stderr.contains("over the budget of 0.01 USD a month"), "{}", csv.text());

    ends(&sandbox, &control);
    sandbox.berth("cost small --simulate").exits(0).says("cluster small since it was made");
    sandbox.berth("cost --all --simulate").exits(0).says("all clusters since they were made");
    sandbox.berth("cost other --simulate").exits(1).says("no cluster other").says("its cloud's own billing");
    let total = usd(&bill(&sandbox, &control, "").0["total"]);
    let late = usd(&bill(&sandbox, &control, "--since 4h").0["total"]);
    assert!(late < total && late > 0.0, "{late} of {total}");
    assert_eq!(usd(&bill(&sandbox, &control, "--since 2h").0["total"]), 0.0);

    if present(&["gcloud"]) {
        lead(&mut sandbox);
        let line = "compute operations list --zones us-central1-a --filter operationType=delete --format value(targetLink.basename())";
        let told = sandbox.other("gcloud", line).exits(0).stdout;
        assert_eq!(told.lines().count(), gone(&control), "{told}");
    }
}

#[test]
fn the_bill_of_an_eks_cluster_is_the_ledger_to_the_second() {
    let (mut sandbox, control) = Sandbox::serving(60);
    small_eks(&sandbox);
    lives(&sandbox, &control, 2);
    sandbox.berth("destroy -f small.yaml --simulate --yes").exits(0);
    let gone = terminated(&mut sandbox);
    assert!(
        gone.iter().all(|one| one[1].as_str().unwrap().contains(" GMT)")) && (gone.is_empty() || gone.len() > 1),
        "{gone:?}"
    );
    ends(&sandbox, &control);
    assert_eq!(terminated(&mut sandbox).len(), 0, "EC2 tells of what is gone for about an hour");
}

#[test]
fn a_create_that_was_killed_and_resumed_is_billed_from_its_first_second() {
    // On EKS when all around the nodes is there: an address whose step was not done yet counts from its NAT gateway.
    let clouds =
        [(SMALL, ["CreateCluster", "DeleteCluster"]), (SMALL_EKS, ["eks:CreateNodegroup", "eks:DeleteNodegroup"])];
    for (spec, [made, gone]) in clouds {
        let (sandbox, control) = Sandbox::serving(60);
        sandbox.write(FILE, spec);
        let at = |call: &str| json!({"on": call, "nth": 1, "times": 1, "do": "hang-after"});
        let create = "create -f small.yaml --simulate --yes";
        assert!(run_and_kill_at(&sandbox, &control, create, &at(made)) != End::Finished);
        control.advance(1200);
        agree(&sandbox, &control);
        sandbox.berth(create).exits(0);
        let bill = agree(&sandbox, &control);
        let fee = bill["lines"].as_array().unwrap().iter().find(|line| line["item"] == "control-plane").unwrap();
        assert!(fee["seconds"].as_i64().unwrap() >= 1200, "{bill:#}");

        // What was told to go goes while nobody looks.
        let destroy = "destroy -f small.yaml --simulate --yes";
        assert!(run_and_kill_at(&sandbox, &control, destroy, &at(gone)) != End::Finished);
        control.advance(1800);
        sandbox.berth(destroy).exits(0);
        over("small", &sandbox, &control);
    }
}

#[test]
fn what_gc_took_away_is_billed_to_its_last_second() {
    for spec in [small, small_eks] {
        let (sandbox, control) = Sandbox::serving(60);
        spec(&sandbox);
        let run = "https://ci.example/runs/7";
        let up = format!("ci up -f small.yaml --id pr-1 --owner a/b --run-url {run} --ttl 30m --simulate");
        sandbox.berth(&up).exits(0);
        control.advance(3600);
        sandbox.berth("gc --simulate --yes").exits(0).says("deleted");
        over("small-pr-1", &sandbox, &control);
        for (by, name) in [("lease", "pr-1"), ("owner", "a/b"), ("run", run)] {
            let bill = sandbox.berth(&format!("cost --all --simulate --output json --group-by {by}")).exits(0).json();
            let names: Vec<&Value> = bill["groups"].as_array().unwrap().iter().map(|group| &group["name"]).collect();
            assert_eq!(names, [name], "{bill:#}");
        }
    }
}

#[test]
fn a_load_balancer_is_billed_until_it_goes_and_a_disk_that_is_kept_goes_on() {
    // Of a load balancer that is gone AWS tells nothing: it ends with the step that found none any more.
    let clouds =
        [(SMALL, ["pd.csi.storage.gke.io", "pd-balanced", "cloud"]), (SMALL_EKS, ["ebs.csi.aws.com", "gp3", "step"])];
    for (spec, [driver, kind, told]) in clouds {
        let (sandbox, control) = Sandbox::serving(60);
        let file = spec.replace("us-east-1\n", "us-east-1\n  eks: {addons: [aws-ebs-csi-driver]}\n");
        sandbox.write(FILE, &file.replace("  nodePools:", "  workloads: [film.yaml]\n  nodePools:"));
        sandbox.write("film.yaml", &HOLDING.replace("DRIVER", driver).replace("KIND", kind));
        sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
        control.advance(3600);
        let standing = billed(&agree(&sandbox, &control));
        for held in ["disk", "load-balancer"] {
            let (count, seconds) = standing[&around(held)];
            assert!(count == 1 && seconds > 3500, "{held}: {standing:?}");
        }

        sandbox.berth("destroy -f small.yaml --simulate --yes").exits(0).says(" kept on purpose (");
        let before = only_the_disk_is_left(&sandbox, &control, told);
        control.advance(3600);
        assert!(only_the_disk_is_left(&sandbox, &control, told) >= before + 3600);
        sandbox.berth("destroy -f small.yaml --simulate --yes --with-volumes").exits(0).says("0 left");
        assert_eq!(usd(&bill(&sandbox, &control, "").0["perHour"]), 0.0);
    }
}

/// Fails unless all but the kept disk has ended, as the ledger has it; gives that one's seconds. `told` is by whom the end of the load
/// balancer is known: if not by its cloud, it is no earlier than the ledger's, and before the nodes and the control plane went.
#[track_caller]
fn only_the_disk_is_left(sandbox: &Sandbox, control: &Control, told: &str) -> i64 {
    let (bill, mut ledger) = bill(sandbox, control, "");
    let lines = bill["lines"].as_array().unwrap();
    let line = |item: &str| lines.iter().find(|line| line["item"] == item).unwrap();
    let mut billed = billed(&bill);
    let (balancer, fee) = (line("load-balancer"), line("control-plane"));
    assert_eq!(balancer["ended"]["told"], told, "{bill:#}");
    if told != "cloud" {
        let key = around("load-balancer");
        let (longer, counted) = (billed.remove(&key).unwrap(), ledger.remove(&key).unwrap());
        assert!(longer.0 == counted.0 && longer.1 >= counted.1, "{longer:?} {counted:?}");
        assert!(time(&balancer["ended"]["at"]) < time(&fee["ended"]["at"]), "{bill:#}");
    }
    assert_eq!(billed, ledger, "{bill:#}");
    let there: Vec<&Value> = lines.iter().filter(|line| line["ended"].is_null()).collect();
    let [disk] = there[..] else { panic!("{there:#?}") };
    assert!(disk["item"]["disk"].is_string() && disk["pool"].is_null() && usd(&disk["perHour"]) > 0.0, "{disk:#}");
    disk["seconds"].as_i64().unwrap()
}

#[test]
fn a_destroy_on_eks_that_was_killed_and_run_again_is_billed_to_its_last_second() {
    let (sandbox, control) = Sandbox::serving(60);
    small_eks(&sandbox);
    sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
    let destroy = "destroy -f small.yaml --simulate --yes";
    let rule = json!({"on": "eks:DeleteNodegroup", "nth": 1, "times": 1, "do": "hang-after"});
    assert!(run_and_kill_at(&sandbox, &control, destroy, &rule) != End::Finished);
    control.advance(1800);
    sandbox.berth(destroy).exits(0);
    over("small", &sandbox, &control);

    // A cluster made again under its name has a second life.
    let lines = bill(&sandbox, &control, "").0["lines"].as_array().unwrap().len();
    sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
    let both = bill(&sandbox, &control, "").0;
    assert!(both["lines"].as_array().unwrap().len() > lines, "both lives are billed: {both:#}");
    sandbox.berth(destroy).exits(0);
}

#[test]
fn an_end_that_nobody_can_tell_after_a_kill_is_that_of_the_look_which_missed_it() {
    let (sandbox, control) = Sandbox::serving(60);
    small_eks(&sandbox);
    sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
    let destroy = "destroy -f small.yaml --simulate --yes";
    // EKS takes the deletion, its answer finds nobody, and then the cluster is gone: nothing tells since when.
    let rule = json!({"on": "eks:DeleteCluster", "nth": 1, "times": 1, "do": "hang-after"});
    assert!(run_and_kill_at(&sandbox, &control, destroy, &rule) != End::Finished);
    let killed = time(&control.ledger()["now"]);
    control.advance(600);
    sandbox.berth(destroy).exits(0);
    let (bill, mut ledger) = bill(&sandbox, &control, "");
    let fee = around("control-plane");
    let mut billed = billed(&bill);
    let (told, counted) = (billed.remove(&fee).unwrap(), ledger.remove(&fee).unwrap());
    assert_eq!(billed, ledger, "{bill:#}");
    let line = bill["lines"].as_array().unwrap().iter().find(|line| line["item"] == "control-plane").unwrap();
    let at = time(&line["ended"]["at"]);
    assert!(told > counted && killed + 600 <= at && at <= time(&bill["until"]), "{told:?} {counted:?} {line:#}");
    assert_eq!(line["ended"]["told"], "look", "{line:#}");
    assert!(bill["notes"].to_string().contains("1 thing ended between two looks"), "{}", bill["notes"]);
}

#[test]
fn a_cluster_on_eks_is_billed_wherever_berth_made_it() {
    let (sandbox, _control) = Sandbox::serving(60);
    sandbox.write(FILE, &SMALL_EKS.replace("us-east-1", "eu-west-1"));
    sandbox.berth("cost small --simulate").exits(1).says("on EKS only us-east-1 was asked; name others with --region");
    sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
    let clusters = |bill: Value| {
        let names = bill["groups"].as_array().unwrap().iter().map(|group| group["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    for line in ["cost --all --simulate", "cost --all --region eu-west-1 --simulate"] {
        assert_eq!(clusters(sandbox.berth(&format!("{line} --output json")).exits(0).json()), ["small"], "{line}");
    }
    let elsewhere = sandbox.berth("cost --all --region us-east-1 --simulate --output json").exits(0).json();
    assert_eq!(clusters(elsewhere), Vec::<String>::new());
    sandbox.berth("destroy -f small.yaml --simulate --yes").exits(0);
    let bill = sandbox.berth("cost small --simulate --output json").exits(0).json();
    assert!(usd(&bill["total"]) > 0.0 && usd(&bill["perHour"]) == 0.0, "{bill:#}");
    sandbox.berth("cost --all --region zz --simulate").exits(2).says("is no region of AWS, such as us-east-1");
}
