//! Builds the doors to the outside, real or simulated. The only file that names the cloud crates, and the only place that
//! asks whether the clouds are simulated.

use std::path::PathBuf;
use std::sync::Arc;

use berth_core::actions::Action;
use berth_core::observed::{ClusterAccess, Fleet, Observed};
use berth_core::ports::{Eyes, Hands, Progress, Started, Ticket};
use berth_core::rules::preflight::CloudFacts;
use berth_core::run::Fault;
use berth_core::spec::{CloudSpec, ClusterSpec, Provider};
use berth_gke::{CredentialSource, GkeCloud};
use berth_kube::{Secret, Token, TokenSource};
use futures::future::BoxFuture;
use jiff::Timestamp;
use serde_json::Value;

use crate::clock::RunClock;
use crate::failure::Failure;
use crate::settings::{self, Settings, variable};

/// Which cluster, in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClusterAt {
    pub(crate) provider: Provider,
    /// Project or account id.
    pub(crate) account: String,
    /// Region or zone.
    pub(crate) location: String,
    pub(crate) name: String,
}

/// The open doors of one command.
pub(crate) struct Doors {
    pub(crate) cloud: Cloud,
    pub(crate) clock: RunClock,
    simulated: Option<Simulated>,
}

impl Doors {
    /// Project or account the cloud's calls go to.
    pub(crate) fn account(&self) -> &str {
        match &self.cloud {
            Cloud::Gke(gke) => gke.project(),
        }
    }

    /// A Kubernetes client for a cluster's API server.
    pub(crate) fn kubernetes(&self, access: &ClusterAccess, _cluster: &str) -> Result<kube::Client, Fault> {
        let Cloud::Gke(gke) = &self.cloud;
        berth_kube::connect(access, Arc::new(GkeTokens(gke.tokens())), Arc::new(self.clock.clone()))
    }

    /// A credential for kubectl, with its end of life so that kubectl asks again in time.
    pub(crate) async fn token(&self) -> Result<Token, Fault> {
        let Cloud::Gke(gke) = &self.cloud;
        let tokens = gke.tokens();
        let token = tokens.token(false).await?;
        let expires_at = match tokens.lifetime(&token).await {
            Ok(Some(lifetime)) => Timestamp::now().checked_add(lifetime).ok(),
            // kubectl then keeps it until the server refuses it; better than no token.
            Ok(None) | Err(_) => None,
        };
        Ok(Token { secret: Secret::new(token.secret().to_owned()), expires_at })
    }

    /// Closes what has to be closed: a simulator of this process keeps its world.
    pub(crate) async fn close(self) {
        if let Some(simulated) = self.simulated {
            simulated.close().await;
        }
    }
}

/// GKE's tokens as the Kubernetes side takes them; the library renews them by itself, so their end of life does not matter.
struct GkeTokens(berth_gke::Tokens);

impl TokenSource for GkeTokens {
    fn token(&self, fresh: bool) -> BoxFuture<'_, Result<Token, Fault>> {
        Box::pin(async move {
            let token = self.0.token(fresh).await?;
            Ok(Token { secret: Secret::new(token.secret().to_owned()), expires_at: None })
        })
    }
}

/// The clouds, by provider.
pub(crate) enum Cloud {
    Gke(GkeCloud),
}

impl Hands for Cloud {
    async fn start(&self, action: &Action) -> Result<Started, Fault> {
        match self {
            Self::Gke(gke) => gke.start(action).await,
        }
    }

    async fn poll(&self, ticket: &Ticket) -> Result<Progress, Fault> {
        match self {
            Self::Gke(gke) => gke.poll(ticket).await,
        }
    }
}

impl Eyes for Cloud {
    async fn observe(&self, name: &str, location: &str) -> Result<Observed, Fault> {
        match self {
            Self::Gke(gke) => gke.observe(name, location).await,
        }
    }

    async fn fleet(&self) -> Result<Fleet, Fault> {
        match self {
            Self::Gke(gke) => gke.fleet().await,
        }
    }

    async fn facts(&self, spec: &ClusterSpec) -> Result<CloudFacts, Fault> {
        match self {
            Self::Gke(gke) => gke.facts(spec).await,
        }
    }
}

/// Opens the doors a spec needs.
pub(crate) async fn open_for(spec: &ClusterSpec, settings: &Settings) -> Result<Doors, Failure> {
    match &spec.cloud {
        CloudSpec::Gke(gke) => open_gke(gke.project.as_deref(), settings).await,
        CloudSpec::Eks(_) => Err(Failure::refused("this version of berth makes clusters on GKE only")
            .detail("the file is for EKS: it can be validated, but not yet planned or created")),
    }
}

