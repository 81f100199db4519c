//! What the environment and the global flags say, read once and in one place.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use crate::cli::GlobalArgs;
use crate::failure::Failure;
use crate::home::Home;
use crate::wiring::CallPace;

/// berth's own folder for journals, kubeconfigs and the simulated clouds; default `$XDG_STATE_HOME/berth`.
pub(crate) const STATE_DIR: &str = "BERTH_STATE_DIR";
/// Simulated seconds per second of a simulator that `--simulate` starts; default 60.
pub(crate) const SIM_SPEED: &str = "BERTH_SIM_SPEED";
/// The project, by gcloud's own variable.
pub(crate) const CLOUDSDK_PROJECT: &str = "CLOUDSDK_CORE_PROJECT";
/// The project, by the client libraries' variable.
pub(crate) const GOOGLE_PROJECT: &str = "GOOGLE_CLOUD_PROJECT";
/// GKE's endpoint, by gcloud's own variable.
pub(crate) const CONTAINER_ENDPOINT: &str = "CLOUDSDK_API_ENDPOINT_OVERRIDES_CONTAINER";
/// Compute Engine's endpoint, by gcloud's own variable.
pub(crate) const COMPUTE_ENDPOINT: &str = "CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE";
/// The billing catalog's endpoint, by gcloud's own variable.
pub(crate) const BILLING_ENDPOINT: &str = "CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDBILLING";
/// `true` sends requests without credentials, by gcloud's own variable.
pub(crate) const DISABLE_CREDENTIALS: &str = "CLOUDSDK_AUTH_DISABLE_CREDENTIALS";
/// A file with an access token, by gcloud's own variable.
pub(crate) const ACCESS_TOKEN_FILE: &str = "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE";
/// Application-default credentials.
pub(crate) const GOOGLE_CREDENTIALS: &str = "GOOGLE_APPLICATION_CREDENTIALS";
/// gcloud's configuration folder, where `application_default_credentials.json` stands.
pub(crate) const CLOUDSDK_CONFIG: &str = "CLOUDSDK_CONFIG";
/// The profile, by AWS's own variable.
const AWS_PROFILE: &str = "AWS_PROFILE";
/// kubectl's configuration files.
const KUBECONFIG: &str = "KUBECONFIG";
/// Set by CI systems: progress is then told in lines, whatever the terminal can.
pub(crate) const CI: &str = "CI";
/// Set by kubectl for exec credential plugins.
pub(crate) const KUBERNETES_EXEC_INFO: &str = "KUBERNETES_EXEC_INFO";
/// The repository, on GitHub: whose a lease is.
const GITHUB_REPOSITORY: &str = "GITHUB_REPOSITORY";
/// Where GitHub is.
const GITHUB_SERVER_URL: &str = "GITHUB_SERVER_URL";
/// The run, on GitHub.
const GITHUB_RUN_ID: &str = "GITHUB_RUN_ID";
/// The file that takes outputs of a step.
const GITHUB_OUTPUT: &str = "GITHUB_OUTPUT";
/// The file that takes variables for later steps.
const GITHUB_ENV: &str = "GITHUB_ENV";
/// The file that takes Markdown for the run's page.
const GITHUB_STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";
/// The project, on GitLab: whose a lease is.
const CI_PROJECT_PATH: &str = "CI_PROJECT_PATH";
/// The pipeline's page, on GitLab.
const CI_PIPELINE_URL: &str = "CI_PIPELINE_URL";
/// Who works here.
const USER: &str = "USER";
/// The same, by its older name.
const LOGNAME: &str = "LOGNAME";
/// Where somebody works; the kernel knows it too.
const HOSTNAME: &str = "HOSTNAME";

/// Simulated seconds per second when nothing else is said: a create ends in about ten seconds.
const DEFAULT_SIM_SPEED: f64 = 60.0;

/// Flags and environment, as the commands need them.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Use the simulated clouds.
    pub(crate) simulate: bool,
    /// Project given by flag.
    pub(crate) project: Option<String>,
    /// AWS profile given by flag.
    pub(crate) profile: Option<String>,
    /// berth's own folder.
    pub(crate) home: Home,
    /// How often APIs are called, over all clusters of this run; made when the first cloud is opened.
    pub(crate) pace: Arc<OnceLock<Arc<CallPace>>>,
}

