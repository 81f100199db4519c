//! Looking once at whatever a ticket names.

use berth_core::ports::{Progress, Ticket};
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};

use super::{look, nat, part, sweep, update, verdict};
use crate::calls;
use crate::cloud::EksCloud;
use crate::read::Place;
use crate::ticket::Work;

/// Looks once. The ticket says all, so any process may ask.
pub(crate) async fn poll(cloud: &EksCloud, ticket: &Ticket) -> Result<Progress, Fault> {
    let Some(work) = Work::from_ticket(ticket) else {
        return Err(Fault {
            kind: FaultKind::Other,
            tried: format!("ask about {}", ticket.target),
            said: format!("`{}` is no ticket of EKS's", ticket.operation),
            left_behind: LeftBehind::Unknown,
            retry: Retry::Never,
        });
    };
    match &work {
        Work::Made { cluster, target } => {
            let look = look::look(cloud, cluster, target).await.map_err(unseen)?;
            verdict::made(&work.words(), look.as_ref())
        }
        Work::Awaited { cluster, target } => verdict::awaited(look::look(cloud, cluster, target).await?.as_ref()),
        Work::Gone { cluster, target } => {
            verdict::gone(look::look(cloud, cluster, target).await.map_err(unseen)?.as_ref())
        }
        Work::Unprotected { cluster, update, created } => {
            calls::delete_unprotected(cloud, cluster, update, created).await
        }
        Work::Update { cluster, target, id } => update::update(cloud, cluster, target, id).await,
        Work::Nat { cluster, id } => nat::nat(cloud, cluster, id).await,
        Work::Part { cluster, part } => part::part(cloud, cluster, part).await,
        Work::Sweep { cluster, vpc, near, kinds } => {
            sweep::sweep(cloud, &Place::of(cluster, vpc.as_ref(), near.as_deref()), kinds).await
        }
    }
}

/// A look at something being made or removed that failed says nothing of what is there.
pub(crate) fn unseen(fault: Fault) -> Fault {
    Fault { left_behind: LeftBehind::Unknown, ..fault }
}
