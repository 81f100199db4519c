//! The SDK's clients, and the one way all calls go.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use berth_core::ports::Pace;
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use google_cloud_billing_v1::client::CloudCatalog;
use google_cloud_compute_v1::client::{AcceleratorTypes, Projects, Regions, Zones};
use google_cloud_container_v1::client::ClusterManager;
use google_cloud_gax::error::Error;
use google_cloud_gax::exponential_backoff::{ExponentialBackoff, ExponentialBackoffBuilder};
use google_cloud_gax::options::RequestOptionsBuilder;
use google_cloud_gax::retry_policy::{NeverRetry, RetryPolicy, RetryPolicyExt};
use google_cloud_gax::retry_result::RetryResult;
use google_cloud_gax::retry_state::RetryState;

use crate::classify;
use crate::compute::Compute;
use crate::settings::Settings;
use crate::token::Tokens;

/// One attempt of a call may take this long.
pub(crate) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(60);

/// Calls that only read are tried this often, and for this long, before the caller hears of it.
const READ_TRIES: u32 = 5;
const READ_LIMIT: Duration = Duration::from_secs(90);

pub(crate) const USER_AGENT: &str = concat!("berth/", env!("CARGO_PKG_VERSION"));

/// One client per service, all with the same credentials.
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    pub(crate) container: ClusterManager,
    pub(crate) regions: Regions,
    pub(crate) projects: Projects,
    pub(crate) zones: Zones,
    pub(crate) accelerator_types: AcceleratorTypes,
    pub(crate) catalog: CloudCatalog,
    pub(crate) compute: Compute,
    pub(crate) tokens: Tokens,
    pub(crate) pace: Option<Arc<dyn Pace>>,
}

/// By this name GKE and what it stands on share one pace: a project's calls to them come in step.
const API: &str = "google";

/// Waits for the next turn.
pub(crate) async fn turn(pace: Option<&Arc<dyn Pace>>) {
    if let Some(pace) = pace {
        pace.turn(API, None).await;
    }
}

/// Builds one SDK client; a macro because every service has a builder type of its own.
macro_rules! client {
    ($service:ty, $endpoint:expr, $tokens:expr) => {{
        let mut builder = <$service>::builder()
            .with_credentials($tokens.for_sdk())
            .with_attempt_timeout(ATTEMPT_TIMEOUT)
            .with_backoff_policy(backoff())
            .with_retry_policy(ReadAgain.with_attempt_limit(READ_TRIES).with_time_limit(READ_LIMIT));
        if let Some(endpoint) = $endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        builder.build().await.map_err(|error| unusable(&error))
    }};
}

impl Clients {
    /// Builds the clients; nothing is called yet.
    pub(crate) async fn build(settings: &Settings, tokens: Tokens) -> Result<Self, Fault> {
        let container = endpoint(CONTAINER, settings.container_endpoint.as_deref(), "/v1")?;
        let compute = endpoint(COMPUTE, settings.compute_endpoint.as_deref(), "/compute/v1")?;
        let billing = endpoint(BILLING, settings.billing_endpoint.as_deref(), "/v1")?;
        endpoint(TOKENINFO, settings.tokeninfo_endpoint.as_deref(), "")?;
        Ok(Self {
            container: client!(ClusterManager, container.as_deref(), tokens)?,
            regions: client!(Regions, compute.as_deref(), tokens)?,
            projects: client!(Projects, compute.as_deref(), tokens)?,
            zones: client!(Zones, compute.as_deref(), tokens)?,
            accelerator_types: client!(AcceleratorTypes, compute.as_deref(), tokens)?,
            catalog: client!(CloudCatalog, billing.as_deref(), tokens)?,
            compute: Compute::build(compute.as_deref(), tokens.clone(), settings.pace.clone())?,
            tokens,
            pace: settings.pace.clone(),
        })
    }

    /// Sends a call; when its token was refused, makes a new token and sends it once more.
    ///
    /// A refused token means that the call had no effect, so this is safe for every call.
    pub(crate) async fn call<T, F>(&self, send: impl Fn() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        turn(self.pace.as_ref()).await;
        let seen = self.tokens.generation();
        // The SDK's futures hold whole models, tens of kilobytes each: on the heap they do not add up on the stack.
        match Box::pin(send()).await {
            Err(error) if classify::is_refused_token(&error) && matches!(self.tokens.renew(seen), Ok(true)) => {
                Box::pin(send()).await
            }
            result => result,
        }
    }
}

/// Tries again whatever passes by itself: a slow or broken service, a broken connection, too many requests.
///
/// The SDK's own policy takes 503 alone for passing, but front ends answer 408, 500, 502 and 504 in the same bad minutes.
#[derive(Debug, Clone)]
struct ReadAgain;

