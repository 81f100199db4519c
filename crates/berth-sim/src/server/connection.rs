//! Connections: bytes off a socket to a request, an answer back, until the simulator stops.

use std::convert::Infallible;
use std::future::Future;

use axum::body::Body;
use bytes::Bytes;
use http::{Response, header};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

use crate::wire::{Request, decode_path, form};

/// The largest body taken.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("a fault drops the connection")]
pub(crate) struct Dropped;

/// What of a request the world does not look at, but the Kubernetes API does.
#[derive(Debug, Clone, Default)]
pub(crate) struct Headers {
    /// `Accept`.
    pub(crate) accept: String,
    /// `Content-Type`.
    pub(crate) content_type: Option<String>,
    /// `User-Agent`.
    pub(crate) user_agent: Option<String>,
    /// `If-None-Match`.
    pub(crate) if_none_match: Option<String>,
    /// `Impersonate-User`.
    pub(crate) acting_for: Option<String>,
    /// Each `Impersonate-Group`.
    pub(crate) acting_groups: Vec<String>,
}

/// Serves a connection until it closes or the simulator stops.
pub(crate) async fn serve<S, F, Fut>(stream: S, mut stopping: watch::Receiver<bool>, answer: F)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Fn(Request, Headers) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Result<Response<Body>, Dropped>> + Send + 'static,
{
    let service = hyper::service::service_fn(move |incoming: http::Request<Incoming>| {
        let answer = answer.clone();
        async move {
            let (request, headers) = read(incoming).await;
            answer(request, headers).await
        }
    });
    let builder = Builder::new(TokioExecutor::new());
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    // A connection ends as it likes: the peer may be gone, and a dropped answer is an error on purpose.
    tokio::select! {
        _ended = connection => {}
        _stopped = stopping.wait_for(|stop| *stop) => {}
    }
}

async fn read(incoming: http::Request<Incoming>) -> (Request, Headers) {
    let (parts, body) = incoming.into_parts();
    let body = axum::body::to_bytes(Body::new(body), MOST_BYTES).await.unwrap_or_else(|_cut| Bytes::new());
    let text =
        |name: header::HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let bearer = text(header::AUTHORIZATION).and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
    });
    let request = Request {
        method: parts.method.as_str().to_owned(),
        path: decode_path(parts.uri.path()),
        query: form(parts.uri.query().unwrap_or_default().as_bytes()),
        bearer,
        authorization: text(header::AUTHORIZATION),
        raw_path: parts.uri.path().to_owned(),
        target: text(header::HeaderName::from_static("x-amz-target")).unwrap_or_default(),
        agent: text(header::USER_AGENT).unwrap_or_default(),
        body,
    };
    let headers = Headers {
        accept: text(header::ACCEPT).unwrap_or_default(),
        content_type: text(header::CONTENT_TYPE),
        user_agent: text(header::USER_AGENT),
        if_none_match: text(header::IF_NONE_MATCH),
        acting_for: text(header::HeaderName::from_static("impersonate-user")),
        acting_groups: parts
            .headers
            .get_all("impersonate-group")
            .iter()
            .filter_map(|value| value.to_str().ok().map(str::to_owned))
            .collect(),
    };
    (request, headers)
}

/// A JSON answer.
pub(crate) fn json(status: u16, body: &Value) -> Response<Body> {
    respond(
        status,
        &[("content-type".to_owned(), "application/json; charset=UTF-8".to_owned())],
        Body::from(body.to_string()),
    )
}

/// An answer; a status or header that cannot be sent becomes a plain 500.
pub(crate) fn respond(status: u16, headers: &[(String, String)], body: Body) -> Response<Body> {
    let mut builder = Response::builder().status(status);
    for (name, value) in headers {
        builder = builder.header(name, value);
    }
    builder.body(body).unwrap_or_else(|_unsendable| {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

/// A stream that cannot fail, as a body wants it.
pub(crate) type Chunk = Result<Bytes, Infallible>;
