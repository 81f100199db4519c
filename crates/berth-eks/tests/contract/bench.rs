//! A simulator of its own for each test, with its clock under the test's hand.

use std::sync::Once;

use berth_core::actions::Action;
use berth_core::actions::eks::{EksAction, EksGroup};
use berth_core::observed::{Observed, ObservedCluster, ObservedPoolSettings};
use berth_core::plan::{Goal, Plan, Workloads, plan};
use berth_core::ports::{Eyes, Hands, Progress, Started, Ticket};
use berth_core::run::{Fault, Retry};
use berth_core::spec::{ClusterSpec, Provider};
use berth_eks::{EksCloud, Endpoint, Settings};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::wish::{NAME, REGION};

/// Simulated minutes after which something that goes on is given up.
const MOST_MINUTES: u32 = 60;
const ACCESS_KEY_ID: &str = "AKIABERTHSIMULATOR00";

pub(crate) struct Bench {
    pub(crate) eks: EksCloud,
    /// `http://127.0.0.1:PORT` of the simulator.
    pub(crate) base: String,
    http: reqwest::Client,
    simulator: berth_sim::Simulator,
}

static PROVIDER: Once = Once::new();

/// What the binary does before anything else.
pub(crate) fn install_provider() {
    PROVIDER.call_once(|| rustls::crypto::aws_lc_rs::default_provider().install_default().unwrap());
}

/// Our side of AWS at one URL, as the simulator's user.
pub(crate) async fn connect(url: &str) -> EksCloud {
    install_provider();
    let endpoint = Endpoint {
        url: url.to_owned(),
        access_key_id: ACCESS_KEY_ID.to_owned(),
        secret_access_key: "secret".to_owned(),
    };
    let settings = Settings { region: Some(REGION.to_owned()), profile: None, endpoint: Some(endpoint), pace: None };
    EksCloud::connect(settings).await.unwrap()
}

impl Bench {
    pub(crate) async fn start() -> Self {
        install_provider();
        let simulator = berth_sim::Simulator::start(berth_sim::Options::default()).await.unwrap();
        let base = simulator.endpoints().base_url.clone();
        Self { eks: connect(&base).await, base, http: reqwest::Client::new(), simulator }
    }

