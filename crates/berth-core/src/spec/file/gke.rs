//! The `gke` section of a cluster file; words follow GKE's API.

use schemars::JsonSchema;
use serde::Deserialize;

/// Settings only GKE understands.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GkeFile {
    /// Region on Google Cloud, instead of `spec.region`, for a file that is used on both clouds.
    #[serde(default)]
    pub region: Option<String>,
    /// Google Cloud project id; left out, it comes from the command line, the environment or the credentials.
    #[serde(default)]
    #[schemars(regex(pattern = r"^([a-z][a-z0-9.-]*:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$"))]
    #[schemars(extend("patternErrorMessage" = "must be a project id: 6 to 30 lowercase letters, digits and `-`, beginning with a letter"))]
    pub project: Option<String>,
    /// Release channel, which decides versions and upgrades; `regular` if left out.
    #[serde(default)]
    pub release_channel: Option<ReleaseChannelWord>,
    /// Control-plane version at creation, for example `1.34` or `latest`; the channel's default if left out.
    #[serde(default)]
    #[schemars(regex(pattern = r"^(latest|1\.[0-9]+(\.[0-9]+(-gke\.[0-9]+)?)?)$"))]
    #[schemars(extend("patternErrorMessage" = "must be `latest`, `1.N`, `1.N.P` or `1.N.P-gke.B`"))]
    pub version: Option<String>,
    /// VPC network; the one named `default` if left out.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub network: Option<String>,
    /// Subnetwork of the network.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub subnetwork: Option<String>,
    /// Nodes without public addresses; they need Cloud NAT to reach the internet.
    #[serde(default)]
    pub private_nodes: Option<bool>,
    /// Workload identity federation; on if left out.
    #[serde(default)]
    pub workload_identity: Option<bool>,
    /// Shielded nodes; on if left out.
    #[serde(default)]
    pub shielded_nodes: Option<bool>,
    /// Secure boot of shielded nodes, which refuses unsigned drivers; off if left out.
    #[serde(default)]
    pub secure_boot: Option<bool>,
    /// When GKE may do maintenance; GKE decides if left out.
    #[serde(default)]
    pub maintenance_window: Option<MaintenanceFile>,
    /// Components whose logs are kept; `SYSTEM_COMPONENTS` and `WORKLOADS` if left out.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub logging: Option<Vec<LoggingWord>>,
    /// Components whose metrics are kept; `SYSTEM_COMPONENTS` if left out.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub monitoring: Option<Vec<MonitoringWord>>,
    /// How eagerly the autoscaler removes nodes; `balanced` if left out.
    #[serde(default)]
    pub autoscaling_profile: Option<AutoscalingProfileWord>,
}

/// GKE's release channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReleaseChannelWord {
    /// No channel: versions are chosen by hand.
    None,
    /// Newest versions.
    Rapid,
    /// GKE's default.
    Regular,
    /// Most mature versions.
    Stable,
    /// Long support of one minor version.
    Extended,
}

/// A window for maintenance: one of `daily` and `recurring`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct MaintenanceFile {
    /// The same time every day; GKE decides the length.
    #[serde(default)]
    pub daily: Option<DailyFile>,
    /// Windows that repeat by a rule.
    #[serde(default)]
    pub recurring: Option<RecurringFile>,
}

/// A daily window.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DailyFile {
    /// `HH:MM` in GMT; put it in quotes.
    #[schemars(regex(pattern = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    #[schemars(extend("patternErrorMessage" = "must be a time of day `HH:MM` in GMT, such as `03:00`"))]
    pub start: String,
}

/// Windows that repeat by a rule.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecurringFile {
    /// Start of the first window, RFC 3339, for example `2026-01-03T02:00:00Z`.
    #[schemars(extend("format" = "date-time"))]
    pub start: String,
    /// End of the first window, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub end: String,
    /// RFC 5545 recurrence rule with FREQ DAILY, WEEKLY, MONTHLY or YEARLY, for example `FREQ=WEEKLY;BYDAY=SA,SU`.
    #[schemars(regex(pattern = r"^(RRULE:)?FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;[A-Z]+=[A-Z0-9,+-]+)*$"))]
    #[schemars(extend("patternErrorMessage" = "must be a recurrence rule such as `FREQ=WEEKLY;BYDAY=SA,SU`; GKE refuses HOURLY, MINUTELY and SECONDLY"))]
    pub recurrence: String,
}

/// Components whose logs GKE can keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LoggingWord {
    /// GKE's own pods and node services.
    SystemComponents,
    /// The user's pods.
    Workloads,
    /// The API server.
    Apiserver,
    /// The scheduler.
    Scheduler,
    /// The controller manager.
    ControllerManager,
}

impl LoggingWord {
    /// The API's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SystemComponents => "SYSTEM_COMPONENTS",
            Self::Workloads => "WORKLOADS",
            Self::Apiserver => "APISERVER",
            Self::Scheduler => "SCHEDULER",
            Self::ControllerManager => "CONTROLLER_MANAGER",
        }
    }
}

/// Components whose metrics GKE can keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MonitoringWord {
    /// GKE's own pods and node services.
    SystemComponents,
    /// The API server.
    Apiserver,
    /// The scheduler.
    Scheduler,
    /// The controller manager.
    ControllerManager,
    /// Persistent volumes.
    Storage,
    /// Horizontal pod autoscalers.
    Hpa,
    /// Pods.
    Pod,
    /// Daemon sets.
    Daemonset,
    /// Deployments.
    Deployment,
    /// Stateful sets.
    Statefulset,
    /// Containers, by cAdvisor.
    Cadvisor,
    /// The kubelet.
    Kubelet,
    /// NVIDIA GPUs, by DCGM.
    Dcgm,
    /// Job sets.
    Jobset,
}

impl MonitoringWord {
    /// The API's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SystemComponents => "SYSTEM_COMPONENTS",
            Self::Apiserver => "APISERVER",
            Self::Scheduler => "SCHEDULER",
            Self::ControllerManager => "CONTROLLER_MANAGER",
            Self::Storage => "STORAGE",
            Self::Hpa => "HPA",
            Self::Pod => "POD",
            Self::Daemonset => "DAEMONSET",
            Self::Deployment => "DEPLOYMENT",
            Self::Statefulset => "STATEFULSET",
            Self::Cadvisor => "CADVISOR",
            Self::Kubelet => "KUBELET",
            Self::Dcgm => "DCGM",
            Self::Jobset => "JOBSET",
        }
    }
}

/// GKE's autoscaling profiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AutoscalingProfileWord {
    /// Keeps some room.
    Balanced,
    /// Removes idle nodes sooner.
    OptimizeUtilization,
}