impl Settings {
    /// Reads the environment.
    pub(crate) fn new(global: &GlobalArgs) -> Result<Self, Failure> {
        let home = Home::find(global.state_dir.clone().or_else(|| variable(STATE_DIR).map(PathBuf::from)))?;
        Ok(Self {
            simulate: global.simulate,
            project: global.project.clone(),
            profile: global.profile.clone(),
            home,
            pace: Arc::default(),
        })
    }

    /// The same for another Google Cloud project.
    pub(crate) fn in_project(&self, project: &str) -> Self {
        Self { project: Some(project.to_owned()), ..self.clone() }
    }

    /// The AWS profile that is asked for, by flag or by the environment.
    pub(crate) fn aws_profile(&self) -> Option<String> {
        self.profile.clone().or_else(|| variable(AWS_PROFILE))
    }

    /// The flags that lead another command to the same clouds, with a space before each, to be copied from a hint.
    pub(crate) fn flags(&self) -> String {
        let mut flags = String::new();
        if self.simulate {
            flags.push_str(" --simulate");
        }
        if let Some(project) = &self.project {
            flags.push_str(" --project ");
            flags.push_str(project);
        }
        if let Some(profile) = &self.profile {
            flags.push_str(" --profile ");
            flags.push_str(profile);
        }
        flags
    }
}

/// An environment variable, `None` when unset or empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A variable that a file of the user names, with all its bytes; it may be empty.
pub(crate) fn named_by_file(name: &str) -> Option<Vec<u8>> {
    std::env::var_os(name).map(OsString::into_encoded_bytes)
}

/// The list of kubectl's configuration files, as `KUBECONFIG` has it.
pub(crate) fn kubectl_files() -> Option<OsString> {
    std::env::var_os(KUBECONFIG).filter(|paths| !paths.is_empty())
}

/// The speed for a simulator this process starts.
pub(crate) fn sim_speed() -> Result<f64, Failure> {
    let Some(text) = variable(SIM_SPEED) else { return Ok(DEFAULT_SIM_SPEED) };
    let speed = text.parse().map_err(|_| Failure::refused(format!("{SIM_SPEED} is `{text}`, not a number")))?;
    legal_speed(speed, SIM_SPEED)
}

/// A speed the simulator can run at, or a refusal that names where it was given.
pub(crate) fn legal_speed(speed: f64, given_by: &str) -> Result<f64, Failure> {
    if (0.01..=100_000.0).contains(&speed) {
        Ok(speed)
    } else {
        Err(Failure::refused(format!("{given_by} is {speed}, not from 0.01 to 100000")))
    }
}

/// What a CI system tells of the job that runs, and where it takes what the job gives.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Job {
    /// Whose it is: the repository or project.
    pub(crate) owner: Option<String>,
    /// The page that shows it.
    pub(crate) run: Option<String>,
    /// Takes outputs of the step.
    pub(crate) outputs: Option<PathBuf>,
    /// Takes variables for the steps that follow.
    pub(crate) variables: Option<PathBuf>,
    /// Takes Markdown for the page of the run.
    pub(crate) summary: Option<PathBuf>,
}

impl Job {
    /// Reads the variables that GitHub and GitLab set.
    pub(crate) fn read() -> Self {
        let path = |name| variable(name).map(PathBuf::from);
        Self {
            owner: variable(GITHUB_REPOSITORY).or_else(|| variable(CI_PROJECT_PATH)),
            run: github_run().or_else(|| variable(CI_PIPELINE_URL)),
            outputs: path(GITHUB_OUTPUT),
            variables: path(GITHUB_ENV),
            summary: path(GITHUB_STEP_SUMMARY),
        }
    }
}

fn github_run() -> Option<String> {
    let (server, repository, run) =
        (variable(GITHUB_SERVER_URL)?, variable(GITHUB_REPOSITORY)?, variable(GITHUB_RUN_ID)?);
    Some(format!("{server}/{repository}/actions/runs/{run}"))
}

/// `user@host`: who works here, where no CI system says whose the job is.
pub(crate) fn somebody() -> String {
    let user = variable(USER).or_else(|| variable(LOGNAME)).unwrap_or_else(|| "somebody".to_owned());
    let kernels = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let host = variable(HOSTNAME).or_else(kernels).unwrap_or_default();
    match host.trim() {
        "" => user,
        host => format!("{user}@{host}"),
    }
}
