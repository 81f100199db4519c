//! Node groups under the cluster autoscaler that runs in the cluster.

use serde_json::{Value, json};

use super::Script;
use crate::aws::state::Shortage;

const KEY: &str = "us-east-1/c";

impl Script {
    fn write(&mut self, resource: &str, namespace: &str, object: Value) {
        let now = self.now();
        let cluster = self.world.aws.clusters.get_mut(KEY).unwrap();
        let uid = cluster.uid.clone();
        cluster.kube.put(now, resource, Some(namespace), object);
        cluster.kube.settle(now);
        self.world.kube_changed(&uid, now);
    }

    fn pod(&mut self, name: &str, requests: Value) {
        let spec = json!({
            "containers": [{"name": "a", "image": "x", "resources": {"requests": requests}}],
            "tolerations": [{"operator": "Exists"}],
        });
        self.write(
            "pods",
            "default",
            json!({"metadata": {"name": name}, "spec": spec, "status": {"phase": "Pending"}}),
        );
    }

    fn drop_pods(&mut self, names: &[&str]) {
        let now = self.now();
        let cluster = self.world.aws.clusters.get_mut(KEY).unwrap();
        let uid = cluster.uid.clone();
        for name in names {
            assert!(cluster.kube.remove(now, "pods", Some("default"), name));
        }
        cluster.kube.settle(now);
        self.world.kube_changed(&uid, now);
    }

    fn autoscaler(&mut self) {
        let template = json!({"metadata": {"labels": {"app": "ca"}}, "spec": {"containers": [
            {"name": "ca", "image": "registry.k8s.io/autoscaling/cluster-autoscaler:v1.33.0"},
        ]}});
        let spec = json!({"replicas": 1, "selector": {"matchLabels": {"app": "ca"}}, "template": template});
        self.write("deployments", "kube-system", json!({"metadata": {"name": "ca"}, "spec": spec}));
    }

    /// How many machines the groups want and have.
    fn sizes(&self) -> Vec<(usize, usize)> {
        let groups = self.world.aws.clusters[KEY].groups.values();
        groups.map(|group| (group.size("desiredSize"), group.machines.len())).collect()
    }
}

/// Groups `cpu` with one machine, and `gpu` and `other` without any, at 1500 seconds.
fn running() -> Script {
    let mut script = Script::new();
    script.cluster();
    script.group("cpu", "m5.xlarge", 1);
    script.group("gpu", "g4dn.xlarge", 0);
    script.group("other", "m5.xlarge", 0);
    script.at(1500);
    script
}

#[test]
fn nothing_grows_before_an_autoscaler_is_ready_and_then_in_the_order_of_its_priorities() {
    let mut script = running();
    script.pod("big", json!({"cpu": "3500m"}));
    script.pod("next", json!({"cpu": "3500m"}));
    assert_eq!(script.at(1600).sizes(), [(1, 1), (0, 0), (0, 0)]);
    let map = json!({"metadata": {"name": "cluster-autoscaler-priority-expander"}, "data": {
        "priorities": "10:\n  - .*cpu.*\n20:\n  - ^eks-other-.*\n",
    }});
    script.write("configmaps", "kube-system", map);
    script.autoscaler();
    assert_eq!(script.at(1660).sizes(), [(1, 1), (0, 0), (1, 1)]);
    // What it raised comes up as other machines do, and goes ten minutes after its pod.
    script.at(1900);
    let runs = |script: &Script, name: &str| {
        script.world.aws.clusters[KEY].kube.get("pods", Some("default"), name).unwrap()["status"]["phase"] == "Running"
    };
    assert!(runs(&script, "big") && runs(&script, "next"));
    script.drop_pods(&["big", "next"]);
    assert_eq!(script.at(2400).sizes(), [(1, 1), (0, 0), (1, 1)]);
    let sizes = script.at(2700).sizes();
    assert_eq!(sizes.iter().map(|(wanted, _)| wanted).sum::<usize>(), 1, "{sizes:?}");
}

#[test]
fn an_empty_group_is_known_by_its_type_and_tags_and_a_shortage_is_waited_out() {
    let mut script = running();
    script.autoscaler();
    script.at(1600);
    let code = "InsufficientInstanceCapacity".to_owned();
    let shortage = Shortage { zone: None, instance_type: Some("g4dn.xlarge".to_owned()), spot: None, code };
    script.world.aws.shortages.push(shortage);
    script.pod("one", json!({"nvidia.com/gpu": "1"}));
    assert_eq!(script.at(1700).sizes(), [(1, 1), (0, 0), (0, 0)]);
    script.world.aws.shortages.clear();
    assert_eq!(script.at(1800).sizes()[1], (0, 0), "the group is left alone for five minutes");
    assert_eq!(script.at(2000).sizes()[1], (1, 1));
    // No plugin runs, so its GPU never comes; the autoscaler waits for it and asks for no other.
    assert_eq!(script.at(2500).sizes()[1], (1, 1));
}
