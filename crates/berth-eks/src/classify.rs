//! Every error code and text of AWS: what it means, whether to try again, what it can have left behind.
//!
//! Sources: the error shapes of the services' own models (EKS, IAM, STS, auto scaling, service quotas, load balancing, logs),
//! EC2's list of error codes, and the codes of a node group's health issues.

use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{DispatchFailure, SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::ErrorKind;
use berth_core::observed::IssueCause;
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};

/// An error as the service said it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Said {
    /// HTTP status.
    pub(crate) http: u16,
    /// AWS's code, for example `VpcLimitExceeded`.
    pub(crate) code: String,
    /// The text.
    pub(crate) text: String,
    /// What a `Retry-After` header asks for.
    pub(crate) retry_after: Option<Duration>,
}

/// Codes that mean: too many requests.
const THROTTLED: [&str; 11] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "EC2ThrottledException",
    "TooManyRequestsException",
    "BandwidthLimitExceeded",
    "PriorRequestNotComplete",
    "SlowDown",
];

/// Codes that mean: nobody we know.
const CREDENTIALS: [&str; 12] = [
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

/// Codes that mean: known, and not allowed.
const DENIED: [&str; 8] = [
    "AccessDenied",
    "AccessDeniedException",
    "AuthFailure.ServiceLinkedRoleCreationNotPermitted",
    "NotAuthorized",
    "OperationNotPermitted",
    "OptInRequired",
    "UnauthorizedOperation",
    "SubscriptionRequiredException",
];

/// Codes that mean: a thing of that name is there.
const ALREADY_EXISTS: [&str; 7] = [
    "EntityAlreadyExists",
    "InvalidLaunchTemplateName.AlreadyExistsException",
    "InvalidPermission.Duplicate",
    "Resource.AlreadyAssociated",
    "ResourceAlreadyExistsException",
    "RouteAlreadyExists",
    "AlreadyExists",
];

/// Codes that mean: something else holds it or works on it.
const BUSY: [&str; 12] = [
    "ConcurrentModification",
    "ConcurrentModificationException",
    "DeleteConflict",
    "DependencyViolation",
    "EntityTemporarilyUnmodifiable",
    "IncorrectState",
    "InvalidIPAddress.InUse",
    "InvalidNetworkInterface.InUse",
    "OperationAbortedException",
    "ResourceInUse",
    "ResourceInUseException",
    "VolumeInUse",
];

/// Codes that mean: no such machines to give.
const STOCKOUT: [&str; 8] = [
    "InsufficientCapacity",
    "InsufficientHostCapacity",
    "InsufficientInstanceCapacity",
    "InsufficientReservedInstanceCapacity",
    "ReservationCapacityExceeded",
    "SpotMaxPriceTooLow",
    "UnfulfillableCapacity",
    "capacity-not-available",
];

/// Codes that mean: our quota does not allow it. Others end in `LimitExceeded` or `QuotaExceeded`.
const QUOTA: [&str; 9] = [
    "InstanceLimitExceeded",
    "InsufficientAddressCapacity",
    "InsufficientFreeAddresses",
    "InsufficientFreeAddressesInSubnet",
    "LimitExceededException",
    "MaxFleetCountExceeded",
    "MaxSpotInstanceCountExceeded",
    "ResourceLimitExceededException",
    "VcpuLimitExceeded",
];

/// Texts of a role or policy that has not spread through AWS yet.
const SPREADING: [&str; 7] = [
    "could not be assumed",
    "cannot be assumed",
    "can't be assumed",
    "does not exist or the trust policy",
    "doesn't have the amazon eks managed policies",
    "invalid principal in policy",
    "not found in the trust relationships",
];

/// What EKS says, with status 400, to who may not launch machines as the launch template wants.
const MAY_NOT_LAUNCH: &str = "not authorized to launch instances";

/// Texts of a thing that does something else now.
const BUSY_TEXTS: [&str; 5] =
    ["is not in a valid state", "in progress", "currently updating", "already has an update", "currently has update"];

/// What an answer to a call means.
pub(crate) fn of_answer(said: &Said) -> (FaultKind, Retry) {
    let again = said.retry_after.map_or(Retry::Backoff, Retry::After);
    let code = said.code.as_str();
    let text = said.text.to_ascii_lowercase();
    let has = |texts: &[&str]| texts.iter().any(|part| text.contains(part));
    if THROTTLED.contains(&code) || said.http == 429 {
        return (FaultKind::Throttled, again);
    }
    if said.http == 428 || code == "ResourcePropagationDelayException" || (said.http == 400 && has(&SPREADING)) {
        return (FaultKind::Unavailable, again);
    }
    if CREDENTIALS.contains(&code) || said.http == 401 {
        // EC2 says AuthFailure also of what another service made and holds.
        let held = code == "AuthFailure" && text.contains("permission to access the specified resource");
        return if held { (FaultKind::Busy, again) } else { (FaultKind::Credentials, Retry::Never) };
    }
    if DENIED.contains(&code) || text.contains(MAY_NOT_LAUNCH) {
        return (FaultKind::Denied, Retry::Never);
    }
    if code == "ResourceInUseException" && text.contains("already exists") || ALREADY_EXISTS.contains(&code) {
        return (FaultKind::AlreadyExists, Retry::Never);
    }
    if BUSY.contains(&code) || (code == "InvalidRequestException" && has(&BUSY_TEXTS)) {
        return (FaultKind::Busy, again);
    }
    if let Some(kind) = of_shortage(code) {
        return (kind, Retry::Never);
    }
    if is_missing(code) {
        return (FaultKind::NotFound, Retry::Never);
    }
    match said.http {
        403 => (FaultKind::Denied, Retry::Never),
        404 => (FaultKind::NotFound, Retry::Never),
        408 => (FaultKind::Lost, again),
        409 => (FaultKind::Busy, again),
        500..=599 => (FaultKind::Unavailable, again),
        400..=499 => (FaultKind::Refused, Retry::Never),
        _ => (FaultKind::Other, Retry::Never),
    }
}

/// Stockout or quota, if the code means one of these.
fn of_shortage(code: &str) -> Option<FaultKind> {
    if STOCKOUT.contains(&code) {
        return Some(FaultKind::Stockout);
    }
    let quota = QUOTA.contains(&code) || code.ends_with("LimitExceeded") || code.ends_with("QuotaExceeded");
    // IAM says LimitExceeded without more.
    (quota || code == "LimitExceeded").then_some(FaultKind::Quota)
}

/// `NoSuchEntity`, `ResourceNotFoundException`, `InvalidVpcID.NotFound`, `InvalidLaunchTemplateName.NotFoundException`.
fn is_missing(code: &str) -> bool {
    code.contains("NotFound") || code.starts_with("NoSuch") || code == "NotFoundException"
}

/// What a health issue of a cluster, node group or add-on means: its code and its text, which may hold EC2's own code.
pub(crate) fn of_issue(code: &str, message: &str) -> IssueCause {
    match code {
        "AccessDenied" | "IamInstanceProfileNotFound" | "IamNodeRoleNotFound" | "IamRoleNotFound" => {
            return IssueCause::Permission;
        }
        "InstanceLimitExceeded" | "LimitExceeded" | "ResourceLimitExceeded" | "InsufficientFreeAddresses" => {
            return IssueCause::Quota;
        }
        _ => {}
    }
    let words = || message.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '.');
    let shortage = words().find_map(|word| of_shortage(word.trim_matches('.')));
    let text = message.to_ascii_lowercase();
    match shortage {
        Some(FaultKind::Stockout) => IssueCause::Stockout,
        Some(_) => IssueCause::Quota,
        None if text.contains("sufficient") && text.contains("capacity") => IssueCause::Stockout,
        None if text.contains("capacity is not available") || text.contains("no spot capacity") => IssueCause::Stockout,
        None if text.contains("vcpu") || text.contains("max spot instance count exceeded") => IssueCause::Quota,
        None if text.contains("not authorized") => IssueCause::Permission,
        None => IssueCause::Other,
    }
}

