//! What the simulated AWS remembers.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::tagging::Ghost;
use crate::kube::Store;
use crate::world::Tls;

/// Everything of one account.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Aws {
    /// EKS clusters by `REGION/NAME`.
    pub(crate) clusters: BTreeMap<String, Cluster>,
    /// EC2's resources by id.
    pub(crate) things: BTreeMap<String, Thing>,
    /// IAM roles by name.
    pub(crate) roles: BTreeMap<String, Role>,
    /// OIDC providers by ARN: members as they are shown.
    pub(crate) providers: BTreeMap<String, Map<String, Value>>,
    /// Instance profiles by name.
    pub(crate) profiles: BTreeMap<String, Profile>,
    /// Load balancers: classic ones by `REGION/NAME`, network ones by ARN.
    #[serde(default)]
    pub(crate) balancers: BTreeMap<String, Thing>,
    /// Target groups by ARN.
    #[serde(default)]
    pub(crate) targets: BTreeMap<String, Thing>,
    /// CloudWatch log groups by `REGION/NAME`.
    #[serde(default)]
    pub(crate) logs: BTreeMap<String, Thing>,
    /// What was deleted lately and is still in the index of tags, by ARN.
    #[serde(default)]
    pub(crate) ghosts: BTreeMap<String, Ghost>,
    /// What was made under a client token, by service, operation, region and token: the input and what it made.
    pub(crate) tokens: BTreeMap<String, (Value, Value)>,
    /// Machines that cannot be had.
    pub(crate) shortages: Vec<Shortage>,
    /// Quotas that differ from the default, by `REGION/CODE` or `CODE`.
    pub(crate) quotas: BTreeMap<String, f64>,
}

/// An EC2 resource; its kind is the front of its id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Thing {
    /// The region.
    pub(crate) region: String,
    /// The members as they are shown, without tags.
    pub(crate) fields: Map<String, Value>,
    /// The tags.
    pub(crate) tags: BTreeMap<String, String>,
    /// What is remembered and not shown.
    #[serde(default)]
    pub(crate) hidden: Map<String, Value>,
}

/// An IAM role.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Role {
    /// The members as they are shown.
    pub(crate) fields: Map<String, Value>,
    /// The tags.
    pub(crate) tags: BTreeMap<String, String>,
    /// ARNs of attached policies.
    pub(crate) attached: Vec<String>,
    /// Inline policies by name.
    pub(crate) inline: BTreeMap<String, String>,
    /// When it was made.
    pub(crate) created: Timestamp,
}

/// An instance profile.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Profile {
    /// The members as they are shown, without roles.
    pub(crate) fields: Map<String, Value>,
    /// The names of its roles.
    pub(crate) roles: Vec<String>,
}

/// Machines that cannot be had; an absent member stands for all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Shortage {
    /// The zone.
    pub(crate) zone: Option<String>,
    /// The instance type.
    pub(crate) instance_type: Option<String>,
    /// Whether only spot machines are short, or only on-demand ones.
    pub(crate) spot: Option<bool>,
    /// EC2's code, as `InsufficientInstanceCapacity`.
    pub(crate) code: String,
}

/// An EKS cluster.
#[derive(Serialize, Deserialize)]
pub(crate) struct Cluster {
    /// The region.
    pub(crate) region: String,
    /// Differs between two clusters of one name.
    pub(crate) uid: String,
    /// The members as they are shown.
    pub(crate) fields: Map<String, Value>,
    /// Node groups by name.
    pub(crate) groups: BTreeMap<String, Group>,
    /// Add-ons by name.
    pub(crate) addons: BTreeMap<String, Addon>,
    /// Access entries by principal ARN.
    pub(crate) entries: BTreeMap<String, Entry>,
    /// Pod identity associations by id.
    pub(crate) identities: BTreeMap<String, Map<String, Value>>,
    /// Updates by id, with the node group or add-on they are about.
    pub(crate) updates: BTreeMap<String, Map<String, Value>>,
    /// Whether its Kubernetes API answers.
    pub(crate) up: bool,
    /// Its certificate authority and port.
    pub(crate) tls: Option<Tls>,
    /// Its Kubernetes objects.
    pub(crate) kube: Store,
}

/// A managed node group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Group {
    /// The members as they are shown.
    pub(crate) fields: Map<String, Value>,
    /// When the present status began.
    pub(crate) since: Timestamp,
    /// The name of its Auto Scaling group.
    pub(crate) scaling_group: String,
    /// The tags of that group.
    pub(crate) scaling_tags: BTreeMap<String, String>,
    /// What its Auto Scaling group has tried, newest first.
    pub(crate) activities: Vec<Value>,
    /// How it was spoiled by a fault.
    pub(crate) spoil: Option<Spoil>,
    /// Its machines.
    pub(crate) machines: Vec<Machine>,
}

/// How a fault spoils what a call begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Spoil {
    /// It ends with this health issue.
    Issue {
        /// The code, as `NodeCreationFailure`.
        code: String,
        /// The message.
        message: String,
    },
    /// No machines in a zone, or in all, but for so many.
    Stockout {
        /// The zone; all when absent.
        zone: Option<String>,
        /// Machines that come up all the same.
        created: u32,
    },
    /// It never ends.
    Stuck,
    /// Network interfaces stay behind.
    Interfaces(u32),
}

