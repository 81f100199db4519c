//! What an error of the Kubernetes client means: the only place that knows its status codes.

use std::error::Error;
use std::time::Duration;

use berth_core::observed::Contest;
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use kube::core::Status;
use kube::core::response::StatusCause;

/// How servers say of a field that it cannot be changed.
const NOT_TO_BE_CHANGED: [&str; 6] = [
    "immutable",
    "updates to ",
    "may not be changed",
    "may not change once set",
    "cannot change ",
    "cannot be changed",
];

/// An error of a call that changes nothing, as a fault; `tried` is a lower-case fragment.
pub(crate) fn fault(tried: &str, error: kube::Error) -> Fault {
    let (kind, retry, said) = match error {
        kube::Error::Api(status) => {
            let (kind, retry) = of_status(&status);
            (kind, retry, words(&status))
        }
        kube::Error::Service(source) => match source.downcast::<Fault>() {
            // The token source's own fault passes through the layers of the client untouched.
            Ok(fault) => return *fault,
            Err(source) => of_connection(source.as_ref()),
        },
        kube::Error::HyperError(source) => of_connection(&source),
        kube::Error::ReadEvents(source) => of_connection(&source),
        other => (FaultKind::Other, Retry::Never, chain(&other)),
    };
    Fault { kind, tried: tried.to_owned(), said, left_behind: LeftBehind::Nothing, retry }
}

/// The answer is not what the Kubernetes API gives.
pub(crate) fn strange_answer(tried: &str, said: String) -> Fault {
    Fault {
        kind: FaultKind::Other,
        tried: tried.to_owned(),
        said,
        left_behind: LeftBehind::Nothing,
        retry: Retry::Never,
    }
}

/// The continue token of a list is too old; the list has to begin again.
pub(crate) fn is_expired(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 410)
}

/// Why an apply did not take effect.
pub(crate) enum NotApplied {
    /// Somebody else owns fields of the object with other values.
    Contested(Vec<Contest>),
    /// What stands there now is being deleted; the object can be applied when that is gone.
    BeingDeleted,
    /// The server serves no such path, or the object's namespace is not there.
    NotFound(Fault),
    /// The server never lets these fields of the object be changed, as it names them: `spec.template`.
    Immutable { fields: Vec<String>, fault: Fault },
    /// The server will never take this object as it is.
    Unfit(Fault),
    /// Anything else.
    Fault(Fault),
}

/// What an error of a server-side apply means.
pub(crate) fn not_applied(tried: &str, error: kube::Error) -> NotApplied {
    let kube::Error::Api(status) = error else { return NotApplied::Fault(fault(tried, error)) };
    let contests = contests(&status);
    if status.code == 409 && !contests.is_empty() {
        return NotApplied::Contested(contests);
    }
    let is_ending = status.code == 403 && causes(&status).any(|cause| cause.reason == "NamespaceTerminating")
        || status.code == 409 && status.message.contains("object is being deleted");
    if is_ending {
        return NotApplied::BeingDeleted;
    }
    let fields = immutable(&status);
    if status.code == 422 && !fields.is_empty() {
        // The server's own words hold the old and the new value, of a Job its whole template.
        let said = format!("422 {}: {} cannot be changed", status.reason, fields.join(", "));
        let fault = Fault { kind: FaultKind::Refused, ..strange_answer(tried, said) };
        return NotApplied::Immutable { fields, fault };
    }
    // What does not fit the schema is answered with 500 and no reason, and always will be.
    let is_unfit = matches!(status.code, 400 | 403 | 413 | 422)
        || status.code == 500 && status.reason.is_empty() && status.message.starts_with("failed to create typed");
    let is_missing = status.code == 404;
    let fault = fault(tried, kube::Error::Api(status));
    match () {
        () if is_unfit && fault.kind != FaultKind::Denied => {
            NotApplied::Unfit(Fault { kind: FaultKind::Refused, retry: Retry::Never, ..fault })
        }
        () if is_unfit => NotApplied::Unfit(fault),
        () if is_missing => NotApplied::NotFound(fault),
        () => NotApplied::Fault(fault),
    }
}

/// The fault of an apply that met other owners.
pub(crate) fn contested(tried: &str, contests: &[Contest]) -> Fault {
    let owners: Vec<String> =
        contests.iter().map(|contest| format!("{} owns {}", contest.manager, contest.fields.join(", "))).collect();
    let said = format!("409 Conflict: {}", owners.join("; "));
    Fault { kind: FaultKind::Refused, ..strange_answer(tried, said) }
}

