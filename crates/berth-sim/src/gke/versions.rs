//! Kubernetes versions on offer, and what a version text means.

use serde_json::{Value, json};

/// Channels with their default version, most adventurous first.
const CHANNELS: &[(&str, &str)] = &[
    ("RAPID", "1.36.1-gke.1023000"),
    ("REGULAR", "1.35.3-gke.1389000"),
    ("STABLE", "1.34.6-gke.1298000"),
    ("EXTENDED", "1.35.3-gke.1389000"),
];

/// Every version on offer, newest first.
const VERSIONS: &[&str] = &[
    "1.36.1-gke.1023000",
    "1.35.3-gke.1389000",
    "1.35.1-gke.1396000",
    "1.34.6-gke.1298000",
    "1.34.4-gke.1130000",
    "1.33.9-gke.1117000",
];

/// The default version of a channel; REGULAR's for no channel.
pub(crate) fn default_version(channel: &str) -> &'static str {
    CHANNELS.iter().find(|(name, _)| *name == channel).map_or(CHANNELS[1].1, |(_, version)| version)
}

/// The version a text stands for: `latest`, `-`, empty, `1.X`, `1.X.Y` or `1.X.Y-gke.N`.
pub(crate) fn resolve(text: &str, channel: &str) -> Option<&'static str> {
    match text {
        "" | "-" => Some(default_version(channel)),
        "latest" => VERSIONS.first().copied(),
        text => VERSIONS
            .iter()
            .find(|version| {
                **version == text || version.strip_prefix(text).is_some_and(|rest| rest.starts_with(['.', '-']))
            })
            .copied(),
    }
}

/// Minor versions and the ends of their standard and extended support, days as GKE tells them; which ones is the simulator's own.
const SUPPORT: &[(&str, &str, &str)] = &[
    ("1.36", "2027-08-20", "2028-06-20"),
    ("1.35", "2027-03-20", "2028-01-20"),
    ("1.34", "2026-11-20", "2027-09-20"),
    ("1.33", "2026-08-20", "2027-06-20"),
];

/// The answer of fetchClusterUpgradeInfo for a cluster of this version.
pub(crate) fn upgrade_info(version: &str) -> Value {
    let is_it = |minor: &str| version.strip_prefix(minor).is_some_and(|rest| rest.starts_with('.'));
    let Some((_, standard, extended)) = SUPPORT.iter().find(|row| is_it(row.0)) else { return json!({}) };
    json!({"endOfStandardSupportTimestamp": standard, "endOfExtendedSupportTimestamp": extended})
}

/// The answer of getServerConfig.
pub(crate) fn server_config() -> Value {
    let channels: Vec<Value> = CHANNELS
        .iter()
        .map(|(channel, version)| json!({"channel": channel, "defaultVersion": version, "validVersions": VERSIONS}))
        .collect();
    json!({
        "channels": channels,
        "defaultClusterVersion": default_version("REGULAR"),
        "defaultImageType": "COS_CONTAINERD",
        "validImageTypes": ["COS_CONTAINERD", "UBUNTU_CONTAINERD"],
        "validMasterVersions": VERSIONS,
        "validNodeVersions": VERSIONS,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_on_offer_is_supported_until_some_day() {
        for version in VERSIONS {
            assert!(upgrade_info(version)["endOfStandardSupportTimestamp"].is_string(), "{version}");
        }
        assert_eq!(upgrade_info("1.3.9"), json!({}));
    }

    #[test]
    fn texts_stand_for_versions() {
        assert_eq!(resolve("1.34", ""), Some("1.34.6-gke.1298000"));
        assert_eq!(resolve("1.3", ""), None);
        assert_eq!(resolve("latest", "STABLE"), Some("1.36.1-gke.1023000"));
        assert_eq!(resolve("-", "STABLE"), Some("1.34.6-gke.1298000"));
    }
}