/// A machine of a node group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Machine {
    /// The instance's id.
    pub(crate) id: String,
    /// The node's name.
    pub(crate) node: String,
    /// The private address.
    pub(crate) address: String,
    /// The zone.
    pub(crate) zone: String,
    /// The instance type.
    pub(crate) instance_type: String,
    /// When it was launched.
    pub(crate) launched: Timestamp,
    /// When its kubelet registered.
    pub(crate) registered: Option<Timestamp>,
    /// When it became Ready.
    pub(crate) ready: Option<Timestamp>,
    /// What `nvidia.com/gpu` counts on it.
    pub(crate) gpus: u32,
}

/// An add-on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Addon {
    /// The members as they are shown.
    pub(crate) fields: Map<String, Value>,
    /// When the present status began.
    pub(crate) since: Timestamp,
    /// How it was spoiled by a fault.
    pub(crate) spoil: Option<Spoil>,
}

/// An access entry.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The members as they are shown.
    pub(crate) fields: Map<String, Value>,
    /// Associated policies by ARN, as they are shown.
    pub(crate) policies: BTreeMap<String, Value>,
}

/// What happens by itself. Clusters are named by their uid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Happening {
    /// A cluster's creation or deletion is over.
    Cluster(String),
    /// A node group is looked at again.
    Group(String, String),
    /// An add-on is looked at again.
    Addon(String, String),
    /// A cluster's device plugins are looked at again.
    Plugins(String),
    /// The Services of a cluster are looked at by what makes their load balancers.
    Services(String),
    /// The claims of a cluster are looked at by what makes their volumes.
    Claims(String),
    /// The control plane of a cluster writes its logs.
    Logs(String),
    /// The last lines of a control plane that is gone arrive in the log group of that name; the region comes first.
    LateLogs(String, String),
    /// An update is over.
    Update(String, String),
    /// A NAT gateway is usable.
    NatUp(String),
    /// A NAT gateway is gone and will be forgotten.
    NatGone(String),
    /// An EC2 resource disappears.
    Gone(String),
}

impl Aws {
    /// The cluster with that uid.
    pub(crate) fn by_uid(&mut self, uid: &str) -> Option<&mut Cluster> {
        self.clusters.values_mut().find(|cluster| cluster.uid == uid)
    }

    /// The EC2 resources of one kind in a region; the kind is the front of the id.
    pub(crate) fn kind<'a>(&'a self, front: &'a str, region: &'a str) -> impl Iterator<Item = (&'a String, &'a Thing)> {
        let things = self.things.range(front.to_owned()..).take_while(move |(id, _)| id.starts_with(front));
        things.filter(move |(_, thing)| thing.region == region)
    }
}

impl Thing {
    /// A text member; empty when it is not there.
    pub(crate) fn text(&self, member: &str) -> &str {
        text(&self.fields, member)
    }

    /// A text that is remembered and not shown; empty when it is not there.
    pub(crate) fn remembered(&self, member: &str) -> &str {
        text(&self.hidden, member)
    }
}

impl Cluster {
    /// The name.
    pub(crate) fn name(&self) -> &str {
        text(&self.fields, "name")
    }

    /// The ARN.
    pub(crate) fn arn(&self) -> &str {
        text(&self.fields, "arn")
    }

    /// The status.
    pub(crate) fn status(&self) -> &str {
        text(&self.fields, "status")
    }

    /// Whether what runs in its control plane works.
    pub(crate) fn is_running(&self) -> bool {
        matches!(self.status(), "ACTIVE" | "UPDATING")
    }

    /// A text of `resourcesVpcConfig`.
    pub(crate) fn network(&self, member: &str) -> &str {
        self.fields.get("resourcesVpcConfig").and_then(|config| config[member].as_str()).unwrap_or_default()
    }
}

impl Group {
    /// The status.
    pub(crate) fn status(&self) -> &str {
        text(&self.fields, "status")
    }

    /// Moves to another status.
    pub(crate) fn turn(&mut self, status: &str, now: Timestamp) {
        self.fields.insert("status".to_owned(), Value::from(status));
        self.since = now;
    }

    /// A number of `scalingConfig`.
    pub(crate) fn size(&self, member: &str) -> usize {
        let size = self.fields.get("scalingConfig").and_then(|config| config[member].as_u64()).unwrap_or(0);
        usize::try_from(size).unwrap_or(usize::MAX)
    }

    /// Whether its machines are spot ones.
    pub(crate) fn is_spot(&self) -> bool {
        text(&self.fields, "capacityType") == "SPOT"
    }

    /// The health issues; a member of `health` that is always there.
    pub(crate) fn issues(&mut self) -> &mut Value {
        &mut self.fields.entry("health").or_insert_with(|| serde_json::json!({"issues": []}))["issues"]
    }
}

/// A text member; empty when it is not there.
pub(crate) fn text<'a>(fields: &'a Map<String, Value>, member: &str) -> &'a str {
    fields.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// A time as JSON services show it: seconds since 1970 with a fraction.
pub(crate) fn seconds(at: Timestamp) -> Value {
    Value::from(at.as_millisecond() as f64 / 1000.0)
}

/// A time as XML services show it.
pub(crate) fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

/// A number of simulated seconds.
pub(crate) fn span(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

/// The members of an object.
pub(crate) fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
