//! Whose the bill of a shared node is: the parts of each line are that line, divided by the seconds for which pods had shares.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::bill::{bill, billed, time};
use crate::control::Control;
use crate::sandbox::Sandbox;
use crate::spec::{FILE, small, small_eks};

/// Two pods with a share each as long as they are there, and one that has a share for ten minutes and says itself whose it is.
const FILM: &str = r"apiVersion: v1
kind: Namespace
metadata: {name: film}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cutter, namespace: film}
spec:
  replicas: 2
  selector: {matchLabels: {app: cutter}}
  template:
    metadata: {labels: {app: cutter}}
    spec:
      tolerations: [{key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}]
      containers:
        - name: main
          image: example.org/cutter:1
          resources: {limits: {nvidia.com/gpu: 1}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: encode, namespace: film}
spec:
  template:
    metadata: {labels: {berth.dev/service: encoder}}
    spec:
      restartPolicy: Never
      tolerations: [{key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}]
      containers:
        - name: main
          image: example.org/encode:1
          command: [sleep, '600']
          resources: {limits: {nvidia.com/gpu: 1}}
";

/// Shares of the one node with a GPU.
const SHARES: i64 = 4;

/// What bills call what nobody asked for.
const IDLE: &str = "(idle)";

/// Of each service, and of what was idle: shares times seconds, or micro-USD.
type Parts = BTreeMap<String, i64>;

/// The pods with shares, as the simulator keeps them.
fn pods(control: &Control) -> Vec<Value> {
    let state = control.state();
    let clusters = [&state["clusters"], &state["aws"]["clusters"]].into_iter().filter_map(Value::as_object).flatten();
    let pods = clusters.filter_map(|(_, cluster)| cluster["kube"]["objects"]["/pods"].as_object()).flatten();
    pods.map(|(_, pod)| pod.clone()).filter(|pod| pod["metadata"]["namespace"] == "film").collect()
}

/// For how long each service had its shares until then: each of these pods has one.
fn had(pods: &[Value], until: i64) -> Parts {
    let mut had = Parts::new();
    for pod in pods {
        let service = pod["metadata"]["labels"]["berth.dev/service"].as_str().unwrap_or("film");
        let end = &pod["status"]["containerStatuses"][0]["state"]["terminated"]["finishedAt"];
        let to = if end.is_null() { until } else { time(end) };
        *had.entry(service.to_owned()).or_default() += to - time(&pod["status"]["startTime"]);
    }
    had
}

fn micro_usd(money: &Value) -> i64 {
    (money["usd"].as_f64().unwrap() * 1e6).round() as i64
}

/// What of a line is whose.
fn parts(line: &Value) -> Parts {
    let part = |part: &Value| (part["service"].as_str().unwrap_or(IDLE).to_owned(), micro_usd(&part["cost"]));
    line["parts"].as_array().unwrap().iter().map(part).collect()
}

/// Fails unless the lines of the node are divided as its shares were had and nothing else is, and the groups by service are their sums.
#[track_caller]
fn assert_divided(bill: &Value, had: &Parts) {
    let lines = bill["lines"].as_array().unwrap();
    let (node, rest): (Vec<&Value>, Vec<&Value>) = lines.iter().partition(|line| line["pool"] == "t4-pool");
    assert!(rest.iter().all(|line| line["parts"] == json!([])), "{bill:#}");
    let mut sums = Parts::new();
    for line in node {
        let (cost, whole) = (micro_usd(&line["cost"]), SHARES * line["seconds"].as_i64().unwrap());
        // So one second more or less of a share of the machine is more than what rounding can do.
        assert!(line["item"]["machine"].is_null() || cost > 2 * whole, "{line:#}");
        let idle = (IDLE.to_owned(), whole - had.values().sum::<i64>());
        let expected: Parts = had.clone().into_iter().chain([idle]).collect();
        let parts = parts(line);
        assert_eq!(parts.values().sum::<i64>(), cost, "{line:#}");
        assert!(parts.keys().eq(expected.keys()), "{line:#}");
        for (service, part) in parts {
            assert!((part * whole - cost * expected[&service]).abs() <= whole, "{service} of {expected:?}: {line:#}");
            *sums.entry(service).or_default() += part;
        }
    }
    let groups = bill["groups"].as_array().unwrap().iter();
    let mut groups: Parts =
        groups.map(|group| (group["name"].as_str().unwrap().to_owned(), micro_usd(&group["cost"]))).collect();
    assert!(groups.remove("(not divided)").is_some(), "{bill:#}");
    assert_eq!(groups, sums, "{bill:#}");
}

#[test]
fn a_shared_node_is_divided_by_the_seconds_for_which_pods_had_its_shares() {
    for spec in [small, small_eks] {
        let (sandbox, control) = Sandbox::serving(60);
        spec(&sandbox);
        // One node at a price that does not move: parts of what it cost are parts of its time.
        let file = sandbox.read(FILE).replace("max: 2}", "max: 1}").replace("capacity: spot", "capacity: on-demand");
        sandbox.write(FILE, &file.replace("  nodePools:", "  workloads: [film.yaml]\n  nodePools:"));
        sandbox.write("film.yaml", FILM);
        sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
        control.advance(3600);
        let (now, ledger) = bill(&sandbox, &control, "--group-by service");
        assert_eq!(billed(&now), ledger, "{now:#}");
        let pods = pods(&control);
        let had_now = had(&pods, time(&now["until"]));
        // The hour of two pods, and the ten minutes of one, each with the start of its container.
        assert!(pods.len() == 3 && had_now["film"] > 7200 && (600..700).contains(&had_now["encoder"]), "{had_now:?}");
        assert_divided(&now, &had_now);

        // What was had at the last look is had as long as the node stood.
        sandbox.berth("destroy -f small.yaml --simulate --yes").exits(0);
        let (gone, ledger) = bill(&sandbox, &control, "--group-by service");
        assert_eq!(billed(&gone), ledger, "{gone:#}");
        let spans = control.ledger()["spans"].as_array().unwrap().clone();
        let nodes: Vec<&Value> =
            spans.iter().filter(|span| span["kind"] == "node" && span["pool"] == "t4-pool").collect();
        let [node] = nodes[..] else { panic!("{nodes:#?}") };
        assert_divided(&gone, &had(&pods, time(&node["to"])));
    }
}
