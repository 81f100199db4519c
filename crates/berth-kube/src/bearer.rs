//! The layer that puts a bearer token on each request, renews it before it runs out, and once more after a 401.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use berth_core::ports::Clock;
use berth_core::run::Fault;
use futures::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use kube::client::Body;
use tokio::sync::Mutex;
use tower::{BoxError, Layer, Service, ServiceExt};

use crate::token::{Secret, Token, TokenSource};

/// A token is renewed this long before it runs out, or after half of its life if it is shorter than twice this.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// After a renewal ahead that failed the next one waits so long.
const AGAIN: SignedDuration = SignedDuration::from_mins(1);

/// The tokens of one connection.
pub(crate) struct Bearer<C> {
    source: Arc<dyn TokenSource>,
    clock: Arc<C>,
    /// How many have wanted a token so far.
    wanted: AtomicU64,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    cached: Option<Cached>,
    /// The last failure, and how many had wanted a token when it came: it is theirs, too.
    failed: Option<(u64, Fault)>,
}

struct Cached {
    token: Token,
    renew_at: Option<Timestamp>,
}

impl<C: Clock> Bearer<C> {
    pub(crate) fn new(source: Arc<dyn TokenSource>, clock: Arc<C>) -> Self {
        Self { source, clock, wanted: AtomicU64::new(0), kept: Mutex::default() }
    }

    /// A token that is good for a while; the lock makes simultaneous requests ask for one together.
    async fn usable(&self) -> Result<Secret, Fault> {
        let number = self.number();
        let mut kept = self.kept.lock().await;
        let now = self.clock.now();
        let Some(Cached { token, renew_at }) = &kept.cached else { return self.ask(&mut kept, number, false).await };
        if renew_at.is_none_or(|at| now < at) {
            return Ok(token.secret.clone());
        }
        let asked = self.ask(&mut kept, number, true).await;
        match (asked, &mut kept.cached) {
            // Renewing ahead failed, but the old one still works: it is tried again in a while, and not by each request that waits for
            // this one.
            (Err(_), Some(Cached { token, renew_at })) if token.expires_at.is_some_and(|at| now < at) => {
                *renew_at = self.clock.now().checked_add(AGAIN).ok().min(token.expires_at);
                Ok(token.secret.clone())
            }
            (asked, _) => asked,
        }
    }

    /// Another token than the one that was refused.
    async fn instead_of(&self, refused: &Secret) -> Result<Secret, Fault> {
        let number = self.number();
        let mut kept = self.kept.lock().await;
        match &kept.cached {
            Some(Cached { token, .. }) if token.secret != *refused => Ok(token.secret.clone()),
            _ => self.ask(&mut kept, number, true).await,
        }
    }

    fn number(&self) -> u64 {
        self.wanted.fetch_add(1, Ordering::Relaxed)
    }

    /// Asks for a token, unless one was asked for in vain while this request, by its number, waited for the lock: no token may take as
    /// long as a minute not to come.
    async fn ask(&self, kept: &mut Kept, number: u64, fresh: bool) -> Result<Secret, Fault> {
        if let Some((wanted, fault)) = &kept.failed
            && number < *wanted
        {
            return Err(fault.clone());
        }
        match self.source.token(fresh).await {
            Ok(token) => {
                let secret = token.secret.clone();
                let renew_at = renew_at(self.clock.now(), token.expires_at);
                kept.cached = Some(Cached { token, renew_at });
                Ok(secret)
            }
            Err(fault) => {
                kept.failed = Some((self.wanted.load(Ordering::Relaxed), fault.clone()));
                Err(fault)
            }
        }
    }
}

/// When a token obtained now is to be renewed; never if its end is unknown or, by this clock, past already.
fn renew_at(now: Timestamp, expires_at: Option<Timestamp>) -> Option<Timestamp> {
    let expires_at = expires_at.filter(|at| *at > now)?;
    let life = expires_at.duration_since(now);
    expires_at.checked_sub(AHEAD.min(life / 2)).ok()
}

/// Adds [`Bearer`] to a stack of services.
pub(crate) struct BearerLayer<C>(pub(crate) Arc<Bearer<C>>);

impl<C, S> Layer<S> for BearerLayer<C> {
    type Service = BearerService<C, S>;

    fn layer(&self, inner: S) -> Self::Service {
        BearerService { bearer: Arc::clone(&self.0), inner: Arc::new(Mutex::new(inner)) }
    }
}

/// A service whose requests carry a token.
pub(crate) struct BearerService<C, S> {
    bearer: Arc<Bearer<C>>,
    inner: Arc<Mutex<S>>,
}

impl<C, S, B> Service<Request<Body>> for BearerService<C, S>
where
    C: Clock + 'static,
    S: Service<Request<Body>, Response = Response<B>, Error = BoxError> + Send + 'static,
    S::Future: Send + 'static,
    B: Send + 'static,
{
    type Response = Response<B>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response<B>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (bearer, inner) = (Arc::clone(&self.bearer), Arc::clone(&self.inner));
        Box::pin(async move {
            let secret = bearer.usable().await?;
            let again = copy(&request);
            let response = send(&inner, request, &secret).await?;
            match again {
                Some(again) if response.status() == StatusCode::UNAUTHORIZED => {
                    let secret = bearer.instead_of(&secret).await?;
                    send(&inner, again, &secret).await
                }
                _ => Ok(response),
            }
        })
    }
}

/// Sends one request; the lock is held only until the request is handed over, not until it is answered.
async fn send<S, B>(inner: &Mutex<S>, mut request: Request<Body>, secret: &Secret) -> Result<Response<B>, BoxError>
where
    S: Service<Request<Body>, Response = Response<B>, Error = BoxError>,
{
    let mut value = HeaderValue::try_from(format!("Bearer {}", secret.expose()))?;
    value.set_sensitive(true);
    request.headers_mut().insert(AUTHORIZATION, value);
    let answer = {
        let mut service = inner.lock().await;
        service.ready().await?.call(request)
    };
    answer.await
}

/// The same request once more; `None` if its body is a stream.
fn copy(request: &Request<Body>) -> Option<Request<Body>> {
    let mut copy = Request::new(request.body().try_clone()?);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    *copy.extensions_mut() = request.extensions().clone();
    Some(copy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_five_minutes_ahead_or_after_half_its_life() {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let renewed_after = |life: i64| {
            let at = renew_at(now, Some(now + SignedDuration::from_secs(life)))?;
            Some(at.duration_since(now).as_secs())
        };
        assert_eq!(renewed_after(3600), Some(3300));
        assert_eq!(renewed_after(600), Some(300));
        assert_eq!(renewed_after(60), Some(30));
        assert_eq!(renewed_after(0), None);
        assert_eq!(renewed_after(-5), None);
        assert_eq!(renew_at(now, None), None);
    }
}
