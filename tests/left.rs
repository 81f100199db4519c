//! What clusters leave is taken away with them, and data that was made to stay is kept and named.

use serde_json::{Value, json};

use crate::ci::elsewhere;
use crate::control::Control;
use crate::crash::{End, run_and_kill_at};
use crate::gc::names;
use crate::sandbox::Sandbox;
use crate::spec::small;

const SPEED: u32 = 600;

/// A disk and an address that bear the mark of the cluster.
fn marked(cluster: &str) -> Value {
    let labels = json!({"managed-by": "berth", "berth-cluster": cluster});
    json!([
        {"id": format!("projects/berth-sim/zones/us-central1-a/disks/{cluster}-data"), "billed": true,
         "fields": {"name": format!("{cluster}-data"), "sizeGb": "10", "labels": labels}},
        {"id": format!("projects/berth-sim/regions/us-central1/addresses/{cluster}-ip"), "billed": true,
         "fields": {"name": format!("{cluster}-ip"), "labels": labels, "address": "203.0.113.9"}},
    ])
}

#[test]
fn destroy_takes_what_is_left_and_names_the_data_that_stays() {
    let (sandbox, control) = Sandbox::serving(SPEED);
    small(&sandbox);
    sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
    control.plant(&marked("small"));
    let said = sandbox.berth("destroy -f small.yaml --simulate --yes").exits(0).says("delete address small-ip");
    assert!(said.stdout.contains("Cluster small is deleted: 1 disk kept on purpose ("), "{}", said.text());
    assert!(said.stdout.contains("gcloud compute disks delete small-data --zone=us-central1-a"), "{}", said.text());
    assert_eq!(names(&control), ["small-data"]);
    // Without the cluster, and by its name alone.
    sandbox.berth("destroy small --simulate --yes").exits(0).says("1 disk kept on purpose");
    control.plant(&json!([marked("small")[1]]));
    let said = sandbox.berth("destroy small --simulate --yes --with-volumes --output json").exits(0);
    let gone: Value = serde_json::from_str(said.stdout.trim().lines().last().unwrap()).unwrap();
    assert_eq!([&gone["left"], &gone["kept"]], [&json!(0), &json!([])], "{gone}");
    assert!(gone["checked"].as_array().unwrap().contains(&json!("forwarding rules")), "{gone}");
    assert_eq!(control.leftovers(), json!([]));
}

#[test]
fn gc_keeps_the_data_of_what_had_no_lease() {
    let (sandbox, control) = Sandbox::serving(SPEED);
    control.plant(&marked("old"));
    control.advance(3600);
    let gc = "gc --yes --simulate --provider gke --grace 5m";
    sandbox.berth(gc).exits(0).says("deleted, but 1 disk kept").says("gcloud compute disks delete old-data");
    assert_eq!(names(&control), ["old-data"]);
    sandbox.berth(gc).exits(0).says("had no lease, so its data is kept").says("stays billed");
    sandbox.berth(&format!("{gc} --with-volumes")).exits(0).says("deleted");
    assert_eq!(control.leftovers(), json!([]));
}

/// What a Service of type LoadBalancer has in Compute Engine, for the nodes with this tag.
pub(crate) fn balancer(tag: &str, name: &str) -> Value {
    let said = json!({"kubernetes.io/service-name": "default/web"}).to_string();
    let pool = format!("projects/berth-sim/regions/us-central1/targetPools/{name}");
    let check = format!("projects/berth-sim/global/httpHealthChecks/k8s-{name}-node");
    let firewall = |firewall: &str| {
        json!({"id": format!("projects/berth-sim/global/firewalls/{firewall}"),
               "fields": {"name": firewall, "targetTags": [tag], "description": said}})
    };
    json!([
        firewall(&format!("k8s-fw-{name}")),
        firewall(&format!("k8s-{name}-node-http-hc")),
        {"id": check, "fields": {"name": format!("k8s-{name}-node")}},
        {"id": pool, "fields": {"name": name, "description": said, "healthChecks": [check]}},
        {"id": format!("projects/berth-sim/regions/us-central1/forwardingRules/{name}"), "billed": true,
         "fields": {"name": name, "description": said, "target": pool}},
    ])
}

/// The network tags of the nodes of the clusters that stand on GKE.
pub(crate) fn node_tags(control: &Control) -> Vec<String> {
    let state = control.state();
    let clusters = state["clusters"].as_object().into_iter().flatten().map(|(_, cluster)| cluster.clone());
    let tag = |cluster: Value| {
        let text = |key: &str| cluster[key].as_str().unwrap().to_owned();
        format!("gke-{}-{}-node", text("id").rsplit('/').next().unwrap(), &text("uid")[..8])
    };
    clusters.map(tag).collect()
}

#[test]
fn killed_while_a_balancer_is_taken_away_its_parts_are_still_known_to_be_ours() {
    let (mut sandbox, control) = Sandbox::serving(SPEED);
    small(&sandbox);
    let mut kills = Vec::new();
    for method in [
        "compute.healthChecks.insert",
        "DeleteCluster",
        "compute.forwardingRules.delete",
        "compute.targetPools.delete",
        "compute.httpHealthChecks.delete",
        "compute.firewalls.delete",
        "compute.healthChecks.delete",
    ] {
        for effect in ["hang-before", "hang-after"] {
            control.reset();
            sandbox.berth("ci up -f small.yaml --id pr-1 --owner a/b --ttl 1h --simulate").exits(0);
            let tags = node_tags(&control);
            control.plant(&balancer(&tags[0], "a1"));
            // Of another cluster of that name that nobody knows any more.
            control.plant(&balancer("gke-small-pr-1-99999999-node", "a2"));
            let rule = json!({"on": method, "nth": 1, "times": 1, "do": effect});
            let down = "ci down -f small.yaml --id pr-1 --owner a/b --simulate";
            let End::Killed(at) = run_and_kill_at(&sandbox, &control, down, &rule) else {
                panic!("{rule} was not called")
            };
            kills.push(at);
            control.advance(4 * 3600);
            let home = ["HOME", "BERTH_STATE_DIR"].map(|name| (name, sandbox.variable(name)));
            elsewhere(&mut sandbox);
            let said = sandbox.berth("gc --yes --simulate --grace 5m");
            home.into_iter().for_each(|(name, value)| sandbox.set(name, &value));
            let mut left = names(&control);
            left.sort();
            let others = ["a2", "a2", "k8s-a2-node", "k8s-a2-node-http-hc", "k8s-fw-a2"];
            assert_eq!(left, others, "{method} {effect}: {}", said.text());
        }
    }
    control.reset();
    assert_eq!(kills.len(), 14);
}