impl RetryPolicy for ReadAgain {
    fn on_error(&self, state: &RetryState, error: Error) -> RetryResult {
        // A token that could not be got in time, or a connection that never stood: the call was never sent.
        let unsent = error.is_transient_and_before_rpc();
        let passes =
            matches!(classify::kind_of(&error), FaultKind::Unavailable | FaultKind::Lost | FaultKind::Throttled);
        if unsent || (state.idempotent && passes) {
            RetryResult::Continue(error)
        } else {
            RetryResult::Permanent(error)
        }
    }
}

/// A call that only reads: the SDK may try it again.
pub(crate) fn reading<B: RequestOptionsBuilder>(call: B) -> B {
    call.with_idempotency(true).with_user_agent(USER_AGENT)
}

/// A call that changes something: the SDK must not try again, because the engine journals every try.
pub(crate) fn changing<B: RequestOptionsBuilder>(call: B) -> B {
    call.with_idempotency(false).with_retry_policy(NeverRetry).with_user_agent(USER_AGENT)
}

fn backoff() -> ExponentialBackoff {
    ExponentialBackoffBuilder::new()
        .with_initial_delay(Duration::from_millis(500))
        .with_maximum_delay(Duration::from_secs(20))
        .clamp()
}

/// The settings of endpoints, by gcloud's names where it has one.
const CONTAINER: &str = "api_endpoint_overrides/container";
const COMPUTE: &str = "api_endpoint_overrides/compute";
const BILLING: &str = "api_endpoint_overrides/cloudbilling";
const TOKENINFO: &str = "the tokeninfo endpoint";

/// An endpoint that stands in place of Google's, without the path the SDK adds by itself.
fn endpoint(setting: &str, url: Option<&str>, sdk_path: &str) -> Result<Option<String>, Fault> {
    let Some(url) = url else { return Ok(None) };
    let is_web = |parsed: &url::Url| matches!(parsed.scheme(), "http" | "https") && parsed.has_host();
    if url::Url::parse(url).is_ok_and(|parsed| is_web(&parsed)) {
        return Ok(Some(base_of(url, sdk_path)));
    }
    Err(refused(format!("`{url}` in {setting} is no URL such as https://container.googleapis.com")))
}

/// The part of an endpoint before the path the SDK adds by itself.
fn base_of(url: &str, sdk_path: &str) -> String {
    let url = url.trim_end_matches('/');
    url.strip_suffix(sdk_path).unwrap_or(url).to_owned()
}

fn unusable(error: &google_cloud_gax::client_builder::Error) -> Fault {
    refused(classify::chain(error))
}

/// Nothing was called: the way to Google Cloud cannot be opened.
pub(crate) fn refused(said: String) -> Fault {
    Fault {
        kind: FaultKind::Refused,
        tried: "open the way to Google Cloud".to_owned(),
        said,
        left_behind: LeftBehind::Nothing,
        retry: Retry::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_by_itself_is_read_again() {
        let answer = |http: u16| {
            let error = Error::http(http, http::HeaderMap::new(), Vec::from(b"{}").into());
            ReadAgain.on_error(&RetryState::new(true), error).is_continue()
        };
        let again = [408, 429, 500, 502, 503, 504];
        assert_eq!(again.map(answer), [true; 6]);
        assert_eq!([400, 401, 403, 404, 409, 412, 501].map(answer), [false; 7]);
        let broken = || Error::io("connection reset by peer");
        assert!(ReadAgain.on_error(&RetryState::new(true), broken()).is_continue());
        assert!(ReadAgain.on_error(&RetryState::new(false), broken()).is_permanent());
    }

    #[test]
    fn endpoints_may_have_the_path_gcloud_writes() {
        assert_eq!(
            base_of("https://compute.googleapis.com/compute/v1/", "/compute/v1"),
            "https://compute.googleapis.com"
        );
        assert_eq!(base_of("http://127.0.0.1:8080/", "/v1"), "http://127.0.0.1:8080");
        assert_eq!(base_of("http://127.0.0.1:8080/v1", "/v1"), "http://127.0.0.1:8080");
    }

    #[test]
    fn an_endpoint_that_is_no_url_is_named_with_its_setting() {
        for wrong in ["container.example", "localhost:8080", "ftp://x.example", "https://", ""] {
            let fault = endpoint(CONTAINER, Some(wrong), "/v1").unwrap_err();
            let said = format!("`{wrong}` in api_endpoint_overrides/container is no URL");
            assert!(fault.said.starts_with(&said), "{fault}");
        }
        assert_eq!(endpoint(COMPUTE, None, ""), Ok(None));
        assert_eq!(endpoint(COMPUTE, Some("http://[::1]:80/"), ""), Ok(Some("http://[::1]:80".to_owned())));
    }
}
