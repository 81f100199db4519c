//! What the world is made of.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::autoscaler::Autoscaler;
use super::things::Thing;
use crate::aws::{Aws, Happening};
use crate::clock::Clock;
use crate::compute::Deletion;
use crate::faults::Faults;
use crate::iam_policy::Policies;
use crate::kube::Store;
use crate::ledger::Ledger;
use crate::lifecycle::digest;

/// Everything the pretend cloud remembers; what is saved in the state directory.
#[derive(Serialize, Deserialize)]
pub(crate) struct World {
    /// Makes names and tokens of one world differ from another's.
    pub(crate) seed: String,
    /// The clock.
    pub(crate) clock: Clock,
    /// Counts everything that needs a number.
    pub(crate) count: u64,
    /// Clusters by `projects/P/locations/L/clusters/C`.
    pub(crate) clusters: BTreeMap<String, Cluster>,
    /// Operations by name.
    pub(crate) operations: BTreeMap<String, Operation>,
    /// What is still to happen.
    pub(crate) agenda: Vec<Due>,
    /// Calls and billed spans.
    pub(crate) ledger: Ledger,
    /// Armed faults.
    pub(crate) faults: Faults,
    /// Tokens by their text.
    pub(crate) tokens: BTreeMap<String, Token>,
    /// Quota limits that differ from the default, by `REGION/METRIC`; the region is empty for all and for the project.
    pub(crate) quotas: BTreeMap<String, f64>,
    /// Zones that lists leave out.
    pub(crate) missing_zones: BTreeSet<String>,
    /// The other cloud.
    #[serde(default)]
    pub(crate) aws: Aws,
    /// What clusters left in Compute Engine, or somebody planted there, by `projects/P/zones/Z/disks/D`.
    #[serde(default)]
    pub(crate) things: BTreeMap<String, Thing>,
    /// Deletions of such things, by the operation's name.
    #[serde(default)]
    pub(crate) compute_operations: BTreeMap<String, Deletion>,
    /// What cluster autoscalers remember, and up to where each cluster's changes were followed, by the cluster's uid.
    #[serde(default)]
    pub(crate) autoscalers: BTreeMap<String, Autoscaler>,
    /// Who may do what; everybody everything without a policy.
    #[serde(default)]
    pub(crate) policies: Policies,
}

/// A GKE cluster.
#[derive(Serialize, Deserialize)]
pub(crate) struct Cluster {
    /// `projects/P/locations/L/clusters/C`.
    pub(crate) id: String,
    /// A long number that differs between two clusters of one name.
    pub(crate) uid: String,
    /// The fields as accepted, without the node pools.
    pub(crate) fields: Map<String, Value>,
    /// When it was asked for.
    pub(crate) created: Timestamp,
    /// Where it stands.
    pub(crate) status: ClusterStatus,
    /// What troubles it.
    pub(crate) conditions: Vec<Condition>,
    /// Counts changes, for etags and fingerprints.
    pub(crate) generation: u64,
    /// Its node pools in order of creation.
    pub(crate) pools: Vec<Pool>,
    /// Whether its Kubernetes API answers.
    pub(crate) up: bool,
    /// Its certificate authority and port.
    pub(crate) tls: Option<Tls>,
    /// Its Kubernetes objects.
    pub(crate) kube: Store,
}

/// The certificate authority of a cluster and where its API listens.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Tls {
    /// The CA certificate in PEM.
    pub(crate) ca_pem: String,
    /// The server's certificate chain in PEM.
    pub(crate) leaf_pem: String,
    /// The server's key in PEM.
    pub(crate) leaf_key_pem: String,
    /// The port on loopback.
    pub(crate) port: u16,
}

/// A cluster's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ClusterStatus {
    /// Being created.
    Provisioning,
    /// Usable.
    Running,
    /// Being deleted.
    Stopping,
    /// Unusable.
    Error,
}

/// A node pool's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum PoolStatus {
    /// Being created.
    Provisioning,
    /// Usable.
    Running,
    /// Partly usable.
    RunningWithError,
    /// Being changed.
    Reconciling,
    /// Being deleted.
    Stopping,
    /// Unusable.
    Error,
}

/// What troubles a cluster or a pool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Condition {
    /// The older code, as `GCE_STOCKOUT`.
    pub(crate) code: String,
    /// The message.
    pub(crate) message: String,
    /// The google.rpc code's name.
    pub(crate) canonical_code: String,
}

