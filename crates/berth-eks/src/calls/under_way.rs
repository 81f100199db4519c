//! Finding that what is to be made or changed is there already, because an earlier try took effect.

use std::collections::BTreeMap;

use aws_sdk_eks::types::Update;
use berth_core::actions::eks::{EksClusterRef, EksTarget};
use berth_core::lease;
use berth_core::ports::{Progress, Started};
use berth_core::rules::eks::names;
use berth_core::rules::ownership;
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};

use super::making;
use crate::classify::{self, Answer, CallError};
use crate::cloud::EksCloud;
use crate::find;
use crate::poll::{Look, look, unseen, verdict};
use crate::ticket::{Work, target_words};

/// Something that is to be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish<'a> {
    /// In or as this cluster.
    pub(super) cluster: &'a EksClusterRef,
    pub(super) target: &'a EksTarget,
    /// Tags it is to have.
    pub(super) tags: &'a BTreeMap<String, String>,
}

/// What making something comes to when it is there: the same ticket while it is being made, nothing to do when it is well.
pub(super) fn creation(wish: Wish<'_>, look: &Look) -> Result<Started, Fault> {
    let at = wish.cluster;
    let ours = ownership::is_ours(&look.tags) && look.tags.get(ownership::CLUSTER_KEY) == Some(&at.name);
    if !ours {
        let said = format!("there is a {} already, and its tags do not say that berth made it", look.words);
        return Err(making::foreign(&format!("create {}", look.words), said));
    }
    // Two runs may have wanted one name at a time and both have seen nothing of it.
    if let Some(why) = lease::why_not_same(&look.tags, wish.tags) {
        let (tried, words) = (format!("create {}", look.words), &look.words);
        return Err(Fault {
            kind: FaultKind::Refused,
            ..making::foreign(&tried, format!("there is a {words} already, {why}; use another id"))
        });
    }
    match verdict::made(&look.words, Some(look)) {
        Ok(Progress::Done) => Ok(Started::Done),
        Ok(Progress::Pending(_)) => Ok(made(at, &look.target)),
        // It is being removed, and its name is free after that.
        Err(fault) if fault.kind == FaultKind::Busy => Err(Fault { retry: Retry::Backoff, ..fault }),
        Err(fault) => Err(fault),
    }
}

/// The ticket of something that is being made.
pub(super) fn made(at: &EksClusterRef, target: &EksTarget) -> Started {
    Work::Made { cluster: at.clone(), target: target.clone() }.waiting()
}

/// The ticket of something that is going away.
pub(super) fn going(at: &EksClusterRef, target: EksTarget) -> Started {
    Work::Gone { cluster: at.clone(), target }.waiting()
}

/// How often a token that brings back what is gone is replaced.
pub(super) const TOKENS: usize = 3;

/// The token of this try: the first one is the same in every run, so that a call repeated after a lost answer is the same request.
pub(super) fn token(parts: &[&str], number: usize) -> String {
    let number = number.to_string();
    let mut parts = parts.to_vec();
    if number != "0" {
        parts.push(&number);
    }
    names::client_token(&parts)
}

/// Whether EKS took the call, but under its token gave back one of an earlier life that is gone: what was deleted and is made again
/// with the same wish is the same request to EKS as long as it remembers the token. A look that fails says nothing.
pub(super) async fn is_of_old(cloud: &EksCloud, at: &EksClusterRef, target: &EksTarget) -> bool {
    matches!(look::look(cloud, at, target).await, Ok(None))
}

/// EKS gave back only what is gone.
pub(super) fn only_old(at: &EksClusterRef, target: &EksTarget) -> Fault {
    let words = target_words(at, target);
    find::unseen(&format!("create {words}"), &words)
}

/// A call that makes something was refused: perhaps because an earlier try of it took effect and was not seen before the call.
pub(super) async fn not_made<E: Answer>(
    cloud: &EksCloud,
    wish: Wish<'_>,
    error: &CallError<E>,
) -> Result<Started, Fault> {
    let (at, target) = (wish.cluster, wish.target);
    let tried = format!("create {}", target_words(at, target));
    let fault = settling(classify::with_left(tried, error, |kind| left_by(error, kind)));
    if !matches!(fault.kind, FaultKind::AlreadyExists | FaultKind::Busy) {
        return Err(fault);
    }
    match look::look(cloud, at, target).await.map_err(unseen)? {
        Some(look) => creation(wish, &look),
        // The name was taken a moment ago and is free again.
        None => Err(making::again(fault)),
    }
}

/// A call that EKS answered with a refusal has made nothing, whatever comes of trying again.
fn left_by<E: Answer>(error: &CallError<E>, kind: FaultKind) -> LeftBehind {
    let refused = error.raw_response().is_some_and(|raw| (400..500).contains(&raw.status().as_u16()));
    if refused { LeftBehind::Nothing } else { classify::left_by_create(kind) }
}

/// What the call names was looked up or made just before, so "does not exist" means that EKS does not see it yet. Given subnets and
/// roles may really not be there; the engine tries only so often.
fn settling(fault: Fault) -> Fault {
    let text = fault.said.to_ascii_lowercase();
    let missing = fault.kind == FaultKind::Refused && (text.contains("does not exist") || text.contains("not found"));
    if missing || fault.kind == FaultKind::NotFound {
        return Fault { kind: FaultKind::Unavailable, retry: Retry::Backoff, ..fault };
    }
    fault
}

/// What a change comes to by EKS's answer: an update to wait for, or nothing where there is nothing to change any more.
pub(super) fn updating<E: Answer>(
    at: &EksClusterRef,
    target: EksTarget,
    sent: Result<Option<Update>, CallError<E>>,
    tried: &str,
) -> Result<Started, Fault> {
    match sent {
        Ok(update) => {
            let id = making::id_in(update.and_then(|update| update.id), tried)?;
            Ok(Work::Update { cluster: at.clone(), target, id }.waiting())
        }
        Err(error) => {
            let fault = classify::of_call(tried, &error);
            if is_no_change(&fault) { Ok(Started::Done) } else { Err(fault) }
        }
    }
}

/// A change has nothing to change any more: an earlier try of it took effect.
pub(super) fn is_no_change(fault: &Fault) -> bool {
    const SAID: [&str; 2] = ["no changes needed", "already at the desired configuration"];
    let said = fault.said.to_ascii_lowercase();
    fault.kind == FaultKind::Refused && SAID.iter().any(|text| said.contains(text))
}

/// What a change comes to when everything reads as it is wanted: an earlier try may still be taking effect.
pub(super) fn changed_already(at: &EksClusterRef, target: EksTarget, is_updating: bool) -> Started {
    if is_updating { Work::Awaited { cluster: at.clone(), target }.waiting() } else { Started::Done }
}

/// What is to be changed is not there.
pub(super) fn not_there(tried: &str) -> Fault {
    Fault {
        kind: FaultKind::NotFound,
        tried: tried.to_owned(),
        said: "it is not there".to_owned(),
        left_behind: LeftBehind::Nothing,
        retry: Retry::Never,
    }
}
