//! Google's error bodies.

use serde_json::{Value, json};

use crate::wire::Reply;

/// A refusal of the container API, before it is a body.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    /// The HTTP status code.
    pub(crate) code: u16,
    /// The canonical status.
    pub(crate) status: String,
    /// The message.
    pub(crate) message: String,
    /// The reason of the older error form.
    pub(crate) reason: String,
}

impl Refusal {
    fn of(code: u16, status: &str, reason: &str, message: impl Into<String>) -> Refusal {
        Refusal { code, status: status.to_owned(), message: message.into(), reason: reason.to_owned() }
    }

    /// 400: the request itself is wrong.
    pub(crate) fn invalid(message: impl Into<String>) -> Refusal {
        Refusal::of(400, "INVALID_ARGUMENT", "badRequest", message)
    }

    /// 400: not now.
    pub(crate) fn precondition(message: impl Into<String>) -> Refusal {
        Refusal::of(400, "FAILED_PRECONDITION", "failedPrecondition", message)
    }

    /// 401: the token is unknown or has run out.
    pub(crate) fn unauthenticated() -> Refusal {
        Refusal::of(
            401,
            "UNAUTHENTICATED",
            "authError",
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid \
             authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
        )
    }

    /// 404: there is no such thing.
    pub(crate) fn not_found(resource: &str) -> Refusal {
        Refusal::of(404, "NOT_FOUND", "notFound", format!("Not found: {resource}."))
    }

    /// 409: it is there already.
    pub(crate) fn already_exists(resource: &str) -> Refusal {
        Refusal::of(409, "ALREADY_EXISTS", "alreadyExists", format!("Already exists: {resource}."))
    }

    /// 409: somebody changed it in between.
    pub(crate) fn aborted(message: impl Into<String>) -> Refusal {
        Refusal::of(409, "ABORTED", "aborted", message)
    }

    /// 429: too much at once.
    pub(crate) fn exhausted(message: impl Into<String>) -> Refusal {
        Refusal::of(429, "RESOURCE_EXHAUSTED", "rateLimitExceeded", message)
    }

    /// Whatever a fault asks for.
    pub(crate) fn scripted(code: u16, status: &str, message: &str) -> Refusal {
        let reason = match status {
            "PERMISSION_DENIED" => "forbidden",
            "NOT_FOUND" => "notFound",
            "ALREADY_EXISTS" => "alreadyExists",
            "FAILED_PRECONDITION" => "failedPrecondition",
            "UNAUTHENTICATED" => "authError",
            "RESOURCE_EXHAUSTED" => "rateLimitExceeded",
            "INVALID_ARGUMENT" => "badRequest",
            _ => "backendError",
        };
        Refusal::of(code, status, reason, message)
    }

    /// The answer.
    pub(crate) fn reply(&self) -> Reply {
        let error: Value = json!({
            "code": self.code,
            "message": self.message,
            "errors": [{"message": self.message, "domain": "global", "reason": self.reason}],
            "status": self.status,
            "details": [{
                "@type": "type.googleapis.com/google.rpc.RequestInfo",
                "requestId": format!("0x{:x}", crate::lifecycle::digest(&self.message)),
            }],
        });
        Reply { status: self.code, body: json!({ "error": error }) }
    }
}
