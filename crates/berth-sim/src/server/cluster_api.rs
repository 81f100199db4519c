//! The TLS listener of one cluster: its Kubernetes API.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::Response;
use jiff::Timestamp;
use rustls::ServerConfig;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::answer::until_cleared;
use super::connection::{self, Chunk, Dropped, Headers, respond};
use super::live::Shared;
use crate::aws;
use crate::gke::Refusal;
use crate::kube;
use crate::wire::{Delivery, Request};
use crate::world::World;

/// How long a watch sleeps at most before it looks at its deadline again.
const WATCH_PAUSE: Duration = Duration::from_millis(500);

/// Accepts connections to a cluster until it is deleted or the simulator stops.
pub(crate) async fn listen(listener: TcpListener, config: Arc<ServerConfig>, shared: Arc<Shared>, uid: String) {
    let acceptor = TlsAcceptor::from(config);
    let mut stopping = shared.stopping.subscribe();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _stopped = stopping.wait_for(|stop| *stop) => return,
        };
        // A connection that broke while it was accepted concerns nobody else.
        let Ok((stream, _)) = accepted else { continue };
        let (acceptor, shared, uid) = (acceptor.clone(), Arc::clone(&shared), uid.clone());
        let stopping = shared.stopping.subscribe();
        tokio::spawn(async move {
            // A client that does not trust the authority ends the handshake; that is its answer.
            if let Ok(stream) = acceptor.accept(stream).await {
                let serve = move |request, headers| answer(Arc::clone(&shared), uid.clone(), request, headers);
                connection::serve(stream, stopping, serve).await;
            }
        });
    }
}

async fn answer(
    shared: Arc<Shared>,
    uid: String,
    request: Request,
    headers: Headers,
) -> Result<Response<Body>, Dropped> {
    let mut released = false;
    loop {
        let (response, delivery) = carry_out(&shared, &uid, &request, &headers, released);
        match delivery {
            Delivery::Drop => return Err(Dropped),
            Delivery::Send => return Ok(response),
            Delivery::HoldBefore(fault) => {
                until_cleared(&shared, fault).await;
                released = true;
            }
            Delivery::HoldAfter(fault) => {
                until_cleared(&shared, fault).await;
                return Ok(response);
            }
        }
    }
}

/// Carries a request out and saves a change before anybody hears of it.
fn carry_out(
    shared: &Arc<Shared>,
    uid: &str,
    request: &Request,
    headers: &Headers,
    released: bool,
) -> (Response<Body>, Delivery) {
    let (mut live, now) = shared.now();
    let Some(id) = live.world.api(uid).map(|api| api.id) else {
        return (status(404, "NotFound", "the cluster is gone"), Delivery::Drop);
    };
    let (refusal, delivery) = live.world.kube_call(request, &id, now, released);
    live.dirty = true;
    if let Some(refusal) = refusal {
        return (refused(&refusal), delivery);
    }
    if matches!(delivery, Delivery::HoldBefore(_)) {
        return (status(500, "InternalError", "held"), delivery);
    }
    let user = match asker(&mut live.world, uid, request, headers, now) {
        Ok(user) => user,
        Err(refusal) => {
            let response = match *refusal {
                kube::Reply::Once { status, headers, body } => respond(status, &headers, Body::from(body)),
                kube::Reply::Watch(_) => status(500, "InternalError", "a refusal is no watch"),
            };
            return (response, Delivery::Send);
        }
    };
    let mut asked = kube::Request {
        method: request.method.clone(),
        path: request.path.clone(),
        query: request.query.clone(),
        accept: headers.accept.clone(),
        content_type: headers.content_type.clone(),
        user_agent: headers.user_agent.clone(),
        if_none_match: headers.if_none_match.clone(),
        body: request.body.clone(),
        user,
    };
    let lacking = live.world.limit_kube(uid, &mut asked, request.bearer.as_deref());
    let Some(api) = live.world.api(uid) else {
        return (status(404, "NotFound", "the cluster is gone"), Delivery::Drop);
    };
    let before = api.kube.resource_version();
    let reply = api.kube.handle(now, &asked);
    let changed = api.kube.resource_version() != before;
    if changed {
        live.world.kube_changed(uid, now);
    }
    let saved = if changed { live.save() } else { Ok(()) };
    drop(live);
    if changed {
        shared.tell();
    }
    if let Err(error) = saved {
        return (
            status(500, "InternalError", &format!("the simulator could not save its world: {error}")),
            Delivery::Send,
        );
    }
    let response = match reply {
        kube::Reply::Once { status: 403, headers, body } => {
            respond(403, &headers, Body::from(requiring(&body, lacking.as_deref())))
        }
        kube::Reply::Once { status, headers, body } => respond(status, &headers, Body::from(body)),
        kube::Reply::Watch(mut watch) => {
            // Clients count a watch's time-out by the wall, whatever speed simulated time runs at.
            watch.restart_clock(Timestamp::now());
            stream(Arc::clone(shared), uid.to_owned(), watch)
        }
    };
    (response, delivery)
}

