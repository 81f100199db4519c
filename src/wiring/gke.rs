//! The door to GKE.

use std::path::PathBuf;

use berth_core::run::Fault;
use berth_core::spec::Provider;
use berth_gke::{CredentialSource, GkeCloud};
use berth_kube::{Secret, Token, TokenSource};
use futures::future::BoxFuture;
use jiff::Timestamp;

use super::{Cloud, Doors, Simulated, pace};
use crate::clock::RunClock;
use crate::failure::Failure;
use crate::settings::{self, Settings, variable};

/// Opens the door to GKE; a project given by flag comes before the file's.
pub(super) async fn open(file_project: Option<&str>, settings: &Settings) -> Result<Doors, Failure> {
    let given = settings.project.as_deref().or(file_project).map(ToOwned::to_owned);
    let failed = |fault: Fault| Failure::reading(&fault, Provider::Gke);
    if !settings.simulate {
        let gke = GkeCloud::connect(berth_gke::Settings { pace: Some(pace::of(settings, 1.0)), ..real(given)? })
            .await
            .map_err(failed)?;
        return Ok(Doors::new(Cloud::Gke(gke), RunClock::real(), None));
    }
    let simulated = Simulated::open(settings).await?;
    let endpoints = &simulated.endpoints;
    let gke_settings = berth_gke::Settings {
        project: Some(given.unwrap_or_else(|| berth_sim::PROJECT.to_owned())),
        container_endpoint: Some(endpoints.container_url.clone()),
        compute_endpoint: Some(endpoints.base_url.clone()),
        billing_endpoint: Some(endpoints.base_url.clone()),
        tokeninfo_endpoint: Some(endpoints.tokeninfo_url.clone()),
        credentials: endpoints.adc_path.clone().map_or(CredentialSource::Anonymous, CredentialSource::File),
        pace: Some(pace::of(settings, endpoints.speed)),
    };
    let clock = simulated.clock().await?;
    match GkeCloud::connect(gke_settings).await {
        Ok(gke) => Ok(Doors::new(Cloud::Gke(gke), clock, Some(simulated))),
        Err(fault) => {
            simulated.close().await;
            Err(failed(fault))
        }
    }
}

/// A credential for kubectl, with its end of life so that kubectl asks again in time.
pub(crate) async fn token_of_gke(settings: &Settings) -> Result<Token, Failure> {
    let doors = open(None, settings).await?;
    let token = match &doors.cloud {
        Cloud::Gke(gke) => token(gke).await.map_err(|fault| Failure::reading(&fault, Provider::Gke)),
        Cloud::Eks(_) | Cloud::Existing(_) => {
            Err(Failure::new(crate::failure::Exit::Bug, "the door to GKE leads elsewhere"))
        }
    };
    doors.close().await;
    token
}

async fn token(gke: &GkeCloud) -> Result<Token, Fault> {
    let tokens = gke.tokens();
    let token = tokens.token(false).await?;
    let expires_at = match tokens.lifetime(&token).await {
        Ok(Some(lifetime)) => Timestamp::now().checked_add(lifetime).ok(),
        // kubectl then keeps it until the server refuses it; better than no token.
        Ok(None) | Err(_) => None,
    };
    Ok(Token { secret: Secret::new(token.secret().to_owned()), expires_at })
}

/// GKE's tokens as the Kubernetes side takes them; the library renews them by itself, so their end of life does not matter.
pub(super) struct GkeTokens(pub(super) berth_gke::Tokens);

impl TokenSource for GkeTokens {
    fn token(&self, fresh: bool) -> BoxFuture<'_, Result<Token, Fault>> {
        Box::pin(async move {
            let token = self.0.token(fresh).await?;
            Ok(Token { secret: Secret::new(token.secret().to_owned()), expires_at: None })
        })
    }
}

/// Google's own endpoints and application-default credentials, with the overrides gcloud and the client libraries know.
fn real(given: Option<String>) -> Result<berth_gke::Settings, Failure> {
    let project = given.or_else(|| variable(settings::CLOUDSDK_PROJECT)).or_else(|| variable(settings::GOOGLE_PROJECT));
    let credentials = credentials()?;
    let project = project.or_else(|| adc_text().as_deref().and_then(berth_gke::project_of)).ok_or_else(|| {
        Failure::refused("it is not known which Google Cloud project is meant")
            .detail("neither a flag, the file, the environment nor the credentials name one")
            .hint(
                "name it with --project ID, or set CLOUDSDK_CORE_PROJECT; or try the simulated clouds with --simulate",
            )
    })?;
    Ok(berth_gke::Settings {
        project: Some(project),
        container_endpoint: variable(settings::CONTAINER_ENDPOINT),
        compute_endpoint: variable(settings::COMPUTE_ENDPOINT),
        billing_endpoint: variable(settings::BILLING_ENDPOINT),
        tokeninfo_endpoint: None,
        credentials,
        pace: None,
    })
}

/// What is said most expressly wins: a credentials file, a token file, no credentials, and else what the library finds.
fn credentials() -> Result<CredentialSource, Failure> {
    if variable(settings::GOOGLE_CREDENTIALS).is_some() {
        return Ok(CredentialSource::ApplicationDefault);
    }
    if let Some(path) = variable(settings::ACCESS_TOKEN_FILE) {
        let token = std::fs::read_to_string(&path)
            .map_err(|error| Failure::refused(format!("cannot read the access token in {path}")).because(error))?;
        return Ok(CredentialSource::AccessToken(token.trim().to_owned()));
    }
    let disabled = variable(settings::DISABLE_CREDENTIALS).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    Ok(if disabled { CredentialSource::Anonymous } else { CredentialSource::ApplicationDefault })
}

/// The application-default credentials file, only to learn the project it names.
fn adc_text() -> Option<String> {
    let well_known = || {
        let config = variable(settings::CLOUDSDK_CONFIG)
            .map(PathBuf::from)
            .or_else(|| etcetera::home_dir().ok().map(|home| home.join(".config/gcloud")))?;
        Some(config.join("application_default_credentials.json"))
    };
    let path = variable(settings::GOOGLE_CREDENTIALS).map(PathBuf::from).or_else(well_known)?;
    std::fs::read_to_string(path).ok()
}
