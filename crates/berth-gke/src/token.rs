//! Access tokens: for the SDK's calls, for the Kubernetes API and for exec credentials.
//!
//! The auth library keeps a token, renews it in the background, waits for its token endpoint without end, and has no way to be told
//! that a token was refused. So [`Tokens`] stands before it: when a token was refused or does not come, the library's credentials
//! are made anew and with them the token.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, RwLock, RwLockReadGuard};
use std::time::Duration;

use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use google_cloud_auth::credentials::{
    AccessTokenCredentials, Builder, CacheableResource, Credentials, CredentialsProvider, EntityTag, anonymous,
    external_account, impersonated, service_account, user_account,
};
use google_cloud_auth::errors::CredentialsError;
use http::{Extensions, HeaderMap, HeaderValue, header};
use serde_json::Value;

use crate::classify;
use crate::client::ATTEMPT_TIMEOUT;
use crate::identity::{self, TokenReport};
use crate::metadata;
use crate::settings::CredentialSource;

/// What the tokens have to be good for; the second lets the token endpoint name the account.
const SCOPES: [&str; 2] =
    ["https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/userinfo.email"];

const DEFAULT_TOKENINFO: &str = "https://oauth2.googleapis.com/tokeninfo";

/// An OAuth access token. `Debug` never shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken(String);

impl AccessToken {
    /// The token itself, for an `Authorization: Bearer` header.
    pub fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(..)")
    }
}

/// A source of access tokens that are good now; cheap to clone.
#[derive(Clone)]
pub struct Tokens {
    inner: Arc<Inner>,
}

struct Inner {
    source: CredentialSource,
    tokeninfo: String,
    /// How long a token may take to come.
    patience: Duration,
    live: RwLock<Live>,
}

/// The credentials in use, and how often they were made.
#[derive(Clone)]
struct Live {
    generation: u64,
    credentials: Kept,
}

#[derive(Clone)]
enum Kept {
    Anonymous(Credentials),
    Fixed(AccessToken),
    Renewed(AccessTokenCredentials),
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("source", &self.inner.source).finish_non_exhaustive()
    }
}

impl Tokens {
    /// Prepares the credentials; nothing is called yet.
    ///
    /// # Errors
    /// There are no credentials where they should be, or they are of no known kind.
    pub(crate) fn open(source: CredentialSource, tokeninfo: Option<String>) -> Result<Self, Fault> {
        Self::waiting(source, tokeninfo, ATTEMPT_TIMEOUT)
    }

    fn waiting(source: CredentialSource, tokeninfo: Option<String>, patience: Duration) -> Result<Self, Fault> {
        let credentials = kept(&source)?;
        let tokeninfo = tokeninfo.unwrap_or_else(|| DEFAULT_TOKENINFO.to_owned());
        let live = RwLock::new(Live { generation: 0, credentials });
        Ok(Self { inner: Arc::new(Inner { source, tokeninfo, patience, live }) })
    }

    /// Makes sure that credentials of the machine itself are there; other credentials show at the first call what they are.
    ///
    /// # Errors
    /// No credentials file was found, and no metadata server gives a token.
    pub(crate) async fn ready(&self) -> Result<(), Fault> {
        match self.live().credentials {
            Kept::Renewed(credentials) if metadata::gives(&credentials) => metadata::answers(&credentials).await,
            _ => Ok(()),
        }
    }

    /// A token that is good now; `fresh` asks for one that is not the last one, because that was refused.
    ///
    /// # Errors
    /// The credentials are refused, cannot be renewed or there are none.
    pub async fn token(&self, fresh: bool) -> Result<AccessToken, Fault> {
        if fresh {
            self.renew(self.generation())?;
        }
        let Live { generation, credentials } = self.live();
        match credentials {
            Kept::Anonymous(_) => Err(refused("there are no credentials to make a token from")),
            Kept::Fixed(token) => Ok(token),
            Kept::Renewed(credentials) => match self.in_time(generation, credentials.access_token()).await {
                Ok(token) => Ok(AccessToken(token.token)),
                Err(error) => Err(classify::of_credentials("get an access token", &error)),
            },
        }
    }

    /// How long this token is still good, as the token endpoint says; `None` if it does not say.
    ///
    /// # Errors
    /// The token endpoint cannot be reached or does not know the token.
    pub async fn lifetime(&self, token: &AccessToken) -> Result<Option<Duration>, Fault> {
        Ok(self.report(token).await?.expires_in)
    }

    /// Who the credentials are, for example an e-mail address; `None` if that cannot be told.
    ///
    /// # Errors
    /// There is no usable token, or the token endpoint cannot be reached.
    pub async fn identity(&self) -> Result<Option<String>, Fault> {
        let text = match &self.inner.source {
            CredentialSource::Json(text) => Some(text.clone()),
            CredentialSource::File(path) => std::fs::read_to_string(path).ok(),
            _ => None,
        };
        if let Some(email) = text.as_deref().and_then(identity::account_of) {
            return Ok(Some(email));
        }
        if matches!(self.inner.source, CredentialSource::Anonymous) {
            return Ok(None);
        }
        let token = self.token(false).await?;
        Ok(self.report(&token).await?.email)
    }

    /// Makes the credentials anew unless somebody did since `seen`; false if they cannot be.
    pub(crate) fn renew(&self, seen: u64) -> Result<bool, Fault> {
        if matches!(self.inner.source, CredentialSource::AccessToken(_) | CredentialSource::Anonymous) {
            return Ok(false);
        }
        let mut live = self.inner.live.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if live.generation == seen {
            live.credentials = kept(&self.inner.source)?;
            live.generation += 1;
        }
        Ok(true)
    }

