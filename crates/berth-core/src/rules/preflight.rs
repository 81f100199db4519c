//! What has to be true before the first call that costs money, and what is read to know it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

/// What a cloud says about us and about itself, read once before a create.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CloudFacts {
    /// Who we are to the cloud; `None` if it could not be told.
    pub identity: Option<String>,
    /// Project or account the calls go to.
    pub account: String,
    /// Zones of the region that are up.
    pub zones: BTreeSet<String>,
    /// GPU types each zone sells, by the cloud's names; `None` if it could not be read.
    pub accelerators: Option<BTreeMap<String, BTreeSet<String>>>,
    /// Machine types each zone sells, of those the file names; `None` if it could not be read or is not asked on this cloud.
    pub machine_types: Option<BTreeMap<String, BTreeSet<String>>>,
    /// The subnets the file gives, of those that are there; `None` if they could not be read or the file gives none.
    pub subnets: Option<Vec<SubnetFact>>,
    /// Quotas by metric; `None` if they could not be read.
    pub quotas: Option<Vec<QuotaFact>>,
    /// What the cloud thinks of spot machines, by pool and zone; empty if it could not be read or is not asked on this cloud.
    pub spot: Vec<SpotOutlook>,
    /// Kubernetes versions that can be chosen for a control plane.
    pub versions: Vec<String>,
    /// Of them, those that are only supported at a higher price (EKS's extended support).
    pub dear_versions: Vec<String>,
    /// Things that could not be read, each with its reason and the permission it takes.
    pub unread: Vec<String>,
}

/// A subnet that was given, as the cloud tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubnetFact {
    /// Its id.
    pub id: String,
    /// Id of its network.
    pub vpc: String,
    /// Name of its zone.
    pub zone: String,
    /// The zone's id, which is the same for everyone.
    pub zone_id: String,
    /// Addresses nothing has yet.
    pub free_addresses: u32,
}

/// One quota as the cloud states it.
#[derive(Debug, Clone, PartialEq)]
pub struct QuotaFact {
    /// For example `PREEMPTIBLE_NVIDIA_V100_GPUS`, `GPUS_ALL_REGIONS`, or AWS's code such as `L-417A185B`.
    pub metric: String,
    /// `None` for a quota of the whole project.
    pub region: Option<String>,
    /// How much is allowed.
    pub limit: f64,
    /// How much is used.
    pub usage: f64,
}

/// What the cloud thinks of getting a pool's spot machines in one zone, and what they cost there now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpotOutlook {
    /// The file's pool.
    pub pool: String,
    /// Zone of the region, whether or not the pool names it.
    pub zone: String,
    /// AWS's placement score for all of the pool's machine types together: 10 is likely, 1 is unlikely.
    pub score: Option<u8>,
    /// US dollars an hour, as the cloud writes them, by machine type.
    pub prices: BTreeMap<String, String>,
}

/// What one preflight check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PreflightFinding {
    /// What was checked: `quota NVIDIA_A100_GPUS in us-central1`.
    pub check: String,
    /// How it went.
    pub verdict: PreflightVerdict,
    /// What was found, with numbers; for a failure the exact shortfall and the way out.
    pub text: String,
}

/// How a preflight check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PreflightVerdict {
    /// Good.
    Passed,
    /// Works for now, may bite later (for example max nodes beyond the quota).
    Warning,
    /// The create would fail.
    Failed,
    /// Could not be checked; says what it takes.
    Unknown,
}
