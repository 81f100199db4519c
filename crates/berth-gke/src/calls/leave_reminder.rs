//! Writing down, before a cluster goes, whose the things are that it leaves.

use berth_core::actions::gke::GkeClusterRef;
use berth_core::ports::{Progress, Started, Ticket};
use berth_core::run::{Fault, FaultKind, LeftBehind};

use crate::classify;
use crate::client::reading;
use crate::cloud::GkeCloud;
use crate::compute::{Trouble, failure, operation_path};
use crate::find::node_tag;
use crate::read;
use crate::reminder::{self, Going};

/// Begins the ticket of a reminder: `LEAVE_REMINDER OPERATION_PATH`.
const TICKET: &str = "LEAVE_REMINDER";

/// Makes the reminder. One that is there is done, and so is that of a cluster that is gone or is not ours.
///
/// Whoever may delete the cluster but not make a health check deletes it without: a cluster that goes on costs more than a rule that
/// nobody can prove to be ours.
///
/// # Errors
/// The cluster cannot be read, or Compute Engine refuses the reminder for another reason.
pub(crate) async fn leave_reminder(gke: &GkeCloud, at: &GkeClusterRef, name: &str) -> Result<Started, Fault> {
    let target = format!("reminder {name}");
    let call = reading(gke.clients.container.get_cluster()).set_name(at.path());
    let cluster = match gke.clients.call(|| call.clone().send()).await {
        Ok(cluster) => cluster,
        Err(error) if classify::kind_of(&error) == FaultKind::NotFound => return Ok(Started::Done),
        Err(error) => return Err(classify::of_call(format!("read cluster {}", at.name), &error)),
    };
    let observed = read::cluster(&cluster, gke.project());
    if !observed.is_ours() {
        return Ok(Started::Done);
    }
    let tag = node_tag(&cluster.name, &cluster.id);
    let going = Going { labels: &observed.labels, location: &at.location, tag, made: observed.created_at };
    let path = format!("projects/{}/global/healthChecks", at.project);
    match gke.clients.compute.insert(&path, &reminder::body(name, &going)).await {
        Ok(operation) => {
            let operation = operation_path(&operation);
            Ok(Started::Waiting(Ticket { operation: format!("{TICKET} {operation}"), target }))
        }
        Err(trouble) if matches!(trouble.kind, FaultKind::AlreadyExists | FaultKind::Denied) => Ok(Started::Done),
        Err(trouble) => Err(fault(trouble, &target)),
    }
}

/// How far it is; `None` if the ticket is of something else.
pub(crate) async fn poll_reminder(gke: &GkeCloud, ticket: &Ticket) -> Option<Result<Progress, Fault>> {
    let operation = ticket.operation.strip_prefix(TICKET)?.trim_start();
    Some(match gke.clients.compute.get(operation, &[]).await {
        Ok(shown) if shown["status"] != "DONE" => Ok(Progress::Pending(None)),
        Ok(shown) => failure(&shown)
            .map_or(Ok(Progress::Done), |said| Err(fault(classify::of_operation_failure(&said), &ticket.target))),
        // Operations are forgotten after a while, long after this one is over.
        Err(trouble) if trouble.kind == FaultKind::NotFound => Ok(Progress::Done),
        Err(trouble) => Err(fault(trouble, &ticket.target)),
    })
}

fn fault(trouble: Trouble, target: &str) -> Fault {
    trouble.fault(format!("make {target}"), |_| LeftBehind::Unknown)
}
