//! A server that says what a test tells it, for answers the simulator never gives.

use std::sync::{Arc, Mutex};

use berth_gke::{CredentialSource, GkeCloud, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::bench::install_provider;

/// Status line and headers, without the last line break, and a body.
pub(crate) type Answer = (&'static str, String);

/// A request as it came: its verb and path with query, and its body.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) line: String,
    pub(crate) body: String,
}

/// All requests so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<Vec<Request>>>);

impl Heard {
    /// The only request with this verb and path, whatever its query.
    pub(crate) fn only(&self, line: &str) -> Request {
        let heard = self.0.lock().unwrap();
        let mut found = heard.iter().filter(|request| request.line.split('?').next() == Some(line));
        let first = found.next().unwrap_or_else(|| panic!("no {line} in {heard:?}"));
        assert!(found.next().is_none(), "more than one {line}");
        first.clone()
    }
}

/// GKE whose every answer comes from `answer`, by the request's path and query.
pub(crate) async fn gke(answer: fn(&str) -> Answer) -> GkeCloud {
    heard(answer).await.0
}

/// The same, with the requests it gets.
pub(crate) async fn heard(answer: fn(&str) -> Answer) -> (GkeCloud, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heard = Heard::default();
    let hearing = heard.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, answer, hearing.clone()));
        }
    });
    (connect(&format!("http://{address}")).await, heard)
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
        billing_endpoint: Some(url.to_owned()),
        tokeninfo_endpoint: Some(format!("{url}/tokeninfo")),
        credentials: CredentialSource::AccessToken("sesame".to_owned()),
        pace: None,
    })
    .await
    .unwrap()
}

async fn serve(mut stream: TcpStream, answer: fn(&str) -> Answer, heard: Heard) {
    let Some(request) = read(&mut stream).await else { return };
    let (head, body) = answer(request.line.split(' ').nth(1).unwrap_or_default());
    heard.0.lock().unwrap().push(request);
    let reply = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    // A client that went away has what it came for.
    let _written = stream.write_all(reply.as_bytes()).await;
    let _closed = stream.shutdown().await;
}

/// One whole request; `None` if the client went away.
async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut text = String::new();
    loop {
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().unwrap())
            });
            if body.len() >= length.unwrap_or(0) {
                let line = head.lines().next()?.trim_end_matches(" HTTP/1.1").to_owned();
                return Some(Request { line, body: body.to_owned() });
            }
        }
        let mut part = [0; 4096];
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => text.push_str(std::str::from_utf8(&part[..read]).unwrap()),
        }
    }
}
