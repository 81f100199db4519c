//! The SDK's clients, and the two ways their calls go.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};

use crate::paced;
use crate::settings::{Endpoint, Settings};

/// One attempt of a call may take this long.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(60);
/// A connection has to stand within this time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Calls that only read are tried this often before the caller hears of it.
const READ_TRIES: u32 = 5;

/// The price list of all regions is told in a few of them only.
const PRICE_LIST_REGION: &str = "us-east-1";

/// One client per service.
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    pub(crate) eks: aws_sdk_eks::Client,
    pub(crate) ec2: aws_sdk_ec2::Client,
    pub(crate) iam: aws_sdk_iam::Client,
    pub(crate) sts: aws_sdk_sts::Client,
    pub(crate) autoscaling: aws_sdk_autoscaling::Client,
    pub(crate) quotas: aws_sdk_servicequotas::Client,
    pub(crate) logs: aws_sdk_cloudwatchlogs::Client,
    pub(crate) pricing: aws_sdk_pricing::Client,
    pub(crate) classic_balancers: aws_sdk_elasticloadbalancing::Client,
    pub(crate) balancers: aws_sdk_elasticloadbalancingv2::Client,
    pub(crate) tagging: aws_sdk_resourcegroupstagging::Client,
}

impl Clients {
    /// For calls that only read: the SDK tries them again.
    pub(crate) fn reading(config: &SdkConfig) -> Self {
        Self::with(config, RetryConfig::standard().with_max_attempts(READ_TRIES))
    }

    /// For calls that change something: the SDK does not try again, because the engine journals every try.
    pub(crate) fn changing(config: &SdkConfig) -> Self {
        Self::with(config, RetryConfig::disabled())
    }

    fn with(config: &SdkConfig, retry: RetryConfig) -> Self {
        let config = config.to_builder().retry_config(retry).build();
        let price_list = Region::new(PRICE_LIST_REGION);
        let pricing = aws_sdk_pricing::config::Builder::from(&config).region(price_list).build();
        Self {
            eks: aws_sdk_eks::Client::new(&config),
            ec2: aws_sdk_ec2::Client::new(&config),
            iam: aws_sdk_iam::Client::new(&config),
            sts: aws_sdk_sts::Client::new(&config),
            autoscaling: aws_sdk_autoscaling::Client::new(&config),
            quotas: aws_sdk_servicequotas::Client::new(&config),
            logs: aws_sdk_cloudwatchlogs::Client::new(&config),
            pricing: aws_sdk_pricing::Client::from_conf(pricing),
            classic_balancers: aws_sdk_elasticloadbalancing::Client::new(&config),
            balancers: aws_sdk_elasticloadbalancingv2::Client::new(&config),
            tagging: aws_sdk_resourcegroupstagging::Client::new(&config),
        }
    }
}

/// What all clients share; reads the environment and the profile unless one endpoint stands for everything.
pub(crate) async fn config(settings: &Settings) -> SdkConfig {
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(ATTEMPT_TIMEOUT).build();
    let version = BehaviorVersion::v2026_01_12();
    let region = settings.region.clone().map(Region::new);
    let app_name = AppName::new(concat!("berth-", env!("CARGO_PKG_VERSION"))).ok();
    if let Some(endpoint) = &settings.endpoint {
        let mut config = SdkConfig::builder()
            .behavior_version(version)
            .region(region)
            .endpoint_url(&endpoint.url)
            .credentials_provider(fixed(endpoint))
            // Its dates are those of its own world; what is signed, and tried again when refused, does not go by them.
            .disable_clock_skew_correction(true)
            .timeout_config(timeouts);
        config.set_app_name(app_name);
        config.set_http_client(settings.pace.clone().map(paced::client));
        return config.build();
    }
    let mut loader = aws_config::defaults(version).timeout_config(timeouts);
    if let Some(region) = region {
        loader = loader.region(region);
    }
    if let Some(profile) = &settings.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(app_name) = app_name {
        loader = loader.app_name(app_name);
    }
    if let Some(pace) = settings.pace.clone() {
        loader = loader.http_client(paced::client(pace));
    }
    loader.load().await
}

/// The region of all calls.
///
/// # Errors
/// None is known.
pub(crate) fn region(config: &SdkConfig) -> Result<String, Fault> {
    config.region().map(ToString::to_string).ok_or_else(|| Fault {
        kind: FaultKind::Refused,
        tried: "choose an AWS region".to_owned(),
        said: "neither the file, a flag, the environment nor the profile names one".to_owned(),
        left_behind: LeftBehind::Nothing,
        retry: Retry::Never,
    })
}

fn fixed(endpoint: &Endpoint) -> SharedCredentialsProvider {
    let Endpoint { access_key_id, secret_access_key, .. } = endpoint;
    SharedCredentialsProvider::new(Credentials::new(access_key_id, secret_access_key, None, None, "fixed"))
}
