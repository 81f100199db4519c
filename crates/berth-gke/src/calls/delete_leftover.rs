//! Deleting a thing of Compute Engine that a cluster left.

use berth_core::actions::gke::GkeLeftover;
use berth_core::ports::{Progress, Started, Ticket};
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};

use crate::classify;
use crate::cloud::GkeCloud;
use crate::compute::{Trouble, failure, operation_path};

/// Begins the ticket of such a deletion: `DELETE_LEFTOVER OPERATION_PATH THING_PATH`.
const TICKET: &str = "DELETE_LEFTOVER";

/// Asks for the deletion; what is gone is done, what something uses is busy.
///
/// # Errors
/// Compute Engine refuses it, or it cannot be told whether it took the call.
pub(crate) async fn delete_leftover(gke: &GkeCloud, leftover: &GkeLeftover) -> Result<Started, Fault> {
    let target = format!("{} {}", leftover.kind, leftover.name);
    if !is_path(&leftover.path) {
        let said = format!("`{}` is no path of a thing in Compute Engine", leftover.path);
        let left_behind = LeftBehind::These(vec![target.clone()]);
        let tried = format!("delete {target}");
        return Err(Fault { kind: FaultKind::Refused, tried, said, left_behind, retry: Retry::Never });
    }
    match gke.clients.compute.delete(&leftover.path).await {
        Ok(operation) => {
            let operation = operation_path(&operation);
            Ok(Started::Waiting(Ticket { operation: format!("{TICKET} {operation} {}", leftover.path), target }))
        }
        Err(trouble) if trouble.kind == FaultKind::NotFound => Ok(Started::Done),
        Err(trouble) => Err(fault(trouble, &target)),
    }
}

/// How far such a deletion is; `None` if the ticket is of something else.
pub(crate) async fn poll_leftover(gke: &GkeCloud, ticket: &Ticket) -> Option<Result<Progress, Fault>> {
    let (operation, path) = ticket.operation.strip_prefix(TICKET)?.trim_start().split_once(' ')?;
    Some(look(gke, operation, path, &ticket.target).await)
}

async fn look(gke: &GkeCloud, operation: &str, path: &str, target: &str) -> Result<Progress, Fault> {
    match gke.clients.compute.get(operation, &[]).await {
        Ok(shown) if shown["status"] != "DONE" => Ok(Progress::Pending(None)),
        Ok(shown) => match failure(&shown) {
            None => Ok(Progress::Done),
            Some(said) if classify::of_operation(&said) == FaultKind::Busy => again(gke, path, target, said.text).await,
            Some(said) => Err(fault(classify::of_operation_failure(&said), target)),
        },
        // Operations are forgotten after a while; the thing itself tells then.
        Err(trouble) if trouble.kind == FaultKind::NotFound => {
            again(gke, path, target, "its deletion is not known any more".to_owned()).await
        }
        Err(trouble) => Err(fault(trouble, target)),
    }
}

/// Asks once more after a deletion came to nothing because something used the thing. The ticket goes on naming the first
/// operation, so every look asks again until the thing is gone; a deletion that goes on refuses a second one.
async fn again(gke: &GkeCloud, path: &str, target: &str, because: String) -> Result<Progress, Fault> {
    match gke.clients.compute.delete(path).await {
        Ok(_) => Ok(Progress::Pending(Some(because))),
        Err(trouble) => match trouble.kind {
            FaultKind::NotFound => Ok(Progress::Done),
            FaultKind::Busy => Ok(Progress::Pending(Some(trouble.said))),
            _ => Err(fault(trouble, target)),
        },
    }
}

fn fault(trouble: Trouble, target: &str) -> Fault {
    trouble.fault(format!("delete {target}"), |kind| classify::left_by_delete(kind, target.to_owned()))
}

/// Whether a path names one thing: nothing else may be deleted by what stands in a plan.
fn is_path(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let plain = |part: &&str| {
        !part.is_empty() && part.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.:".contains(letter))
    };
    let shaped =
        matches!(parts.as_slice(), ["projects", _, "zones" | "regions", _, _, _] | ["projects", _, "global", _, _]);
    shaped && parts.iter().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_thing_can_be_named() {
        for path in ["projects/p/zones/z/disks/d", "projects/a.b:p/global/firewalls/k8s-fw-x"] {
            assert!(is_path(path), "{path}");
        }
        for path in
            ["projects/p/zones/z/disks", "projects/p/zones/z/disks/d?x=1", "projects/p/zones/z//d", "x", "projects/p"]
        {
            assert!(!is_path(path), "{path}");
        }
    }
}