/// The same refusal, naming the permission of Google Cloud that would do where no role of the cluster does.
fn requiring(body: &Bytes, lacking: Option<&str>) -> Bytes {
    let (Some(lacking), Ok(mut refusal)) = (lacking, serde_json::from_slice::<Value>(body)) else {
        return body.clone();
    };
    let said = refusal["message"].as_str().unwrap_or_default();
    refusal["message"] = json!(format!("{said}: requires one of [\"{lacking}\"] permission(s)."));
    Bytes::from(refusal.to_string())
}

/// Who asks, or for whom he acts; the refusal if he may not act for that user.
fn asker(
    world: &mut World,
    uid: &str,
    request: &Request,
    headers: &Headers,
    now: Timestamp,
) -> Result<kube::User, Box<kube::Reply>> {
    let Some(bearer) = &request.bearer else { return Ok(kube::User::Anonymous) };
    let account = world.api(uid).and_then(|api| api.kube.whose(bearer, now));
    let user = account.unwrap_or_else(|| who(world, uid, bearer, now));
    if headers.acting_for.is_none() && headers.acting_groups.is_empty() {
        return Ok(user);
    }
    let name = headers.acting_for.as_deref().unwrap_or_default();
    world.api(uid).map_or(Ok(user.clone()), |api| api.kube.acting(&user, name, &headers.acting_groups))
}

/// Whom a bearer token stands for in a cluster of either cloud.
fn who(world: &World, uid: &str, bearer: &str, now: Timestamp) -> kube::User {
    if let Some(user) = aws::authenticate(world, uid, bearer, Timestamp::now()) {
        return user;
    }
    let groups = vec!["system:authenticated".to_owned()];
    world.whose(bearer, now).map_or(kube::User::Unauthorized, |name| kube::User::Named { name, groups })
}

/// A watch as a body: what is new whenever something changed, until its time is over.
fn stream(shared: Arc<Shared>, uid: String, watch: kube::Watch) -> Response<Body> {
    let content_type = watch.content_type().to_owned();
    let changed = shared.changed.subscribe();
    let state = Some((shared, uid, watch, changed));
    let chunks = futures::stream::unfold(state, |state| async move {
        let (shared, uid, mut watch, mut changed) = state?;
        loop {
            changed.mark_unchanged();
            let step = poll(&shared, &uid, &mut watch)?;
            if step.done {
                return (!step.bytes.is_empty()).then_some((Chunk::Ok(step.bytes), None));
            }
            if !step.bytes.is_empty() {
                return Some((Chunk::Ok(step.bytes), Some((shared, uid, watch, changed))));
            }
            wait(&mut changed).await;
        }
    });
    respond(200, &[("content-type".to_owned(), content_type)], Body::from_stream(chunks))
}

/// One look of a watch; nothing when the cluster is gone.
fn poll(shared: &Arc<Shared>, uid: &str, watch: &mut kube::Watch) -> Option<kube::WatchStep> {
    let (mut live, _) = shared.now();
    let api = live.world.api(uid)?;
    Some(api.kube.poll_watch(watch, Timestamp::now()))
}

/// Sleeps until something changed, or a little while: a watch's time is simulated and may run fast.
async fn wait(changed: &mut watch::Receiver<u64>) {
    // Running out of time here is the ordinary case.
    let _changed_or_not = tokio::time::timeout(WATCH_PAUSE, changed.changed()).await;
}

/// A refusal in Kubernetes' form.
fn refused(refusal: &Refusal) -> Response<Body> {
    let reason = match refusal.code {
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        409 => "Conflict",
        429 => "TooManyRequests",
        503 => "ServiceUnavailable",
        _ => "InternalError",
    };
    status(refusal.code, reason, &refusal.message)
}

fn status(code: u16, reason: &str, message: &str) -> Response<Body> {
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code,
    });
    let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    if code == 429 {
        headers.push(("retry-after".to_owned(), "1".to_owned()));
    }
    respond(code, &headers, Body::from(Bytes::from(body.to_string())))
}
