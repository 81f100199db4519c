//! What the caller decides about the way to Google Cloud.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use berth_core::ports::Pace;

/// Where to call, as whom, and for which project.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Google Cloud project id.
    pub project: Option<String>,
    /// Instead of `https://container.googleapis.com`; a trailing `/` or `/v1` is understood.
    pub container_endpoint: Option<String>,
    /// Instead of `https://compute.googleapis.com`; a trailing `/` or `/compute/v1` is understood.
    pub compute_endpoint: Option<String>,
    /// Instead of `https://cloudbilling.googleapis.com`; a trailing `/` or `/v1` is understood.
    pub billing_endpoint: Option<String>,
    /// Instead of `https://oauth2.googleapis.com/tokeninfo`.
    pub tokeninfo_endpoint: Option<String>,
    /// How to become somebody.
    pub credentials: CredentialSource,
    /// How often calls may go out; `None` as often as they come.
    pub pace: Option<Arc<dyn Pace>>,
}

/// Where credentials come from. `Debug` never shows a secret.
#[derive(Clone)]
pub enum CredentialSource {
    /// Google's own search: `GOOGLE_APPLICATION_CREDENTIALS`, the well-known file, the metadata server.
    ApplicationDefault,
    /// A credentials file: a user's, a service account's, an external account's or an impersonation's.
    File(PathBuf),
    /// The text of such a file.
    Json(String),
    /// An access token as it is; it cannot be renewed.
    AccessToken(String),
    /// No credentials at all, for servers that ask for none.
    Anonymous,
}

impl fmt::Debug for CredentialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ApplicationDefault => f.write_str("ApplicationDefault"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Json(_) => f.write_str("Json(..)"),
            Self::AccessToken(_) => f.write_str("AccessToken(..)"),
            Self::Anonymous => f.write_str("Anonymous"),
        }
    }
}
