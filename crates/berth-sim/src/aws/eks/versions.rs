//! Kubernetes versions on EKS, and how long each is supported.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::serve::paged;
use crate::aws::failure::Failure;
use crate::aws::serve::Asked;

/// Version, patch, release, end of standard support, end of extended support; newest first.
const VERSIONS: &[(&str, &str, &str, &str, &str)] = &[
    ("1.36", "1.36.1", "2026-06-10", "2027-08-10", "2028-08-10"),
    ("1.35", "1.35.4", "2026-01-28", "2027-03-28", "2028-03-28"),
    ("1.34", "1.34.7", "2025-10-02", "2026-12-02", "2027-12-02"),
    ("1.33", "1.33.10", "2025-05-29", "2026-07-29", "2027-07-29"),
    ("1.32", "1.32.12", "2025-01-23", "2026-03-23", "2027-03-23"),
    ("1.31", "1.31.14", "2024-09-26", "2025-11-26", "2026-11-26"),
    ("1.30", "1.30.14", "2024-05-23", "2025-07-23", "2026-07-23"),
];

/// The version a cluster gets that names none.
const DEFAULT: &str = "1.34";

/// Midnight of a day.
fn day(text: &str) -> Timestamp {
    format!("{text}T00:00:00Z").parse().unwrap_or(Timestamp::UNIX_EPOCH)
}

fn support(row: &(&str, &str, &str, &str, &str), now: Timestamp) -> &'static str {
    if now < day(row.3) {
        "STANDARD_SUPPORT"
    } else if now < day(row.4) {
        "EXTENDED_SUPPORT"
    } else {
        "UNSUPPORTED"
    }
}

/// The version and its patch for what a cluster asks for; refused when it is unknown or out of support.
pub(crate) fn resolve(asked: &str, now: Timestamp) -> Result<(&'static str, &'static str), Failure> {
    let asked = if asked.is_empty() { DEFAULT } else { asked };
    let row = VERSIONS.iter().find(|row| row.0 == asked && support(row, now) != "UNSUPPORTED");
    let row = row.ok_or_else(|| Failure::parameter(format!("unsupported Kubernetes version {asked}")))?;
    Ok((row.0, row.1))
}

/// Whether a version has left standard support.
pub(crate) fn is_old(version: &str, now: Timestamp) -> bool {
    VERSIONS.iter().any(|row| row.0 == version && now >= day(row.3))
}

/// All versions in support, newest first.
pub(crate) fn supported(now: Timestamp) -> impl Iterator<Item = &'static str> {
    VERSIONS.iter().filter(move |row| support(row, now) != "UNSUPPORTED").map(|row| row.0)
}

/// `DescribeClusterVersions`.
pub(crate) fn describe(asked: &Asked<'_>) -> Result<Value, Failure> {
    let wanted = asked.texts("clusterVersions");
    let status = asked.text("versionStatus");
    let lower = asked.text("status").replace('-', "_").to_uppercase();
    let only_default = asked.input.get("defaultOnly") == Some(&Value::Bool(true));
    let all = asked.input.get("includeAll") == Some(&Value::Bool(true));
    let mut items = Vec::new();
    for row in VERSIONS {
        let support = support(row, asked.now);
        let hidden = support == "UNSUPPORTED" && !all && status != "UNSUPPORTED";
        let other = !wanted.is_empty() && !wanted.contains(&row.0)
            || !status.is_empty() && status != support
            || !lower.is_empty() && lower != support
            || only_default && row.0 != DEFAULT;
        if hidden || other {
            continue;
        }
        items.push(json!({
            "clusterVersion": row.0,
            "clusterType": "eks",
            "defaultPlatformVersion": "eks.5",
            "defaultVersion": row.0 == DEFAULT,
            "releaseDate": day(row.2).as_second(),
            "endOfStandardSupportDate": day(row.3).as_second(),
            "endOfExtendedSupportDate": day(row.4).as_second(),
            "status": support.to_lowercase().replace('_', "-"),
            "versionStatus": support,
            "kubernetesPatchVersion": row.1.rsplit('.').next(),
        }));
    }
    paged(asked, "clusterVersions", items)
}
