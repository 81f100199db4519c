//! Steps of a plan that go through the cluster's own Kubernetes API instead of its cloud's.

use berth_core::actions::Action;
use berth_core::actions::kube::{KubeAction, KubeClusterRef};
use berth_core::manifests::{device_plugin, quotas};
use berth_core::observed::{Observed, Phase};
use berth_core::ports::{Eyes, Hands, Progress, Started, Ticket};
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use berth_core::spec::Provider;

use super::Doors;

/// What a ticket of ours begins with; the rest is the action.
const TICKET: &str = "kubernetes ";

impl Hands for Doors {
    async fn start(&self, action: &Action) -> Result<Started, Fault> {
        let Action::Kube(action) = action else { return self.cloud.start(action).await };
        if self.go_on(action).await? {
            return Ok(Started::Done);
        }
        let text = serde_json::to_string(action).map_err(|error| strange(error.to_string()))?;
        Ok(Started::Waiting(Ticket {
            operation: format!("{TICKET}{text}"),
            target: format!("cluster {}", at(action).name),
        }))
    }

    async fn poll(&self, ticket: &Ticket) -> Result<Progress, Fault> {
        let Some(text) = ticket.operation.strip_prefix(TICKET) else { return self.cloud.poll(ticket).await };
        let action: KubeAction = serde_json::from_str(text).map_err(|error| strange(error.to_string()))?;
        Ok(if self.go_on(&action).await? { Progress::Done } else { Progress::Pending(None) })
    }
}

impl Doors {
    async fn go_on(&self, action: &KubeAction) -> Result<bool, Fault> {
        let cluster = at(action);
        match (self.client(cluster).await?, action) {
            (Some(client), _) => berth_kube::carry_out(&client, action).await,
            // What is not there holds nothing.
            (None, KubeAction::DeleteObjects { .. } | KubeAction::ReleaseCloudObjects { .. }) => Ok(true),
            (None, KubeAction::ApplyObjects { about, .. }) => Err(Fault {
                kind: FaultKind::Unavailable,
                tried: format!("apply {about}"),
                said: format!("cluster {} has no address yet", cluster.name),
                left_behind: LeftBehind::Nothing,
                retry: Retry::Backoff,
            }),
        }
    }

    /// The client for a cluster's API server, made once; `None` while the cluster has no address.
    async fn client(&self, cluster: &KubeClusterRef) -> Result<Option<kube::Client>, Fault> {
        let mut known = self.client.lock().await;
        if let Some((_, client)) = known.as_ref().filter(|(name, _)| *name == cluster.name) {
            return Ok(Some(client.clone()));
        }
        let observed = self.cloud.observe(&cluster.name, &cluster.location).await?;
        let Some(access) = observed.cluster.and_then(|cluster| cluster.access) else { return Ok(None) };
        let client = self.kubernetes(&access, &cluster.name)?;
        *known = Some((cluster.name.clone(), client.clone()));
        Ok(Some(client))
    }

    /// Looks at a cluster, and at what berth has applied inside it.
    pub(crate) async fn look(&self, name: &str, location: &str) -> Result<Observed, Fault> {
        let mut observed = self.cloud.observe(name, location).await?;
        let Some(cluster) = &observed.cluster else { return Ok(observed) };
        let at_rest = !matches!(cluster.phase, Phase::Creating | Phase::Deleting | Phase::Failed);
        let (true, Some(access)) = (at_rest, &cluster.access) else { return Ok(observed) };
        let client = self.kubernetes(access, name)?;
        // What cannot be read is applied again, which changes nothing that is as it should be.
        if let (Provider::Eks, Some(daemon_set)) = (self.provider(), device_plugin::refs().first())
            && let Ok(Some(hash)) = berth_kube::annotation(&client, daemon_set, device_plugin::HASH_KEY).await
        {
            observed.applied.insert(device_plugin::GROUP.to_owned(), hash);
        }
        if let Ok(objects) = berth_kube::labelled(&client, &quotas::KINDS, quotas::SELECTOR).await {
            let there = quotas::applied(&objects);
            observed.applied.extend(there.hash.map(|hash| (quotas::GROUP.to_owned(), hash)));
            observed.applied_objects.insert(quotas::GROUP.to_owned(), there.objects);
        }
        Ok(observed)
    }
}

fn at(action: &KubeAction) -> &KubeClusterRef {
    match action {
        KubeAction::ApplyObjects { cluster, .. }
        | KubeAction::DeleteObjects { cluster, .. }
        | KubeAction::ReleaseCloudObjects { cluster } => cluster,
    }
}

fn strange(said: String) -> Fault {
    Fault {
        kind: FaultKind::Other,
        tried: "go on with a step".to_owned(),
        said,
        left_behind: LeftBehind::Nothing,
        retry: Retry::Never,
    }
}
