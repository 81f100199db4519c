//! The door to GKE.

use berth_core::actions::gke::GkeClusterRef;
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};

use crate::client::Clients;
use crate::settings::Settings;
use crate::token::Tokens;

/// GKE in one project. Cheap to clone.
#[derive(Debug, Clone)]
pub struct GkeCloud {
    pub(crate) clients: Clients,
    project: String,
}

impl GkeCloud {
    /// Prepares clients and credentials; the first call to Google is made later. Without a credentials file the metadata
    /// server is asked for a token now, and has two seconds.
    ///
    /// # Errors
    /// No project is given, an endpoint is no URL, or there are no usable credentials.
    pub async fn connect(settings: Settings) -> Result<Self, Fault> {
        let Some(project) = settings.project.clone().filter(|project| !project.is_empty()) else {
            return Err(Fault {
                kind: FaultKind::Refused,
                tried: "choose a Google Cloud project".to_owned(),
                said: "neither the file, the environment nor the credentials name one".to_owned(),
                left_behind: LeftBehind::Nothing,
                retry: Retry::Never,
            });
        };
        let tokens = Tokens::open(settings.credentials.clone(), settings.tokeninfo_endpoint.clone())?;
        tokens.ready().await?;
        let clients = Clients::build(&settings, tokens).await?;
        Ok(Self { clients, project })
    }

    /// The project all calls go to.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// Access tokens of the same credentials, for the Kubernetes API.
    pub fn tokens(&self) -> Tokens {
        self.clients.tokens.clone()
    }

    /// A cluster of this project.
    pub(crate) fn cluster_at(&self, name: &str, location: &str) -> GkeClusterRef {
        GkeClusterRef { project: self.project.clone(), location: location.to_owned(), name: name.to_owned() }
    }
}
