//! The SDK's way of sending, with a pause before each call where a pace asks for one.
//!
//! Here, below every client, because each service has a client and a hundred calls of its own and this is what they all share.

use std::sync::Arc;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, ConnectorBuilder, tls};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use berth_core::ports::Pace;

/// Front of a signature's credential scope, `KEY/20261121/us-east-1/ec2/aws4_request`.
const SCOPE: &str = "Credential=";

/// Sends as the SDK does by itself, at this pace.
pub(crate) fn client(pace: Arc<dyn Pace>) -> SharedHttpClient {
    let inner = Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector = ConnectorBuilder::default().tls_provider(tls::Provider::Rustls(CryptoMode::AwsLc));
        connector.set_connector_settings(settings.cloned());
        if let Some(components) = components {
            connector.set_sleep_impl(components.sleep_impl());
        }
        connector.set_proxy_config(Some(ProxyConfig::from_env()));
        connector.build()
    });
    SharedHttpClient::new(Paced { inner, pace })
}

#[derive(Debug)]
struct Paced {
    inner: SharedHttpClient,
    pace: Arc<dyn Pace>,
}

impl HttpClient for Paced {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(PacedConnector { inner, pace: Arc::clone(&self.pace) })
    }
}

#[derive(Debug)]
struct PacedConnector {
    inner: SharedHttpConnector,
    pace: Arc<dyn Pace>,
}

impl HttpConnector for PacedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        // A call without a signature, for credentials for example, has no API whose pace it could keep.
        let Some(api) = request.headers().get("authorization").and_then(api) else { return self.inner.call(request) };
        let (inner, pace) = (self.inner.clone(), Arc::clone(&self.pace));
        let change = request.body().bytes().and_then(change).map(ToOwned::to_owned);
        HttpConnectorFuture::new(async move {
            pace.turn(&api, change.as_deref()).await;
            inner.call(request).await
        })
    }
}

/// Region and service of a signed call: `us-east-1/ec2`. IAM is one for all regions.
fn api(authorization: &str) -> Option<String> {
    let (_, scope) = authorization.split_once(SCOPE)?;
    let mut parts = scope.split('/').skip(2);
    let (region, service) = (parts.next()?, parts.next()?);
    Some(if service == "iam" { service.to_owned() } else { format!("{region}/{service}") })
}

/// The operation of a query call, `Action=CreateVpc&...`, if it changes something. EC2 counts these by themselves; the services that
/// speak otherwise say nothing of the kind.
fn change(body: &[u8]) -> Option<&str> {
    let first = body.split(|byte| *byte == b'&').next()?;
    let action = std::str::from_utf8(first).ok()?.strip_prefix("Action=")?;
    (!["Describe", "Get", "List", "Search"].iter().any(|front| action.starts_with(front))).then_some(action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_tells_region_and_service() {
        let signed =
            "AWS4-HMAC-SHA256 Credential=AKIA/20261121/eu-west-1/ec2/aws4_request, SignedHeaders=host, Signature=0";
        assert_eq!(api(signed).as_deref(), Some("eu-west-1/ec2"));
        let of_iam = signed.replace("/ec2/", "/iam/");
        assert_eq!(api(&of_iam).as_deref(), Some("iam"));
        assert_eq!(api("Bearer x"), None);
    }

    #[test]
    fn a_query_tells_what_it_changes() {
        assert_eq!(change(b"Action=CreateVpc&Version=2016-11-15&CidrBlock=10.0.0.0%2F16"), Some("CreateVpc"));
        assert_eq!(change(b"Action=DescribeVpcs&Version=2016-11-15"), None);
        assert_eq!(change(br#"{"name":"Action=CreateCluster"}"#), None);
        assert_eq!(change(b""), None);
    }
}
