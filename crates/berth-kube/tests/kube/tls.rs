//! A cluster's address is an IP and its CA is its own: the certificate is checked against both.

use std::sync::Arc;

use berth_core::observed::ClusterAccess;
use berth_core::run::{Fault, FaultKind, Retry};
use berth_kube::{TokenSource, connect, version};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::server::{HandClock, Tokens};

const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 24\r\n\r\n{\"gitVersion\":\"v1.33.5\"}";

type Issuer = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Issuer {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Serves on this machine with a certificate for `name`; gives the address.
async fn serve(issuer: &Issuer, name: &str) -> String {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, issuer).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(acceptor.clone(), stream));
        }
    });
    address
}

/// Answers one request; a client that hangs up is its own affair.
async fn answer(acceptor: TlsAcceptor, stream: TcpStream) -> std::io::Result<()> {
    let mut stream = acceptor.accept(stream).await?;
    let mut request = [0; 4096];
    let _ = stream.read(&mut request).await?;
    stream.write_all(ANSWER).await?;
    stream.shutdown().await
}

async fn ask(server: String, ca: &Issuer) -> Result<String, Fault> {
    let clock = HandClock::new();
    let tokens: Arc<dyn TokenSource> = Tokens::new(&clock);
    let access = ClusterAccess { server, ca_pem: Some(ca.pem()) };
    version(&connect(&access, tokens, clock).unwrap()).await
}

#[tokio::test]
async fn an_address_in_the_certificate_of_the_clusters_ca_is_trusted() {
    let ca = authority();
    let server = serve(&ca, "127.0.0.1").await;
    assert_eq!(ask(server, &ca).await.unwrap(), "v1.33.5");
}

#[tokio::test]
async fn another_ca_or_another_address_is_refused_for_good() {
    let (ca, other) = (authority(), authority());
    for (server, why) in [
        (serve(&other, "127.0.0.1").await, "invalid peer certificate"),
        (serve(&ca, "10.0.0.1").await, "not valid for"),
    ] {
        let fault = ask(server, &ca).await.unwrap_err();
        assert_eq!((fault.kind, fault.retry), (FaultKind::Refused, Retry::Never), "{}", fault.said);
        assert!(fault.said.contains(why), "{}", fault.said);
    }
}
