//! By whom it is known when things ended, and what that rests on.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::SignedDuration;

use crate::cost::{Item, Stretch, Teller, Usage};
use crate::spec::Provider;

/// What has to be known of what is gone, where no cloud told all of it, or less than it seems to, as lower-case sentences without their full stops.
pub fn untold(usage: &Usage) -> Vec<String> {
    // What goes with a machine has its id, and is no thing of its own.
    let gone = |is_meant: fn(&Stretch) -> bool| -> BTreeSet<&Arc<str>> {
        let meant = usage.stretches.iter().filter(|thing| thing.to.is_some() && is_meant(thing));
        meant.map(|thing| &thing.id).collect()
    };
    let counted = |count: usize, word: &str| if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") };
    let mut notes = Vec::new();
    let by_steps = gone(|thing| thing.told == Teller::Step).len();
    if by_steps > 0 {
        notes.push(format!(
            "{} ended with a step of berth's, of which the cloud tells no time: counted until berth saw the step done",
            counted(by_steps, "thing")
        ));
    }
    let by_looks = gone(|thing| matches!(thing.told, Teller::Look { .. })).len();
    if by_looks > 0 {
        let apart = |thing: &Stretch| match (thing.told, thing.to) {
            (Teller::Look { after }, Some(to)) => Some(to.duration_since(after)),
            _ => None,
        };
        let most = usage.stretches.iter().filter_map(apart).max().unwrap_or(SignedDuration::ZERO).as_secs();
        let too_long = if most > 0 { format!(", which is up to {most} s too long") } else { String::new() };
        notes.push(format!(
            "{} ended between two looks, and nobody tells when: counted until the later look{too_long}",
            counted(by_looks, "thing")
        ));
    }
    let machines = gone(|thing| matches!(thing.what.item, Item::Machine { .. }));
    let bare = machines.difference(&gone(|thing| matches!(thing.what.item, Item::Disk(_)))).count();
    if bare > 0 {
        let are = if bare == 1 { "is" } else { "are" };
        let machines = counted(bare, "machine");
        notes.push(format!("nothing tells what disks {machines} that {are} gone had: these are not counted"));
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
