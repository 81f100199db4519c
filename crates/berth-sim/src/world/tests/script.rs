//! A script of calls and times, and what came of them as text.

use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::wire::{Delivery, Request};
use crate::world::World;

/// A world under a script, with the seconds since its beginning.
pub(crate) struct Script {
    pub(crate) world: World,
    start: Timestamp,
    seconds: i64,
    pub(crate) bearer: Option<String>,
    pub(crate) told: String,
}

pub(crate) const ZONE: &str = "/v1/projects/p/locations/us-central1-a";
pub(crate) const REGION: &str = "/v1/projects/p/locations/us-central1";

impl Script {
    pub(crate) fn new() -> Script {
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        Script { world: World::new("seed", start), start, seconds: 0, bearer: None, told: String::new() }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.start + SignedDuration::from_secs(self.seconds)
    }

    /// Lets time pass up to so many seconds after the beginning.
    pub(crate) fn at(&mut self, seconds: i64) -> &mut Script {
        self.seconds = seconds;
        let now = self.now();
        self.world.advance(now);
        self
    }

    pub(crate) fn arm(&mut self, rule: Value) -> &mut Script {
        self.world.faults.arm(serde_json::from_value(rule).unwrap());
        self
    }

    pub(crate) fn call(&mut self, method: &str, path: &str, body: Value) -> (u16, Value, Delivery) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: crate::wire::form(query.as_bytes()),
            bearer: self.bearer.clone(),
            agent: "test".to_owned(),
            body: if body.is_null() { bytes::Bytes::new() } else { body.to_string().into() },
            ..Request::default()
        };
        let now = self.now();
        let outcome = self.world.apply(&request, "http://base", now, false);
        (outcome.reply.status, outcome.reply.body, outcome.delivery)
    }

    /// Calls and notes the status with the error's words or the operation's type.
    pub(crate) fn say(&mut self, method: &str, path: &str, body: Value) -> &mut Script {
        let (status, body, _) = self.call(method, path, body);
        let told = body["error"]["message"].as_str().or(body["operationType"].as_str()).unwrap_or_default();
        let kind = body["error"]["status"].as_str().unwrap_or_default();
        let line = format!("{:>4}s {status} {kind} {told}", self.seconds);
        writeln!(self.told, "{}", line.split_whitespace().collect::<Vec<_>>().join(" ")).unwrap();
        self
    }

    /// Notes clusters, pools and nodes: how many registered, ready, and what their GPUs count.
    pub(crate) fn look(&mut self) -> &mut Script {
        let ids: Vec<String> = self.world.clusters.keys().cloned().collect();
        for id in ids {
            let (_, shown, _) = self.call("GET", &format!("/v1/{id}"), Value::Null);
            write!(
                self.told,
                "{:>4}s {} {}",
                self.seconds,
                shown["name"].as_str().unwrap(),
                shown["status"].as_str().unwrap()
            )
            .unwrap();
            for pool in shown["nodePools"].as_array().unwrap() {
                let name = pool["name"].as_str().unwrap();
                let nodes = self.nodes(&id, name);
                let ready = nodes.iter().filter(|node| node.to_string().contains("KubeletReady")).count();
                let gpus: i64 = nodes
                    .iter()
                    .filter_map(|node| {
                        node.pointer("/status/allocatable/nvidia.com~1gpu")?.as_str()?.parse::<i64>().ok()
                    })
                    .sum();
                let made = self.world.clusters[&id].pool(name).unwrap().nodes.len();
                let status = pool["status"].as_str().unwrap();
                write!(self.told, "; {name} {status} made {made} registered {} ready {ready} gpus {gpus}", nodes.len())
                    .unwrap();
                if let Some(code) = pool["conditions"][0]["code"].as_str() {
                    write!(self.told, " {code}").unwrap();
                }
            }
            self.told.push('\n');
        }
        if self.world.clusters.is_empty() {
            writeln!(self.told, "{:>4}s nothing", self.seconds).unwrap();
        }
        self
    }

    pub(crate) fn nodes(&self, id: &str, pool: &str) -> Vec<Value> {
        let cluster = &self.world.clusters[id];
        let names = cluster.pool(pool).unwrap().nodes.iter();
        names.filter_map(|node| cluster.kube.get("nodes", None, &node.name).cloned()).collect()
    }

    /// Notes the operations: type, status, error.
    pub(crate) fn operations(&mut self, parent: &str) -> &mut Script {
        let (_, shown, _) = self.call("GET", &format!("{parent}/operations"), Value::Null);
        for operation in shown["operations"].as_array().into_iter().flatten() {
            let text = |key: &str| operation[key].as_str().unwrap_or_default().to_owned();
            writeln!(self.told, "{} {} {}", text("operationType"), text("status"), operation["error"]["message"])
                .unwrap();
        }
        self
    }

    pub(crate) fn billed(&mut self) -> &mut Script {
        let billed = self.world.ledger.billed().count();
        writeln!(self.told, "{:>4}s billed {billed}", self.seconds).unwrap();
        self
    }

    #[track_caller]
    pub(crate) fn told(&self, expected: &str) {
        let expected: Vec<&str> = expected.trim().lines().map(str::trim).collect();
        let told: Vec<&str> = self.told.trim().lines().map(str::trim).collect();
        assert_eq!(told, expected, "\n{}", self.told);
    }
}

pub(crate) fn gpu_pool(name: &str, kind: &str, machine: &str, each: u32, shares: u32) -> Value {
    json!({"name": name, "initialNodeCount": each, "config": {"machineType": machine, "spot": true, "accelerators": [{
        "acceleratorCount": "1", "acceleratorType": kind,
        "gpuSharingConfig": {"maxSharedClientsPerGpu": shares, "gpuSharingStrategy": 1}}]}})
}

pub(crate) fn plain_pool(name: &str, each: u32) -> Value {
    json!({"name": name, "initialNodeCount": each, "config": {"machineType": "n2-standard-4"}})
}

pub(crate) fn cluster(name: &str, pools: &[Value]) -> Value {
    json!({"cluster": {"name": name, "nodePools": pools}})
}

pub(crate) fn v100(each: u32) -> Value {
    gpu_pool("v100", "nvidia-tesla-v100", "n1-standard-8", each, 2)
}
