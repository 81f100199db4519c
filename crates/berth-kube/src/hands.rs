//! Changing a cluster through its Kubernetes API, one action at a time.

use berth_core::actions::kube::KubeAction;
use berth_core::run::Fault;
use kube::Client;

use crate::{apply, delete, nodes_change, release, rollouts};

/// How far an action is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Going {
    /// It is complete.
    Done,
    /// It has to be asked again; with what it waits for, if that can be said.
    Waiting(Option<String>),
}

/// Carries an action out, or goes on with it.
///
/// # Errors
/// The API server refuses, or does not answer; or a rollout cannot go on.
pub async fn carry_out(client: &Client, action: &KubeAction) -> Result<Going, Fault> {
    match action {
        KubeAction::ApplyObjects { objects, force, .. } => apply::apply(client, objects, *force).await,
        KubeAction::AwaitRollouts { objects, .. } => rollouts::wait(client, objects).await,
        KubeAction::DeleteObjects { objects, .. } => delete::delete(client, objects).await,
        KubeAction::ChangeNodes { cluster, nodes, force } => {
            nodes_change::change(client, &cluster.name, nodes, *force).await
        }
        KubeAction::ReleaseCloudObjects { disks, .. } => release::release(client, *disks).await,
    }
}
