//! Small words of AWS as berth's.

use std::collections::{BTreeMap, HashMap};

use aws_smithy_types::DateTime;
use berth_core::observed::{Issue, Phase};
use jiff::Timestamp;

use crate::classify;

/// The phase a status of a cluster or node group means. One that is active but has issues works in part.
pub(crate) fn phase(status: Option<&str>, issues: &[Issue]) -> Phase {
    match status {
        Some("CREATING" | "PENDING") => Phase::Creating,
        Some("ACTIVE") if issues.is_empty() => Phase::Running,
        Some("ACTIVE" | "DEGRADED") => Phase::Degraded,
        Some("UPDATING") => Phase::Updating,
        Some("DELETING") => Phase::Deleting,
        Some("FAILED" | "CREATE_FAILED" | "DELETE_FAILED") => Phase::Failed,
        _ => Phase::Unknown,
    }
}

/// An issue of the health of a cluster or node group.
pub(super) fn issue(code: Option<&str>, message: Option<&str>) -> Issue {
    let (code, message) = (code.unwrap_or_default(), message.unwrap_or_default());
    Issue { cause: classify::of_issue(code, message), code: code.to_owned(), message: message.to_owned() }
}

/// A map in order.
pub(super) fn sorted_map(map: Option<HashMap<String, String>>) -> BTreeMap<String, String> {
    map.unwrap_or_default().into_iter().collect()
}

/// A list in order.
pub(super) fn sorted(list: Option<Vec<String>>) -> Vec<String> {
    let mut list = list.unwrap_or_default();
    list.sort();
    list
}

/// A time; `None` if it is out of range.
pub(crate) fn time(time: DateTime) -> Option<Timestamp> {
    Timestamp::new(time.secs(), i32::try_from(time.subsec_nanos()).ok()?).ok()
}

/// A number of nodes; AWS's are signed.
pub(super) fn count(number: Option<i32>) -> u32 {
    number.and_then(|number| u32::try_from(number).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use berth_core::observed::IssueCause;

    use super::*;

    #[test]
    fn active_with_issues_works_in_part() {
        let issues = [issue(Some("AsgInstanceLaunchFailures"), Some("UnfulfillableCapacity - no capacity"))];
        assert_eq!(issues[0].cause, IssueCause::Stockout);
        assert_eq!(phase(Some("ACTIVE"), &[]), Phase::Running);
        assert_eq!(phase(Some("ACTIVE"), &issues), Phase::Degraded);
        assert_eq!(phase(Some("CREATING"), &issues), Phase::Creating);
        assert_eq!(phase(Some("DELETE_FAILED"), &issues), Phase::Failed);
        assert_eq!(phase(Some("DREAMING"), &[]), Phase::Unknown);
        assert_eq!(phase(None, &[]), Phase::Unknown);
    }

    #[test]
    fn times_keep_their_fraction() {
        assert_eq!(time(DateTime::from_millis(1_500)).unwrap().as_millisecond(), 1_500);
        assert_eq!(time(DateTime::from_secs(i64::MAX)), None);
    }
}
