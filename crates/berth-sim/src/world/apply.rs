//! One call from request to answer: faults, credentials, the call itself, the ledger.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::model::World;
use crate::aws::Shortage;
use crate::faults::Effect;
use crate::gke::{self, Refusal, Target};
use crate::ledger::Call;
use crate::wire::{Delivery, Reply, Request};
use crate::{billing, compute, oauth};

/// What came of a request.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The answer.
    pub(crate) reply: Reply,
    /// What becomes of it.
    pub(crate) delivery: Delivery,
}

/// Which service a request is for.
enum Service {
    Container(Target),
    Compute,
    Billing,
    Token,
    TokenInfo,
    /// Whether an API is enabled, which gcloud asks before it creates a cluster.
    Usage(String),
    Unknown,
}

impl World {
    /// Carries out a request at a simulated time that [`World::advance`] has reached.
    ///
    /// `released` tells that the request was held by a fault which has been cleared since.
    pub(crate) fn apply(&mut self, request: &Request, base: &str, now: Timestamp, released: bool) -> Outcome {
        let (service, method, resource) = identify(request);
        let struck = if released { None } else { self.faults.strike(&method, &matchable(request, &resource), now) };
        let mut delivery = Delivery::Send;
        let mut spoiling = None;
        let mut refused = None;
        match struck {
            Some((_, Effect::Answer { code, status, message })) => {
                refused = Some(Refusal::scripted(code, &status, &message))
            }
            Some((_, Effect::Throttle { code, .. })) => refused = Some(throttled(code)),
            Some((_, Effect::DropBefore)) => {
                self.note(request, &method, &resource, 0, now);
                return Outcome { reply: Reply::ok(Value::Null), delivery: Delivery::Drop };
            }
            Some((id, Effect::HangBefore)) => {
                return Outcome { reply: Reply::ok(Value::Null), delivery: Delivery::HoldBefore(id) };
            }
            Some((_, Effect::DropAfter)) => delivery = Delivery::Drop,
            Some((id, Effect::HangAfter)) => delivery = Delivery::HoldAfter(id),
            Some((_, effect @ (Effect::Stockout { .. } | Effect::OperationError { .. } | Effect::Stuck))) => {
                spoiling = Some(effect)
            }
            Some((_, effect)) => self.strike_world(&effect, now),
            None => {}
        }
        let reply = match refused {
            Some(refusal) => refusal.reply(),
            None => self.serve(&service, request, base, spoiling.as_ref(), now),
        };
        let status = if delivery == Delivery::Drop { 0 } else { reply.status };
        self.note(request, &method, &resource, status, now);
        Outcome { reply, delivery }
    }

    fn serve(
        &mut self,
        service: &Service,
        request: &Request,
        base: &str,
        spoiling: Option<&Effect>,
        now: Timestamp,
    ) -> Reply {
        match service {
            Service::Token => return oauth::token(self, request, now),
            Service::TokenInfo => return oauth::tokeninfo(self, request, now),
            Service::Unknown => return Refusal::scripted(404, "NOT_FOUND", "Method not found.").reply(),
            Service::Container(_) | Service::Compute | Service::Billing | Service::Usage(_) => {}
        }
        if let Some(bearer) = &request.bearer
            && self.whose(bearer, now).is_none()
        {
            return Refusal::unauthenticated().reply();
        }
        if let Some(reply) = self.forbidden(service, request) {
            return reply;
        }
        match service {
            Service::Container(target) => {
                gke::serve(self, target, &request.body, spoiling, now).map_or_else(|refusal| refusal.reply(), Reply::ok)
            }
            Service::Usage(name) => {
                Reply::ok(json!({"name": name, "state": "ENABLED", "parent": name.split("/services/").next()}))
            }
            Service::Billing => billing::answer(request),
            _ => compute::answer(self, request, base, spoiling, now),
        }
    }

    /// The refusal of a call that the policy in force does not allow.
    fn forbidden(&mut self, service: &Service, request: &Request) -> Option<Reply> {
        match service {
            Service::Container(target) => self.forbidden_container(target),
            Service::Usage(name) => self.forbidden_usage(name),
            Service::Compute => {
                let (method, resource) = compute::method(request)?;
                self.forbidden_compute(&method, &resource)
            }
            _ => None,
        }
    }

    /// Whose a bearer token is, if it is still good.
    pub(crate) fn whose(&self, bearer: &str, now: Timestamp) -> Option<String> {
        if bearer == self.static_token() {
            return Some("kubectl@berth-sim.example".to_owned());
        }
        self.tokens.get(bearer).filter(|token| token.expires > now).map(|token| token.email.clone())
    }

    /// Lets a fault change the world itself.
    pub(crate) fn strike_world(&mut self, effect: &Effect, now: Timestamp) {
        match effect {
            Effect::ExpireTokens => self.tokens.clear(),
            Effect::Quota { metric, region, limit } => self.set_quota(metric, region.as_deref(), *limit),
            Effect::MissingZone { zone } => {
                self.missing_zones.insert(zone.clone());
            }
            Effect::Preempt { pool, count } => {
                self.preempt(pool, *count, now);
                self.preempt_aws(pool, *count, now);
            }
            Effect::NoCapacity { zone, instance_type, spot, code } => {
                let (zone, instance_type, code) = (zone.clone(), instance_type.clone(), code.clone());
                self.aws.shortages.push(Shortage { zone, instance_type, spot: *spot, code });
            }
            Effect::CapacityBack => self.aws.shortages.clear(),
            _ => {}
        }
    }

