//! The door to EKS.

use berth_core::run::Fault;
use berth_core::spec::Provider;
use berth_eks::{EksCloud, Endpoint};
use berth_kube::{Secret, Token, TokenSource};
use futures::future::BoxFuture;

use super::{Cloud, Doors, Simulated, pace};
use crate::clock::RunClock;
use crate::failure::Failure;
use crate::settings::Settings;

/// Opens the door to one region of AWS.
pub(super) async fn open(region: Option<&str>, settings: &Settings) -> Result<Doors, Failure> {
    let simulated = if settings.simulate { Some(Simulated::open(settings).await?) } else { None };
    match connect(region, simulated.as_ref(), settings).await {
        Ok((eks, clock)) => Ok(Doors::new(Cloud::Eks(Box::new(eks)), clock, simulated)),
        Err(failure) => {
            if let Some(simulated) = simulated {
                simulated.close().await;
            }
            Err(failure)
        }
    }
}

async fn connect(
    region: Option<&str>,
    simulated: Option<&Simulated>,
    settings: &Settings,
) -> Result<(EksCloud, RunClock), Failure> {
    let clock = match simulated {
        Some(simulated) => simulated.clock().await?,
        None => RunClock::real(),
    };
    let failed = |fault: Fault| Failure::reading(&fault, Provider::Eks);
    let eks = EksCloud::connect(way(region, simulated, settings)).await.map_err(failed)?;
    Ok((eks, clock))
}

fn way(region: Option<&str>, simulated: Option<&Simulated>, settings: &Settings) -> berth_eks::Settings {
    let region = region.map(ToOwned::to_owned);
    match simulated {
        None => berth_eks::Settings {
            region,
            profile: settings.profile.clone(),
            endpoint: None,
            pace: Some(pace::of(settings, 1.0)),
        },
        Some(simulated) => berth_eks::Settings {
            region: region.or_else(|| Some(berth_sim::AWS_REGION.to_owned())),
            profile: None,
            pace: Some(pace::of(settings, simulated.endpoints.speed)),
            endpoint: Some(Endpoint {
                url: simulated.endpoints.base_url.clone(),
                access_key_id: berth_sim::ACCESS_KEY_ID.to_owned(),
                secret_access_key: berth_sim::SECRET_ACCESS_KEY.to_owned(),
            }),
        },
    }
}

/// A credential for kubectl; nobody is asked for it.
pub(crate) async fn token_of_eks(cluster: &str, region: Option<&str>, settings: &Settings) -> Result<Token, Failure> {
    let simulated = if settings.simulate { Some(Simulated::attach(settings).await?) } else { None };
    let tokens = berth_eks::EksTokens::open(&way(region, simulated.as_ref(), settings), cluster).await;
    let token = match tokens {
        Ok(tokens) => EksTokens(tokens).token(true).await,
        Err(fault) => Err(fault),
    };
    if let Some(simulated) = simulated {
        simulated.close().await;
    }
    token.map_err(|fault| Failure::reading(&fault, Provider::Eks))
}

/// EKS's tokens as the Kubernetes side takes them.
pub(super) struct EksTokens(pub(super) berth_eks::EksTokens);

impl TokenSource for EksTokens {
    fn token(&self, _fresh: bool) -> BoxFuture<'_, Result<Token, Fault>> {
        Box::pin(async move {
            let token = self.0.token().await?;
            Ok(Token { secret: Secret::new(token.secret().to_owned()), expires_at: Some(token.expires_at()) })
        })
    }
}
