//! Leased namespaces on a cluster that stands: up in seconds, fenced, and gone with their lease.

use std::io::Write;
use std::time::Instant;

use serde_json::json;

use crate::control::Control;
use crate::sandbox::{Output, Sandbox};
use crate::spec::small;
use crate::witnesses::present;

/// Slow enough that no limit of a step is reached on a busy machine, and what the cloud is faster.
const SPEED: u32 = 60;
const MORE: u32 = 600;

const UP: &str =
    "ci up --mode namespace --on small --id pr-7 --owner a/b --ttl 2d --gpus 2 --kubeconfig ns.yaml --simulate";

/// A policy that would let everything in and out.
const OPEN: &str = r"
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: open}
spec: {podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{}], egress: [{}]}
";

fn standing() -> (Sandbox, Control) {
    let (sandbox, control) = Sandbox::hurried(SPEED, MORE);
    small(&sandbox);
    sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
    (sandbox, control)
}

fn end(sandbox: &Sandbox) {
    sandbox.berth("destroy small --simulate --yes").exits(0);
}

fn kubectl(sandbox: &Sandbox, line: &str) -> Output {
    sandbox.other("kubectl", &format!("--kubeconfig ns.yaml {line}"))
}

#[test]
fn a_namespace_is_up_in_seconds_and_its_kubeconfig_reaches_nothing_else() {
    if !present(&["kubectl"]) {
        return;
    }
    let (sandbox, control) = standing();
    let calls = control.calls_since(0).len();
    let began = Instant::now();
    sandbox.berth(UP).exits(0).says("Environment pr-7 is up until");
    let (took, calls) = (began.elapsed(), control.calls_since(calls));
    let text = format!("namespace: {:.1} s of ours, {} calls\n", took.as_secs_f64(), calls.len());
    std::io::stderr().write_all(text.as_bytes()).unwrap();
    assert!(took.as_secs() < 30, "{took:?}");
    assert!(calls.len() < 60, "{calls:?}");

    for allowed in ["create pods", "get secrets", "delete deployments.apps", "get resourcequotas"] {
        kubectl(&sandbox, &format!("auth can-i {allowed} -n berth-pr-7")).exits(0).says("yes");
    }
    for refused in [
        "create pods -n default",
        "get secrets -n kube-system",
        "get nodes",
        "list namespaces",
        "create namespaces",
        "delete resourcequotas -n berth-pr-7",
        "update networkpolicies -n berth-pr-7",
        "update limitranges -n berth-pr-7",
        "create roles -n default",
        "create clusterroles",
        "create clusterrolebindings",
        "escalate roles -n berth-pr-7",
        "bind roles -n berth-pr-7",
        "bind clusterroles -n berth-pr-7",
        "create serviceaccounts --subresource=token -n berth-pr-7",
        "impersonate users",
        "* * -A",
    ] {
        kubectl(&sandbox, &format!("auth can-i {refused}")).exits(1).says("no");
    }
    sandbox.write("open.yaml", OPEN);
    kubectl(&sandbox, "get pods").exits(0);
    kubectl(&sandbox, "create configmap mine --from-literal=a=b").exits(0);
    for forbidden in [
        "get pods -n default",
        "get secrets -A",
        "get nodes",
        "create configmap theirs --from-literal=a=b -n default",
        "delete namespace default",
        "create namespace mine",
        "get nodes --as admin",
        "get pods --as system:serviceaccount:kube-system:default",
        "delete resourcequota berth-lease",
        "patch resourcequota berth-lease -p {\"spec\":{\"hard\":{\"pods\":\"999\"}}}",
        "create quota more --hard=pods=999",
        "delete limitrange berth-lease",
        "delete networkpolicy berth-lease",
        "apply -f open.yaml",
        "annotate namespace berth-pr-7 berth.dev/expires=2099-01-01T00:00:00Z --overwrite",
    ] {
        kubectl(&sandbox, forbidden).exits(1).says("forbidden");
    }
    gives_no_more_than_it_has(&sandbox);
    let quota = kubectl(&sandbox, "get resourcequota berth-lease -o json").exits(0).json();
    let gpus = quota["spec"]["hard"].as_object().unwrap().iter().filter(|(key, _)| key.contains("nvidia.com/gpu"));
    assert!(gpus.clone().any(|(_, most)| most == "2"), "{quota}");

    sandbox.berth("ci down --on small --id pr-7 --simulate").exits(0).says("is taken away");
    let gone = kubectl(&sandbox, "get pods");
    assert_ne!(gone.code, 0, "its token is of no use any more: {}", gone.text());
    end(&sandbox);
}

