//! What clusters leave is taken away with them, and data that was made to stay is kept and named.

use serde_json::{Value, json};

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
