//! Every error code and text of Google Cloud: what it means, whether to try again, what it can have left behind.
//!
//! Sources: google.rpc codes and their HTTP mapping (AIP-193), GKE's page on concurrent operations, `StatusCondition.Code` of
//! the container API, and Compute Engine's resource errors.

use std::time::Duration;

use berth_core::observed::IssueCause;
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use google_cloud_gax::error::{CredentialsError, Error};
use serde_json::Value;

use crate::compute::Trouble;

/// An error as the other side said it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Said {
    /// HTTP status; none for an operation's error.
    pub(crate) http: Option<u16>,
    /// Canonical code such as `FAILED_PRECONDITION`.
    pub(crate) code: String,
    /// The text.
    pub(crate) text: String,
    /// What a `Retry-After` header asks for.
    pub(crate) retry_after: Option<Duration>,
}

/// Texts that mean: something else runs there. The first ones are GKE's, the last one is a 429 of GKE's own quota of
/// operations that run at once.
const BUSY: [&str; 6] = [
    "incompatible operation",
    "currently being created, deleted, updated or repaired",
    "try again once it is done",
    "concurrent operations quota",
    "fingerprint",
    "resource version",
];

/// Texts of Compute Engine that mean: something else uses it, or its deletion already goes on. Both pass.
const IN_USE: [&str; 2] = ["is already being used by", "is not ready"];

/// What GKE says, with status 400, to who may not give the nodes their service account.
const MAY_NOT_ACT_AS: &str = "does not have access to service account";

/// Texts that mean: no such machines to give.
const STOCKOUT: [&str; 6] = [
    "gce_stockout",
    "zone_resource_pool_exhausted",
    "does not have enough resources available",
    "do not have enough resources available",
    "zonesavailable",
    "stockout",
];

/// Texts that mean: our quota does not allow it.
const QUOTA: [&str; 7] = [
    "quota_exceeded",
    "quota exceeded",
    "quota '",
    "insufficient regional quota",
    "insufficient quota",
    "exceeds quota",
    "exceeded quota",
];

/// Texts that mean: no addresses left for nodes or pods. Machines there may be, so it is nothing that passes with time; it is
/// a limit of the project's own making, as a quota is.
const ADDRESSES: [&str; 2] = ["ip_space_exhausted", "ip space"];

/// Texts of quotas on requests, not on things.
const RATE: [&str; 3] = ["per minute", "rate limit", "ratelimitexceeded"];

/// What an answer to a call means.
pub(crate) fn of_answer(said: &Said) -> (FaultKind, Retry) {
    let again = said.retry_after.map_or(Retry::Backoff, Retry::After);
    let text = said.text.to_ascii_lowercase();
    let has = |texts: &[&str]| texts.iter().any(|part| text.contains(part));
    let precondition = matches!(said.http, Some(400 | 409 | 412 | 429));
    match said.http.unwrap_or(0) {
        401 => (FaultKind::Credentials, Retry::Never),
        400 if has(&IN_USE) => (FaultKind::Busy, again),
        _ if precondition && has(&BUSY) => (FaultKind::Busy, again),
        _ if said.code == "ABORTED" => (FaultKind::Busy, again),
        400 | 403 | 429 if has(&STOCKOUT) => (FaultKind::Stockout, Retry::Never),
        429 if has(&RATE) => (FaultKind::Throttled, again),
        403 if has(&RATE) => (FaultKind::Throttled, again),
        400 | 403 | 429 if has(&QUOTA) || has(&ADDRESSES) => (FaultKind::Quota, Retry::Never),
        400 if text.contains(MAY_NOT_ACT_AS) => (FaultKind::Denied, Retry::Never),
        403 => (FaultKind::Denied, Retry::Never),
        404 => (FaultKind::NotFound, Retry::Never),
        409 => (FaultKind::AlreadyExists, Retry::Never),
        412 => (FaultKind::Busy, again),
        408 => (FaultKind::Lost, again),
        429 => (FaultKind::Throttled, again),
        501 => (FaultKind::Refused, Retry::Never),
        500..=599 => (FaultKind::Unavailable, again),
        400..=499 => (FaultKind::Refused, Retry::Never),
        _ => (FaultKind::Other, Retry::Never),
    }
}

