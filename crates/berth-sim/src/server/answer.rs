//! The plain listener: container, compute and token APIs, and the way to the control API.

use std::sync::Arc;

use axum::body::Body;
use http::Response;
use tokio::net::TcpListener;

use super::connection::{self, Dropped, json, respond};
use super::control;
use super::live::Shared;
use crate::aws;
use crate::gke::Refusal;
use crate::wire::{Answer, Delivery, Request};

/// Accepts connections until the simulator stops.
pub(crate) async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    let mut stopping = shared.stopping.subscribe();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted,
            _stopped = stopping.wait_for(|stop| *stop) => return,
        };
        // A connection that broke while it was accepted concerns nobody else.
        let Ok((stream, _)) = stream else { continue };
        let shared = Arc::clone(&shared);
        let stopping = shared.stopping.subscribe();
        tokio::spawn(connection::serve(stream, stopping, move |request, _headers| {
            answer(Arc::clone(&shared), request)
        }));
    }
}

async fn answer(shared: Arc<Shared>, request: Request) -> Result<Response<Body>, Dropped> {
    if let Some(rest) = request.path.strip_prefix("/_sim/") {
        let rest = rest.to_owned();
        return Ok(control::answer(&shared, &request, &rest));
    }
    let mut released = false;
    loop {
        let outcome = carry_out(&shared, &request, released);
        match outcome {
            Err(error) => {
                let text = format!("the simulator could not save its world: {error}");
                return Ok(json(500, &Refusal::scripted(500, "INTERNAL", &text).reply().body));
            }
            Ok((_, Delivery::Drop)) => return Err(Dropped),
            Ok((answer, Delivery::Send)) => return Ok(send(answer)),
            Ok((_, Delivery::HoldBefore(fault))) => {
                until_cleared(&shared, fault).await;
                released = true;
            }
            Ok((answer, Delivery::HoldAfter(fault))) => {
                until_cleared(&shared, fault).await;
                return Ok(send(answer));
            }
        }
    }
}

/// Carries a request out and saves the world before anybody hears of it. What only reads is kept with the next change.
fn carry_out(shared: &Arc<Shared>, request: &Request, released: bool) -> std::io::Result<(Answer, Delivery)> {
    let (mut live, now) = shared.now();
    let (mut answer, delivery, only_read) = if aws::is_aws(request) {
        let (answer, delivery) = live.world.apply_aws(request, now, released);
        (answer, delivery, aws::only_reads(request))
    } else {
        let outcome = live.world.apply(request, &shared.endpoints.base_url, now, released);
        (Answer::from(outcome.reply), outcome.delivery, request.method == "GET")
    };
    // As every cloud's answers, these say when they were given; a held one was carried out at that time, too.
    answer.headers.push(("date".to_owned(), now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()));
    live.dirty = true;
    if !only_read {
        live.save()?;
    }
    drop(live);
    shared.tell();
    Ok((answer, delivery))
}

fn send(answer: Answer) -> Response<Body> {
    respond(answer.status, &answer.headers, Body::from(answer.body))
}

/// Waits until a fault is cleared or the simulator stops; the control API sees the request as held meanwhile.
pub(crate) async fn until_cleared(shared: &Arc<Shared>, fault: u64) {
    let mut changed = shared.changed.subscribe();
    let mut stopping = shared.stopping.subscribe();
    let _held = Held::new(shared, fault);
    loop {
        changed.mark_unchanged();
        if !shared.now().0.world.faults.is_armed(fault) {
            return;
        }
        tokio::select! {
            alive = changed.changed() => if alive.is_err() { return },
            _stopped = stopping.wait_for(|stop| *stop) => return,
        }
    }
}

/// Counts a held request for as long as it lives, also when its client goes away.
struct Held {
    shared: Arc<Shared>,
    fault: u64,
}

impl Held {
    fn new(shared: &Arc<Shared>, fault: u64) -> Held {
        shared.now().0.world.faults.hold(fault, true);
        Held { shared: Arc::clone(shared), fault }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.shared.now().0.world.faults.hold(self.fault, false);
    }
}