/// Opens the door to GKE.
pub(crate) async fn open_gke(file_project: Option<&str>, settings: &Settings) -> Result<Doors, Failure> {
    let given = settings.project.as_deref().or(file_project).map(ToOwned::to_owned);
    if !settings.simulate {
        let gke = GkeCloud::connect(real(given)?).await.map_err(|fault| Failure::reading(&fault))?;
        return Ok(Doors { cloud: Cloud::Gke(gke), clock: RunClock::real(), simulated: None });
    }
    let simulated = Simulated::open(settings).await?;
    let endpoints = &simulated.endpoints;
    let gke_settings = berth_gke::Settings {
        project: Some(given.unwrap_or_else(|| berth_sim::PROJECT.to_owned())),
        container_endpoint: Some(endpoints.container_url.clone()),
        compute_endpoint: Some(endpoints.base_url.clone()),
        tokeninfo_endpoint: Some(endpoints.tokeninfo_url.clone()),
        credentials: endpoints.adc_path.clone().map_or(CredentialSource::Anonymous, CredentialSource::File),
    };
    let clock = simulated.clock().await?;
    match GkeCloud::connect(gke_settings).await {
        Ok(gke) => Ok(Doors { cloud: Cloud::Gke(gke), clock, simulated: Some(simulated) }),
        Err(fault) => {
            simulated.close().await;
            Err(Failure::reading(&fault))
        }
    }
}

/// Google's own endpoints and application-default credentials, with the overrides gcloud and the client libraries know.
fn real(given: Option<String>) -> Result<berth_gke::Settings, Failure> {
    let project = given.or_else(|| variable(settings::CLOUDSDK_PROJECT)).or_else(|| variable(settings::GOOGLE_PROJECT));
    let credentials = if variable(settings::DISABLE_CREDENTIALS).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    {
        CredentialSource::Anonymous
    } else if let Some(path) = variable(settings::ACCESS_TOKEN_FILE) {
        let token = std::fs::read_to_string(&path)
            .map_err(|error| Failure::refused(format!("cannot read the access token in {path}")).because(error))?;
        CredentialSource::AccessToken(token.trim().to_owned())
    } else {
        CredentialSource::ApplicationDefault
    };
    let project = project.or_else(|| adc_text().as_deref().and_then(berth_gke::project_of));
    Ok(berth_gke::Settings {
        project,
        container_endpoint: variable(settings::CONTAINER_ENDPOINT),
        compute_endpoint: variable(settings::COMPUTE_ENDPOINT),
        tokeninfo_endpoint: None,
        credentials,
    })
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

/// Where a spec's cluster stands, or would stand.
pub(crate) fn cluster_at(spec: &ClusterSpec, doors: &Doors) -> ClusterAt {
    ClusterAt {
        provider: spec.cloud.provider(),
        account: doors.account().to_owned(),
        location: spec.place.location().to_owned(),
        name: spec.name.clone(),
    }
}

/// The simulated clouds: those that are served, or a simulator of this process.
pub(crate) struct Simulated {
    pub(crate) endpoints: berth_sim::Endpoints,
    own: Option<berth_sim::Simulator>,
}

impl Simulated {
    /// Meets the served clouds of this state directory, else starts a simulator on their world.
    pub(crate) async fn open(settings: &Settings) -> Result<Self, Failure> {
        let dir = settings.home.sim();
        if let Some(endpoints) = berth_sim::attach(&dir).await {
            return Ok(Self { endpoints, own: None });
        }
        crate::home::make_private(&dir)?;
        let options =
            berth_sim::Options { dir: Some(dir), speed: settings::sim_speed()?, ..berth_sim::Options::default() };
        let own = berth_sim::Simulator::start(options)
            .await
            .map_err(|error| Failure::refused("cannot start the simulated clouds").because(error))?;
        Ok(Self { endpoints: own.endpoints().clone(), own: Some(own) })
    }

    /// A clock that runs as the simulator's does.
    async fn clock(&self) -> Result<RunClock, Failure> {
        let clock = self.ask(reqwest::Method::GET, "clock", None).await?;
        let now = clock["now"].as_str().and_then(|text| text.parse().ok()).unwrap_or_else(Timestamp::now);
        Ok(RunClock::simulated(now, self.endpoints.speed))
    }

    /// Asks the simulator's control interface.
    pub(crate) async fn ask(&self, method: reqwest::Method, path: &str, body: Option<Value>) -> Result<Value, Failure> {
        let failed = |error: reqwest::Error| Failure::refused("the simulator does not answer").because(error);
        let mut request = reqwest::Client::new().request(method, format!("{}/_sim/{path}", self.endpoints.base_url));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.map_err(failed)?;
        let status = response.status();
        let text = response.text().await.map_err(failed)?;
        if !status.is_success() {
            return Err(Failure::refused("the simulator refuses").detail(text));
        }
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Ends a simulator of this process; its world is kept.
    pub(crate) async fn close(self) {
        if let Some(own) = self.own {
            own.stop().await;
        }
    }
}
