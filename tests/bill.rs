//! What a cluster has cost: the bill's seconds are the ledger's, to the second.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value};

use crate::control::Control;
use crate::sandbox::Sandbox;
use crate::spec::small;

/// Billed seconds by kind and pool, and how many things they are of.
type Seconds = BTreeMap<(String, String), (usize, i64)>;

/// A bill, and the ledger's seconds up to the moment it is of.
fn bill(sandbox: &Sandbox, control: &Control, rest: &str) -> (Value, Seconds) {
    let bill = sandbox.berth(&format!("cost small --simulate --output json {rest}")).exits(0).json();
    let until = time(&bill["until"]);
    let mut seconds = Seconds::new();
    for span in control.ledger()["spans"].as_array().unwrap() {
        let end = if span["to"].is_null() { until } else { time(&span["to"]).min(until) };
        add(&mut seconds, span["kind"].as_str().unwrap(), &span["pool"], end - time(&span["from"]));
    }
    (bill, seconds)
}

fn time(value: &Value) -> i64 {
    value.as_str().unwrap().parse::<Timestamp>().unwrap().as_second()
}

fn add(seconds: &mut Seconds, kind: &str, pool: &Value, more: i64) {
    let sum = seconds.entry((kind.to_owned(), pool.as_str().unwrap_or("").to_owned())).or_default();
    *sum = (sum.0 + 1, sum.1 + more);
}

/// The same of the bill's own lines; GPUs attached to machines are no thing of their own in the ledger.
fn billed(bill: &Value) -> Seconds {
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

#[track_caller]
fn agree(sandbox: &Sandbox, control: &Control) -> Value {
    let (bill, ledger) = bill(sandbox, control, "");
    assert_eq!(billed(&bill), ledger, "{bill:#}");
    bill
}

#[test]
fn the_bill_of_a_gke_cluster_is_the_ledger_to_the_second() {
    let (sandbox, control) = Sandbox::serving(60);
    small(&sandbox);
    sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
    control.advance(5000);
    let bill = agree(&sandbox, &control);
    let seconds = bill["lines"][0]["seconds"].as_i64().unwrap();
    assert!(seconds > 5000 && bill["total"]["usd"].as_f64().unwrap() > 0.0, "{bill:#}");
    sandbox.berth("destroy -f small.yaml --simulate --yes").exits(0);
}
