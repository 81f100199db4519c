//! What the caller decides about the way to AWS.

use std::fmt;
use std::sync::Arc;

use berth_core::ports::Pace;

/// Where to call and as whom. What is `None` is found as every AWS tool finds it: environment, profile, metadata server.
#[derive(Clone, Default)]
pub struct Settings {
    /// Region, for example `us-east-1`.
    pub region: Option<String>,
    /// Profile of `~/.aws/config`.
    pub profile: Option<String>,
    /// One URL for all services, and these credentials with it: nothing is then read from the environment.
    pub endpoint: Option<Endpoint>,
    /// How often calls may go out; `None` as often as they come.
    pub pace: Option<Arc<dyn Pace>>,
}

/// One server that stands for all of AWS. `Debug` never shows the secret.
#[derive(Clone)]
pub struct Endpoint {
    /// Its URL.
    pub url: String,
    /// Access key id.
    pub access_key_id: String,
    /// Secret access key.
    pub secret_access_key: String,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { region, profile, endpoint, pace: _ } = self;
        let url = endpoint.as_ref().map(|endpoint| &endpoint.url);
        f.debug_struct("Settings")
            .field("region", region)
            .field("profile", profile)
            .field("endpoint", &url)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("url", &self.url).finish_non_exhaustive()
    }
}
