//! The door to a cluster that stands already: its Kubernetes API, and no cloud behind it.

use std::path::PathBuf;

use berth_core::actions::Action;
use berth_core::manifests::device_plugin;
use berth_core::observed::{ClusterAccess, Fleet, Observed, ObservedCloud, ObservedCluster, Phase};
use berth_core::ports::{Eyes, Hands, Progress, Started, Ticket};
use berth_core::rules::preflight::CloudFacts;
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use berth_core::spec::{ClusterSpec, ExistingSpec, Place, Provider};

use super::{Cloud, Doors};
use crate::clock::RunClock;
use crate::failure::Failure;
use crate::settings::{Settings, kubectl_files};

/// A cluster that berth did not make.
pub(crate) struct ExistingCluster {
    context: String,
    access: ClusterAccess,
    client: kube::Client,
}

impl ExistingCluster {
    /// The context that leads to it.
    pub(super) fn context(&self) -> &str {
        &self.context
    }

    /// Its client.
    pub(super) fn client(&self) -> kube::Client {
        self.client.clone()
    }
}

/// Opens the door to the cluster of a kubeconfig's context; no credentials of any cloud are looked for.
pub(crate) async fn open(own: &ExistingSpec, settings: &Settings) -> Result<Doors, Failure> {
    if settings.simulate {
        return Err(Failure::refused("an existing cluster is not simulated")
            .detail(format!("the spec names context {} of a kubeconfig", own.context))
            .hint("leave --simulate out; the context may lead to a cluster of `berth sim serve`"));
    }
    let files = match &own.kubeconfig {
        Some(path) => vec![PathBuf::from(path)],
        None => {
            let home =
                etcetera::home_dir().map_err(|error| Failure::refused("cannot find the home folder").because(error))?;
            berth_kube::search_paths(kubectl_files().as_deref(), &home)
        }
    };
    let (client, access) = berth_kube::by_context(&files, &own.context)
        .await
        .map_err(|fault| Failure::reading(&fault, Provider::Existing))?;
    let cluster = ExistingCluster { context: own.context.clone(), access, client };
    Ok(Doors::new(Cloud::Existing(cluster), RunClock::real(), None))
}

impl Eyes for ExistingCluster {
    async fn observe(&self, name: &str, _location: &str) -> Result<Observed, Fault> {
        let version = berth_kube::version(&self.client).await?;
        let (standing, plugin) = berth_kube::standing(&self.client, name).await?;
        let cluster = ObservedCluster {
            name: name.to_owned(),
            account: self.context.clone(),
            place: Place { region: self.context.clone(), zone: None },
            labels: std::collections::BTreeMap::new(),
            phase: Phase::Running,
            issues: Vec::new(),
            version,
            created_at: None,
            access: Some(self.access.clone()),
            pools: Vec::new(),
            cloud: ObservedCloud::Existing(Box::new(standing)),
        };
        let applied = plugin.map(|hash| (device_plugin::GROUP.to_owned(), hash)).into_iter().collect();
        Ok(Observed { cluster: Some(cluster), applied, ..Observed::default() })
    }

    async fn fleet(&self) -> Result<Fleet, Fault> {
        Ok(Fleet::default())
    }

    async fn facts(&self, _spec: &ClusterSpec) -> Result<CloudFacts, Fault> {
        Ok(CloudFacts::default())
    }
}

impl Hands for ExistingCluster {
    async fn start(&self, _action: &Action) -> Result<Started, Fault> {
        Err(no_cloud())
    }

    async fn poll(&self, _ticket: &Ticket) -> Result<Progress, Fault> {
        Err(no_cloud())
    }
}

/// Every step of such a plan goes through the Kubernetes API.
fn no_cloud() -> Fault {
    Fault {
        kind: FaultKind::Other,
        tried: "call a cloud".to_owned(),
        said: "there is no cloud behind an existing cluster".to_owned(),
        left_behind: LeftBehind::Nothing,
        retry: Retry::Never,
    }
}
