//! A simulator of its own for each test, with its clock under the test's hand.

use std::collections::BTreeMap;
use std::sync::Once;

use berth_core::actions::Action;
use berth_core::actions::gke::{
    AutoscalingProfile, GkeAccelerator, GkeAction, GkeAutoscaling, GkeCluster, GkeClusterRef, GkeDriver, GkePool,
    GkeSettings, MaintenanceWindow, ReleaseChannel,
};
use berth_core::observed::{ObservedCluster, ObservedPoolSettings};
use berth_core::ports::{Eyes, Hands, Progress, Started, Ticket};
use berth_core::rules::ownership;
use berth_core::run::Fault;
use berth_core::spec::{Disk, NodeRange, Sharing, Taint, TaintEffect};
use berth_gke::{CredentialSource, GkeCloud, Settings};
use serde_json::{Value, json};

pub(crate) const REGION: &str = "us-central1";

pub(crate) struct Bench {
    pub(crate) gke: GkeCloud,
    base: String,
    http: reqwest::Client,
    simulator: berth_sim::Simulator,
    _dir: tempfile::TempDir,
}

static PROVIDER: Once = Once::new();

/// What the binary does before anything else.
pub(crate) fn install_provider() {
    PROVIDER.call_once(|| rustls::crypto::aws_lc_rs::default_provider().install_default().unwrap());
}

impl Bench {
    pub(crate) async fn start() -> Self {
        install_provider();
        let dir = tempfile::tempdir().unwrap();
        let options = berth_sim::Options { dir: Some(dir.path().to_owned()), ..berth_sim::Options::default() };
        let simulator = berth_sim::Simulator::start(options).await.unwrap();
        let endpoints = simulator.endpoints().clone();
        let gke = GkeCloud::connect(Settings {
            project: Some(berth_sim::PROJECT.to_owned()),
            container_endpoint: Some(endpoints.container_url.clone()),
            compute_endpoint: Some(endpoints.compute_url.clone()),
            billing_endpoint: Some(endpoints.base_url.clone()),
            tokeninfo_endpoint: Some(endpoints.tokeninfo_url.clone()),
            credentials: CredentialSource::File(endpoints.adc_path.clone().unwrap()),
            pace: None,
        })
        .await
        .unwrap();
        Self { gke, base: endpoints.base_url, http: reqwest::Client::new(), simulator, _dir: dir }
    }

    pub(crate) async fn stop(self) {
        self.simulator.stop().await;
    }

    /// Arms one fault.
    pub(crate) async fn arm(&self, rule: Value) {
        self.post("faults", &rule).await;
    }

    /// Takes all faults back.
    pub(crate) async fn disarm(&self) {
        let sent = self.http.delete(format!("{}/_sim/faults", self.base)).send().await.unwrap();
        assert!(sent.status().is_success());
    }

    pub(crate) async fn advance(&self, seconds: u32) {
        self.post("clock/advance", &json!({ "seconds": seconds })).await;
    }

    /// How many calls of a method the simulator got.
    pub(crate) async fn calls(&self, method: &str) -> u64 {
        self.ledger().await["counts"][method].as_u64().unwrap_or(0)
    }

    /// How many things are billed now.
    pub(crate) async fn billed(&self) -> usize {
        self.ledger().await["billedNow"].as_array().unwrap().len()
    }

    pub(crate) async fn begin(&self, action: GkeAction) -> Result<Started, Fault> {
        self.gke.start(&Action::Gke(action)).await
    }

    /// Starts an action and pushes the clock until it is over.
    pub(crate) async fn carry_out(&self, action: GkeAction) -> Result<(), Fault> {
        match self.begin(action).await? {
            Started::Done => Ok(()),
            Started::Waiting(ticket) => self.finish(&ticket).await,
        }
    }

    pub(crate) async fn finish(&self, ticket: &Ticket) -> Result<(), Fault> {
        for _ in 0..100 {
            if self.gke.poll(ticket).await? == Progress::Done {
                return Ok(());
            }
            self.advance(30).await;
        }
        panic!("{} did not end within 50 simulated minutes", ticket.operation);
    }

    pub(crate) async fn cluster(&self) -> ObservedCluster {
        self.gke.observe("dubbing", REGION).await.unwrap().cluster.unwrap()
    }

    pub(crate) async fn pool(&self, name: &str) -> GkePool {
        settings_of(&self.cluster().await, name)
    }

    /// Puts things into Compute Engine that no cluster made.
    pub(crate) async fn plant(&self, things: &Value) {
        self.post("plant", things).await;
    }

