//! Changing: each action to its call.

use berth_core::actions::Action;
use berth_core::actions::gke::GkeAction;
use berth_core::ports::{Hands, Progress, Started, Ticket};
use berth_core::run::Fault;

use crate::cloud::GkeCloud;
use crate::{calls, poll};

impl Hands for GkeCloud {
    async fn start(&self, action: &Action) -> Result<Started, Fault> {
        let Action::Gke(action) = action;
        match action {
            GkeAction::CreateCluster(wanted) => calls::create_cluster(self, wanted).await,
            GkeAction::ChangeCluster { cluster, change } => calls::change_cluster(self, cluster, change).await,
            GkeAction::DeleteCluster { cluster } => calls::delete_cluster(self, cluster).await,
            GkeAction::CreatePool { cluster, pool } => calls::create_pool(self, cluster, pool).await,
            GkeAction::ChangePool { cluster, pool, change } => calls::change_pool(self, cluster, pool, change).await,
            GkeAction::DeletePool { cluster, pool } => calls::delete_pool(self, cluster, pool).await,
            GkeAction::AwaitOperation { cluster, operation } => calls::await_operation(self, cluster, operation).await,
        }
    }

    async fn poll(&self, ticket: &Ticket) -> Result<Progress, Fault> {
        poll::poll(self, ticket).await
    }
}