/// The owners that a refused apply names, each with its fields.
fn contests(status: &Status) -> Vec<Contest> {
    let mut contests: Vec<Contest> = Vec::new();
    for cause in causes(status).filter(|cause| cause.reason == "FieldManagerConflict") {
        let manager = cause.message.strip_prefix("conflict with ").unwrap_or(&cause.message);
        match contests.iter_mut().find(|contest| contest.manager == manager) {
            Some(contest) => contest.fields.push(cause.field.clone()),
            None => contests.push(Contest { manager: manager.to_owned(), fields: vec![cause.field.clone()] }),
        }
    }
    contests
}

/// The fields that a server does not let be changed, if that is all it has against an object.
fn immutable(status: &Status) -> Vec<String> {
    let says_so = |cause: &StatusCause| NOT_TO_BE_CHANGED.iter().any(|words| cause.message.contains(words));
    if !causes(status).all(says_so) {
        return Vec::new();
    }
    let mut fields: Vec<String> = causes(status).map(|cause| cause.field.clone()).collect();
    fields.dedup();
    fields
}

fn causes(status: &Status) -> impl Iterator<Item = &StatusCause> {
    status.details.iter().flat_map(|details| &details.causes)
}

fn of_status(status: &Status) -> (FaultKind, Retry) {
    match status.code {
        400 | 405 | 406 | 413 | 415 | 422 => (FaultKind::Refused, Retry::Never),
        401 => (FaultKind::Credentials, Retry::Never),
        403 => (FaultKind::Denied, Retry::Never),
        404 => (FaultKind::NotFound, Retry::Never),
        409 if status.reason == "AlreadyExists" => (FaultKind::AlreadyExists, Retry::Never),
        409 => (FaultKind::Busy, Retry::Backoff),
        410 => (FaultKind::Unavailable, Retry::Backoff),
        429 => (FaultKind::Throttled, after(status)),
        500 | 502..=504 => (FaultKind::Unavailable, after(status)),
        _ => (FaultKind::Other, Retry::Never),
    }
}

fn after(status: &Status) -> Retry {
    match status.details.as_ref().map(|details| details.retry_after_seconds) {
        None | Some(0) => Retry::Backoff,
        Some(seconds) => Retry::After(Duration::from_secs(seconds.into())),
    }
}

fn words(status: &Status) -> String {
    let message = match status.message.trim() {
        "" => "no message",
        message => message,
    };
    match status.reason.as_str() {
        "" => format!("{} {message}", status.code),
        reason => format!("{} {reason}: {message}", status.code),
    }
}

/// A server that shows the wrong certificate will show it again; anything else on the wire may pass.
fn of_connection(error: &(dyn Error + 'static)) -> (FaultKind, Retry, String) {
    let said = chain(error);
    if said.contains("certificate") {
        (FaultKind::Refused, Retry::Never, said)
    } else {
        (FaultKind::Lost, Retry::Backoff, said)
    }
}

/// An error and its causes in one line, without saying anything twice.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        if !said.contains(&words) {
            said = format!("{said}: {words}");
        }
        source = cause.source();
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(code: u16, reason: &str) -> Fault {
        let status = Status::failure("words of the server", reason).with_code(code);
        fault("list nodes", kube::Error::Api(Box::new(status)))
    }

    #[test]
    fn every_status_has_a_meaning() {
        let meanings = [400, 401, 403, 404, 409, 410, 418, 422, 429, 500, 503].map(|code| {
            let fault = answered(code, "");
            format!("{code} {:?} {:?}", fault.kind, fault.retry)
        });
        insta::assert_snapshot!(meanings.join("\n"), @r"
        400 Refused Never
        401 Credentials Never
        403 Denied Never
        404 NotFound Never
        409 Busy Backoff
        410 Unavailable Backoff
        418 Other Never
        422 Refused Never
        429 Throttled Backoff
        500 Unavailable Backoff
        503 Unavailable Backoff
        ");
    }

    #[test]
    fn a_fault_shows_the_servers_words() {
        let fault = answered(403, "Forbidden");
        assert_eq!(fault.to_string(), "list nodes: 403 Forbidden: words of the server");
    }

    #[test]
    fn a_token_fault_keeps_its_kind() {
        let inner = Fault { kind: FaultKind::Credentials, ..answered(500, "") };
        let outer = fault("list nodes", kube::Error::Service(Box::new(inner.clone())));
        assert_eq!(outer, inner);
    }
}
