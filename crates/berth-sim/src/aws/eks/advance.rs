//! What happens to clusters, add-ons and updates by itself.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::addons::{NETWORK_PLUGIN, enforces_policies, is_daemon_set};
use crate::aws::ec2;
use crate::aws::state::{Addon, Cluster, Happening, Spoil, fields, span};
use crate::lifecycle::after;
use crate::world::{Step, World};

impl World {
    /// Lets something happen in AWS.
    pub(crate) fn happen_aws(&mut self, happening: Happening, now: Timestamp) {
        match happening {
            Happening::Cluster(uid) => self.cluster_settles(&uid, now),
            Happening::Group(uid, group) => self.group_looked_at(&uid, &group, now),
            Happening::Addon(uid, addon) => self.addon_looked_at(&uid, &addon, now),
            Happening::Plugins(uid) => self.plugins_looked_at(&uid, now),
            Happening::Services(uid) => self.services_looked_at(&uid, now),
            Happening::Claims(uid) => self.claims_looked_at(&uid, now),
            Happening::Logs(uid) => self.logs_written(&uid, now),
            Happening::LateLogs(region, group) => self.lines_arrive(&region, &group, now),
            Happening::Update(uid, id) => self.update_ends(&uid, &id, now),
            Happening::NatUp(id) => ec2::nat_up(self, &id),
            Happening::NatGone(id) => ec2::nat_gone(self, &id, now),
            Happening::Gone(id) => {
                self.aws.things.remove(&id);
            }
        }
    }

    fn cluster_settles(&mut self, uid: &str, now: Timestamp) {
        let Some(cluster) = self.aws.by_uid(uid) else { return };
        match cluster.status() {
            "CREATING" => {
                if let Some(issue) = cluster.fields.remove("spoiled") {
                    cluster.fields.insert("health".to_owned(), json!({ "issues": [issue] }));
                    cluster.fields.insert("status".to_owned(), Value::from("FAILED"));
                    return;
                }
                cluster.up = true;
                cluster.fields.insert("status".to_owned(), Value::from("ACTIVE"));
                if cluster.fields["bootstrapSelfManagedAddons"] == true {
                    for name in ["vpc-cni", "kube-proxy", "coredns"] {
                        install(cluster, name, now);
                    }
                }
                ec2::make_cluster_parts(self, uid, now);
                self.logs_soon(uid, now);
            }
            "DELETING" => {
                let key = format!("{}/{}", cluster.region, cluster.name());
                ec2::drop_cluster_parts(self, uid);
                self.aws.clusters.remove(&key);
                self.autoscalers.remove(uid);
            }
            _ => {}
        }
    }

    fn update_ends(&mut self, uid: &str, id: &str, now: Timestamp) {
        let Some(cluster) = self.aws.by_uid(uid) else { return };
        let Some(update) = cluster.updates.get_mut(id) else { return };
        update.insert("status".to_owned(), Value::from("Successful"));
        let group = update["about-nodegroupName"].as_str().unwrap_or_default().to_owned();
        let about_cluster = update["about-nodegroupName"] == "" && update["about-addonName"] == "";
        if about_cluster && cluster.status() == "UPDATING" {
            cluster.fields.insert("status".to_owned(), Value::from("ACTIVE"));
            self.logs_soon(uid, now);
        }
        // The group takes the next change; machines that it now lacks come in their own time.
        if let Some(group) = self.group(uid, &group).filter(|group| group.status() == "UPDATING") {
            group.turn("ACTIVE", now);
        }
        self.refresh_group(uid, &group, now);
    }

