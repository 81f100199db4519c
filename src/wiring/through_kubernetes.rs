//! Steps of a plan that go through the cluster's own Kubernetes API instead of its cloud's.

use std::sync::{Mutex, PoisonError};

use berth_core::actions::Action;
use berth_core::actions::eks::EksAction;
use berth_core::actions::gke::GkeAction;
use berth_core::actions::kube::{KubeAction, KubeClusterRef, Manifest};
use berth_core::manifests::{cluster_autoscaler, default_class, device_plugin, quotas};
use berth_core::observed::{ClusterAccess, Observed, ObservedCloud, Phase};
use berth_core::ports::{Eyes, Hands, Progress, Started, Ticket};
use berth_core::rules::existing::plugin::FILE_KEY;
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use berth_core::spec::Provider;
use berth_kube::Going;

use super::Doors;

/// What a ticket of ours begins with; the rest is a number.
const TICKET: &str = "kubernetes ";

/// What goes on through a cluster's Kubernetes API.
///
/// Its tickets are numbers of what is kept here: they stand in journals, where no object with all its values may stand.
#[derive(Default)]
pub(super) struct ThroughKubernetes {
    /// The client for the cluster that steps go through, by its name.
    client: tokio::sync::Mutex<Option<(String, kube::Client)>>,
    /// The last client that was made, and for what: connections and what it knows of the API's kinds are kept between looks.
    made: Mutex<Option<(ClusterAccess, String, kube::Client)>>,
    /// Actions that have to be asked again, by their tickets' numbers.
    going: Mutex<Vec<KubeAction>>,
}

impl ThroughKubernetes {
    /// The client for this address, made now only if it is another one than the last.
    pub(super) fn connected(
        &self,
        access: &ClusterAccess,
        cluster: &str,
        connect: impl FnOnce() -> Result<kube::Client, Fault>,
    ) -> Result<kube::Client, Fault> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, _, client)) = made.as_ref().filter(|(at, name, _)| at == access && name == cluster) {
            return Ok(client.clone());
        }
        let client = connect()?;
        *made = Some((access.clone(), cluster.to_owned(), client.clone()));
        Ok(client)
    }

    fn ticket(&self, action: &KubeAction) -> Ticket {
        let mut going = self.going.lock().unwrap_or_else(PoisonError::into_inner);
        let known = going.iter().position(|known| known == action);
        let number = known.unwrap_or_else(|| {
            going.push(action.clone());
            going.len() - 1
        });
        Ticket { operation: format!("{TICKET}{number}"), target: about(action).to_owned() }
    }

    /// The action of a ticket; `None` for tickets of the cloud.
    fn action(&self, ticket: &Ticket) -> Option<KubeAction> {
        let number: usize = ticket.operation.strip_prefix(TICKET)?.parse().ok()?;
        self.going.lock().unwrap_or_else(PoisonError::into_inner).get(number).cloned()
    }
}

impl Hands for Doors {
    async fn start(&self, action: &Action) -> Result<Started, Fault> {
        if replaces_cluster(action) {
            // The next one has another address.
            *self.through_kubernetes.client.lock().await = None;
        }
        let Action::Kube(action) = action else { return self.cloud.start(action).await };
        if self.go_on(action).await? == Going::Done {
            return Ok(Started::Done);
        }
        Ok(Started::Waiting(self.through_kubernetes.ticket(action)))
    }

    async fn poll(&self, ticket: &Ticket) -> Result<Progress, Fault> {
        let Some(action) = self.through_kubernetes.action(ticket) else { return self.cloud.poll(ticket).await };
        Ok(match self.go_on(&action).await? {
            Going::Done => Progress::Done,
            Going::Waiting(what) => Progress::Pending(what),
        })
    }
}

impl Doors {
    async fn go_on(&self, action: &KubeAction) -> Result<Going, Fault> {
        let cluster = at(action);
        match (self.client(cluster).await?, action) {
            (Some(client), _) => berth_kube::carry_out(&client, action).await,
            // What is not there holds nothing.
            (None, KubeAction::DeleteObjects { .. } | KubeAction::ReleaseCloudObjects { .. }) => Ok(Going::Done),
            (None, action) => Err(Fault {
                kind: FaultKind::Unavailable,
                tried: format!("reach the API of the cluster for {}", about(action)),
                said: format!("cluster {} has no address yet", cluster.name),
                left_behind: LeftBehind::Nothing,
                retry: Retry::Backoff,
            }),
        }
    }

