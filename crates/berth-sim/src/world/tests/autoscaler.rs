//! Pods that find no room get nodes, and nodes that hold nothing go.

use serde_json::{Value, json};

use super::script::{Script, ZONE, cluster, plain_pool, v100};

const ID: &str = "projects/p/locations/us-central1-a/clusters/c";

fn between(pool: Value, least: u32, most: u32) -> Value {
    let mut pool = pool;
    pool["autoscaling"] = json!({"enabled": true, "minNodeCount": least, "maxNodeCount": most});
    pool
}

/// A cluster with a pool of four cores a node and one with a GPU a node, at 700 seconds.
fn running() -> Script {
    let mut script = Script::new();
    let pools = [between(plain_pool("cpu", 1), 1, 3), between(v100(0), 0, 2)];
    script.call("POST", &format!("{ZONE}/clusters"), cluster("c", &pools));
    script.at(700);
    script
}

impl Script {
    fn put(&mut self, resource: &str, name: &str, spec: Value) -> &mut Script {
        let now = self.now();
        let cluster = self.world.clusters.get_mut(ID).unwrap();
        let mut object = json!({"metadata": {"name": name, "namespace": "default"}, "spec": spec});
        if resource == "pods" {
            object["status"] = json!({"phase": "Pending"});
        }
        cluster.kube.put(now, resource, Some("default"), object);
        self.wrote()
    }

    /// What the server does after a write.
    fn wrote(&mut self) -> &mut Script {
        let now = self.now();
        let cluster = self.world.clusters.get_mut(ID).unwrap();
        cluster.kube.settle(now);
        let uid = cluster.uid.clone();
        self.world.kube_changed(&uid, now);
        self
    }

    fn pod(&mut self, name: &str, requests: Value) -> &mut Script {
        let container = json!({"name": "a", "image": "x", "resources": {"requests": requests}});
        let tolerations = json!([{"key": "nvidia.com/gpu", "operator": "Exists"}]);
        let tolerations = if requests["nvidia.com/gpu"].is_null() { Value::Null } else { tolerations };
        self.put("pods", name, json!({"containers": [container], "tolerations": tolerations}))
    }

    fn drop_pod(&mut self, name: &str) {
        let now = self.now();
        let cluster = self.world.clusters.get_mut(ID).unwrap();
        assert!(cluster.kube.remove(now, "pods", Some("default"), name));
        self.wrote();
    }

    /// How many nodes the pools have.
    fn sizes(&self) -> Vec<usize> {
        self.world.clusters[ID].pools.iter().map(|pool| pool.nodes.len()).collect()
    }

    fn runs(&self, pod: &str) -> bool {
        let pod = self.world.clusters[ID].kube.get("pods", Some("default"), pod);
        pod.unwrap()["status"]["phase"] == "Running"
    }

    /// The words of the last event of the autoscaler for a reason.
    fn said(&self, reason: &str) -> String {
        let events = self.world.clusters[ID].kube.list("events").filter(|event| event["reason"] == reason);
        let last = events.max_by_key(|event| event["lastTimestamp"].as_str().unwrap().to_owned());
        last.map_or("nothing".to_owned(), |event| event["message"].as_str().unwrap().to_owned())
    }
}

#[test]
fn pods_without_room_get_nodes_up_to_the_maximum_and_empty_nodes_go_after_ten_minutes() {
    let mut script = running();
    for name in ["a", "b", "c", "d"] {
        script.pod(name, json!({"cpu": "3"}));
    }
    script.at(720);
    assert_eq!(script.sizes(), [3, 0]);
    let said = script.said("TriggeredScaleUp");
    assert!(said.starts_with("pod triggered scale-up: [{https://www.googleapis.com/compute/v1/projects/p/zones/"));
    assert!(said.ends_with("-grp 1->3 (max: 3)}]"), "{said}");
    assert_eq!(
        script.said("NotTriggerScaleUp"),
        "pod didn't trigger scale-up: 1 max node group size reached, 1 node(s) had untolerated taint(s)"
    );
    script.at(900);
    let running = ["a", "b", "c", "d"].iter().filter(|name| script.runs(name)).count();
    assert_eq!((running, script.sizes()), (3, vec![3, 0]));
    // One more place, and the one that waited takes it; then two nodes are empty.
    script.at(1000).drop_pod("a");
    assert!(script.at(1030).runs("d"));
    script.drop_pod("b");
    script.drop_pod("c");
    assert_eq!(script.at(1500).sizes(), [3, 0]);
    assert_eq!(script.at(1700).sizes(), [1, 0], "two were empty, one is the minimum");
    assert!(script.runs("d"));
    script.drop_pod("d");
    assert_eq!(script.at(9000).sizes(), [1, 0]);
}

