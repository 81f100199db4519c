//! What a step of ours that is over has ended.

use jiff::Timestamp;

use super::Record;
use crate::actions::Action;
use crate::actions::eks::{EksAction, EksPartKind};
use crate::actions::gke::GkeAction;
use crate::cost::{Item, Stretch, Teller};

impl Record {
    /// Takes in that this has been carried out, as was seen at this time; gives the line to keep, if anything has ended with it.
    ///
    /// `told` gives when the cloud itself says that a thing ended, by its id as in [`Stretch::id`], where its answers have said so.
    pub fn carried_out(
        &mut self,
        action: &Action,
        at: Timestamp,
        told: impl Fn(&str) -> Option<Timestamp>,
    ) -> Option<String> {
        let mut ended = Vec::new();
        for (index, thing) in self.usage.stretches.iter_mut().enumerate() {
            if thing.to.is_none() && thing.from <= at && ends(action, thing) {
                // What had this id before and ended then is another one.
                let own = told(&thing.id).filter(|end| *end >= thing.from);
                (thing.to, thing.told) = own.map_or((Some(at), Teller::Step), |end| (Some(end), Teller::Cloud));
                ended.push(index);
            }
        }
        (!ended.is_empty()).then(|| self.line(at, None, &ended, &[]))
    }
}

/// Whether a thing is gone once this is carried out.
fn ends(action: &Action, thing: &Stretch) -> bool {
    let what = &thing.what;
    let stands_at = |location: &str| what.region == location || what.zone.as_deref() == Some(location);
    match action {
        Action::Gke(GkeAction::DeleteCluster { cluster }) => {
            what.pool.is_some() || what.item.is_fee() && stands_at(&cluster.location)
        }
        Action::Gke(GkeAction::DeletePool { pool, .. }) => what.pool.as_ref() == Some(pool),
        Action::Gke(GkeAction::DeleteLeftover(left)) => *thing.id == *left.path,
        Action::Eks(EksAction::DeleteCluster { .. }) => what.item.is_fee(),
        Action::Eks(EksAction::DeletePart { part, .. }) => *thing.id == *part.id,
        Action::Eks(EksAction::Sweep { kinds, .. }) => match what.item {
            Item::LoadBalancer => kinds.contains(&EksPartKind::LoadBalancer),
            Item::Disk(_) => what.pool.is_none() && kinds.contains(&EksPartKind::Volume),
            _ => false,
        },
        _ => false,
    }
}
