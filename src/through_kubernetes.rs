//! Steps of a plan that go through the cluster's own Kubernetes API instead of its cloud's.

use berth_core::actions::Action;
use berth_core::actions::kube::{KubeAction, KubeClusterRef};
use berth_core::manifests::device_plugin;
use berth_core::observed::{ClusterAccess, Observed, Phase};
use berth_core::ports::{Eyes, Hands, Progress, Started, Ticket};
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use berth_core::spec::Provider;

use crate::wiring::Doors;

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
        let access = self.access(cluster).await?;
        match (access, action) {
            (Some(access), _) => berth_kube::carry_out(&self.kubernetes(&access, &cluster.name)?, action).await,
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

    async fn access(&self, cluster: &KubeClusterRef) -> Result<Option<ClusterAccess>, Fault> {
        let observed = self.cloud.observe(&cluster.name, &cluster.location).await?;
        Ok(observed.cluster.and_then(|cluster| cluster.access))
    }

    /// Looks at a cluster, and on EKS also at what berth has applied inside it.
    pub(crate) async fn look(&self, name: &str, location: &str) -> Result<Observed, Fault> {
        let mut observed = self.cloud.observe(name, location).await?;
        let Some(cluster) = &observed.cluster else { return Ok(observed) };
        let at_rest = !matches!(cluster.phase, Phase::Creating | Phase::Deleting | Phase::Failed);
        let (Provider::Eks, true, Some(access)) = (cluster.provider(), at_rest, &cluster.access) else {
            return Ok(observed);
        };
        let client = self.kubernetes(access, name)?;
        let objects = device_plugin::refs();
        let Some(daemon_set) = objects.first() else { return Ok(observed) };
        // What cannot be read is applied again, which changes nothing that is as it should be.
        if let Ok(Some(hash)) = berth_kube::annotation(&client, daemon_set, device_plugin::HASH_KEY).await {
            observed.applied.insert(device_plugin::GROUP.to_owned(), hash);
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