#[test]
fn a_pod_with_a_gpu_has_a_pool_grow_from_nothing_and_is_not_helped_twice() {
    let mut script = running();
    script.pod("one", json!({"nvidia.com/gpu": "1"})).pod("other", json!({"nvidia.com/gpu": "1"}));
    assert_eq!(script.at(720).sizes(), [1, 1], "one GPU is shared by two");
    // The node is there long before its GPUs are.
    assert_eq!(script.at(890).sizes(), [1, 1]);
    assert!(script.at(1200).runs("one") && script.runs("other"));
    assert_eq!(script.sizes(), [1, 1]);
    script.pod("huge", json!({"cpu": "99"}));
    assert_eq!(script.at(1260).sizes(), [1, 1]);
    assert_eq!(
        script.said("NotTriggerScaleUp"),
        "pod didn't trigger scale-up: 1 Insufficient cpu, 1 node(s) had untolerated taint(s)"
    );
}

#[test]
fn a_group_without_stock_is_left_alone_for_a_while_and_tried_again() {
    let mut script = running();
    script.arm(json!({"on": "CreateNodePool", "do": {"stockout": {}}}));
    script.pod("one", json!({"nvidia.com/gpu": "1"})).at(730);
    assert_eq!(script.sizes(), [1, 0]);
    assert_eq!(
        script.said("FailedScaleUp"),
        "Node scale up in zones us-central1-a associated with this pod failed: GCE out of resources. Pod is at risk of \
         not being scheduled."
    );
    assert!(script.said("NotTriggerScaleUp").ends_with("1 in backoff after failed scale-up"));
    script.world.faults.clear(None);
    assert_eq!(script.at(900).sizes(), [1, 0]);
    assert_eq!(script.at(1030).sizes(), [1, 1]);
    assert!(script.at(1400).runs("one"));
}

#[test]
fn a_claim_without_a_class_gets_a_billed_disk_that_outlives_the_cluster() {
    let mut script = running();
    let claim = |class: Value| json!({"accessModes": ["ReadWriteOnce"], "storageClassName": class, "resources": {"requests": {"storage": "20Gi"}}});
    script.put("persistentvolumeclaims", "data", claim(Value::Null));
    script.put("persistentvolumeclaims", "lost", claim(json!("gp3")));
    let volumes = |name: &str| json!([{"name": "v", "persistentVolumeClaim": {"claimName": name}}]);
    let containers = json!([{"name": "a", "image": "x"}]);
    script.put("pods", "user", json!({"containers": containers, "volumes": volumes("data")}));
    script.put("pods", "waits", json!({"containers": containers, "volumes": volumes("lost")}));
    script.at(760);
    assert!(script.runs("user") && !script.runs("waits"));
    assert_eq!(script.said("ProvisioningFailed"), "storageclass.storage.k8s.io \"gp3\" not found");
    assert_eq!(script.sizes(), [1, 0], "no node would help the pod that waits");
    let kube = &script.world.clusters[ID].kube;
    assert_eq!(
        kube.get("persistentvolumeclaims", Some("default"), "data").unwrap()["spec"]["storageClassName"],
        "standard-rwo"
    );
    let disks = |script: &Script| {
        let spans = script.world.ledger.billed().filter(|span| span.name.starts_with("pvc-"));
        let billed = spans
            .filter(|span| span.to.is_none())
            .map(|span| (span.machine_type.clone(), span.size_gb))
            .collect::<Vec<_>>();
        let left = script.world.leftovers().into_iter().filter(|one| one["kind"] == "disk").count();
        (billed, left)
    };
    assert_eq!(disks(&script), (vec![("pd-balanced".to_owned(), Some(20))], 1));
    script.call("DELETE", &format!("/v1/{ID}"), Value::Null);
    script.at(2000);
    assert!(script.world.clusters.is_empty());
    assert_eq!(disks(&script).1, 1);
    assert_eq!(script.world.leftovers().len(), 1);
}

#[test]
fn a_disk_goes_with_its_claim_and_stays_where_the_class_retains_it() {
    let mut script = running();
    let spec = |class: &str| json!({"accessModes": ["ReadWriteOnce"], "storageClassName": class, "resources": {"requests": {"storage": "1Gi"}}});
    let now = script.now();
    let kept = json!({"metadata": {"name": "kept"}, "provisioner": "pd.csi.storage.gke.io", "reclaimPolicy": "Retain"});
    script.world.clusters.get_mut(ID).unwrap().kube.put(now, "storageclasses", None, kept);
    script.put("persistentvolumeclaims", "a", spec("standard")).put("persistentvolumeclaims", "b", spec("kept"));
    script.at(730);
    assert_eq!(script.world.things.len(), 2);
    for name in ["a", "b"] {
        let kube = &mut script.world.clusters.get_mut(ID).unwrap().kube;
        let mut claim = kube.get("persistentvolumeclaims", Some("default"), name).unwrap().clone();
        claim["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:12:00Z");
        kube.put(now, "persistentvolumeclaims", Some("default"), claim);
    }
    script.at(760);
    assert_eq!(script.world.things.len(), 1);
    assert_eq!(script.world.clusters[ID].kube.list("persistentvolumeclaims").count(), 0);
}