/// A node pool.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Pool {
    /// Its name.
    pub(crate) name: String,
    /// The fields as accepted.
    pub(crate) fields: Map<String, Value>,
    /// Its zones.
    pub(crate) zones: Vec<String>,
    /// How many nodes each zone should have.
    pub(crate) wanted: BTreeMap<String, u32>,
    /// Where it stands.
    pub(crate) status: PoolStatus,
    /// What troubles it.
    pub(crate) conditions: Vec<Condition>,
    /// Counts changes, for etags.
    pub(crate) generation: u64,
    /// Whether GKE put the GPU taint on it.
    pub(crate) gpu_taint: bool,
    /// Its nodes.
    pub(crate) nodes: Vec<Node>,
}

/// A node.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Node {
    /// Its name.
    pub(crate) name: String,
    /// Its zone.
    pub(crate) zone: String,
    /// Its number, from which addresses follow.
    pub(crate) number: u64,
    /// When its machine was made.
    pub(crate) made: Timestamp,
    /// When the kubelet registered.
    pub(crate) registered: Option<Timestamp>,
    /// When it became Ready.
    pub(crate) ready: Option<Timestamp>,
    /// Whether its GPUs are allocatable.
    pub(crate) gpus: bool,
}

/// The status of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum OperationStatus {
    /// Accepted.
    Pending,
    /// Being carried out.
    Running,
    /// Over, well or not.
    Done,
    /// Being cancelled.
    Aborting,
}

/// A long-running operation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Operation {
    /// Its name.
    pub(crate) name: String,
    /// The type, as `CREATE_CLUSTER`.
    pub(crate) kind: String,
    /// Where it stands.
    pub(crate) status: OperationStatus,
    /// The cluster's id.
    pub(crate) cluster: String,
    /// The pool it is about.
    pub(crate) pool: Option<String>,
    /// When it was accepted.
    pub(crate) started: Timestamp,
    /// When it was over.
    pub(crate) ended: Option<Timestamp>,
    /// What went wrong: google.rpc code and message.
    pub(crate) error: Option<(i32, String)>,
    /// Whether a fault keeps it from ending.
    pub(crate) stuck: bool,
    /// Fields that change when it ends: of the pool if it is about one, else of the cluster.
    #[serde(default)]
    pub(crate) change: Map<String, Value>,
    /// Pools that will come out spoiled, by name.
    #[serde(default)]
    pub(crate) spoils: BTreeMap<String, Spoil>,
    /// Nodes that go when it ends.
    #[serde(default)]
    pub(crate) leaving: Vec<String>,
}

/// How the making of a pool goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Spoil {
    /// No machines in a zone, or in all, but for so many.
    Stockout {
        /// The zone; all when absent.
        zone: Option<String>,
        /// Nodes that come up all the same.
        created: u32,
    },
    /// More than a quota allows; the message says which.
    Quota(String),
    /// The operation ends with an error: code and message.
    Failed(i32, String),
}

/// Something to happen at a time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Due {
    /// When.
    pub(crate) at: Timestamp,
    /// Orders what happens at one time.
    pub(crate) order: u64,
    /// What.
    pub(crate) step: Step,
}

/// What can happen by itself. Clusters are named by their uid, so that nothing reaches a namesake.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Step {
    /// An operation goes from pending to running.
    OperationRuns(String),
    /// An operation is over.
    OperationEnds(String),
    /// A cluster's Kubernetes API answers and its inline pools begin; the operation is the creation.
    ControlPlaneUp(String, String),
    /// A node registers: cluster, pool, node.
    NodeRegisters(String, String, String),
    /// A node becomes Ready.
    NodeReady(String, String, String),
    /// A node's GPUs become allocatable.
    NodeGpus(String, String, String),
    /// The autoscaler looks at a pool, or a group makes up for lost nodes.
    Scale(String, String),
    /// The cluster autoscaler of a cluster of either cloud looks at its pods and nodes.
    Autoscale(String),
    /// A deletion in Compute Engine is over.
    ComputeEnds(String),
    /// The controller of load balancers looks at a cluster's Services and Ingresses.
    Balance(String),
    /// Something in the other cloud.
    Aws(Happening),
}

/// An access token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Token {
    /// Whose.
    pub(crate) email: String,
    /// Until when, in simulated time.
    pub(crate) expires: Timestamp,
}