    /// Writes a call into the ledger.
    pub(crate) fn note(&mut self, request: &Request, method: &str, resource: &str, status: u16, now: Timestamp) {
        self.ledger.calls.push(Call {
            at: now,
            method: method.to_owned(),
            resource: resource.to_owned(),
            caller: request.agent.chars().take(60).collect(),
            status,
        });
    }

    /// Counts a Kubernetes call against the faults and writes it into the ledger.
    ///
    /// Gives the refusal a fault asks for, and what is to become of the answer.
    pub(crate) fn kube_call(
        &mut self,
        request: &Request,
        cluster: &str,
        now: Timestamp,
        released: bool,
    ) -> (Option<Refusal>, Delivery) {
        let method = format!("kube:{}", request.method);
        let resource = format!("{cluster}{}", request.path);
        let struck = if released { None } else { self.faults.strike(&method, &resource, now) };
        let (refusal, delivery) = match struck {
            Some((_, Effect::Answer { code, status, message })) => {
                (Some(Refusal::scripted(code, &status, &message)), Delivery::Send)
            }
            Some((_, Effect::Throttle { code, .. })) => (Some(throttled(code)), Delivery::Send),
            Some((_, Effect::DropBefore)) => (Some(throttled(503)), Delivery::Drop),
            Some((_, Effect::DropAfter)) => (None, Delivery::Drop),
            Some((id, Effect::HangBefore)) => (None, Delivery::HoldBefore(id)),
            Some((id, Effect::HangAfter)) => (None, Delivery::HoldAfter(id)),
            Some((_, effect)) => {
                self.strike_world(&effect, now);
                (None, Delivery::Send)
            }
            None => (None, Delivery::Send),
        };
        if !matches!(delivery, Delivery::HoldBefore(_)) {
            let status = match (&refusal, delivery) {
                (_, Delivery::Drop) => 0,
                (Some(refusal), _) => refusal.code,
                (None, _) => 200,
            };
            self.note(request, &method, &resource, status, now);
        }
        (refusal, delivery)
    }

    /// How long a token lives, in simulated time: an hour, but by the wall at least five minutes.
    ///
    /// Clients count a token's life by the wall and refresh minutes ahead; at high speed an hour would be over at once.
    pub(crate) fn token_life(&self) -> SignedDuration {
        SignedDuration::from_secs_f64((300.0 * self.clock.speed()).max(3600.0))
    }
}

fn throttled(code: u16) -> Refusal {
    if code == 503 {
        return Refusal::scripted(503, "UNAVAILABLE", "The service is currently unavailable.");
    }
    Refusal::scripted(
        code,
        "RESOURCE_EXHAUSTED",
        "Quota exceeded for quota metric 'API requests' and limit 'API requests per minute' of service \
         'container.googleapis.com'.",
    )
}

fn identify(request: &Request) -> (Service, String, String) {
    if let Some(target) = gke::target(request) {
        let (method, resource) = (target.method.to_owned(), target.resource());
        return (Service::Container(target), method, resource);
    }
    if let Some((method, resource)) = compute::method(request) {
        return (Service::Compute, method, resource);
    }
    if let Some((method, resource)) = billing::method(request) {
        return (Service::Billing, method.to_owned(), resource);
    }
    let usage = request.path.strip_prefix("/v1/").filter(|path| path.contains("/services/"));
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", _) if usage.is_some() => {
            let name = usage.unwrap_or_default().to_owned();
            (Service::Usage(name.clone()), "serviceusage.get".to_owned(), name)
        }
        ("POST", "/token") => (Service::Token, "Token".to_owned(), String::new()),
        (_, "/tokeninfo") => (Service::TokenInfo, "TokenInfo".to_owned(), String::new()),
        _ => (Service::Unknown, "unknown".to_owned(), format!("{} {}", request.method, request.path)),
    }
}

/// The text a fault's `matches` is looked for in: the resource, and the names of what a creation makes.
fn matchable(request: &Request, resource: &str) -> String {
    if request.method != "POST" || request.body.is_empty() {
        return resource.to_owned();
    }
    let Ok(body) = serde_json::from_slice::<Value>(&request.body) else { return resource.to_owned() };
    let mut text = resource.to_owned();
    if let Some(name) = body.pointer("/cluster/name").and_then(Value::as_str) {
        text = format!("{text}/clusters/{name}");
    }
    if let Some(name) = body.pointer("/nodePool/name").and_then(Value::as_str) {
        text = format!("{text}/nodePools/{name}");
    }
    for pool in body.pointer("/cluster/nodePools").and_then(Value::as_array).into_iter().flatten() {
        text = format!("{text} nodePools/{}", pool["name"].as_str().unwrap_or_default());
    }
    text
}
