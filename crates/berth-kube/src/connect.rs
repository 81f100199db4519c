//! From an observed cluster to a client of its Kubernetes API.

use std::sync::Arc;
use std::time::Duration;

use berth_core::observed::ClusterAccess;
use berth_core::ports::Clock;
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use http::Uri;
use kube::client::ClientBuilder;
use kube::{Client, Config};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use url::{Host, Url};

use crate::bearer::{Bearer, BearerLayer};
use crate::classify;
use crate::token::TokenSource;

const CONNECT_LIMIT: Duration = Duration::from_secs(15);
/// Between two pieces of an answer; a page of large nodes comes in many pieces.
const READ_LIMIT: Duration = Duration::from_secs(60);
const WRITE_LIMIT: Duration = Duration::from_secs(60);

/// A client of the cluster's Kubernetes API; to be called inside a tokio runtime.
///
/// Each request carries a token from `tokens`; `clock` only tells when to renew it.
/// Without a CA of its own the server is checked against the public authorities the machine trusts.
/// Answers 429, 503 and 504 are asked again by the client itself, for up to about three minutes.
/// Fails if the address or the CA is unusable; nothing is sent yet.
pub fn connect<C: Clock + 'static>(
    access: &ClusterAccess,
    tokens: Arc<dyn TokenSource>,
    clock: Arc<C>,
) -> Result<Client, Fault> {
    let mut config = Config::new(address(&access.server)?);
    config.connect_timeout = Some(CONNECT_LIMIT);
    config.read_timeout = Some(READ_LIMIT);
    config.write_timeout = Some(WRITE_LIMIT);
    if let Some(pem) = &access.ca_pem {
        config.root_cert = Some(certificates(pem)?);
    }
    let builder = ClientBuilder::try_from(config).map_err(|error| classify::fault("connect to the cluster", error))?;
    let bearer = BearerLayer(Arc::new(Bearer::new(tokens, clock)));
    Ok(builder.with_layer(&bearer).build())
}

/// The server's address; plain HTTP only to this machine, as a token would go over the wire in the clear.
fn address(server: &str) -> Result<Uri, Fault> {
    let url = Url::parse(server).map_err(|error| unusable(format!("the address {server} is no URL: {error}")))?;
    let here = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    match url.scheme() {
        "https" => {}
        "http" if here => {}
        _ => return Err(unusable(format!("the address {server} does not begin with https://"))),
    }
    server.parse().map_err(|error| unusable(format!("the address {server} is no URL: {error}")))
}

fn certificates(pem: &str) -> Result<Vec<Vec<u8>>, Fault> {
    let certificates: Vec<Vec<u8>> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .map(|der| der.map(|der| der.to_vec()))
        .collect::<Result<_, _>>()
        .map_err(|error| unusable(format!("the cluster's CA is not PEM: {error}")))?;
    if certificates.is_empty() {
        return Err(unusable("the cluster's CA holds no certificate".to_owned()));
    }
    Ok(certificates)
}

fn unusable(said: String) -> Fault {
    Fault {
        kind: FaultKind::Refused,
        tried: "connect to the cluster".to_owned(),
        said,
        left_behind: LeftBehind::Nothing,
        retry: Retry::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_never_goes_over_plain_http_to_another_machine() {
        assert!(address("https://34.1.2.3").is_ok());
        assert!(address("https://127.0.0.1:40123").is_ok());
        assert!(address("http://127.0.0.1:8080").is_ok());
        for bad in ["http://34.1.2.3", "http://localhost.example.com", "34.1.2.3", ""] {
            assert_eq!(address(bad).unwrap_err().kind, FaultKind::Refused, "{bad}");
        }
    }

    #[test]
    fn a_ca_must_hold_a_certificate() {
        assert!(certificates("").unwrap_err().said.contains("no certificate"));
        let broken = "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n";
        assert!(certificates(broken).unwrap_err().said.contains("not PEM"));
    }
}
