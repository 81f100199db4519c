//! The open doors of one command, over all clouds.

use std::sync::Arc;

use berth_core::actions::Action;
use berth_core::metering::Told;
use berth_core::observed::{ClusterAccess, Fleet, Observed};
use berth_core::ports::{Eyes, Hands, Progress, Started, Ticket};
use berth_core::rules::preflight::CloudFacts;
use berth_core::run::Fault;
use berth_core::spec::{CloudSpec, ClusterSpec, Provider};
use berth_eks::EksCloud;
use berth_gke::GkeCloud;
use jiff::Timestamp;

use super::cluster_at::account_word;
use super::eks::{self, EksTokens};
use super::existing::{self, ExistingCluster};
use super::gke::{self, GkeTokens};
use super::simulated::Simulated;
use super::through_kubernetes::ThroughKubernetes;
use crate::clock::RunClock;
use crate::failure::Failure;
use crate::settings::Settings;

/// The open doors of one command.
pub(crate) struct Doors {
    pub(crate) cloud: Cloud,
    pub(crate) clock: RunClock,
    pub(super) through_kubernetes: ThroughKubernetes,
    simulated: Option<Simulated>,
}

impl Doors {
    pub(super) fn new(cloud: Cloud, clock: RunClock, simulated: Option<Simulated>) -> Self {
        Self { cloud, clock, through_kubernetes: ThroughKubernetes::default(), simulated }
    }

    /// Which cloud they lead to.
    pub(crate) fn provider(&self) -> Provider {
        match &self.cloud {
            Cloud::Gke(_) => Provider::Gke,
            Cloud::Eks(_) => Provider::Eks,
            Cloud::Existing(_) => Provider::Existing,
        }
    }

    /// Project or account the cloud's calls go to; the context of an existing cluster.
    pub(crate) fn account(&self) -> &str {
        match &self.cloud {
            Cloud::Gke(gke) => gke.project(),
            Cloud::Eks(eks) => eks.account(),
            Cloud::Existing(cluster) => cluster.context(),
        }
    }

    /// All that a look at the whole fleet sees, in words.
    pub(crate) fn reach(&self) -> String {
        match &self.cloud {
            Cloud::Gke(gke) => format!("all locations of project {}", gke.project()),
            Cloud::Eks(eks) => format!("{} of account {}", eks.region(), eks.account()),
            Cloud::Existing(cluster) => format!("context {}", cluster.context()),
        }
    }

    /// The region, of doors that lead to one alone.
    pub(crate) fn only_region(&self) -> Option<&str> {
        match &self.cloud {
            Cloud::Gke(_) | Cloud::Existing(_) => None,
            Cloud::Eks(eks) => Some(eks.region()),
        }
    }

    /// `project my-project`, `account 123456789012`.
    pub(crate) fn account_words(&self) -> String {
        format!("{} {}", account_word(self.provider()), self.account())
    }

    /// When something that was taken away through these doors ended, by its id in a record of what was used, as the answer told.
    pub(crate) fn ended(&self, id: &str) -> Option<Timestamp> {
        match &self.cloud {
            Cloud::Eks(eks) => eks.ended(id),
            // Google's operations tell it to the next look.
            Cloud::Gke(_) | Cloud::Existing(_) => None,
        }
    }

    /// When things that were made through these doors began, as the answers told; of those whose beginning no list tells.
    pub(crate) fn begun(&self) -> Vec<Told> {
        match &self.cloud {
            Cloud::Eks(eks) => eks.begun(),
            Cloud::Gke(_) | Cloud::Existing(_) => Vec::new(),
        }
    }

    /// A fault of a call that reads, as a failure with this cloud's hints.
    pub(crate) fn reading(&self, fault: &Fault) -> Failure {
        Failure::reading(fault, self.provider())
    }

    /// Whether the clouds behind these doors end with this process.
    pub(crate) fn ends_with_us(&self) -> bool {
        self.simulated.as_ref().is_some_and(|simulated| simulated.own.is_some())
    }