/// The account may write roles and bindings of its namespace, but only such as give what it has.
fn gives_no_more_than_it_has(sandbox: &Sandbox) {
    const RAISING: &str = "is attempting to grant RBAC permissions not currently held";
    kubectl(sandbox, "create role reader --verb=get --resource=pods").exits(0);
    kubectl(sandbox, "create rolebinding reader --role=reader --serviceaccount=berth-pr-7:default").exits(0);
    for raising in [
        "create role more --verb=* --resource=resourcequotas",
        "create role more --verb=update --resource=networkpolicies.networking.k8s.io",
        "create role more --verb=impersonate --resource=serviceaccounts",
        "create rolebinding more --clusterrole=cluster-admin --serviceaccount=berth-pr-7:berth-lease",
        "patch role berth-lease --type=json \
         -p [{\"op\":\"add\",\"path\":\"/rules/-\",\"value\":{\"apiGroups\":[\"\"],\"resources\":[\"resourcequotas\"],\"verbs\":[\"update\"]}}]",
    ] {
        kubectl(sandbox, raising).exits(1).says(RAISING);
    }
    let elsewhere =
        "create rolebinding more --clusterrole=cluster-admin --serviceaccount=berth-pr-7:berth-lease -n default";
    kubectl(sandbox, elsewhere).exits(1).says("forbidden");
    let everywhere =
        "create clusterrolebinding more --clusterrole=cluster-admin --serviceaccount=berth-pr-7:berth-lease";
    kubectl(sandbox, everywhere).exits(1).says("forbidden");
    // What it did not get it still may not.
    kubectl(sandbox, "delete resourcequota berth-lease").exits(1).says("forbidden");
    kubectl(sandbox, "auth can-i update resourcequotas").exits(1).says("no");
}

#[test]
fn a_namespace_is_joined_extended_listed_and_collected() {
    let (sandbox, control) = standing();
    sandbox.berth(UP).exits(0);
    sandbox.berth(UP).exits(0);
    sandbox.berth(&UP.replace("a/b", "c/d")).exits(1).says("belongs to a/b");
    sandbox.berth("ci extend --on small --id pr-7 --ttl 4d --simulate").exits(0).says("ends at");
    let list = sandbox.berth("ci list --on small --simulate --output json").exits(0).json();
    let row = &list["environments"][0];
    assert_eq!([&row["namespace"], &row["id"], &row["state"]], ["berth-pr-7", "pr-7", "up"], "{list}");
    sandbox.berth("gc --yes --simulate --on small").exits(0).never_says("berth-pr-7");
    control.advance(5 * 24 * 3600);
    sandbox.berth("gc --simulate --on small").exits(5).says("its lease was over");
    sandbox.berth("gc --yes --simulate --on small").exits(0).says("namespace berth-pr-7 of small: deleted");
    let list = sandbox.berth("ci list --on small --simulate --output json").exits(0).json();
    assert_eq!(list["environments"], json!([]), "{list}");
    sandbox.berth("ci down --on small --id pr-7 --simulate").exits(0).says("is not there");
    end(&sandbox);
}

#[test]
fn an_extended_namespace_has_a_token_that_lives_as_long() {
    if !present(&["kubectl"]) {
        return;
    }
    let (mut sandbox, control) = standing();
    sandbox.berth(UP).exits(0);
    let day = 24 * 3600;
    let extend = "ci extend --on small --id pr-7 --owner a/b --ttl 4d --simulate";
    // Into berth's own file, which is not the one in use: that one's token ends with the first lease.
    sandbox.berth(extend).exits(0).says("_namespace_berth-pr-7.yaml");
    control.advance(3 * day);
    assert_ne!(kubectl(&sandbox, "get pods").code, 0);
    sandbox.berth(&format!("{extend} --kubeconfig ns.yaml")).exits(0).says("ns.yaml");
    control.advance(3 * day);
    kubectl(&sandbox, "get pods").exits(0);
    // The steps of a pipeline have it in KUBECONFIG.
    let path = sandbox.path("ns.yaml").display().to_string();
    sandbox.set("KUBECONFIG", &path);
    let before = sandbox.read("ns.yaml");
    sandbox.berth(extend).exits(0).says("ns.yaml");
    assert_ne!(sandbox.read("ns.yaml"), before);
    control.advance(3 * day);
    kubectl(&sandbox, "get pods").exits(0);
    sandbox.berth("ci down --on small --id pr-7 --owner a/b --simulate").exits(0);
    end(&sandbox);
}

#[test]
fn a_namespace_is_found_by_its_id_alone_in_clusters_at_hand() {
    let (sandbox, _control) = standing();
    sandbox.berth(UP).exits(0);
    sandbox.berth("ci down --id pr-8 --simulate").exits(0).says("is not there").says("it was looked for in small");
    sandbox.berth("ci extend --id pr-7 --owner a/b --ttl 4d --simulate").exits(0).says("ends at");
    sandbox.berth("ci extend --id pr-7 --owner c/d --ttl 4d --simulate").exits(1).says("there is no environment pr-7");
    sandbox.berth("ci down --id pr-7 --owner a/b --simulate").exits(0).says("a namespace of cluster small");
    sandbox.berth("ci down --id pr-7 --owner a/b --simulate").exits(0).says("is not there");
    end(&sandbox);
}
