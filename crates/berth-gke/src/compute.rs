//! Compute Engine's lists and deletions, over plain HTTP.
//!
//! The SDK has a client and a model of its own for each collection in each scope, some twenty-five of them, which for our purpose
//! differ in nothing but a word of the path. So the word is an argument here, and credentials, tries and error classes are those
//! of every other call.

use std::sync::Arc;
use std::time::Duration;

use berth_core::ports::Pace;
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use google_cloud_auth::credentials::{CacheableResource, CredentialsProvider};
use http::header::USER_AGENT;
use http::{Extensions, HeaderMap, Method};
use serde_json::Value;

use crate::classify::{self, Said};
use crate::client;
use crate::token::Tokens;

const GOOGLE: &str = "https://compute.googleapis.com";

/// Pauses between the tries of a call that only reads.
const PAUSES: [Duration; 4] =
    [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(8)];

/// The way to Compute Engine. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Compute {
    http: reqwest::Client,
    /// `https://compute.googleapis.com/compute/v1/`
    service: String,
    tokens: Tokens,
    pace: Option<Arc<dyn Pace>>,
}

/// A call that was not answered as it should be.
#[derive(Debug, Clone)]
pub(crate) struct Trouble {
    pub(crate) kind: FaultKind,
    pub(crate) retry: Retry,
    pub(crate) said: String,
}

impl Trouble {
    /// The fault that says what was tried, and what it can have left.
    pub(crate) fn fault(self, tried: String, left: impl FnOnce(FaultKind) -> LeftBehind) -> Fault {
        let left_behind = left(self.kind);
        Fault { kind: self.kind, tried, said: self.said, left_behind, retry: self.retry }
    }
}

/// `projects/P/zones/Z/disks/D` out of a link.
pub(crate) fn path_of(link: &str) -> Option<&str> {
    link.find("projects/").map(|at| &link[at..])
}

/// The path of an operation that was begun.
pub(crate) fn operation_path(operation: &Value) -> &str {
    let link = operation["selfLink"].as_str().unwrap_or_default();
    path_of(link).unwrap_or(link)
}

/// Why an operation did not do what it was to do.
pub(crate) fn failure(operation: &Value) -> Option<Said> {
    let first = operation["error"]["errors"].get(0)?;
    let text = |key: &str| first[key].as_str().unwrap_or_default().to_owned();
    Some(Said { code: text("code"), text: text("message"), ..Said::default() })
}

/// One call.
#[derive(Clone)]
struct Call<'a> {
    method: Method,
    path: &'a str,
    query: &'a [(&'a str, &'a str)],
    body: Option<&'a Value>,
}

impl Compute {
    /// Prepares the way; nothing is called yet. `endpoint` stands in place of Google's, without a path.
    pub(crate) fn build(endpoint: Option<&str>, tokens: Tokens, pace: Option<Arc<dyn Pace>>) -> Result<Self, Fault> {
        let built = reqwest::Client::builder().timeout(client::ATTEMPT_TIMEOUT).build();
        let http = built.map_err(|error| client::refused(classify::chain(&error)))?;
        Ok(Self { http, service: format!("{}/compute/v1/", endpoint.unwrap_or(GOOGLE)), tokens, pace })
    }

    /// Reads what a path that begins with `projects/` shows; tries again what passes by itself.
    pub(crate) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, Trouble> {
        let mut pauses = PAUSES.iter();
        loop {
            let trouble = match self.call(Call { method: Method::GET, path, query, body: None }).await {
                Ok(value) => return Ok(value),
                Err(trouble) => trouble,
            };
            let passes = matches!(trouble.kind, FaultKind::Unavailable | FaultKind::Lost | FaultKind::Throttled);
            let Some(pause) = pauses.next().filter(|_| passes) else { return Err(trouble) };
            let asked = if let Retry::After(least) = trouble.retry { least } else { Duration::ZERO };
            tokio::time::sleep(asked.max(*pause)).await;
        }
    }

    /// Asks once for a thing's deletion, and gives the operation.
    pub(crate) async fn delete(&self, path: &str) -> Result<Value, Trouble> {
        self.call(Call { method: Method::DELETE, path, query: &[], body: None }).await
    }

    /// Asks once for a new thing in a collection, and gives the operation.
    pub(crate) async fn insert(&self, path: &str, body: &Value) -> Result<Value, Trouble> {
        self.call(Call { method: Method::POST, path, query: &[], body: Some(body) }).await
    }

    /// Sends a call; when its token was refused, makes a new token and sends it once more.
    async fn call(&self, call: Call<'_>) -> Result<Value, Trouble> {
        client::turn(self.pace.as_ref()).await;
        let seen = self.tokens.generation();
        match self.send(call.clone()).await {
            Err(trouble) if trouble.kind == FaultKind::Credentials && matches!(self.tokens.renew(seen), Ok(true)) => {
                self.send(call).await
            }
            result => result,
        }
    }

    async fn send(&self, Call { method, path, query, body }: Call<'_>) -> Result<Value, Trouble> {
        let url = url::Url::parse_with_params(&format!("{}{path}", self.service), query);
        let url =
            url.map_err(|error| Trouble { kind: FaultKind::Refused, retry: Retry::Never, said: error.to_string() })?;
        let mut request = self.http.request(method, url).headers(self.credentials().await?);
        if let Some(body) = body {
            request = request.json(body);
        }
        let lost = |error: reqwest::Error| classify::of_connection(&error);
        let response = request.header(USER_AGENT, client::USER_AGENT).send().await.map_err(lost)?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.map_err(lost)?;
        if status >= 300 {
            return Err(classify::of_reply(status, &headers, &body));
        }
        serde_json::from_slice(&body).map_err(|error| Trouble {
            kind: FaultKind::Other,
            retry: Retry::Never,
            said: format!("the answer is no JSON: {error}"),
        })
    }

    async fn credentials(&self) -> Result<HeaderMap, Trouble> {
        let given = self.tokens.headers(Extensions::new()).await;
        match given {
            Ok(CacheableResource::New { data, .. }) => Ok(data),
            Ok(CacheableResource::NotModified) => Ok(HeaderMap::new()),
            Err(error) => {
                let Fault { kind, retry, said, .. } = classify::of_credentials("get an access token", &error);
                Err(Trouble { kind, retry, said })
            }
        }
    }
}
