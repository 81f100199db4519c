//! Preflight findings as text.

use berth_core::rules::preflight::{PreflightFinding, PreflightVerdict};

/// The findings worth showing: all but those that passed; one line each.
pub(crate) fn text(findings: &[PreflightFinding]) -> String {
    let passed = findings.iter().filter(|finding| finding.verdict == PreflightVerdict::Passed).count();
    let mut lines = vec![format!("Preflight: {passed} of {} checks passed", findings.len())];
    for finding in findings {
        let word = match finding.verdict {
            PreflightVerdict::Passed => continue,
            PreflightVerdict::Warning => "warning",
            PreflightVerdict::Failed => "failed ",
            PreflightVerdict::Unknown => "unknown",
        };
        lines.push(format!("  {word}  {}: {}", finding.check, finding.text));
    }
    lines.join("\n")
}
