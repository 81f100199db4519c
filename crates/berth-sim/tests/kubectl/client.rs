//! The kubectl in the path, with a server of its own.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use berth_sim::kube::Store;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::server::Server;

/// The kubectls to try: the one in the path, and the newest one that lies beside it.
pub(crate) fn kubectls() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let Some(first) = std::env::split_paths(&path).map(|folder| folder.join("kubectl")).find(|file| file.is_file())
    else {
        let required = std::env::var("BERTH_REQUIRE_WITNESSES").is_ok_and(|value| value == "1");
        assert!(!required, "kubectl is not in the path");
        return Vec::new();
    };
    let newest = std::fs::canonicalize(&first).unwrap().with_file_name("kubectl.1.33");
    let mut found = vec![first];
    if newest.is_file() {
        found.push(newest);
    }
    found
}

/// A kubectl with a home of its own, pointed at a server.
pub(crate) struct Kubectl {
    binary: PathBuf,
    home: tempfile::TempDir,
    pub(crate) server: Server,
}

impl Kubectl {
    pub(crate) fn new(binary: &Path, speed: i32) -> Kubectl {
        let mut store = Store::new(Timestamp::now(), "v1.33.4-gke.1000");
        for (name, gpu) in [("gke-a100-1", true), ("gke-cpu-1", false)] {
            store.put(Timestamp::now(), "nodes", None, node(name, gpu));
        }
        store.put(Timestamp::now(), "leases", Some("kube-node-lease"), lease("gke-a100-1"));
        store.put(Timestamp::now(), "events", Some("default"), event("gke-a100-1"));
        let kubectl = Kubectl {
            binary: binary.to_owned(),
            home: tempfile::tempdir().unwrap(),
            server: Server::start(store, speed),
        };
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "sim",
            "clusters": [{"name": "sim", "cluster": {"server": format!("http://{}", kubectl.server.address)}}],
            "users": [{"name": "sim", "user": {}}],
            "contexts": [{"name": "sim", "context": {"cluster": "sim", "user": "sim"}}],
        });
        std::fs::write(kubectl.home.path().join("config"), config.to_string()).unwrap();
        kubectl
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("KUBECONFIG", self.home.path().join("config"));
        command
    }

    /// What comes of a manifest, or of several in a list, on kubectl's standard input.
    pub(crate) fn sends(&self, arguments: &[&str], manifest: &Value) -> Output {
        let mut running = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let documents = match manifest {
            Value::Array(all) => all.iter().map(Value::to_string).collect::<Vec<_>>().join("\n---\n"),
            one => one.to_string(),
        };
        running.stdin.take().unwrap().write_all(documents.as_bytes()).unwrap();
        running.wait_with_output().unwrap()
    }

    /// What kubectl prints when it is content.
    pub(crate) fn says(&self, arguments: &[&str]) -> String {
        let Output { status, stdout, stderr } = self.command(arguments).output().unwrap();
        let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        assert!(status.success(), "kubectl {arguments:?}: {stderr}\n{stdout}\n{:#?}", self.server.take_log());
        stdout.into_owned()
    }
}

pub(crate) fn node(name: &str, gpu: bool) -> Value {
    let mut node = json!({
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "spec": {"providerID": format!("gce://p/us-central1-a/{name}")},
        "status": {
            "capacity": {"cpu": "12", "memory": "85Gi", "pods": "110"},
            "allocatable": {"cpu": "11", "memory": "80Gi", "pods": "110"},
            "addresses": [{"type": "InternalIP", "address": "10.128.0.2"}, {"type": "Hostname", "address": name}],
            "conditions": [{
                "type": "Ready", "status": "True", "reason": "KubeletReady",
                "message": "kubelet is posting ready status",
                "lastHeartbeatTime": "2026-11-21T04:00:00Z", "lastTransitionTime": "2026-11-21T04:00:00Z",
            }],
            "nodeInfo": {
                "kubeletVersion": "v1.33.4-gke.1000", "osImage": "Container-Optimized OS from Google",
                "kernelVersion": "6.6.93+", "containerRuntimeVersion": "containerd://2.0.5",
                "machineID": "", "systemUUID": "", "bootID": "", "kubeProxyVersion": "", "operatingSystem": "linux",
                "architecture": "amd64",
            },
        },
    });
    if gpu {
        node["metadata"]["labels"]["cloud.google.com/gke-accelerator"] = json!("nvidia-tesla-a100");
        node["spec"]["taints"] = json!([{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}]);
        node["status"]["allocatable"]["nvidia.com/gpu"] = json!("4");
        node["status"]["capacity"]["nvidia.com/gpu"] = json!("4");
    }
    node
}

fn lease(node: &str) -> Value {
    json!({
        "metadata": {"name": node},
        "spec": {"holderIdentity": node, "leaseDurationSeconds": 40, "renewTime": "2026-11-21T04:00:00.000000Z"},
    })
}

fn event(node: &str) -> Value {
    json!({
        "metadata": {"name": "starting.1"},
        "involvedObject": {"kind": "Node", "name": node, "uid": node},
        "type": "Normal",
        "reason": "Starting",
        "message": "Starting kubelet.",
        "source": {"component": "kubelet", "host": node},
        "firstTimestamp": "2026-11-21T04:00:00Z",
        "lastTimestamp": "2026-11-21T04:00:00Z",
        "count": 1,
    })
}

/// A cluster with two nodes for each kubectl, in which time passes so many times as fast.
pub(crate) fn with_each(speed: i32, check: impl Fn(&Kubectl)) {
    for binary in kubectls() {
        check(&Kubectl::new(&binary, speed));
    }
}

/// The words of a line that starts with `first`.
pub(crate) fn line<'a>(text: &'a str, first: &str) -> Vec<&'a str> {
    let found = text.lines().find(|line| line.split_whitespace().next() == Some(first));
    found.unwrap_or_else(|| panic!("no line starts with {first}:\n{text}")).split_whitespace().collect()
}