    /// Everything that exists on the simulated clouds, whoever made it.
    pub(crate) async fn leftovers(&self) -> Vec<Value> {
        self.http.get(format!("{}/_sim/leftovers", self.base)).send().await.unwrap().json().await.unwrap()
    }

    /// GKE's own id of the cluster.
    pub(crate) async fn cluster_id(&self) -> String {
        let url = format!("{}/v1/{}", self.base, reference().path());
        let shown: Value = self.http.get(url).send().await.unwrap().json().await.unwrap();
        shown["id"].as_str().unwrap().to_owned()
    }

    async fn ledger(&self) -> Value {
        self.http.get(format!("{}/_sim/ledger", self.base)).send().await.unwrap().json().await.unwrap()
    }

    async fn post(&self, path: &str, body: &Value) {
        let sent = self.http.post(format!("{}/_sim/{path}", self.base)).json(body).send().await.unwrap();
        let status = sent.status();
        assert!(status.is_success(), "{path}: {status} {}", sent.text().await.unwrap());
    }
}

/// A pool's settings in an observed cluster.
pub(crate) fn settings_of(cluster: &ObservedCluster, name: &str) -> GkePool {
    let pool = cluster.pools.iter().find(|pool| pool.name == name).unwrap();
    let ObservedPoolSettings::Gke(settings) = &pool.settings else { panic!("a pool of GKE") };
    (**settings).clone()
}

pub(crate) fn reference() -> GkeClusterRef {
    GkeClusterRef { project: berth_sim::PROJECT.to_owned(), location: REGION.to_owned(), name: "dubbing".to_owned() }
}

/// A cluster with a pool of CPUs and one of spot V100s, two shares each.
pub(crate) fn wanted() -> GkeCluster {
    GkeCluster {
        cluster: reference(),
        resource_labels: labels(&[("team", "dubbing")]),
        settings: GkeSettings {
            release_channel: ReleaseChannel::Regular,
            version: None,
            network: None,
            subnetwork: None,
            private_nodes: false,
            network_policy: true,
            workload_identity: true,
            shielded_nodes: true,
            maintenance: Some(MaintenanceWindow::Recurring {
                start: "2026-01-03T02:00:00Z".to_owned(),
                end: "2026-01-03T06:00:00Z".to_owned(),
                recurrence: "FREQ=WEEKLY;BYDAY=SA,SU".to_owned(),
            }),
            logging: vec!["SYSTEM_COMPONENTS".to_owned(), "WORKLOADS".to_owned()],
            monitoring: vec!["SYSTEM_COMPONENTS".to_owned()],
            autoscaling_profile: AutoscalingProfile::OptimizeUtilization,
        },
        pools: vec![gpu_pool("gpu-v100-pool"), cpu_pool()],
    }
}

pub(crate) fn cpu_pool() -> GkePool {
    GkePool {
        name: "cpu-pool".to_owned(),
        machine_type: "n2-standard-4".to_owned(),
        accelerator: None,
        spot: false,
        zones: vec!["us-central1-a".to_owned(), "us-central1-b".to_owned()],
        initial_nodes_per_zone: 1,
        autoscaling: Some(GkeAutoscaling { nodes: NodeRange { min: 2, max: 10 }, per_zone: false, any_zone: false }),
        labels: BTreeMap::new(),
        taints: Vec::new(),
        disk: Disk { size_gb: 100, kind: "pd-standard".to_owned() },
        secure_boot: false,
        integrity_monitoring: true,
        workload_metadata: true,
        resource_labels: labels(&[]),
    }
}

pub(crate) fn gpu_pool(name: &str) -> GkePool {
    GkePool {
        name: name.to_owned(),
        machine_type: "n1-standard-8".to_owned(),
        accelerator: Some(GkeAccelerator {
            kind: "nvidia-tesla-v100".to_owned(),
            count: 1,
            sharing: Sharing::TimeSlicing(2),
            driver: GkeDriver::Default,
        }),
        spot: true,
        zones: vec!["us-central1-a".to_owned(), "us-central1-c".to_owned()],
        initial_nodes_per_zone: 1,
        autoscaling: Some(GkeAutoscaling { nodes: NodeRange { min: 1, max: 8 }, per_zone: false, any_zone: true }),
        labels: BTreeMap::from([("tier".to_owned(), "premium".to_owned())]),
        taints: vec![Taint {
            key: "nvidia.com/gpu".to_owned(),
            value: "present".to_owned(),
            effect: TaintEffect::NoSchedule,
        }],
        disk: Disk { size_gb: 200, kind: "pd-ssd".to_owned() },
        ..cpu_pool()
    }
}

/// Ownership labels and some more.
pub(crate) fn labels(more: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut labels = ownership::labels("dubbing");
    labels.extend(more.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    labels
}
