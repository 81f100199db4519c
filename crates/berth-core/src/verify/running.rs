//! What runs inside the cluster: the parts berth brings up, the workloads, and the services' quotas with what is taken of them.

use serde_json::Value;

use super::report::{ServiceRow, Shortfall, Verdict, WorkloadRow};
use crate::actions::kube::{KubeObjectRef, Manifest};
use crate::manifests::waves::is_rolled_out;
use crate::manifests::{cluster_autoscaler, device_plugin, quotas};
use crate::observed::Rollout;
use crate::spec::{ClusterSpec, Provider};

/// What was seen running inside a cluster.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Running {
    /// How far each object of [`brought_up`] is.
    pub rollouts: Vec<(KubeObjectRef, Rollout)>,
    /// The quotas with the labels of [`quotas::SELECTOR`], whole.
    pub quotas: Vec<Value>,
}

/// What has to run in a cluster beside its nodes: what berth puts there itself, then the workloads in the order of the files.
pub fn brought_up(spec: &ClusterSpec, workloads: &[Manifest]) -> Vec<KubeObjectRef> {
    let mut objects = Vec::new();
    if spec.cloud.provider() == Provider::Eks {
        if device_plugin::device_plugin(&spec.pools).is_some() {
            objects.extend(device_plugin::refs());
        }
        if cluster_autoscaler::cluster_autoscaler(spec, None).is_some() {
            objects.extend(cluster_autoscaler::refs());
        }
    }
    objects.extend(workloads.iter().map(Manifest::reference));
    objects.retain(is_rolled_out);
    objects
}

/// What was found of the workloads, in their order, with what is missing of them.
pub(super) fn workloads(running: &Running) -> (Vec<WorkloadRow>, Vec<Shortfall>) {
    let mut rows = Vec::new();
    let mut shortfalls = Vec::new();
    for (object, rollout) in &running.rollouts {
        let (verdict, said) = match rollout {
            Rollout::Complete => (Verdict::Passed, None),
            Rollout::Going(how) => (Verdict::Waiting, Some(how)),
            Rollout::Failed(why) => (Verdict::Failed, Some(why)),
        };
        shortfalls.extend(said.map(|cause| missing("running", verdict, format!("{object}: {cause}"))));
        rows.push(WorkloadRow { object: object.clone(), verdict });
    }
    (rows, shortfalls)
}

/// What each service of the file may take and takes, with what is missing of its quota.
pub(super) fn services(spec: &ClusterSpec, running: &Running) -> (Vec<ServiceRow>, Vec<Shortfall>) {
    let Some(wanted) = &spec.quotas else { return (Vec::new(), Vec::new()) };
    let mut rows = Vec::new();
    let mut shortfalls = Vec::new();
    for (service, quota) in &wanted.services {
        let seen = running.quotas.iter().find(|seen| seen["metadata"]["labels"][quotas::SERVICE_KEY] == **service);
        let taken = |resource: &str| {
            let taken = seen.map(|seen| &seen["status"]["used"][resource]);
            taken.and_then(Value::as_str).unwrap_or("0").to_owned()
        };
        let (verdict, cause) = match seen {
            None => (Verdict::Failed, Some("its quota is not there")),
            Some(seen) if seen["spec"]["hard"] != seen["status"]["hard"] => {
                (Verdict::Waiting, Some("its quota limits nothing yet: the controller has not seen it"))
            }
            Some(_) => (Verdict::Passed, None),
        };
        shortfalls.extend(cause.map(|cause| missing("quota", verdict, format!("service {service}: {cause}"))));
        rows.push(ServiceRow {
            service: service.clone(),
            namespace: wanted.namespace(service).to_owned(),
            gpus: quota.gpus,
            gpus_taken: taken(&format!("requests.{}", crate::spec::GPU_RESOURCE)),
            cpu: quotas::cores(quota.cpu_millis),
            cpu_taken: taken("requests.cpu"),
            memory: quota.memory.clone(),
            memory_taken: taken("requests.memory"),
            verdict,
        });
    }
    (rows, shortfalls)
}

fn missing(check: &'static str, verdict: Verdict, cause: String) -> Shortfall {
    Shortfall { check, pool: None, node: None, verdict, cause }
}
