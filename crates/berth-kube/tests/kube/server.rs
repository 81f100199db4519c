//! A small API server that says what a test tells it to, and remembers what it was asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use berth_core::observed::ClusterAccess;
use berth_core::ports::Clock;
use berth_core::run::Fault;
use berth_kube::{Secret, Token, TokenSource, connect};
use futures::future::BoxFuture;
use jiff::Timestamp;
use kube::Client;
use tokio::net::TcpListener;

/// One request as it came: path with query, and the `Authorization` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) authorization: String,
}

/// A running server.
pub(crate) struct Server {
    pub(crate) access: ClusterAccess,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// Serves; `answer` gets the number of the request, from 0, and the request.
    pub(crate) async fn start<F>(answer: F) -> Self
    where
        F: Fn(usize, &Asked) -> Response + Clone + Send + Sync + 'static,
    {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let remembered = Arc::clone(&asked);
        let router = Router::new().fallback(move |request: Request| {
            let (remembered, answer) = (Arc::clone(&remembered), answer.clone());
            async move {
                let authorization =
                    request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned());
                let one = Asked { path: request.uri().to_string(), authorization: authorization.unwrap_or_default() };
                let number = {
                    let mut remembered = remembered.lock().unwrap();
                    remembered.push(one.clone());
                    remembered.len() - 1
                };
                answer(number, &one)
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { access: ClusterAccess { server, ca_pem: None }, asked }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// A client with these tokens, at a time that the test moves.
    pub(crate) fn client(&self, tokens: &Arc<Tokens>, clock: &Arc<HandClock>) -> Client {
        connect(&self.access, Arc::clone(tokens) as Arc<dyn TokenSource>, Arc::clone(clock)).unwrap()
    }
}

pub(crate) fn json(status: u16, body: &str) -> Response {
    let body = Body::from(body.to_owned());
    Response::builder().status(status).header("content-type", "application/json").body(body).unwrap()
}

pub(crate) fn status(code: u16, reason: &str) -> Response {
    let body = format!(
        r#"{{"kind":"Status","apiVersion":"v1","status":"Failure","code":{code},"reason":"{reason}","message":"said"}}"#
    );
    json(code, &body)
}

/// A clock that stands where the test puts it.
pub(crate) struct HandClock(Mutex<Timestamp>);

impl HandClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Timestamp::UNIX_EPOCH)))
    }

    pub(crate) fn push(&self, seconds: u64) {
        *self.0.lock().unwrap() += Duration::from_secs(seconds);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    async fn sleep(&self, _: Duration) {}
}

/// Gives `t1`, `t2` and so on, each alive for an hour, unless it is broken.
pub(crate) struct Tokens {
    pub(crate) clock: Arc<HandClock>,
    /// How often it was asked, also in vain.
    pub(crate) asked: Mutex<usize>,
    pub(crate) given: Mutex<Vec<bool>>,
    pub(crate) broken: Mutex<Option<Fault>>,
}

impl Tokens {
    pub(crate) fn new(clock: &Arc<HandClock>) -> Arc<Self> {
        Arc::new(Self {
            clock: Arc::clone(clock),
            asked: Mutex::default(),
            given: Mutex::default(),
            broken: Mutex::default(),
        })
    }
}

impl TokenSource for Tokens {
    fn token(&self, fresh: bool) -> BoxFuture<'_, Result<Token, Fault>> {
        Box::pin(async move {
            *self.asked.lock().unwrap() += 1;
            // As over a network: others go on meanwhile.
            tokio::task::yield_now().await;
            if let Some(fault) = self.broken.lock().unwrap().clone() {
                return Err(fault);
            }
            let mut given = self.given.lock().unwrap();
            given.push(fresh);
            let secret = Secret::new(format!("t{}", given.len()));
            Ok(Token { secret, expires_at: Some(self.clock.now() + Duration::from_secs(3600)) })
        })
    }
}