impl World {
    /// An empty world whose clock shows the wall's time.
    pub(crate) fn new(seed: &str, wall: Timestamp) -> World {
        World {
            seed: seed.to_owned(),
            clock: Clock::new(wall),
            count: 0,
            clusters: BTreeMap::new(),
            operations: BTreeMap::new(),
            agenda: Vec::new(),
            ledger: Ledger::default(),
            faults: Faults::default(),
            tokens: BTreeMap::new(),
            quotas: BTreeMap::new(),
            missing_zones: BTreeSet::new(),
            aws: Aws::default(),
            things: BTreeMap::new(),
            compute_operations: BTreeMap::new(),
            autoscalers: BTreeMap::new(),
            policies: Policies::default(),
        }
    }

    /// The next number.
    pub(crate) fn number(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// Puts a step on the agenda.
    pub(crate) fn plan(&mut self, at: Timestamp, step: Step) {
        let order = self.number();
        self.agenda.push(Due { at, order, step });
    }

    /// Puts a step on the agenda unless it is there already.
    pub(crate) fn plan_once(&mut self, at: Timestamp, step: Step) {
        if !self.agenda.iter().any(|due| due.step == step) {
            self.plan(at, step);
        }
    }

    /// Hexadecimal digits that stand for a thing in this world.
    pub(crate) fn hex(&self, what: &str, digits: usize) -> String {
        let text = format!(
            "{:016x}{:016x}",
            digest(&format!("{}/{what}", self.seed)),
            digest(&format!("{what}/{}", self.seed))
        );
        text[..digits.min(32)].to_owned()
    }

    /// The cluster with that uid.
    pub(crate) fn by_uid(&mut self, uid: &str) -> Option<&mut Cluster> {
        self.clusters.values_mut().find(|cluster| cluster.uid == uid)
    }

    /// The token that never ends, for the plain kubeconfig in the state directory.
    pub(crate) fn static_token(&self) -> String {
        format!("sim-static.{}", self.hex("static-token", 32))
    }

    /// Moves the ends of all tokens along when the clock is pushed: clients count their life by the wall.
    pub(crate) fn extend_tokens(&mut self, by: SignedDuration) {
        for token in self.tokens.values_mut() {
            token.expires = token.expires.checked_add(by).unwrap_or(token.expires);
        }
    }
}

impl Cluster {
    /// The part of the id after a `/`-separated word.
    fn part(&self, word: &str) -> &str {
        let mut parts = self.id.split('/');
        parts.find(|part| *part == word);
        parts.next().unwrap_or_default()
    }

    /// The project.
    pub(crate) fn project(&self) -> &str {
        self.part("projects")
    }

    /// The zone or region.
    pub(crate) fn location(&self) -> &str {
        self.part("locations")
    }

    /// The name.
    pub(crate) fn name(&self) -> &str {
        self.part("clusters")
    }

    /// The pool of that name.
    pub(crate) fn pool(&self, name: &str) -> Option<&Pool> {
        self.pools.iter().find(|pool| pool.name == name)
    }

    /// The pool of that name, to change it.
    pub(crate) fn pool_mut(&mut self, name: &str) -> Option<&mut Pool> {
        self.pools.iter_mut().find(|pool| pool.name == name)
    }
}

impl Pool {
    /// A field of `config`.
    pub(crate) fn config(&self, field: &str) -> &Value {
        self.fields.get("config").and_then(|config| config.get(field)).unwrap_or(&Value::Null)
    }

    /// The machine type.
    pub(crate) fn machine_type(&self) -> &str {
        self.config("machineType").as_str().unwrap_or("e2-medium")
    }

    /// Whether its nodes have no public addresses.
    pub(crate) fn is_private(&self) -> bool {
        let network = self.fields.get("networkConfig");
        network.and_then(|network| network.get("enablePrivateNodes")) == Some(&Value::Bool(true))
    }

    /// Whether its nodes are spot or preemptible ones.
    pub(crate) fn is_spot(&self) -> bool {
        self.config("spot") == true || self.config("preemptible") == true
    }

    /// The accelerator type and the number per node.
    pub(crate) fn gpus(&self) -> Option<(&str, i64)> {
        let first = self.config("accelerators").get(0)?;
        let count = integer(first.get("acceleratorCount")).unwrap_or(0);
        first.get("acceleratorType").and_then(Value::as_str).map(|name| (name, count))
    }

    /// A number of `autoscaling`, nothing unless it is enabled.
    pub(crate) fn autoscaling(&self, field: &str) -> Option<u32> {
        let autoscaling = self.fields.get("autoscaling")?;
        if autoscaling.get("enabled") != Some(&Value::Bool(true)) {
            return None;
        }
        Some(integer(autoscaling.get(field)).and_then(|count| u32::try_from(count).ok()).unwrap_or(0))
    }
}

/// An integer written as a number or as a text.
pub(crate) fn integer(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}
