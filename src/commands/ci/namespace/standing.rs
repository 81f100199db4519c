//! The cluster that stands, found by context, file or name.

use std::collections::BTreeSet;
use std::path::Path;

use berth_core::actions::kube::KubeClusterRef;
use berth_core::lease::LeaseId;
use berth_core::lease::namespace;
use berth_core::observed::ClusterAccess;
use berth_core::ports::Eyes;
use berth_core::rules::network_policy;
use berth_core::run::Fault;
use berth_core::spec::{ExistingSpec, GPU_RESOURCE, Provider};
use serde_json::Value;

use super::reference;
use crate::cli::WhichCluster;
use crate::commands::ProviderArg;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::spec_file;
use crate::ui::Ui;
use crate::which;
use crate::wiring::{self, ClusterAt, Doors};

/// A cluster that stands, and the way into it.
pub(crate) struct Standing {
    pub(super) doors: Doors,
    pub(super) at: ClusterAt,
    pub(super) access: ClusterAccess,
    pub(super) client: kube::Client,
    /// Whether it holds to NetworkPolicies; `None` where nobody tells.
    enforces_policies: Option<bool>,
}

impl Standing {
    /// Opens the door to it: a file says most, then a context of kubectl's configuration, then the name of a cluster of berth's.
    pub(crate) async fn open(
        on: &str,
        provider: Option<ProviderArg>,
        settings: &Settings,
        ui: &Ui,
    ) -> Result<Self, Failure> {
        let path = Path::new(on);
        if path.is_file() {
            let spec = spec_file::load(path, provider.map(Into::into), ui)?.spec;
            let doors = wiring::open_for(&spec, settings).await?;
            let at = wiring::cluster_at(&spec, &doors);
            return Self::enter(doors, at).await;
        }
        if !settings.simulate
            && provider.is_none()
            && let Ok(doors) =
                wiring::open_context(&ExistingSpec { context: on.to_owned(), ..ExistingSpec::default() }, settings)
                    .await
        {
            let (account, name) = (doors.account().to_owned(), on.to_owned());
            let at = ClusterAt { provider: Provider::Existing, location: account.clone(), account, name };
            return Self::enter(doors, at).await;
        }
        let cluster = WhichCluster { name: Some(on.to_owned()), file: None, provider };
        let (doors, found) = which::find(&cluster, None, settings, ui).await?;
        match found.and_then(|found| which::there(found, settings)) {
            Ok(at) => Self::enter(doors, at).await,
            Err(failure) => {
                doors.close().await;
                Err(failure.detail(format!("{on} is no file and no context of kubectl's configuration either")))
            }
        }
    }

    pub(super) async fn enter(doors: Doors, at: ClusterAt) -> Result<Self, Failure> {
        match inside(&doors, &at).await {
            Ok((access, client, enforces_policies)) => Ok(Self { doors, at, access, client, enforces_policies }),
            Err(failure) => {
                doors.close().await;
                Err(failure)
            }
        }
    }

    /// What is to be said of the fence around a namespace: that it does not hold, or that nobody knows.
    pub(super) fn fence_words(&self, namespace: &str) -> Option<String> {
        let name = &self.at.name;
        match self.enforces_policies {
            Some(true) => None,
            Some(false) => Some(format!(
                "cluster {name} does not enforce NetworkPolicies, so nothing holds back what goes into and out of namespace {namespace}"
            )),
            None => Some(format!(
                "whether cluster {name} enforces NetworkPolicies is not known; if not, nothing holds back what goes into and out of namespace {namespace}"
            )),
        }
    }

    /// How steps name it.
    pub(super) fn reference(&self) -> KubeClusterRef {
        let ClusterAt { provider, location, name, .. } = self.at.clone();
        KubeClusterRef { provider, location, name }
    }

    /// The namespace of a lease, if it is there.
    pub(super) async fn namespace(&self, id: &LeaseId) -> Result<Option<Value>, Fault> {
        berth_kube::object(&self.client, &reference(&namespace::name(id))).await
    }

    /// All namespaces that bear a lease.
    pub(super) async fn leased(&self) -> Result<Vec<Value>, Fault> {
        berth_kube::labelled(&self.client, &[("v1", "Namespace")], namespace::SELECTOR).await
    }

    /// The names under which its nodes offer GPUs; the usual one if none does now.
    pub(super) async fn gpu_resources(&self) -> Result<BTreeSet<String>, Fault> {
        let nodes = berth_kube::nodes(&self.client).await?;
        let names = nodes.iter().flat_map(|node| node.extended_resources.keys());
        let mut offered: BTreeSet<String> = names.filter(|name| name.starts_with(GPU_RESOURCE)).cloned().collect();
        if offered.is_empty() {
            offered.insert(GPU_RESOURCE.to_owned());
        }
        Ok(offered)
    }
}

async fn inside(doors: &Doors, at: &ClusterAt) -> Result<(ClusterAccess, kube::Client, Option<bool>), Failure> {
    let observed = doors.cloud.observe(&at.name, &at.location).await.map_err(|fault| doors.reading(&fault))?;
    let client = doors.inside(&at.name, &observed).map_err(|fault| doors.reading(&fault))?;
    let enforces_policies = observed.cluster.as_ref().and_then(network_policy::enforced);
    let access = observed.cluster.and_then(|cluster| cluster.access);
    match (access, client) {
        (Some(access), Some(client)) => Ok((access, client, enforces_policies)),
        _ => Err(Failure::refused(format!("cluster {} ({}) is not up", at.name, at.words()))),
    }
}