    /// The client for a cluster's API server, made once; `None` while the cluster has no address.
    async fn client(&self, cluster: &KubeClusterRef) -> Result<Option<kube::Client>, Fault> {
        let mut known = self.through_kubernetes.client.lock().await;
        if let Some((_, client)) = known.as_ref().filter(|(name, _)| *name == cluster.name) {
            return Ok(Some(client.clone()));
        }
        let observed = self.cloud.observe(&cluster.name, &cluster.location).await?;
        let Some(access) = observed.cluster.and_then(|cluster| cluster.access) else { return Ok(None) };
        let client = self.kubernetes(&access, &cluster.name)?;
        *known = Some((cluster.name.clone(), client.clone()));
        Ok(Some(client))
    }

    /// A client for a cluster that was looked at, if its API server is one to talk to.
    pub(crate) fn inside(&self, name: &str, observed: &Observed) -> Result<Option<kube::Client>, Fault> {
        let Some(cluster) = &observed.cluster else { return Ok(None) };
        let at_rest = !matches!(cluster.phase, Phase::Creating | Phase::Deleting | Phase::Failed);
        let (true, Some(access)) = (at_rest, &cluster.access) else { return Ok(None) };
        self.kubernetes(access, name).map(Some)
    }

    /// Looks at a cluster, and at what berth has applied inside it.
    pub(crate) async fn look(&self, name: &str, location: &str) -> Result<Observed, Fault> {
        let mut observed = self.cloud.observe(name, location).await?;
        let Some(client) = self.inside(name, &observed)? else { return Ok(observed) };
        // What cannot be read is applied again, which changes nothing that is as it should be.
        if self.provider() == Provider::Eks {
            let groups = [
                (device_plugin::GROUP, device_plugin::refs()),
                (cluster_autoscaler::GROUP, cluster_autoscaler::refs()),
            ];
            for (group, refs) in groups {
                // The first one is applied last and carries the hash of all.
                let Some(last) = refs.first() else { continue };
                if let Ok(Some(hash)) = berth_kube::annotation(&client, last, device_plugin::HASH_KEY).await {
                    observed.applied.insert(group.to_owned(), hash);
                }
            }
            if let Ok(classes) = berth_kube::labelled(&client, &[default_class::KIND], "").await {
                let (hash, others) = default_class::among(&classes);
                observed.applied.extend(hash.map(|hash| (default_class::GROUP.to_owned(), hash)));
                observed.default_classes = others;
            }
        }
        if let Ok(mut objects) = berth_kube::labelled(&client, &quotas::KINDS, quotas::SELECTOR).await {
            // Others may have put theirs into a cluster that is not ours alone.
            if let Some(ObservedCloud::Existing(standing)) = observed.cluster.as_mut().map(|cluster| &mut cluster.cloud)
            {
                objects.retain(|object| {
                    let file = object["metadata"]["annotations"][FILE_KEY].as_str();
                    let others = file.filter(|file| *file != name).map(str::to_owned);
                    let reference = Manifest::new(object.clone()).reference();
                    standing.claimed.extend(others.map(|file| (reference, file)));
                    file == Some(name)
                });
            }
            let there = quotas::applied(&objects);
            observed.applied.extend(there.hash.map(|hash| (quotas::GROUP.to_owned(), hash)));
            observed.applied_objects.insert(quotas::GROUP.to_owned(), there.objects);
        }
        Ok(observed)
    }
}

fn replaces_cluster(action: &Action) -> bool {
    matches!(
        action,
        Action::Gke(GkeAction::CreateCluster(_) | GkeAction::DeleteCluster { .. })
            | Action::Eks(EksAction::CreateCluster(_) | EksAction::DeleteCluster { .. })
    )
}

/// What an action is about, in words.
fn about(action: &KubeAction) -> &str {
    match action {
        KubeAction::ApplyObjects { about, .. }
        | KubeAction::AwaitRollouts { about, .. }
        | KubeAction::DeleteObjects { about, .. } => about,
        KubeAction::ChangeNodes { .. } => "labels and taints of nodes",
        KubeAction::ReleaseCloudObjects { .. } => "what holds load balancers and disks",
    }
}

fn at(action: &KubeAction) -> &KubeClusterRef {
    match action {
        KubeAction::ApplyObjects { cluster, .. }
        | KubeAction::AwaitRollouts { cluster, .. }
        | KubeAction::DeleteObjects { cluster, .. }
        | KubeAction::ChangeNodes { cluster, .. }
        | KubeAction::ReleaseCloudObjects { cluster, .. } => cluster,
    }
}
