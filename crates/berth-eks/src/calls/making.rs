//! What a failed call means while something is being made in several calls.

use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};

use crate::classify::{self, Answer, CallError};

/// A call that makes something failed. What it needs is there for the plan, so "not found" means that AWS does not show it yet.
pub(crate) fn not_made<E: Answer>(tried: &str, error: &CallError<E>) -> Fault {
    settling(classify::with_left(tried, error, classify::left_by_create))
}

/// A call that completes something failed: the thing is there, and the next try goes on with it.
pub(crate) fn not_completed<E: Answer>(tried: &str, error: &CallError<E>, thing: String) -> Fault {
    settling(classify::with_left(tried, error, |_| LeftBehind::These(vec![thing])))
}

/// The same fault, to be tried again.
pub(crate) fn again(fault: Fault) -> Fault {
    Fault { kind: FaultKind::Busy, retry: Retry::Backoff, ..fault }
}

fn settling(fault: Fault) -> Fault {
    match fault.kind {
        FaultKind::NotFound => Fault { kind: FaultKind::Unavailable, retry: Retry::Backoff, ..fault },
        _ => fault,
    }
}

/// The id in an answer; without one nobody knows what was made.
pub(crate) fn id_in(answer: Option<String>, tried: &str) -> Result<String, Fault> {
    answer.filter(|id| !id.is_empty()).ok_or_else(|| Fault {
        kind: FaultKind::Other,
        tried: tried.to_owned(),
        said: "the answer names no id".to_owned(),
        left_behind: LeftBehind::Unknown,
        retry: Retry::Backoff,
    })
}

/// Somebody else's thing has the name.
pub(crate) fn foreign(tried: &str, said: String) -> Fault {
    Fault {
        kind: FaultKind::AlreadyExists,
        tried: tried.to_owned(),
        said,
        left_behind: LeftBehind::Nothing,
        retry: Retry::Never,
    }
}
