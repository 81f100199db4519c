//! Taking one thing around a cluster away, by its id.
//!
//! Every look tries again: what is gone is done, what is held goes on, with the words of what holds it if that can be told.

mod balancer;
mod held;
mod leftovers;
mod network;
mod role;
mod security_group;

use berth_core::actions::eks::{EksClusterRef, EksPartKind, EksPartRef};
use berth_core::ports::{Progress, Started};
use berth_core::run::{Fault, FaultKind};

use crate::classify::{self, Answer, CallError};
use crate::cloud::EksCloud;
use crate::read::Place;
use crate::ticket::Work;

/// Begins to take it away; what does not go at once is tried again on every look at the ticket.
pub(crate) async fn delete_part(
    cloud: &EksCloud,
    cluster: &EksClusterRef,
    part: &EksPartRef,
) -> Result<Started, Fault> {
    match attempt(cloud, cluster, part).await? {
        Progress::Done => Ok(Started::Done),
        Progress::Pending(_) => Ok(Work::Part { cluster: cluster.clone(), part: part.clone() }.waiting()),
    }
}

/// Tries once to take it away.
pub(crate) async fn attempt(cloud: &EksCloud, cluster: &EksClusterRef, part: &EksPartRef) -> Result<Progress, Fault> {
    // Boxed, because the futures of the calls are large.
    match part.kind {
        EksPartKind::LoadBalancer => Box::pin(balancer::delete(cloud, part)).await,
        EksPartKind::Instance => Box::pin(leftovers::machine(cloud, part)).await,
        EksPartKind::Volume => Box::pin(leftovers::volume(cloud, part)).await,
        EksPartKind::NetworkInterface => Box::pin(leftovers::interface(cloud, part)).await,
        EksPartKind::LaunchTemplate => Box::pin(leftovers::template(cloud, part)).await,
        EksPartKind::LogGroup => Box::pin(leftovers::log_group(cloud, part)).await,
        EksPartKind::OidcProvider => Box::pin(leftovers::oidc_provider(cloud, part)).await,
        EksPartKind::Role => Box::pin(role::delete(cloud, part)).await,
        EksPartKind::NatGateway => Box::pin(network::nat(cloud, part)).await,
        EksPartKind::Address => Box::pin(network::address(cloud, part)).await,
        EksPartKind::RouteTable => Box::pin(network::route_table(cloud, part)).await,
        EksPartKind::SecurityGroup => Box::pin(security_group::delete(cloud, cluster, part)).await,
        EksPartKind::Subnet => Box::pin(network::subnet(cloud, cluster, part)).await,
        EksPartKind::InternetGateway => Box::pin(network::internet_gateway(cloud, cluster, part)).await,
        EksPartKind::Vpc => Box::pin(network::vpc(cloud, cluster, part)).await,
    }
}

/// Target groups of the cluster that no load balancer uses any more; they go with the load balancers.
pub(crate) async fn delete_target_groups(cloud: &EksCloud, place: &Place<'_>) -> Result<Progress, Fault> {
    balancer::delete_target_groups(cloud, place).await
}

/// What a call that takes something away came to: gone already is done, held goes on.
fn outcome<T, E: Answer>(part: &EksPartRef, sent: Result<T, CallError<E>>) -> Result<Progress, Fault> {
    let Err(error) = sent else { return Ok(Progress::Done) };
    let words = format!("{} {}", part.kind.words(), part.id);
    let left = |kind| classify::left_by_delete(kind, words.clone());
    let fault = classify::with_left(format!("delete {words}"), &error, left);
    match fault.kind {
        FaultKind::NotFound => Ok(Progress::Done),
        FaultKind::Busy => Ok(Progress::Pending(Some(fault.said))),
        _ => Err(fault),
    }
}

/// What was found before something is taken away; `None` if it is gone already.
fn seen<T, E: Answer>(part: &EksPartRef, sent: Result<T, CallError<E>>) -> Result<Option<T>, Fault> {
    match sent {
        Ok(found) => Ok(Some(found)),
        Err(error) if classify::kind_of(&error) == FaultKind::NotFound => Ok(None),
        Err(error) => {
            let words = format!("{} {}", part.kind.words(), part.id);
            let left = |kind| classify::left_by_delete(kind, words.clone());
            Err(classify::with_left(format!("look at {words}"), &error, left))
        }
    }
}
