//! Changing: each action to its calls.

use berth_core::actions::Action;
use berth_core::actions::eks::EksAction;
use berth_core::ports::{Hands, Progress, Started, Ticket};
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};

use crate::cloud::EksCloud;
use crate::read::Place;
use crate::{calls, poll};

impl Hands for EksCloud {
    async fn start(&self, action: &Action) -> Result<Started, Fault> {
        let Action::Eks(action) = action else {
            return Err(not_for_eks());
        };
        // Boxed, because the futures of the calls are large and the engine keeps several.
        match action {
            EksAction::CreateRole(role) => Box::pin(calls::create_role(self, role)).await,
            EksAction::CreateVpc(vpc) => Box::pin(calls::create_vpc(self, vpc)).await,
            EksAction::CreateSubnet(subnet) => Box::pin(calls::create_subnet(self, subnet)).await,
            EksAction::CreateInternetGateway(gateway) => Box::pin(calls::create_gateway(self, gateway)).await,
            EksAction::AllocateAddress(address) => Box::pin(calls::allocate_address(self, address)).await,
            EksAction::CreateNatGateway(nat) => Box::pin(calls::create_nat(self, nat)).await,
            EksAction::CreateRouteTable(table) => Box::pin(calls::create_route_table(self, table)).await,
            EksAction::CreateTemplate(template) => Box::pin(calls::create_template(self, template)).await,
            EksAction::DeletePart { cluster, part } => Box::pin(calls::delete_part(self, cluster, part)).await,
            EksAction::Sweep { cluster, vpc, near, kinds } => {
                Box::pin(calls::sweep(self, &Place::of(cluster, vpc.as_ref(), near.as_deref()), kinds)).await
            }
            EksAction::CreateCluster(wanted) => Box::pin(calls::create_cluster(self, wanted)).await,
            EksAction::ChangeCluster { cluster, change } => {
                Box::pin(calls::change_cluster(self, cluster, change)).await
            }
            EksAction::GrantAdmin { cluster, principal, tags } => {
                Box::pin(calls::grant_admin(self, cluster, principal, tags)).await
            }
            EksAction::CreateAddon(addon) => Box::pin(calls::create_addon(self, addon)).await,
            EksAction::ChangeAddon { cluster, addon, configuration } => {
                Box::pin(calls::change_addon(self, cluster, addon, configuration)).await
            }
            EksAction::CreatePodIdentity(wanted) => Box::pin(calls::create_pod_identity(self, wanted)).await,
            EksAction::DeletePodIdentity { cluster, namespace, service_account } => {
                Box::pin(calls::delete_pod_identity(self, cluster, namespace, service_account)).await
            }
            EksAction::CreateGroup(group) => Box::pin(calls::create_group(self, group)).await,
            EksAction::ChangeGroup { cluster, group, change } => {
                Box::pin(calls::change_group(self, cluster, group, change)).await
            }
            EksAction::TagAutoscaling { cluster, group, tags } => {
                Box::pin(calls::tag_autoscaling(self, cluster, group, tags)).await
            }
            EksAction::DeleteAddon { cluster, addon } => Box::pin(calls::delete_addon(self, cluster, addon)).await,
            EksAction::DeleteGroup { cluster, group } => Box::pin(calls::delete_group(self, cluster, group)).await,
            EksAction::DeleteCluster { cluster } => Box::pin(calls::delete_cluster(self, cluster)).await,
            EksAction::Await { cluster, target } => Box::pin(calls::await_target(self, cluster, target)).await,
        }
    }

    async fn poll(&self, ticket: &Ticket) -> Result<Progress, Fault> {
        Box::pin(poll::poll(self, ticket)).await
    }
}

/// A plan for another cloud was brought here; nothing was called.
fn not_for_eks() -> Fault {
    Fault {
        kind: FaultKind::Refused,
        tried: "carry out a step".to_owned(),
        said: "it is not a step for EKS".to_owned(),
        left_behind: LeftBehind::Nothing,
        retry: Retry::Never,
    }
}