    /// A Kubernetes client for the API server of the cluster with this name.
    pub(crate) fn kubernetes(&self, access: &ClusterAccess, cluster: &str) -> Result<kube::Client, Fault> {
        self.through_kubernetes.connected(access, cluster, || match &self.cloud {
            Cloud::Gke(gke) => {
                berth_kube::connect(access, Arc::new(GkeTokens(gke.tokens())), Arc::new(self.clock.clone()))
            }
            // Its tokens are dated by the wall clock, also where the run's clock is faster.
            Cloud::Eks(eks) => {
                berth_kube::connect(access, Arc::new(EksTokens(eks.tokens(cluster))), Arc::new(RunClock::real()))
            }
            Cloud::Existing(own) => Ok(own.client()),
        })
    }

    /// What `berth token` has to be told to find these clouds again.
    pub(crate) fn token_flags(&self, settings: &Settings) -> Vec<String> {
        if self.simulated.is_some() {
            return ["--simulate".to_owned(), "--state-dir".to_owned(), settings.home.root().display().to_string()]
                .to_vec();
        }
        match (&self.cloud, settings.aws_profile()) {
            (Cloud::Eks(_), Some(profile)) => vec!["--profile".to_owned(), profile],
            _ => Vec::new(),
        }
    }

    /// Closes what has to be closed: a simulator of this process keeps its world.
    pub(crate) async fn close(self) {
        if let Some(simulated) = self.simulated {
            simulated.close().await;
        }
    }
}

/// The clouds, by provider.
pub(crate) enum Cloud {
    Gke(GkeCloud),
    Eks(Box<EksCloud>),
    Existing(ExistingCluster),
}

impl Hands for Cloud {
    async fn start(&self, action: &Action) -> Result<Started, Fault> {
        match self {
            Self::Gke(gke) => gke.start(action).await,
            Self::Eks(eks) => eks.start(action).await,
            Self::Existing(cluster) => cluster.start(action).await,
        }
    }

    async fn poll(&self, ticket: &Ticket) -> Result<Progress, Fault> {
        match self {
            Self::Gke(gke) => gke.poll(ticket).await,
            Self::Eks(eks) => eks.poll(ticket).await,
            Self::Existing(cluster) => cluster.poll(ticket).await,
        }
    }
}

impl Eyes for Cloud {
    async fn observe(&self, name: &str, location: &str) -> Result<Observed, Fault> {
        match self {
            Self::Gke(gke) => gke.observe(name, location).await,
            Self::Eks(eks) => eks.observe(name, location).await,
            Self::Existing(cluster) => cluster.observe(name, location).await,
        }
    }

    async fn fleet(&self) -> Result<Fleet, Fault> {
        match self {
            Self::Gke(gke) => gke.fleet().await,
            Self::Eks(eks) => eks.fleet().await,
            Self::Existing(cluster) => cluster.fleet().await,
        }
    }

    async fn facts(&self, spec: &ClusterSpec) -> Result<CloudFacts, Fault> {
        match self {
            Self::Gke(gke) => gke.facts(spec).await,
            Self::Eks(eks) => eks.facts(spec).await,
            Self::Existing(cluster) => cluster.facts(spec).await,
        }
    }
}

/// Opens the doors a spec needs.
pub(crate) async fn open_for(spec: &ClusterSpec, settings: &Settings) -> Result<Doors, Failure> {
    match &spec.cloud {
        CloudSpec::Gke(gke) => gke::open(gke.project.as_deref(), settings).await,
        CloudSpec::Eks(_) => eks::open(Some(&spec.place.region), settings).await,
        CloudSpec::Existing(own) => existing::open(own, settings).await,
    }
}

/// Opens the door to one cloud; the location only matters where a door leads to one region.
pub(crate) async fn open(provider: Provider, location: Option<&str>, settings: &Settings) -> Result<Doors, Failure> {
    match provider {
        Provider::Gke => gke::open(None, settings).await,
        Provider::Eks => eks::open(location, settings).await,
        Provider::Existing => {
            Err(Failure::refused("an existing cluster is only found by its spec").hint("name the file with -f"))
        }
    }
}
