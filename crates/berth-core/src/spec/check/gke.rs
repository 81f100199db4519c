//! GKE's own settings.

use jiff::Timestamp;

use super::report::Report;
use crate::actions::gke::{AutoscalingProfile, GkeSettings, MaintenanceWindow, ReleaseChannel};
use crate::spec::file::gke::{
    AutoscalingProfileWord, GkeFile, LoggingWord, MaintenanceFile, MonitoringWord, RecurringFile, ReleaseChannelWord,
};
use crate::spec::problem::{Finding, Path};
use crate::spec::structure::printable;
use crate::spec::{GkeSpec, NetworkPolicy};

/// The settings of a file, or the defaults.
pub(super) fn settings(file: Option<&GkeFile>, network_policy: NetworkPolicy, report: &mut Report) -> GkeSpec {
    let file = file.cloned().unwrap_or_default();
    let path = Path::of(&["spec", "gke"]);
    let shielded_nodes = file.shielded_nodes.unwrap_or(true);
    let secure_boot = file.secure_boot.unwrap_or(false);
    if secure_boot && !shielded_nodes {
        report.problem(Finding::at(path.key("secureBoot"), "secure boot needs `shieldedNodes: true`"));
    }
    let logging = file.logging.unwrap_or_else(|| vec![LoggingWord::SystemComponents, LoggingWord::Workloads]);
    let monitoring = file.monitoring.unwrap_or_else(|| vec![MonitoringWord::SystemComponents]);
    let settings = GkeSettings {
        release_channel: match file.release_channel {
            Some(ReleaseChannelWord::None) => ReleaseChannel::None,
            Some(ReleaseChannelWord::Rapid) => ReleaseChannel::Rapid,
            None | Some(ReleaseChannelWord::Regular) => ReleaseChannel::Regular,
            Some(ReleaseChannelWord::Stable) => ReleaseChannel::Stable,
            Some(ReleaseChannelWord::Extended) => ReleaseChannel::Extended,
        },
        version: file.version,
        network: file.network,
        subnetwork: file.subnetwork,
        private_nodes: file.private_nodes.unwrap_or(false),
        network_policy: network_policy.at_creation(),
        workload_identity: file.workload_identity.unwrap_or(true),
        shielded_nodes,
        maintenance: file.maintenance_window.and_then(|window| maintenance(window, &path, report)),
        logging: sorted(logging.into_iter().map(LoggingWord::as_str)),
        monitoring: sorted(monitoring.into_iter().map(MonitoringWord::as_str)),
        autoscaling_profile: match file.autoscaling_profile {
            None | Some(AutoscalingProfileWord::Balanced) => AutoscalingProfile::Balanced,
            Some(AutoscalingProfileWord::OptimizeUtilization) => AutoscalingProfile::OptimizeUtilization,
        },
    };
    GkeSpec { project: file.project, settings, secure_boot }
}

fn sorted<'a>(words: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut words: Vec<String> = words.map(str::to_owned).collect();
    words.sort();
    words.dedup();
    words
}

fn maintenance(file: MaintenanceFile, gke: &Path, report: &mut Report) -> Option<MaintenanceWindow> {
    if let Some(daily) = file.daily {
        return Some(MaintenanceWindow::Daily(daily.start));
    }
    let RecurringFile { start, end, recurrence } = file.recurring?;
    let path = gke.key("maintenanceWindow").key("recurring");
    let mut time = |field: &str, text: &str| {
        let parsed = text.parse::<Timestamp>();
        if parsed.is_err() {
            let message = format!("`{}` is not a time such as `2026-01-03T02:00:00Z`", printable(text));
            report.problem(Finding::at(path.key(field), message));
        }
        parsed.ok()
    };
    let (from, to) = (time("start", &start), time("end", &end));
    if let (Some(from), Some(to)) = (from, to)
        && to <= from
    {
        report.problem(Finding::at(path.key("end"), "the window ends before it starts"));
    }
    // GKE gives times back in UTC and rules without their name, so that is how they are compared.
    let utc = |time: Option<Timestamp>, text: String| time.map_or(text, |time| time.to_string());
    let recurrence = recurrence.strip_prefix("RRULE:").map_or(recurrence.clone(), str::to_owned);
    Some(MaintenanceWindow::Recurring { start: utc(from, start), end: utc(to, end), recurrence })
}
