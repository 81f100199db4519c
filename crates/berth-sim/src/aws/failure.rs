//! What AWS refuses, and how each protocol says so.

use serde_json::{Map, Value};

/// A refusal: status, code, message, and the further members an EKS error carries.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Failure {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The code, as `ResourceInUseException`.
    pub(crate) code: String,
    /// The message.
    pub(crate) message: String,
    /// Members beside the message.
    pub(crate) members: Map<String, Value>,
}

impl Failure {
    /// A refusal without further members.
    pub(crate) fn new(status: u16, code: &str, message: impl Into<String>) -> Failure {
        Failure { status, code: code.to_owned(), message: message.into(), members: Map::new() }
    }

    /// The request is wrong: status 400.
    pub(crate) fn bad(code: &str, message: impl Into<String>) -> Failure {
        Failure::new(400, code, message)
    }

    /// EKS does not take a value.
    pub(crate) fn parameter(message: impl Into<String>) -> Failure {
        Failure::bad("InvalidParameterException", message)
    }

    /// EKS does not take a call in this condition.
    pub(crate) fn request(message: impl Into<String>) -> Failure {
        Failure::bad("InvalidRequestException", message)
    }

    /// EKS has it already, or something holds it.
    pub(crate) fn in_use(message: impl Into<String>) -> Failure {
        Failure::new(409, "ResourceInUseException", message)
    }

    /// EKS has no such thing.
    pub(crate) fn missing(message: impl Into<String>) -> Failure {
        Failure::new(404, "ResourceNotFoundException", message)
    }

    /// IAM has no such thing.
    pub(crate) fn no_entity(message: impl Into<String>) -> Failure {
        Failure::new(404, "NoSuchEntity", message)
    }

    /// EC2 refuses because something else depends on it.
    pub(crate) fn dependency(message: impl Into<String>) -> Failure {
        Failure::bad("DependencyViolation", message)
    }

    /// Adds a member.
    pub(crate) fn with(mut self, member: &str, value: impl Into<Value>) -> Failure {
        self.members.insert(member.to_owned(), value.into());
        self
    }
}
