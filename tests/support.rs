//! What a cluster pays whose version has left standard support, on clouds that keep it where the file says so.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::bill::lead;
use crate::sandbox::Sandbox;
use crate::spec::{FILE, SMALL, SMALL_EKS};
use crate::witnesses::present;

/// The fees in a bill: what they are of, and their seconds.
fn fees(bill: &Value) -> Vec<(String, i64)> {
    let lines = bill["lines"].as_array().unwrap().iter();
    let fees = lines.filter_map(|line| Some((line["item"].as_str()?.to_owned(), line["seconds"].as_i64()?)));
    fees.filter(|(item, _)| item.starts_with("control-plane") || item == "extended-channel").collect()
}

/// Seconds from when the ledger began to bill the cluster until the bill.
fn stood(sandbox: &Sandbox, bill: &Value) -> i64 {
    let second = |time: &Value| time.as_str().unwrap().parse::<Timestamp>().unwrap().as_second();
    let ledger = sandbox.ledger();
    let fee = ledger["spans"].as_array().unwrap().iter().find(|span| span["kind"] == "control-plane").unwrap().clone();
    second(&bill["until"]) - second(&fee["from"])
}

#[test]
fn an_old_version_on_eks_is_refused_unless_the_file_accepts_its_price_and_then_billed_so() {
    let (mut sandbox, _control) = Sandbox::serving(60);
    let of = |support: &str| {
        SMALL_EKS
            .replace("  region: us-east-1\n", &format!("  region: us-east-1\n  eks: {{version: \"1.33\"{support}}}\n"))
    };
    sandbox.write(FILE, &of(""));
    let create = "create -f small.yaml --simulate --yes";
    sandbox.berth(create).exits(1).says("only in extended support").says("`eks: {support: extended}` accepts it");
    sandbox.berth("cost -f small.yaml").exits(0).says("EKS upgrades it unless the file says `support: extended`");
    sandbox.write(FILE, &of(", support: extended"));
    sandbox.berth(create).exits(0);
    let bill = sandbox.berth("cost small --simulate --output json").exits(0).json();
    assert_eq!(fees(&bill), [("control-plane-extended".to_owned(), stood(&sandbox, &bill))]);
    assert!(!bill["notes"].to_string().contains("since when it pays"), "EKS was asked: {bill:#}");
    if present(&["aws"]) {
        lead(&mut sandbox);
        let line = "eks describe-cluster --name small --region us-east-1 --query cluster.upgradePolicy.supportType --output text";
        sandbox.other("aws", line).exits(0).says("EXTENDED");
        sandbox.write(FILE, &of(", support: standard"));
        sandbox
            .berth("plan -f small.yaml --simulate --skip-preflight")
            .exits(0)
            .says("support: EXTENDED")
            .says("-> STANDARD");
    }
    // EKS takes it back only while its version is in standard support.
    sandbox.write(FILE, &of(", support: standard"));
    let refused = sandbox.berth(create);
    assert!([4, 5].contains(&refused.code), "{}", refused.text());
    refused.says("if 1.33 has left standard support, upgrade the cluster first").says("`eks: {support: extended}`");
    sandbox.berth("destroy -f small.yaml --simulate --yes").exits(0);
}

#[test]
fn a_cluster_of_gkes_extended_channel_pays_more_for_an_old_version_and_nobody_knows_how_much() {
    let (mut sandbox, _control) = Sandbox::serving(60);
    let gke = "  zone: us-central1-a\n  gke: {releaseChannel: extended, version: \"1.33\"}\n";
    sandbox.write(FILE, &SMALL.replace("  zone: us-central1-a\n", gke));
    sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
    let bill = sandbox.berth("cost small --simulate --output json").exits(0).json();
    let stood = stood(&sandbox, &bill);
    assert_eq!(fees(&bill), [("control-plane".to_owned(), stood), ("extended-channel".to_owned(), stood)]);
    assert!(!bill["notes"].to_string().contains("since when it pays"), "GKE was asked: {bill:#}");
    assert!(bill["unknown"].to_string().contains("extended support"), "{bill:#}");
    assert_eq!(bill["total"]["atLeast"], true, "{bill:#}");
    if present(&["gcloud"]) {
        lead(&mut sandbox);
        let line = "container clusters get-upgrade-info small --zone us-central1-a --format value(endOfStandardSupportTimestamp)";
        sandbox.other("gcloud", line).exits(0).says("2026-08-20");
    }
    sandbox.berth("destroy -f small.yaml --simulate --yes").exits(0);
}

#[test]
fn what_gke_could_not_be_asked_about_once_is_not_remembered() {
    let (sandbox, control) = Sandbox::serving(60);
    let gke = "  zone: us-central1-a\n  gke: {releaseChannel: extended, version: \"1.36\"}\n";
    sandbox.write(FILE, &SMALL.replace("  zone: us-central1-a\n", gke));
    sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
    let bill = || sandbox.berth("cost small --simulate --output json").exits(0).json();
    let denied = json!({"answer": {"code": 403, "status": "PERMISSION_DENIED", "message": "not now"}});
    control.arm(&json!({"on": "FetchClusterUpgradeInfo", "times": 1000, "do": denied}));
    let kinds = |bill: &Value| fees(bill).into_iter().map(|(item, _)| item).collect::<Vec<_>>();
    // Too much is better than nothing, and said.
    for _ in 0..2 {
        let guessed = bill();
        assert_eq!(kinds(&guessed), ["control-plane", "extended-channel"], "{guessed:#}");
        assert!(guessed["notes"].to_string().contains("counted since it was made"), "{guessed:#}");
    }
    control.clear_faults();
    // Its version is in standard support.
    assert_eq!(kinds(&bill()), ["control-plane"]);
    sandbox.berth("destroy -f small.yaml --simulate --yes").exits(0);
    assert_eq!(kinds(&bill()), ["control-plane"]);
}
