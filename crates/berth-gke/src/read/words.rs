//! Small words of the API as berth's.

use std::collections::{BTreeMap, HashMap};

use berth_core::observed::{Issue, Phase};
use google_cloud_container_v1::model::StatusCondition;
use jiff::Timestamp;

use crate::classify;

/// The phase a status of a cluster or of a pool means.
pub(super) fn phase(status: Option<&str>) -> Phase {
    match status {
        Some("PROVISIONING") => Phase::Creating,
        Some("RUNNING") => Phase::Running,
        Some("RECONCILING") => Phase::Updating,
        Some("STOPPING") => Phase::Deleting,
        Some("DEGRADED" | "RUNNING_WITH_ERROR") => Phase::Degraded,
        Some("ERROR") => Phase::Failed,
        _ => Phase::Unknown,
    }
}

/// Conditions as issues; a status text counts as one when nothing else says what is wrong.
pub(super) fn issues(conditions: &[StatusCondition], phase: Phase, status_text: &str) -> Vec<Issue> {
    let mut issues: Vec<Issue> = conditions.iter().map(issue).collect();
    if issues.is_empty() && matches!(phase, Phase::Failed | Phase::Degraded) && !status_text.is_empty() {
        let cause = classify::of_condition("", "", status_text);
        issues.push(Issue { cause, code: "UNKNOWN".to_owned(), message: status_text.to_owned() });
    }
    issues
}

fn issue(condition: &StatusCondition) -> Issue {
    #[expect(deprecated, reason = "GKE still fills it, and it alone tells a stockout from other exhausted resources")]
    let code = condition.code.name().unwrap_or_default();
    let canonical = condition.canonical_code.name().unwrap_or_default();
    let cause = classify::of_condition(code, canonical, &condition.message);
    let code = if matches!(code, "" | "UNKNOWN") { canonical } else { code };
    Issue { cause, code: code.to_owned(), message: condition.message.clone() }
}

/// A map in order.
pub(crate) fn sorted_map(map: &HashMap<String, String>) -> BTreeMap<String, String> {
    map.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// An RFC 3339 time; `None` if it is none.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// The last part of a resource path such as `projects/p/global/networks/default`.
pub(crate) fn name_of(path: &str) -> Option<String> {
    let name = path.rsplit('/').next().unwrap_or_default();
    (!name.is_empty()).then(|| name.to_owned())
}