    /// Gives an add-on the status its replicas allow, and looks again until it is settled.
    fn addon_looked_at(&mut self, uid: &str, name: &str, now: Timestamp) {
        let Some(cluster) = self.aws.by_uid(uid) else { return };
        let nodes = schedulable(cluster);
        let Some(addon) = cluster.addons.get_mut(name) else { return };
        let status = addon.fields["status"].as_str().unwrap_or_default().to_owned();
        if status == "DELETING" {
            let kept = addon.fields.get("preserve") == Some(&Value::Bool(true));
            cluster.addons.remove(name);
            if !kept {
                uninstall(cluster, name, now);
            }
            return;
        }
        if let Some(Spoil::Issue { code, message }) = addon.spoil.clone() {
            settle(addon, "CREATE_FAILED", Some((&code, &message)));
            return;
        }
        if matches!(addon.spoil, Some(Spoil::Stuck)) {
            return;
        }
        let content = is_daemon_set(name) || nodes > 0;
        if content {
            settle(addon, "ACTIVE", None);
            install(cluster, name, now);
            self.claims_soon(uid, now);
            return;
        }
        if now >= addon.since + after("addon", "requested", "degraded", "") {
            let text = "The add-on is unhealthy because it doesn't have the desired number of replicas.";
            settle(addon, "DEGRADED", Some(("InsufficientNumberOfReplicas", text)));
        }
        install(cluster, name, now);
        self.plan(now + span(15), Step::Aws(Happening::Addon(uid.to_owned(), name.to_owned())));
    }
}

fn settle(addon: &mut Addon, status: &str, issue: Option<(&str, &str)>) {
    addon.fields.insert("status".to_owned(), Value::from(status));
    let issues: Vec<Value> =
        issue.iter().map(|(code, message)| json!({"code": code, "message": message, "resourceIds": []})).collect();
    addon.fields.insert("health".to_owned(), json!({ "issues": issues }));
}

/// How many Ready nodes take an ordinary pod.
pub(crate) fn schedulable(cluster: &Cluster) -> usize {
    let groups = cluster.groups.values();
    let open = groups.filter(|group| {
        let taints = group.fields.get("taints").and_then(Value::as_array);
        taints.is_none_or(|taints| taints.iter().all(|taint| taint["effect"] == "PREFER_NO_SCHEDULE"))
    });
    open.map(|group| group.machines.iter().filter(|machine| machine.ready.is_some()).count()).sum()
}

/// The workload an add-on installs: resource and name.
fn workload(addon: &str) -> (&'static str, &str) {
    match addon {
        "vpc-cni" => ("daemonsets", "aws-node"),
        "aws-ebs-csi-driver" => ("deployments", "ebs-csi-controller"),
        name if is_daemon_set(name) => ("daemonsets", name),
        name => ("deployments", name),
    }
}

/// Puts an add-on's workload into the cluster, as its owner in AWS does.
fn install(cluster: &mut Cluster, addon: &str, now: Timestamp) {
    let (resource, name) = workload(addon);
    if let Some(there) = cluster.kube.get(resource, Some("kube-system"), name) {
        if addon == NETWORK_PLUGIN {
            let mut changed = there.clone();
            changed["spec"]["template"]["spec"]["containers"] = containers(cluster, addon, name);
            cluster.kube.put(now, resource, Some("kube-system"), changed);
        }
        return;
    }
    let labels = BTreeMap::from([("k8s-app", name), ("app.kubernetes.io/managed-by", "EKS")]);
    let replicas = if resource == "deployments" { json!(2) } else { Value::Null };
    let mut spec = fields(json!({
        "selector": {"matchLabels": {"k8s-app": name}},
        "template": {"metadata": {"labels": labels}, "spec": {
            "containers": containers(cluster, addon, name), "tolerations": [{"operator": "Exists"}],
        }},
    }));
    if !replicas.is_null() {
        spec.insert("replicas".to_owned(), replicas);
    }
    let object = json!({"metadata": {"name": name, "labels": labels}, "spec": spec, "status": {}});
    cluster.kube.put(now, resource, Some("kube-system"), object);
}

/// The containers of an add-on's pods; the network plugin's pods also have the agent that enforces NetworkPolicies, or does not.
fn containers(cluster: &Cluster, addon: &str, name: &str) -> Value {
    let container = |name: &str, image: &str| json!({"name": name, "image": format!("602401143452.dkr.ecr.amazonaws.com/eks/{image}")});
    let mut containers = vec![container(name, addon)];
    if addon == NETWORK_PLUGIN {
        let on = cluster.addons.get(addon).is_some_and(enforces_policies);
        let mut agent = container("aws-eks-nodeagent", "aws-network-policy-agent");
        agent["args"] = json!([format!("--enable-network-policy={on}")]);
        containers.push(agent);
    }
    Value::Array(containers)
}

fn uninstall(cluster: &mut Cluster, addon: &str, now: Timestamp) {
    let (resource, name) = workload(addon);
    cluster.kube.remove(now, resource, Some("kube-system"), name);
}