    /// The same simulator, but what we send goes through this URL.
    pub(crate) async fn through(self, url: &str) -> Self {
        Self { eks: connect(url).await, ..self }
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

    /// The simulated time.
    pub(crate) async fn now(&self) -> Timestamp {
        let clock = self.http.get(format!("{}/_sim/clock", self.base)).send().await.unwrap();
        clock.json::<Value>().await.unwrap()["now"].as_str().unwrap().parse().unwrap()
    }

    /// Sets the limit of a quota in our region, by AWS's code.
    pub(crate) async fn set_quota(&self, code: &str, limit: f64) {
        self.post("quota", &json!({ "metric": code, "region": REGION, "limit": limit })).await;
    }

    /// How many calls of a method the simulator got, for example of `eks:CreateCluster`.
    pub(crate) async fn calls(&self, method: &str) -> u64 {
        self.ledger().await["counts"][method].as_u64().unwrap_or(0)
    }

    /// What is billed now, kinds and names, and each cluster that is there: one that goes away is billed no more.
    pub(crate) async fn billed(&self) -> Vec<String> {
        let ledger = self.ledger().await;
        let spans = ledger["billedNow"].as_array().unwrap().iter();
        let spans = spans.map(|span| format!("{} {}", span["kind"].as_str().unwrap(), span["name"].as_str().unwrap()));
        let clusters = ledger["clusters"].as_array().unwrap().iter();
        spans.chain(clusters.map(|id| format!("control-plane {}", id.as_str().unwrap()))).collect()
    }

    /// When the ledger's last span of this name ended.
    pub(crate) async fn ended(&self, name: &str) -> Timestamp {
        let ledger = self.ledger().await;
        let span = ledger["spans"].as_array().unwrap().iter().rfind(|span| span["name"] == name);
        span.unwrap()["to"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) async fn begin(&self, action: EksAction) -> Result<Started, Fault> {
        self.eks.start(&Action::Eks(action)).await
    }

    /// Starts an action, again as long as it is told to try again, and pushes the clock until it is over.
    pub(crate) async fn drive(&self, action: EksAction) -> Result<(), Fault> {
        let action = Action::Eks(action);
        for _ in 0..2 * MOST_MINUTES {
            match self.eks.start(&action).await {
                Ok(Started::Done) => return Ok(()),
                Ok(Started::Waiting(ticket)) => return self.finish(&ticket).await,
                Err(fault) if fault.retry == Retry::Never => return Err(fault),
                Err(_) => self.advance(30).await,
            }
        }
        panic!("{action:?} did not start within {MOST_MINUTES} simulated minutes");
    }

    /// Starts an action once and pushes the clock until it is over.
    pub(crate) async fn carry_out(&self, action: EksAction) -> Result<(), Fault> {
        match self.begin(action).await? {
            Started::Done => Ok(()),
            Started::Waiting(ticket) => self.finish(&ticket).await,
        }
    }

    pub(crate) async fn finish(&self, ticket: &Ticket) -> Result<(), Fault> {
        for _ in 0..2 * MOST_MINUTES {
            match self.eks.poll(ticket).await {
                Ok(Progress::Done) => return Ok(()),
                Ok(Progress::Pending(_)) => {}
                Err(fault) if fault.retry == Retry::Never => return Err(fault),
                Err(_) => {}
            }
            self.advance(30).await;
        }
        panic!("{} did not end within {MOST_MINUTES} simulated minutes", ticket.operation);
    }

    /// All that `rules::eks` wants for the file, one step after the other; what is done inside Kubernetes is left out.
    pub(crate) async fn create(&self, spec: &ClusterSpec) -> Result<(), Fault> {
        let account = self.eks.account();
        let observed = self.observe().await;
        self.run(
            &plan(&Goal::Present { spec, account, adopt: false, workloads: Workloads::default() }, &observed).unwrap(),
        )
        .await
    }

    /// Takes away what is observed, one step after the other.
    pub(crate) async fn destroy(&self, spec: &ClusterSpec) -> Result<(), Fault> {
        let (account, place, name) = (self.eks.account(), &spec.place, spec.name.as_str());
        let observed = self.observe().await;
        let goal = Goal::Absent { provider: Provider::Eks, account, place, name, adopt: false };
        self.run(&plan(&goal, &observed).unwrap()).await
    }

    async fn run(&self, plan: &Plan) -> Result<(), Fault> {
        for step in &plan.steps {
            if let Action::Eks(action) = &step.action {
                self.drive(action.clone()).await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn observe(&self) -> Observed {
        self.eks.observe(NAME, REGION).await.unwrap()
    }

    pub(crate) async fn cluster(&self) -> ObservedCluster {
        self.observe().await.cluster.unwrap()
    }

    /// A node group as it was read back.
    pub(crate) async fn group(&self, name: &str) -> EksGroup {
        settings_of(&self.cluster().await, name)
    }

    pub(crate) async fn ledger(&self) -> Value {
        self.http.get(format!("{}/_sim/ledger", self.base)).send().await.unwrap().json().await.unwrap()
    }

    async fn post(&self, path: &str, body: &Value) {
        let sent = self.http.post(format!("{}/_sim/{path}", self.base)).json(body).send().await.unwrap();
        let status = sent.status();
        assert!(status.is_success(), "{path}: {status} {}", sent.text().await.unwrap());
    }
}

/// A node group's settings in an observed cluster.
pub(crate) fn settings_of(cluster: &ObservedCluster, name: &str) -> EksGroup {
    let pool = cluster.pools.iter().find(|pool| pool.name == name).unwrap();
    let ObservedPoolSettings::Eks(group) = &pool.settings else { panic!("a node group of EKS") };
    (**group).clone()
}
