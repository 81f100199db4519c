//! Tokens for the Kubernetes API of an EKS cluster: a signed question to STS who asks, which EKS sends on.

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use jiff::Timestamp;

use crate::classify;
use crate::client;
use crate::settings::Settings;

const PREFIX: &str = "k8s-aws-v1.";
/// The header that says for which cluster; it is among the signed ones.
const CLUSTER_HEADER: &str = "x-k8s-aws-id";
/// What the question itself says of its life; the server goes by its date instead.
const SIGNED_FOR: Duration = Duration::from_secs(60);
/// A token is good for 15 minutes from its date; authenticator clients tell one minute less.
const GOOD_FOR: Duration = Duration::from_secs(14 * 60);

/// A token for a cluster's Kubernetes API. `Debug` never shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct EksToken {
    secret: String,
    expires_at: Timestamp,
}

impl EksToken {
    /// The token itself, for an `Authorization: Bearer` header.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// Until when it may be used, by the wall clock.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

impl fmt::Debug for EksToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EksToken").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// A source of tokens for one cluster. Making one asks nobody, but for the credentials when these have to be renewed.
#[derive(Debug, Clone)]
pub struct EksTokens {
    credentials: Option<SharedCredentialsProvider>,
    url: String,
    region: String,
    cluster: String,
}

impl EksTokens {
    /// Tokens for one cluster without any other door to AWS; nothing is called yet.
    ///
    /// # Errors
    /// No region is known.
    pub async fn open(settings: &Settings, cluster: &str) -> Result<Self, Fault> {
        let config = client::config(settings).await;
        let region = client::region(&config)?;
        Ok(Self::new(&config, &region, cluster))
    }

    pub(crate) fn new(config: &SdkConfig, region: &str, cluster: &str) -> Self {
        let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let base = config.endpoint_url().map_or_else(|| format!("https://sts.{region}.{suffix}"), ToOwned::to_owned);
        let url = format!("{}/?Action=GetCallerIdentity&Version=2011-06-15", base.trim_end_matches('/'));
        Self { credentials: config.credentials_provider(), url, region: region.to_owned(), cluster: cluster.to_owned() }
    }

    /// A token dated now.
    ///
    /// # Errors
    /// There are no usable credentials.
    pub async fn token(&self) -> Result<EksToken, Fault> {
        let provider = self.credentials.as_ref().ok_or_else(|| unusable("there are no credentials".to_owned()))?;
        let credentials = provider.provide_credentials().await.map_err(|error| unusable(classify::chain(&error)))?;
        self.sign(credentials, SystemTime::now()).map_err(|error| unusable(classify::chain(error.as_ref())))
    }

    fn sign(
        &self,
        credentials: aws_credential_types::Credentials,
        now: SystemTime,
    ) -> Result<EksToken, Box<dyn std::error::Error + Send + Sync>> {
        let identity = credentials.into();
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(SIGNED_FOR);
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("sts")
            .time(now)
            .settings(settings)
            .build()?
            .into();
        let headers = [(CLUSTER_HEADER, self.cluster.as_str())];
        let request = SignableRequest::new("GET", self.url.as_str(), headers.into_iter(), SignableBody::Bytes(&[]))?;
        let (instructions, _) = sign(request, &params)?.into_parts();
        let mut signed = http::Request::builder().uri(self.url.as_str()).body(())?;
        instructions.apply_to_request_http1x(&mut signed);
        let secret = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(signed.uri().to_string()));
        Ok(EksToken { secret, expires_at: Timestamp::try_from(now + GOOD_FOR)? })
    }
}

fn unusable(said: String) -> Fault {
    Fault {
        kind: FaultKind::Credentials,
        tried: "make a token for the Kubernetes API".to_owned(),
        said,
        left_behind: LeftBehind::Nothing,
        retry: Retry::Never,
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use aws_credential_types::Credentials;

    use super::*;

    fn tokens() -> EksTokens {
        EksTokens::new(&SdkConfig::builder().build(), "us-east-1", "c")
    }

    #[test]
    fn a_token_is_a_signed_question_about_one_cluster() {
        let credentials = Credentials::new("AKIDEXAMPLE", "secret", Some("session".to_owned()), None, "test");
        let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let token = tokens().sign(credentials, now).expect("signs");
        let url = token.secret().strip_prefix(PREFIX).expect("the prefix");
        let url = String::from_utf8(URL_SAFE_NO_PAD.decode(url).expect("base64 without padding")).expect("text");
        let url = url::Url::parse(&url).expect("a URL");
        assert_eq!(url.host_str(), Some("sts.us-east-1.amazonaws.com"));
        let query: Vec<(String, String)> =
            url.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned())).collect();
        let value = |wanted: &str| query.iter().find(|(key, _)| key == wanted).map(|(_, value)| value.as_str());
        assert_eq!(value("Action"), Some("GetCallerIdentity"));
        assert_eq!(value("X-Amz-Date"), Some("20270115T080000Z"));
        assert_eq!(value("X-Amz-Expires"), Some("60"));
        assert_eq!(value("X-Amz-SignedHeaders"), Some("host;x-k8s-aws-id"));
        assert_eq!(value("X-Amz-Security-Token"), Some("session"));
        assert_eq!(value("X-Amz-Credential"), Some("AKIDEXAMPLE/20270115/us-east-1/sts/aws4_request"));
        assert_eq!(token.expires_at().as_second(), 1_800_000_000 + 14 * 60);
        assert!(!format!("{token:?}").contains(token.secret()), "a token in Debug");
    }
}
