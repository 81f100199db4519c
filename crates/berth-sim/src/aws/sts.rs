//! STS: who asks.

use serde_json::{Value, json};

use super::failure::Failure;
use super::places::{ACCOUNT, caller_arn};

/// Answers an STS call.
pub(crate) fn serve(action: &str) -> Result<Value, Failure> {
    match action {
        "GetCallerIdentity" => Ok(json!({"Arn": caller_arn(), "UserId": "AIDABERTHSIMULATOR00", "Account": ACCOUNT})),
        _ => Err(Failure::new(403, "AccessDenied", format!("the simulated STS does not serve {action}"))),
    }
}
