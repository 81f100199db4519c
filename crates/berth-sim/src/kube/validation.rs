//! `fieldValidation`: what becomes of fields the server does not know.

use super::failure::{Cause, Failure, Outcome};
use super::request::{Reply, Request};
use super::serving::Asked;

/// Refuses a mode or a dry run that does not exist, under the name of the operation's options.
pub(crate) fn check_mode(request: &Request) -> Outcome<()> {
    const MODES: &[&str] = &["", "Ignore", "Strict", "Warn"];
    let options = match request.method.as_str() {
        "POST" => "CreateOptions",
        "PUT" => "UpdateOptions",
        "PATCH" => "PatchOptions",
        _ => return Ok(()),
    };
    let runs: Vec<&str> =
        request.query.iter().filter(|(name, _)| name == "dryRun").map(|(_, value)| value.as_str()).collect();
    if runs.iter().any(|run| !matches!(*run, "" | "All")) {
        let cause = Cause::unsupported_text("dryRun", &serde_json::json!(runs).to_string(), &["All"]);
        return Err(Failure::invalid_as("meta.k8s.io", options, "", &[cause]));
    }
    match request.parameter("fieldValidation") {
        Some(mode) if !MODES.contains(&mode) => {
            let cause = Cause::unsupported("fieldValidation", mode, MODES);
            Err(Failure::invalid_as("meta.k8s.io", options, "", &[cause]))
        }
        _ => Ok(()),
    }
}

/// The mode of a request.
pub(crate) fn mode(request: &Request) -> &str {
    request.filled("fieldValidation").unwrap_or("Warn")
}

/// Takes note of the findings, or says why they refuse the object.
pub(crate) fn note(asked: &Asked<'_>, findings: Vec<String>) -> Result<(), String> {
    match asked.request.parameter("fieldValidation") {
        _ if findings.is_empty() => Ok(()),
        Some("Strict") => Err(format!("strict decoding error: {}", findings.join(", "))),
        Some("Ignore") => Ok(()),
        _ => {
            asked.findings.borrow_mut().extend(findings);
            Ok(())
        }
    }
}

/// The reply with a warning for each finding.
pub(crate) fn warned(asked: &Asked<'_>, reply: Reply) -> Reply {
    asked.findings.borrow().iter().fold(reply, |reply, finding| {
        let text = serde_json::Value::from(finding.as_str());
        reply.with_header("warning", &format!("299 - {text}"))
    })
}
