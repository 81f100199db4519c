//! What the environment and the global flags say, read once and in one place.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::cli::GlobalArgs;
use crate::failure::Failure;
use crate::home::Home;

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

/// Simulated seconds per second when nothing else is said: a create ends in about ten seconds.
const DEFAULT_SIM_SPEED: f64 = 60.0;

/// Flags and environment, as the commands need them.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Use the simulated clouds.
    pub(crate) simulate: bool,
    /// Project given by flag.
    pub(crate) project: Option<String>,
    /// AWS profile given by flag.
    pub(crate) profile: Option<String>,
    /// berth's own folder.
    pub(crate) home: Home,
}

impl Settings {
    /// Reads the environment.
    pub(crate) fn new(global: &GlobalArgs) -> Result<Self, Failure> {
        let home = Home::find(global.state_dir.clone().or_else(|| variable(STATE_DIR).map(PathBuf::from)))?;
        Ok(Self { simulate: global.simulate, project: global.project.clone(), profile: global.profile.clone(), home })
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