/// What the error of an ended operation means. Asking again never helps: the operation is over.
///
/// Many things can be exhausted, so the code `RESOURCE_EXHAUSTED` alone is no stockout: only its text tells.
pub(crate) fn of_operation(said: &Said) -> FaultKind {
    let text = said.text.to_ascii_lowercase();
    let has = |texts: &[&str]| texts.iter().any(|part| text.contains(part));
    match said.code.as_str() {
        _ if has(&STOCKOUT) => FaultKind::Stockout,
        _ if has(&QUOTA) || has(&ADDRESSES) => FaultKind::Quota,
        "RESOURCE_EXHAUSTED" if has(&["addresses"]) => FaultKind::Quota,
        "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE" | "RESOURCE_NOT_READY" => FaultKind::Busy,
        "PERMISSION_DENIED" => FaultKind::Denied,
        "UNAUTHENTICATED" => FaultKind::Credentials,
        "INVALID_ARGUMENT" | "FAILED_PRECONDITION" | "OUT_OF_RANGE" | "UNIMPLEMENTED" => FaultKind::Refused,
        "NOT_FOUND" => FaultKind::NotFound,
        "ALREADY_EXISTS" => FaultKind::AlreadyExists,
        "DEADLINE_EXCEEDED" => FaultKind::TimedOut,
        "UNAVAILABLE" => FaultKind::Unavailable,
        _ => FaultKind::Other,
    }
}

/// What a condition of a cluster or pool means: its code, its canonical code and its text.
pub(crate) fn of_condition(code: &str, canonical: &str, message: &str) -> IssueCause {
    match code {
        "GCE_STOCKOUT" => return IssueCause::Stockout,
        "GCE_QUOTA_EXCEEDED" => return IssueCause::Quota,
        "GKE_SERVICE_ACCOUNT_DELETED" | "NODE_SERVICE_ACCOUNT_MISSING_PERMISSIONS" | "CLOUD_KMS_KEY_ERROR" => {
            return IssueCause::Permission;
        }
        _ => {}
    }
    let said = Said { code: canonical.to_owned(), text: message.to_owned(), ..Said::default() };
    match of_operation(&said) {
        FaultKind::Stockout => IssueCause::Stockout,
        FaultKind::Quota => IssueCause::Quota,
        FaultKind::Denied | FaultKind::Credentials => IssueCause::Permission,
        _ => IssueCause::Other,
    }
}

/// The kind of fault an issue is.
pub(crate) fn of_issue(cause: IssueCause) -> FaultKind {
    match cause {
        IssueCause::Stockout => FaultKind::Stockout,
        IssueCause::Quota => FaultKind::Quota,
        IssueCause::Permission => FaultKind::Denied,
        IssueCause::Other => FaultKind::Other,
    }
}

/// What a failed call that makes something can have left behind.
pub(crate) fn left_by_create(kind: FaultKind) -> LeftBehind {
    match kind {
        FaultKind::Lost | FaultKind::Unavailable | FaultKind::TimedOut | FaultKind::Other => LeftBehind::Unknown,
        _ => LeftBehind::Nothing,
    }
}

/// What is still there after a call that removes something failed.
pub(crate) fn left_by_delete(kind: FaultKind, target: String) -> LeftBehind {
    match kind {
        FaultKind::Lost | FaultKind::Unavailable | FaultKind::TimedOut | FaultKind::Other => LeftBehind::Unknown,
        _ => LeftBehind::These(vec![target]),
    }
}

/// The fault of a call that makes nothing: reading it, or changing what is there.
pub(crate) fn of_call(tried: impl Into<String>, error: &Error) -> Fault {
    with_left(tried, error, |_| LeftBehind::Nothing)
}

/// The fault of a call, with what it can have left behind by its kind.
pub(crate) fn with_left(tried: impl Into<String>, error: &Error, left: impl FnOnce(FaultKind) -> LeftBehind) -> Fault {
    let (kind, retry, said) = of_error(error);
    Fault { kind, tried: tried.into(), said, left_behind: left(kind), retry }
}

/// A fault of a look, at something that a change may have made or left: what is there is not known.
pub(crate) fn unseen(fault: Fault) -> Fault {
    Fault { left_behind: LeftBehind::Unknown, ..fault }
}

/// What an answer of Compute Engine means that is none of success. Its errors carry a reason, and few a canonical code.
pub(crate) fn of_reply(status: u16, headers: &http::HeaderMap, body: &[u8]) -> Trouble {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let error = &answer["error"];
    let code = error["status"].as_str().or_else(|| error["errors"][0]["reason"].as_str()).unwrap_or_default();
    let text = error["message"].as_str().map_or_else(|| first_line(&String::from_utf8_lossy(body)), ToOwned::to_owned);
    let said = Said { http: Some(status), code: code.to_owned(), text, retry_after: retry_after(Some(headers)) };
    let (kind, retry) = of_answer(&said);
    Trouble { kind, retry, said: words(&said) }
}

/// What a call without an answer means.
pub(crate) fn of_connection(error: &reqwest::Error) -> Trouble {
    // A connection that never stood carried no request.
    let kind = if error.is_connect() { FaultKind::Unavailable } else { FaultKind::Lost };
    Trouble { kind, retry: Retry::Backoff, said: chain(error) }
}