/// The kind of fault an issue is.
pub(crate) fn kind_of_issue(cause: IssueCause) -> FaultKind {
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

/// An error of the SDK, of whatever service and call.
pub(crate) type CallError<E> = SdkError<E, HttpResponse>;

/// What every error of a call can do.
pub(crate) trait Answer: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static {}

impl<E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static> Answer for E {}

/// The fault of a call that makes nothing: reading, or changing what is there.
pub(crate) fn of_call<E: Answer>(tried: impl Into<String>, error: &CallError<E>) -> Fault {
    with_left(tried, error, |_| LeftBehind::Nothing)
}

/// The fault of a call, with what it can have left behind by its kind.
pub(crate) fn with_left<E: Answer>(
    tried: impl Into<String>,
    error: &CallError<E>,
    left_behind: impl FnOnce(FaultKind) -> LeftBehind,
) -> Fault {
    let (kind, retry, said) = of_error(error);
    Fault { kind, tried: tried.into(), said, left_behind: left_behind(kind), retry }
}

/// What an error of the SDK means.
pub(crate) fn kind_of<E: Answer>(error: &CallError<E>) -> FaultKind {
    of_error(error).0
}

/// AWS's own code of an error, if the service answered.
pub(crate) fn code_of<E: Answer>(error: &CallError<E>) -> Option<&str> {
    error.as_service_error().and_then(ProvideErrorMetadata::code)
}

fn of_error<E: Answer>(error: &CallError<E>) -> (FaultKind, Retry, String) {
    match error {
        SdkError::ServiceError(_) | SdkError::ResponseError(_) => {
            let said = said(error);
            let (kind, retry) = of_answer(&said);
            (kind, retry, words(&said))
        }
        _ if has_source::<CredentialsError>(error) => (FaultKind::Credentials, Retry::Never, chain(error)),
        SdkError::TimeoutError(_) => (FaultKind::Lost, Retry::Backoff, chain(error)),
        // A connection that never stood carried no request.
        SdkError::DispatchFailure(failure) if failure.is_io() && never_connected(error) => {
            (FaultKind::Unavailable, Retry::Backoff, chain(error))
        }
        SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout() || is_transient(failure) => {
            (FaultKind::Lost, Retry::Backoff, chain(error))
        }
        SdkError::ConstructionFailure(_) => (FaultKind::Refused, Retry::Never, chain(error)),
        _ => (FaultKind::Other, Retry::Never, chain(error)),
    }
}

/// A connection that closed before the answer was whole is none of the other kinds.
fn is_transient(failure: &DispatchFailure) -> bool {
    failure.as_other() == Some(ErrorKind::TransientError)
}

fn never_connected(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(current) = next {
        if let Some(io) = current.downcast_ref::<std::io::Error>() {
            return io.kind() == std::io::ErrorKind::ConnectionRefused;
        }
        next = current.source();
    }
    false
}

fn has_source<T: std::error::Error + 'static>(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(current) = next {
        if current.is::<T>() {
            return true;
        }
        next = current.source();
    }
    false
}

fn said<E: Answer>(error: &CallError<E>) -> Said {
    let raw = error.raw_response();
    let retry_after = raw
        .and_then(|raw| raw.headers().get("retry-after"))
        .and_then(|seconds| seconds.trim().parse().ok())
        .map(Duration::from_secs);
    let meta = error.as_service_error().map(ProvideErrorMetadata::meta);
    Said {
        http: raw.map_or(0, |raw| raw.status().as_u16()),
        code: meta.and_then(|meta| meta.code()).unwrap_or_default().to_owned(),
        text: meta.and_then(|meta| meta.message()).unwrap_or_default().to_owned(),
        retry_after,
    }
}

/// `text (HTTP 403, AccessDenied)`
pub(crate) fn words(said: &Said) -> String {
    let text = if said.text.is_empty() { "no text" } else { said.text.trim().trim_end_matches('.') };
    let code = if said.code.is_empty() { String::new() } else { format!(", {}", said.code) };
    format!("{text} (HTTP {}{code})", said.http)
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

#[cfg(test)]
mod tests;
