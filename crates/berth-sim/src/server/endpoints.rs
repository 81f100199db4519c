//! Where a running simulator is, and how other programs are pointed at it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::files;
use crate::aws;

/// The project that the environment of [`env`] names. The simulator takes any other as well.
pub const PROJECT: &str = "berth-sim";

/// Where a running simulator is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Endpoints {
    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub base_url: String,
    /// The container API: the base with a slash.
    pub container_url: String,
    /// The Compute API: the base with `/compute/v1/`.
    pub compute_url: String,
    /// The token endpoint.
    pub token_url: String,
    /// Tells whose an access token is.
    pub tokeninfo_url: String,
    /// Application-default credentials; nothing for a simulator in memory.
    pub adc_path: Option<PathBuf>,
    /// A kubeconfig with every live cluster; nothing for a simulator in memory.
    pub kubeconfig_path: Option<PathBuf>,
    /// Simulated seconds per wall second.
    pub speed: f64,
    /// The process that serves.
    pub pid: u32,
}

impl Endpoints {
    /// The endpoints of a server on a base URL with a state directory.
    pub(crate) fn on(base_url: String, dir: Option<&Path>, speed: f64) -> Endpoints {
        Endpoints {
            container_url: format!("{base_url}/"),
            compute_url: format!("{base_url}/compute/v1/"),
            token_url: format!("{base_url}/token"),
            tokeninfo_url: format!("{base_url}/tokeninfo"),
            adc_path: dir.map(|dir| dir.join(files::ADC)),
            kubeconfig_path: dir.map(|dir| dir.join(files::KUBECONFIG)),
            speed,
            pid: std::process::id(),
            base_url,
        }
    }
}

/// The variables that point gcloud, aws, kubectl and clients with application-default credentials at a simulator.
#[must_use]
pub fn env(endpoints: &Endpoints) -> Vec<(String, String)> {
    let mut variables: Vec<(String, String)> = [
        ("CLOUDSDK_API_ENDPOINT_OVERRIDES_CONTAINER", endpoints.container_url.as_str()),
        ("CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE", endpoints.compute_url.as_str()),
        ("CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDBILLING", endpoints.container_url.as_str()),
        ("CLOUDSDK_API_ENDPOINT_OVERRIDES_SERVICEUSAGE", endpoints.container_url.as_str()),
        ("CLOUDSDK_AUTH_DISABLE_CREDENTIALS", "true"),
        // gcloud's credential plugin for kubectl has no account to ask; it takes the credentials file instead.
        ("CLOUDSDK_CONTAINER_USE_APPLICATION_DEFAULT_CREDENTIALS", "true"),
        ("CLOUDSDK_CORE_PROJECT", PROJECT),
        ("CLOUDSDK_CORE_DISABLE_PROMPTS", "1"),
        ("AWS_ENDPOINT_URL", endpoints.base_url.as_str()),
        ("AWS_ACCESS_KEY_ID", aws::ACCESS_KEY_ID),
        ("AWS_SECRET_ACCESS_KEY", aws::SECRET_ACCESS_KEY),
        ("AWS_REGION", aws::REGION),
        ("AWS_DEFAULT_REGION", aws::REGION),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    let files = [("KUBECONFIG", &endpoints.kubeconfig_path), ("GOOGLE_APPLICATION_CREDENTIALS", &endpoints.adc_path)];
    for (name, path) in files {
        if let Some(path) = path {
            variables.push((name.to_owned(), path.display().to_string()));
        }
    }
    variables
}

/// The simulator that serves a state directory, if one does: its file is there and it answers.
pub async fn attach(dir: &Path) -> Option<Endpoints> {
    let endpoints: Endpoints = files::read_serving(dir)?;
    let ask = probe(&endpoints);
    tokio::time::timeout(Duration::from_secs(2), ask).await.ok()?.then_some(endpoints)
}

/// Whether the server on the base URL says it is the process the file names.
async fn probe(endpoints: &Endpoints) -> bool {
    let Some(address) = endpoints.base_url.strip_prefix("http://") else { return false };
    let Ok(mut stream) = TcpStream::connect(address).await else { return false };
    let request = format!("GET /_sim/endpoints HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    let mut answer = Vec::new();
    if stream.write_all(request.as_bytes()).await.is_err() || stream.read_to_end(&mut answer).await.is_err() {
        return false;
    }
    let text = String::from_utf8_lossy(&answer);
    text.starts_with("HTTP/1.1 200") && text.contains(&format!("\"pid\":{}", endpoints.pid))
}
