//! Changing: each action to its call.

use berth_core::actions::Action;
use berth_core::actions::gke::GkeAction;
use berth_core::ports::{Hands, Progress, Started, Ticket};
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};

use crate::cloud::GkeCloud;
use crate::{calls, poll};

impl Hands for GkeCloud {
    async fn start(&self, action: &Action) -> Result<Started, Fault> {
        let Action::Gke(action) = action else {
            return Err(not_for_gke());
        };
        // Boxed, because the futures of the calls are large and the engine keeps several.
        match action {
            GkeAction::CreateCluster(wanted) => Box::pin(calls::create_cluster(self, wanted)).await,
            GkeAction::ChangeCluster { cluster, change } => {
                Box::pin(calls::change_cluster(self, cluster, change)).await
            }
            GkeAction::DeleteCluster { cluster } => Box::pin(calls::delete_cluster(self, cluster)).await,
            GkeAction::CreatePool { cluster, pool } => Box::pin(calls::create_pool(self, cluster, pool)).await,
            GkeAction::ChangePool { cluster, pool, change } => {
                Box::pin(calls::change_pool(self, cluster, pool, change)).await
            }
            GkeAction::DeletePool { cluster, pool } => Box::pin(calls::delete_pool(self, cluster, pool)).await,
            GkeAction::AwaitOperation { cluster, operation } => {
                Box::pin(calls::await_operation(self, cluster, operation)).await
            }
            GkeAction::DeleteLeftover(leftover) => Box::pin(calls::delete_leftover(self, leftover)).await,
            GkeAction::LeaveReminder { cluster, name } => Box::pin(calls::leave_reminder(self, cluster, name)).await,
        }
    }

    async fn poll(&self, ticket: &Ticket) -> Result<Progress, Fault> {
        if let Some(progress) = calls::poll_leftover(self, ticket).await {
            return progress;
        }
        match calls::poll_reminder(self, ticket).await {
            Some(progress) => progress,
            None => Box::pin(poll::poll(self, ticket)).await,
        }
    }
}

/// A plan for another cloud was brought here; nothing was called.
fn not_for_gke() -> Fault {
    Fault {
        kind: FaultKind::Refused,
        tried: "carry out a step".to_owned(),
        said: "it is not a step for GKE".to_owned(),
        left_behind: LeftBehind::Nothing,
        retry: Retry::Never,
    }
}
