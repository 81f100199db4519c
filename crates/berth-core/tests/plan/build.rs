//! Specs and looks at a cloud for tests, without a file or a cloud.

use std::collections::BTreeMap;

use berth_core::actions::gke::{AutoscalingProfile, GkeDriver, GkeSettings, MaintenanceWindow, ReleaseChannel};
use berth_core::observed::{
    Issue, IssueCause, Observed, ObservedCluster, ObservedOperation, ObservedPool, ObservedPoolSettings, Phase,
};
use berth_core::spec::{
    AmiFamily, Autoscaler, Capacity, CloudSpec, ClusterSpec, Disk, GkeSpec, GpuSpec, NetworkPolicy, NodeRange, Place,
    PoolSpec, Sharing, Taint, TaintEffect,
};

use crate::world::World;

pub(crate) const PROJECT: &str = "studio-1";

pub(crate) fn settings() -> GkeSettings {
    GkeSettings {
        release_channel: ReleaseChannel::Regular,
        version: None,
        network: None,
        subnetwork: None,
        private_nodes: false,
        network_policy: true,
        workload_identity: true,
        shielded_nodes: true,
        maintenance: Some(MaintenanceWindow::Daily("03:00".to_owned())),
        logging: vec!["SYSTEM_COMPONENTS".to_owned(), "WORKLOADS".to_owned()],
        monitoring: vec!["SYSTEM_COMPONENTS".to_owned()],
        autoscaling_profile: AutoscalingProfile::OptimizeUtilization,
    }
}

/// A pool without GPUs.
pub(crate) fn cpu(name: &str, min: u32, max: u32) -> PoolSpec {
    PoolSpec {
        name: name.to_owned(),
        machine_type: "n2-standard-4".to_owned(),
        other_machine_types: Vec::new(),
        gpu: None,
        capacity: Capacity::OnDemand,
        nodes: NodeRange { min, max },
        zones: zones("abc"),
        group_per_zone: false,
        ami_family: AmiFamily::AmazonLinux2023,
        labels: BTreeMap::new(),
        taints: Vec::new(),
        disk: Disk { size_gb: 100, kind: "pd-balanced".to_owned() },
    }
}

/// A pool with one GPU on each node.
pub(crate) fn gpu(name: &str, machine_type: &str, model: &str, sharing: Sharing, min: u32, max: u32) -> PoolSpec {
    let taint = Taint { key: "nvidia.com/gpu".into(), value: "true".into(), effect: TaintEffect::NoSchedule };
    PoolSpec {
        machine_type: machine_type.to_owned(),
        gpu: Some(GpuSpec { model: model.to_owned(), count: 1, sharing, driver: GkeDriver::Default }),
        labels: BTreeMap::from([("tier".to_owned(), "premium".to_owned())]),
        taints: vec![taint],
        ..cpu(name, min, max)
    }
}

pub(crate) fn zones(letters: &str) -> Vec<String> {
    letters.chars().map(|letter| format!("us-central1-{letter}")).collect()
}

/// The dubbing cluster: a CPU pool, shared A100s, and shared V100s on spot.
pub(crate) fn dubbing() -> ClusterSpec {
    let v100 = gpu("gpu-v100-pool", "n1-standard-8", "v100", Sharing::TimeSlicing(2), 1, 8);
    ClusterSpec {
        name: "ai-dubbing-production".to_owned(),
        labels: BTreeMap::from([("team".to_owned(), "dubbing".to_owned())]),
        place: Place { region: "us-central1".to_owned(), zone: None },
        cloud: CloudSpec::Gke(GkeSpec { project: None, settings: settings(), secure_boot: false }),
        pools: vec![
            cpu("cpu-pool", 2, 10),
            gpu("gpu-a100-pool", "a2-highgpu-1g", "a100-40gb", Sharing::TimeSlicing(4), 0, 4),
            PoolSpec { capacity: Capacity::Spot, zones: zones("ac"), ..v100 },
        ],
        quotas: None,
        secrets: Vec::new(),
        autoscaler: Autoscaler::default(),
        network_policy: NetworkPolicy::default(),
    }
}

/// The GKE settings of a spec.
pub(crate) fn gke(spec: &mut ClusterSpec) -> &mut GkeSpec {
    match &mut spec.cloud {
        CloudSpec::Gke(gke) => gke,
        CloudSpec::Eks(_) | CloudSpec::Existing(_) => panic!("not a GKE spec"),
    }
}

/// What is seen after the spec's cluster was made.
pub(crate) fn made(spec: &ClusterSpec) -> Observed {
    World::made(spec).observed
}

pub(crate) fn cluster(observed: &mut Observed) -> &mut ObservedCluster {
    observed.cluster.as_mut().expect("a cluster")
}

pub(crate) fn pool<'a>(observed: &'a mut Observed, name: &str) -> &'a mut ObservedPool {
    cluster(observed).pools.iter_mut().find(|pool| pool.name == name).expect("a pool")
}

pub(crate) fn pool_settings(pool: &mut ObservedPool) -> &mut berth_core::actions::gke::GkePool {
    let ObservedPoolSettings::Gke(settings) = &mut pool.settings else { panic!("a pool of GKE") };
    settings
}

pub(crate) fn operation(kind: &str, pool: Option<&str>) -> ObservedOperation {
    ObservedOperation {
        name: format!("operation-{}", kind.to_lowercase().replace('_', "-")),
        kind: kind.to_owned(),
        pool: pool.map(str::to_owned),
        started_at: None,
    }
}

pub(crate) fn stockout() -> Issue {
    Issue {
        cause: IssueCause::Stockout,
        code: "GCE_STOCKOUT".to_owned(),
        message: "us-central1-a has no n1-standard-8 with nvidia-tesla-v100".to_owned(),
    }
}

/// The same pool in another phase.
pub(crate) fn in_phase(observed: &mut Observed, name: &str, phase: Phase, issues: Vec<Issue>) {
    let pool = pool(observed, name);
    pool.phase = phase;
    pool.issues = issues;
}