    /// How often the credentials were made anew.
    pub(crate) fn generation(&self) -> u64 {
        self.read().generation
    }

    /// The same credentials in the SDK's shape.
    pub(crate) fn for_sdk(&self) -> Credentials {
        Credentials::from(self.clone())
    }

    /// What comes of it; or an error that may pass, when it takes too long.
    async fn in_time<T>(
        &self,
        generation: u64,
        coming: impl Future<Output = Result<T, CredentialsError>>,
    ) -> Result<T, CredentialsError> {
        let patience = self.inner.patience;
        if let Ok(result) = tokio::time::timeout(patience, coming).await {
            return result;
        }
        // The old credentials would go on waiting for the same answer.
        let again = self.renew(generation).is_ok();
        Err(CredentialsError::from_msg(again, format!("no access token came within {} s", patience.as_secs_f32())))
    }

    async fn report(&self, token: &AccessToken) -> Result<TokenReport, Fault> {
        identity::ask(&self.inner.tokeninfo, token).await
    }

    fn live(&self) -> Live {
        self.read().clone()
    }

    fn read(&self) -> RwLockReadGuard<'_, Live> {
        self.inner.live.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl CredentialsProvider for Tokens {
    async fn headers(&self, extensions: Extensions) -> Result<CacheableResource<HeaderMap>, CredentialsError> {
        let Live { generation, credentials } = self.live();
        match credentials {
            Kept::Anonymous(credentials) => credentials.headers(extensions).await,
            Kept::Fixed(token) => {
                let mut value = HeaderValue::from_str(&format!("Bearer {}", token.secret())).map_err(|_| {
                    CredentialsError::from_msg(false, "the access token has characters no header can have")
                })?;
                value.set_sensitive(true);
                let data = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
                Ok(CacheableResource::New { entity_tag: EntityTag::new(), data })
            }
            Kept::Renewed(credentials) => self.in_time(generation, credentials.headers(extensions)).await,
        }
    }

    async fn universe_domain(&self) -> Option<String> {
        match self.live().credentials {
            Kept::Renewed(credentials) => credentials.universe_domain().await,
            Kept::Anonymous(_) | Kept::Fixed(_) => None,
        }
    }
}

fn kept(source: &CredentialSource) -> Result<Kept, Fault> {
    let credentials = match source {
        CredentialSource::Anonymous => return Ok(Kept::Anonymous(anonymous::Builder::new().build())),
        CredentialSource::AccessToken(token) => return Ok(Kept::Fixed(AccessToken(token.clone()))),
        CredentialSource::ApplicationDefault => Builder::default()
            .with_scopes(SCOPES)
            .build_access_token_credentials()
            .map_err(|error| refused(&words(&error)))?,
        CredentialSource::File(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| refused(&format!("cannot read {}: {error}", path.display())))?;
            from_json(&text)?
        }
        CredentialSource::Json(text) => from_json(text)?,
    };
    Ok(Kept::Renewed(credentials))
}

fn from_json(text: &str) -> Result<AccessTokenCredentials, Fault> {
    // The parser's message is left out, because it can quote the file.
    let json: Value = serde_json::from_str(text).map_err(|_| refused("the credentials are not JSON"))?;
    let kind = json.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    let built = match kind.as_str() {
        "authorized_user" => user_account::Builder::new(json).with_scopes(SCOPES).build_access_token_credentials(),
        "service_account" => service_account::Builder::new(json)
            .with_access_specifier(service_account::AccessSpecifier::from_scopes(SCOPES))
            .build_access_token_credentials(),
        "impersonated_service_account" => {
            impersonated::Builder::new(json).with_scopes(SCOPES).build_access_token_credentials()
        }
        "external_account" => external_account::Builder::new(json).with_scopes(SCOPES).build_access_token_credentials(),
        "" => return Err(refused("the credentials do not say their type")),
        other => return Err(refused(&format!("credentials of type {other} are not supported"))),
    };
    built.map_err(|error| refused(&words(&error)))
}

fn words(error: &(dyn std::error::Error + 'static)) -> String {
    classify::chain(error)
}

fn refused(said: &str) -> Fault {
    Fault {
        kind: FaultKind::Credentials,
        tried: "find credentials".to_owned(),
        said: said.to_owned(),
        left_behind: LeftBehind::Nothing,
        retry: Retry::Never,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Once;

    use serde_json::json;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    use super::*;

    static PROVIDER: Once = Once::new();

    #[tokio::test]
    async fn a_token_that_does_not_come_is_asked_for_anew() {
        PROVIDER.call_once(|| drop(rustls::crypto::aws_lc_rs::default_provider().install_default()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let file = json!({"type": "authorized_user", "client_id": "a", "client_secret": "b", "refresh_token": "c",
            "token_uri": format!("http://{}", listener.local_addr().unwrap())});
        let patience = Duration::from_millis(300);
        let tokens = Tokens::waiting(CredentialSource::Json(file.to_string()), None, patience).unwrap();
        tokio::spawn(async move {
            // The first connection stands, and nobody ever answers on it.
            let _silent = listener.accept().await.unwrap();
            let (mut stream, _) = listener.accept().await.unwrap();
            let body = json!({"access_token": "sesame", "expires_in": 3600, "token_type": "Bearer"}).to_string();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}", body.len());
            stream.write_all(format!("{head}\r\nconnection: close\r\n\r\n{body}").as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
            std::future::pending::<()>().await;
        });
        let fault = tokens.token(false).await.unwrap_err();
        assert_eq!((fault.kind, fault.retry), (FaultKind::Credentials, Retry::Backoff), "{fault}");
        assert!(fault.said.contains("no access token came within 0.3 s"), "{fault}");
        assert_eq!(tokens.token(false).await.unwrap().secret(), "sesame");
    }
}
