//! What differs between the cluster object that is there and the one that is wanted.
//!
//! GKE takes one kind of change per call, so each difference is a change of its own.

use std::collections::{BTreeMap, BTreeSet};

use super::labels;
use crate::actions::gke::{AutoscalingProfile, GkeClusterChange, GkeSettings, MaintenanceWindow, ReleaseChannel};
use crate::plan::{Impact, Note};

/// One kind of change to make.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterChange {
    /// Last part of the step's id.
    pub field: &'static str,
    /// `field: old -> new`.
    pub details: Vec<String>,
    /// What it does to running nodes.
    pub impact: Impact,
    /// The change.
    pub change: GkeClusterChange,
}

/// All differences of the cluster's GCP labels and settings, in the order they are to be made.
pub fn changes(
    have_labels: &BTreeMap<String, String>,
    have: &GkeSettings,
    want_labels: &BTreeMap<String, String>,
    want: &GkeSettings,
) -> Vec<ClusterChange> {
    let labels = labels::gcp_replacement(have_labels, want_labels).map(|labels| ClusterChange {
        field: "labels",
        details: labels::difference_words(have_labels, &labels),
        impact: Impact::InPlace,
        change: GkeClusterChange::ResourceLabels(labels),
    });
    // Labels come first: they make the cluster ours, and everything after them belongs to something that is ours.
    [
        labels,
        channel(have, want),
        maintenance(have, want),
        components("logging", &have.logging, &want.logging, GkeClusterChange::Logging),
        components("monitoring", &have.monitoring, &monitoring(have, want), GkeClusterChange::Monitoring),
        profile(have, want),
        toggle("workload-identity", have.workload_identity, want.workload_identity, Impact::InPlace, {
            GkeClusterChange::WorkloadIdentity
        }),
        // GKE moves the nodes of every pool to shielded machines one after the other.
        toggle("shielded-nodes", have.shielded_nodes, want.shielded_nodes, Impact::Rolling, {
            GkeClusterChange::ShieldedNodes
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What differs but is left as it is, and why.
pub fn notes(version: &str, have: &GkeSettings, want: &GkeSettings) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut fixed = |field: &str, have: &str, want: &str| {
        notes.push(Note {
            about: format!("cluster {field}"),
            text: format!("is {have}, the file says {want}; it is only for creation, so it stays as it is"),
        });
    };
    if let Some(want) = &want.network {
        let have = have.network.as_deref().unwrap_or("default");
        if have != want {
            fixed("network", have, want);
        }
    }
    if let (Some(want), have) = (&want.subnetwork, have.subnetwork.as_deref().unwrap_or("(chosen by GKE)"))
        && have != want
    {
        fixed("subnetwork", have, want);
    }
    if have.private_nodes != want.private_nodes {
        fixed("private nodes", on_off(have.private_nodes), on_off(want.private_nodes));
    }
    // One that cannot and should is refused before; one that is only made so by default says it where policies are.
    if have.network_policy && !want.network_policy {
        fixed("network policy", "enforced", "not");
    }
    let kept: Vec<&str> = kept_monitoring(have, want).map(String::as_str).collect();
    if !kept.is_empty() {
        notes.push(Note {
            about: "cluster monitoring".to_owned(),
            text: format!("also has {}; what is not in the file is left alone", kept.join(", ")),
        });
    }
    if let Some(want) = &want.version
        && !version_is(version, want)
    {
        notes.push(Note {
            about: "cluster version".to_owned(),
            text: format!(
                "is {version}, the file says {want}; after creation the version is left to the release channel"
            ),
        });
    }
    notes
}

/// Whether a version such as `1.34.1-gke.100` is what `1.34`, `1.34.1` or `latest` asks for.
fn version_is(have: &str, want: &str) -> bool {
    matches!(want, "latest" | "-" | "")
        || have == want
        || have.strip_prefix(want).is_some_and(|rest| rest.starts_with(['.', '-']))
}

fn channel(have: &GkeSettings, want: &GkeSettings) -> Option<ClusterChange> {
    (have.release_channel != want.release_channel).then(|| ClusterChange {
        field: "channel",
        details: vec![format!(
            "release channel: {} -> {}",
            channel_words(have.release_channel),
            channel_words(want.release_channel)
        )],
        impact: Impact::InPlace,
        change: GkeClusterChange::ReleaseChannel(want.release_channel),
    })
}

fn maintenance(have: &GkeSettings, want: &GkeSettings) -> Option<ClusterChange> {
    (have.maintenance != want.maintenance).then(|| ClusterChange {
        field: "maintenance",
        details: vec![format!(
            "maintenance window: {} -> {}",
            window_words(have.maintenance.as_ref()),
            window_words(want.maintenance.as_ref())
        )],
        impact: Impact::InPlace,
        change: GkeClusterChange::Maintenance(want.maintenance.clone()),
    })
}

fn profile(have: &GkeSettings, want: &GkeSettings) -> Option<ClusterChange> {
    (have.autoscaling_profile != want.autoscaling_profile).then(|| ClusterChange {
        field: "autoscaling-profile",
        details: vec![format!(
            "autoscaling profile: {} -> {}",
            profile_words(have.autoscaling_profile),
            profile_words(want.autoscaling_profile)
        )],
        impact: Impact::InPlace,
        change: GkeClusterChange::AutoscalingProfile(want.autoscaling_profile),
    })
}

/// What to monitor: what the file names, and what is on beside it. GKE itself puts components there, for managed Prometheus
/// for example, and puts them back; so what the file does not name is no difference. A file that names nothing wants none.
fn monitoring(have: &GkeSettings, want: &GkeSettings) -> Vec<String> {
    want.monitoring.iter().chain(kept_monitoring(have, want)).cloned().collect()
}

/// What is monitored beside what the file names, and stays so.
fn kept_monitoring<'a>(have: &'a GkeSettings, want: &'a GkeSettings) -> impl Iterator<Item = &'a String> {
    let kept = move |name: &&String| !want.monitoring.is_empty() && !want.monitoring.contains(name);
    have.monitoring.iter().filter(kept)
}

fn components(
    field: &'static str,
    have: &[String],
    want: &[String],
    change: impl Fn(Vec<String>) -> GkeClusterChange,
) -> Option<ClusterChange> {
    let have: BTreeSet<&String> = have.iter().collect();
    let want: BTreeSet<&String> = want.iter().collect();
    (have != want).then(|| ClusterChange {
        field,
        details: vec![format!("{field}: {} -> {}", list_words(&have), list_words(&want))],
        impact: Impact::InPlace,
        change: change(want.into_iter().cloned().collect()),
    })
}

fn toggle(
    field: &'static str,
    have: bool,
    want: bool,
    impact: Impact,
    change: impl Fn(bool) -> GkeClusterChange,
) -> Option<ClusterChange> {
    (have != want).then(|| ClusterChange {
        field,
        details: vec![format!("{}: {} -> {}", field.replace('-', " "), on_off(have), on_off(want))],
        impact,
        change: change(want),
    })
}

fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

fn list_words(list: &BTreeSet<&String>) -> String {
    if list.is_empty() {
        return "(none)".to_owned();
    }
    list.iter().map(|item| item.as_str()).collect::<Vec<_>>().join(", ")
}

fn channel_words(channel: ReleaseChannel) -> &'static str {
    match channel {
        ReleaseChannel::None => "none",
        ReleaseChannel::Rapid => "rapid",
        ReleaseChannel::Regular => "regular",
        ReleaseChannel::Stable => "stable",
        ReleaseChannel::Extended => "extended",
    }
}

fn profile_words(profile: AutoscalingProfile) -> &'static str {
    match profile {
        AutoscalingProfile::Balanced => "balanced",
        AutoscalingProfile::OptimizeUtilization => "optimize-utilization",
    }
}

fn window_words(window: Option<&MaintenanceWindow>) -> String {
    match window {
        None => "(left to GKE)".to_owned(),
        Some(MaintenanceWindow::Daily(start)) => format!("daily from {start} GMT"),
        Some(MaintenanceWindow::Recurring { start, end, recurrence }) => format!("{start} to {end}, {recurrence}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(monitoring: &[&str]) -> GkeSettings {
        GkeSettings {
            release_channel: ReleaseChannel::Regular,
            version: None,
            network: None,
            subnetwork: None,
            private_nodes: false,
            network_policy: true,
            workload_identity: true,
            shielded_nodes: true,
            maintenance: None,
            logging: Vec::new(),
            monitoring: monitoring.iter().map(|name| (*name).to_owned()).collect(),
            autoscaling_profile: AutoscalingProfile::Balanced,
        }
    }

    fn sent(have: &[&str], want: &[&str]) -> Option<Vec<String>> {
        let labels = BTreeMap::new();
        let changes = changes(&labels, &settings(have), &labels, &settings(want));
        match changes.as_slice() {
            [] => None,
            [ClusterChange { change: GkeClusterChange::Monitoring(components), .. }] => Some(components.clone()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn monitoring_beside_the_files_is_kept_and_is_no_difference() {
        let (system, more) = (&["SYSTEM_COMPONENTS"], &["CADVISOR", "KUBELET", "SYSTEM_COMPONENTS"]);
        assert_eq!(sent(more, system), None);
        assert_eq!(sent(system, more).unwrap(), more);
        assert_eq!(
            sent(more, &["DCGM", "SYSTEM_COMPONENTS"]).unwrap(),
            ["CADVISOR", "DCGM", "KUBELET", "SYSTEM_COMPONENTS"]
        );
        assert_eq!(sent(system, &[]), Some(Vec::new()));
        assert_eq!(sent(&[], &[]), None);
        let notes = notes("", &settings(more), &settings(system));
        assert_eq!(notes[0].text, "also has CADVISOR, KUBELET; what is not in the file is left alone");
        assert_eq!(super::notes("", &settings(more), &settings(&[])), []);
    }
}
