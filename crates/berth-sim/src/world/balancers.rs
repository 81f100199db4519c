//! What GKE makes in Compute Engine for Services of type LoadBalancer and for Ingresses, and takes away with them.
//!
//! It stays when the cluster goes first. Names, descriptions and tags are those of the controllers in
//! kubernetes/cloud-provider-gcp (network load balancers with target pools) and kubernetes/ingress-gce.

mod ingress;
mod service;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::model::{Cluster, Step, World};
use super::node_things::tag;
use crate::aws::finalizers;
use crate::catalog;
use crate::lifecycle::{after, digest};

/// Where Google's health checks come from.
const PROBES: [&str; 4] = ["130.211.0.0/22", "35.191.0.0/16", "209.85.152.0/22", "209.85.204.0/22"];

/// Things of one object, by id.
type Parts = Vec<(String, Value)>;

/// What the controllers need to know of a cluster.
struct Site {
    uid: String,
    project: String,
    region: String,
    zones: Vec<String>,
    /// The network tag of its nodes.
    tag: String,
    nodes: Vec<String>,
    /// The id that stands in the names of shared parts.
    id: String,
}

impl Site {
    fn of(world: &World, cluster: &Cluster) -> Site {
        let nodes = cluster.pools.iter().flat_map(|pool| &pool.nodes);
        let path = |zone: &str, name: &str| format!("projects/{}/zones/{zone}/instances/{name}", cluster.project());
        let mut zones: Vec<String> = cluster.pools.iter().flat_map(|pool| pool.zones.clone()).collect();
        zones.sort();
        zones.dedup();
        Site {
            uid: cluster.uid.clone(),
            project: cluster.project().to_owned(),
            region: catalog::region_of(cluster.location()).unwrap_or_default().to_owned(),
            zones,
            tag: tag(cluster),
            nodes: nodes.map(|node| path(&node.zone, &node.name)).collect(),
            id: world.hex(&format!("ingress-uid/{}", cluster.uid), 16),
        }
    }

    fn global(&self, plural: &str, name: &str) -> String {
        format!("projects/{}/global/{plural}/{name}", self.project)
    }

    fn regional(&self, plural: &str, name: &str) -> String {
        format!("projects/{}/regions/{}/{plural}/{name}", self.project, self.region)
    }

    /// A firewall rule that lets ranges in to the nodes.
    fn firewall(&self, description: &Value, ranges: &[&str], ports: &[String]) -> Value {
        json!({
            "description": if description.is_null() { String::new() } else { description.to_string() },
            "network": self.global("networks", "default"), "priority": 1000, "direction": "INGRESS",
            "sourceRanges": ranges, "targetTags": [self.tag], "allowed": [{"IPProtocol": "tcp", "ports": ports}],
        })
    }
}

/// An address that a name always gets.
fn address(name: &str) -> String {
    let number = digest(name).to_be_bytes();
    format!("34.{}.{}.{}", 64 + number[1] % 128, number[2], 1 + number[3] % 254)
}

/// `namespace/name`
fn path(object: &Value) -> String {
    let part = |member: &str| object["metadata"][member].as_str().unwrap_or_default();
    format!("{}/{}", part("namespace"), part("name"))
}

/// One kind of object that gets a load balancer.
struct Served {
    resource: &'static str,
    finalizer: &'static str,
    wants: fn(&Value) -> bool,
    parts: fn(&Site, &Value) -> Parts,
    /// What else goes with the last object of the kind.
    shared: fn(&Site) -> Vec<String>,
}

const KINDS: [Served; 2] = [service::SERVED, ingress::SERVED];

impl World {
    /// Lets the controllers look at a cluster's Services and Ingresses after their usual while.
    pub(crate) fn balance_soon(&mut self, uid: &str, now: Timestamp) {
        if self.by_uid(uid).is_some() {
            self.plan_once(now + after("service", "changed", "balanced", ""), Step::Balance(uid.to_owned()));
        }
    }

    /// Brings the load balancers of a cluster in step with its objects, while its API answers.
    pub(crate) fn balance_gke(&mut self, uid: &str, now: Timestamp) {
        for kind in &KINDS {
            self.balance_kind(uid, kind, now);
        }
    }

    fn balance_kind(&mut self, uid: &str, kind: &Served, now: Timestamp) {
        let Some(cluster) = self.clusters.values().find(|cluster| cluster.uid == uid && cluster.up) else { return };
        let site = Site::of(self, cluster);
        let objects: Vec<Value> = cluster.kube.list(kind.resource).cloned().collect();
        let mut wanted = 0;
        let mut released = Vec::new();
        for object in objects {
            if (kind.wants)(&object) {
                wanted += 1;
                self.serve_object(&site, kind, object, now);
            } else if finalizers::has(&object, kind.finalizer) {
                released.push(object);
            }
        }
        for object in released {
            for (id, _) in (kind.parts)(&site, &object) {
                if !(kind.shared)(&site).contains(&id) {
                    self.delete_thing(&id, now);
                }
            }
            if wanted == 0 {
                (kind.shared)(&site).iter().for_each(|id| self.delete_thing(id, now));
            }
            let mut shown = object;
            shown["status"]["loadBalancer"] = json!({});
            if let Some(cluster) = self.by_uid(uid) {
                finalizers::take(&mut cluster.kube, now, kind.resource, shown, kind.finalizer);
            }
        }
    }

    /// Makes what an object lacks, and says in its status where it is reached.
    fn serve_object(&mut self, site: &Site, kind: &Served, mut object: Value, now: Timestamp) {
        let served = !object["status"]["loadBalancer"]["ingress"][0].is_null();
        if served && finalizers::has(&object, kind.finalizer) {
            return;
        }
        let parts = (kind.parts)(site, &object);
        let reached = parts.iter().find_map(|(_, fields)| fields["IPAddress"].as_str().map(str::to_owned));
        for (id, fields) in parts {
            self.make_thing(id, &site.uid, fields, now);
        }
        finalizers::add(&mut object, kind.finalizer);
        object["status"]["loadBalancer"] = json!({"ingress": [{"ip": reached}]});
        let namespace = object["metadata"]["namespace"].as_str().map(str::to_owned);
        if let Some(cluster) = self.by_uid(&site.uid) {
            cluster.kube.put(now, kind.resource, namespace.as_deref(), object);
        }
    }
}
