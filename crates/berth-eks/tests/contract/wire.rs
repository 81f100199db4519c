//! Listens on the way to the simulator and keeps what was sent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Nothing berth sends comes near this.
const MOST_BYTES: usize = 1 << 20;

/// A request as it went over the wire.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Sent {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// A server that hands everything on and remembers it.
pub(crate) struct Wire {
    /// `http://127.0.0.1:PORT`
    pub(crate) url: String,
    line: Line,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct Line {
    to: String,
    http: reqwest::Client,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Wire {
    pub(crate) async fn to(base: &str) -> Self {
        let line = Line { to: base.to_owned(), http: reqwest::Client::new(), sent: Arc::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(hand_on).with_state(line.clone());
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, line, task }
    }

    /// Everything that was sent so far, in the order it came.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.line.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn hand_on(State(line): State<Line>, request: axum::extract::Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, MOST_BYTES).await.unwrap();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let text = |value: &http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let sent = Sent {
        method: head.method.to_string(),
        target: target.clone(),
        headers: head.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body: String::from_utf8(body.to_vec()).unwrap(),
    };
    line.sent.lock().unwrap_or_else(PoisonError::into_inner).push(sent);
    let mut headers = head.headers;
    headers.remove(http::header::HOST);
    let call = line.http.request(head.method, format!("{}{target}", line.to)).headers(headers).body(body);
    let answer = call.send().await.unwrap();
    let mut response = Response::new(Body::empty());
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    response.headers_mut().remove(http::header::TRANSFER_ENCODING);
    *response.body_mut() = Body::from(answer.bytes().await.unwrap());
    response
}