/// What an ended operation of Compute Engine means that did not do what it was to do.
pub(crate) fn of_operation_failure(said: &Said) -> Trouble {
    Trouble { kind: of_operation(said), retry: Retry::Never, said: words(said) }
}

/// The fault of credentials that gave no token.
pub(crate) fn of_credentials(tried: &str, error: &CredentialsError) -> Fault {
    let retry = if error.is_transient() { Retry::Backoff } else { Retry::Never };
    Fault {
        kind: FaultKind::Credentials,
        tried: tried.to_owned(),
        said: chain(error),
        left_behind: LeftBehind::Nothing,
        retry,
    }
}

/// What an error of the SDK means.
pub(crate) fn kind_of(error: &Error) -> FaultKind {
    of_error(error).0
}

/// Whether a call was refused because of what stands there now, in words that do not say that something else runs there.
pub(crate) fn is_unmet_precondition(error: &Error) -> bool {
    unmet_precondition(&said(answered(error)))
}

fn unmet_precondition(said: &Said) -> bool {
    said.code == "FAILED_PRECONDITION" && of_answer(said).0 == FaultKind::Refused
}

/// Whether the service refused the token of a call.
pub(crate) fn is_refused_token(error: &Error) -> bool {
    said(answered(error)).http == Some(401)
}

fn of_error(error: &Error) -> (FaultKind, Retry, String) {
    let error = answered(error);
    let said = said(error);
    if said.http.is_some() {
        let (kind, retry) = of_answer(&said);
        return (kind, retry, words(&said));
    }
    let text = chain(error);
    if error.is_authentication() {
        let transient = source::<CredentialsError>(error).is_some_and(CredentialsError::is_transient);
        return (FaultKind::Credentials, if transient { Retry::Backoff } else { Retry::Never }, text);
    }
    // A connection that never stood carried no request.
    if error.is_connect() {
        return (FaultKind::Unavailable, Retry::Backoff, text);
    }
    if error.is_io() || error.is_timeout() || error.is_transport() || error.is_exhausted() {
        return (FaultKind::Lost, Retry::Backoff, text);
    }
    (FaultKind::Other, Retry::Never, text)
}

/// The innermost error that carries an answer: the SDK wraps it when it stops trying.
fn answered(error: &Error) -> &Error {
    let mut best = error;
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = next {
        if let Some(inner) = current.downcast_ref::<Error>()
            && best.http_status_code().is_none()
        {
            best = inner;
        }
        next = current.source();
    }
    best
}

fn source<T: std::error::Error + 'static>(error: &Error) -> Option<&T> {
    let mut next = std::error::Error::source(error);
    while let Some(current) = next {
        if let Some(found) = current.downcast_ref::<T>() {
            return Some(found);
        }
        next = current.source();
    }
    None
}

fn said(error: &Error) -> Said {
    let http = error.http_status_code();
    let retry_after = retry_after(error.http_headers());
    match error.status() {
        Some(status) => Said { http, code: status.code.name().to_owned(), text: status.message.clone(), retry_after },
        None => {
            let payload = error.http_payload().map(|payload| String::from_utf8_lossy(payload).into_owned());
            Said { http, code: String::new(), text: first_line(&payload.unwrap_or_default()), retry_after }
        }
    }
}

/// What a `Retry-After` header asks for.
fn retry_after(headers: Option<&http::HeaderMap>) -> Option<Duration> {
    let value = headers?.get(http::header::RETRY_AFTER)?.to_str().ok()?;
    value.trim().parse().ok().map(Duration::from_secs)
}

/// `text (HTTP 403, PERMISSION_DENIED)`
pub(crate) fn words(said: &Said) -> String {
    let mut codes = Vec::new();
    codes.extend(said.http.map(|http| format!("HTTP {http}")));
    if !said.code.is_empty() {
        codes.push(said.code.clone());
    }
    let text = if said.text.is_empty() { "no text" } else { said.text.trim().trim_end_matches('.') };
    format!("{text} ({})", codes.join(", "))
}

/// An error and its sources, each once.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(current) = next {
        let part = current.to_string();
        if !text.contains(&part) {
            text = format!("{text}: {part}");
        }
        next = current.source();
    }
    text
}

/// The first line of an answer that is none of the API's; a proxy's page says nothing in its first line.
fn first_line(payload: &str) -> String {
    if payload.trim_start().starts_with('<') {
        return "a web page instead of an answer".to_owned();
    }
    payload.trim().lines().next().unwrap_or_default().chars().take(200).collect()
}

/// The canonical name of a google.rpc code.
pub(crate) fn code_name(code: i32) -> &'static str {
    google_cloud_gax::error::rpc::Code::from(code).name()
}

#[cfg(test)]
mod tests;
