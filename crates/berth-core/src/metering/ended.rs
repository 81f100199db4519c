//! By whom it is known when things ended, and what that rests on.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::SignedDuration;

use crate::cost::{Item, Stretch, Teller, Usage};
use crate::spec::Provider;

/// What has to be known of what is gone, where no cloud told all of it, or less than it seems to, as lower-case sentences without their full stops.
pub fn untold(usage: &Usage) -> Vec<String> {
    let count = |is_meant: fn(&Teller) -> bool| {
        let meant = usage.stretches.iter().filter(|thing| thing.to.is_some() && is_meant(&thing.told));
        // What goes with a machine is no thing of its own.
        meant.map(|thing| &thing.id).collect::<BTreeSet<_>>().len()
    };
    let machines = |count: usize| {
        if count == 1 { "1 machine that is gone".to_owned() } else { format!("{count} machines that are gone") }
    };
    let things = |count: usize| if count == 1 { "1 thing".to_owned() } else { format!("{count} things") };
    let mut notes = Vec::new();
    let by_steps = count(|told| *told == Teller::Step);
    if by_steps > 0 {
        notes.push(format!(
            "{} ended with a step of berth's, of which the cloud tells no time: counted until berth saw the step done",
            things(by_steps)
        ));
    }
    let by_looks = count(|told| matches!(told, Teller::Look { .. }));
    if by_looks > 0 {
        let apart = |thing: &Stretch| match (thing.told, thing.to) {
            (Teller::Look { after }, Some(to)) => Some(to.duration_since(after)),
            _ => None,
        };
        let most = usage.stretches.iter().filter_map(apart).max().unwrap_or(SignedDuration::ZERO);
        notes.push(format!(
            "{} ended between two looks, and nobody tells when: counted until the later look, which is up to {} s too long",
            things(by_looks),
            most.as_secs()
        ));
    }
    let ids = |is_meant: fn(&Item) -> bool| -> BTreeSet<&Arc<str>> {
        let meant = usage.stretches.iter().filter(|thing| thing.to.is_some() && is_meant(&thing.what.item));
        meant.map(|thing| &thing.id).collect()
    };
    let bare =
        ids(|item| matches!(item, Item::Machine { .. })).difference(&ids(|item| matches!(item, Item::Disk(_)))).count();
    if bare > 0 {
        notes.push(format!("nothing tells what disks {} had: these are not counted", machines(bare)));
    }
    let goes_on =
        |thing: &Stretch| usage.stretches.iter().any(|next| next.id == thing.id && Some(next.from) == thing.to);
    if usage.stretches.iter().any(|thing| is_accepted(thing) && !goes_on(thing)) {
        notes.push(
            "the fee of a cluster on EKS is counted until EKS took its deletion: whether it is billed until it is gone is not \
             public, and machines and databases that AWS takes away are not (inferred)"
                .to_owned(),
        );
    }
    notes
}

/// Whether its end is the moment at which EKS accepted a deletion, which is taken to end the fee [I].
fn is_accepted(thing: &Stretch) -> bool {
    let is_told = thing.to.is_some() && thing.told == Teller::Cloud;
    is_told && thing.what.provider == Provider::Eks && thing.what.item.is_fee()
}
