//! A server that says what a test tells it, for answers the simulator never gives.

use berth_gke::{CredentialSource, GkeCloud, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::bench::install_provider;

/// Status line and headers, without the last line break, and a body.
pub(crate) type Answer = (&'static str, String);

/// GKE whose every answer comes from `answer`, by the request's path and query.
pub(crate) async fn gke(answer: fn(&str) -> Answer) -> GkeCloud {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, answer));
        }
    });
    connect(&format!("http://{address}")).await
}

/// GKE at an address where nobody listens.
pub(crate) async fn nobody() -> GkeCloud {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    connect(&format!("http://{address}")).await
}

async fn connect(url: &str) -> GkeCloud {
    install_provider();
    GkeCloud::connect(Settings {
        project: Some("p".to_owned()),
        container_endpoint: Some(url.to_owned()),
        compute_endpoint: Some(url.to_owned()),
        tokeninfo_endpoint: Some(format!("{url}/tokeninfo")),
        credentials: CredentialSource::AccessToken("sesame".to_owned()),
    })
    .await
    .unwrap()
}

async fn serve(mut stream: TcpStream, answer: fn(&str) -> Answer) {
    let mut request = Vec::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut part = [0; 4096];
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return,
            Ok(read) => request.extend_from_slice(&part[..read]),
        }
    }
    let text = String::from_utf8_lossy(&request).into_owned();
    let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
    let (head, body) = answer(&path);
    let reply = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    // A client that went away has what it came for.
    let _written = stream.write_all(reply.as_bytes()).await;
    let _closed = stream.shutdown().await;
    // What is left of the request is read, else the answer could be lost with the connection.
    let mut rest = Vec::new();
    let _read = stream.read_to_end(&mut rest).await;
}
