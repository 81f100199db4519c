//! The control API under `/_sim/`: what tests and users steer the simulator with.
//!
//! `GET /_sim/ledger` tells what was called, what is billed and which clusters are there, billed or not; `GET /_sim/leftovers` what
//! exists, billed or not: a list of `{cloud, kind, id, name, tags}` of everything that somebody made or caused on either cloud, empty
//! when nothing is left.
//! `GET /_sim/state` gives the whole world, and `POST /_sim/state` puts one back that it gave; time does not go back with it.
//! `POST /_sim/plant` puts things into Compute Engine that no cluster made: `{id, fields, made, billed}`, or a list of them.

use std::sync::{Arc, MutexGuard};

use axum::body::Body;
use http::Response;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::connection::json as answer_json;
use super::files;
use super::live::{Live, Shared};
use super::methods;
use crate::faults::Rule;
use crate::iam_policy::Policies;
use crate::wire::Request;
use crate::world::{Plant, World};

/// The answer to a control request; `path` is what follows `/_sim/`.
pub(crate) fn answer(shared: &Arc<Shared>, request: &Request, path: &str) -> Response<Body> {
    let path: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    match (request.method.as_str(), path.as_slice()) {
        ("GET", ["endpoints"]) => ok(json!(shared.endpoints)),
        ("GET", ["ledger"]) => {
            let (live, now) = shared.now();
            let mut report = live.world.ledger.report(now);
            report["clusters"] = json!(live.world.cluster_ids());
            ok(report)
        }
        ("GET", ["leftovers"]) => ok(Value::from(shared.now().0.world.leftovers())),
        ("GET", ["clock"]) => ok(clock(shared)),
        ("POST", ["clock", "advance"]) => advance(shared, &request.body),
        ("GET", ["state"]) => ok(json!(shared.now().0.world)),
        ("POST", ["state"]) => match serde_json::from_slice::<World>(&request.body) {
            Ok(world) => put_back(shared, world),
            Err(error) => refuse(400, &error.to_string()),
        },
        ("GET", ["faults"]) => ok(shared.now().0.world.faults.report()),
        ("POST", ["faults"]) => arm(shared, &request.body),
        ("DELETE", ["faults"]) => clear(shared, None),
        ("DELETE", ["faults", id]) => match id.parse() {
            Ok(id) => clear(shared, Some(id)),
            Err(_) => refuse(400, "a fault is named by its number"),
        },
        ("POST", ["plant"]) => plant(shared, &request.body),
        ("GET", ["policy"]) => ok(shared.now().0.world.policies.report()),
        ("POST", ["policy"]) => set_policy(shared, &request.body),
        ("DELETE", ["policy"]) => {
            let (mut live, _) = shared.now();
            live.world.policies = Policies::default();
            kept(&mut live, json!({}))
        }
        ("POST", ["quota"]) => quota(shared, &request.body),
        ("POST", ["reset"]) => reset(shared),
        ("POST", ["stop"]) => {
            shared.stopping.send_replace(true);
            ok(json!({"stopping": true}))
        }
        _ => refuse(404, "the control API has no such path"),
    }
}

fn ok(body: Value) -> Response<Body> {
    answer_json(200, &body)
}

fn refuse(status: u16, message: &str) -> Response<Body> {
    answer_json(status, &json!({ "error": message }))
}

fn clock(shared: &Arc<Shared>) -> Value {
    let (live, now) = shared.now();
    json!({"now": now, "speed": live.world.clock.speed(), "nextDue": live.world.next_due()})
}

#[derive(Deserialize)]
struct Advance {
    seconds: i64,
}

fn advance(shared: &Arc<Shared>, body: &[u8]) -> Response<Body> {
    let asked: Advance = match serde_json::from_slice(body) {
        Ok(asked) => asked,
        Err(error) => return refuse(400, &error.to_string()),
    };
    let by = SignedDuration::from_secs(asked.seconds.max(0));
    {
        let (mut live, _) = shared.now();
        live.world.clock.push(Timestamp::now(), by);
        live.world.extend_tokens(by);
        live.dirty = true;
    }
    let saved = shared.now().0.save();
    shared.tell();
    match saved {
        Ok(()) => ok(clock(shared)),
        Err(error) => refuse(500, &error.to_string()),
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Rules {
    Many(Vec<Rule>),
    One(Box<Rule>),
}

fn arm(shared: &Arc<Shared>, body: &[u8]) -> Response<Body> {
    let rules = match serde_json::from_slice(body) {
        Ok(Rules::Many(rules)) => rules,
        Ok(Rules::One(rule)) => vec![*rule],
        // The untagged form hides what is wrong; reading one rule again tells it.
        Err(hidden) => {
            let error = serde_json::from_slice::<Rule>(body).err().unwrap_or(hidden);
            return refuse(400, &error.to_string());
        }
    };
    // All are looked at before any is armed, so that a refused list leaves nothing behind.
    if let Some(slip) = rules.iter().find_map(|rule| check(rule).err()) {
        return refuse(400, &slip);
    }
    let (mut live, now) = shared.now();
    let mut ids = Vec::new();
    for rule in rules {
        if rule.on == "now" {
            live.world.strike_world(&rule.effect, now);
        } else {
            ids.push(live.world.faults.arm(rule));
        }
    }
    live.dirty = true;
    let saved = live.save();
    drop(live);
    shared.tell();
    match saved {
        Ok(()) => ok(json!({ "ids": ids })),
        Err(error) => refuse(500, &error.to_string()),
    }
}

/// Refuses a rule that could never strike.
fn check(rule: &Rule) -> Result<(), String> {
    methods::known(&rule.on)?;
    if rule.nth == 0 {
        return Err("nth counts the matching calls from 1, so there is no call 0".to_owned());
    }
    Ok(())
}

fn clear(shared: &Arc<Shared>, id: Option<u64>) -> Response<Body> {
    let cleared = {
        let (mut live, now) = shared.now();
        live.dirty = true;
        live.world.clear_faults(id, now)
    };
    shared.tell();
    ok(json!({ "cleared": cleared }))
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Plants {
    Many(Vec<Plant>),
    One(Box<Plant>),
}

fn plant(shared: &Arc<Shared>, body: &[u8]) -> Response<Body> {
    let plants = match serde_json::from_slice(body) {
        Ok(Plants::Many(plants)) => plants,
        Ok(Plants::One(plant)) => vec![*plant],
        Err(error) => return refuse(400, &error.to_string()),
    };
    let (mut live, now) = shared.now();
    // All are looked at before any is planted, so that a refused list leaves nothing behind.
    if let Some(slip) = plants.iter().find_map(|plant| plant.slip()) {
        return refuse(400, &slip);
    }
    let planted = plants.len();
    for plant in plants {
        live.world.plant(plant, now);
    }
    live.dirty = true;
    match live.save() {
        Ok(()) => ok(json!({ "planted": planted })),
        Err(error) => refuse(500, &error.to_string()),
    }
}

/// Sets what a document or a list of documents says.
fn set_policy(shared: &Arc<Shared>, body: &[u8]) -> Response<Body> {
    let documents = match serde_json::from_slice(body) {
        Ok(Value::Array(documents)) => documents,
        Ok(one) => vec![one],
        Err(error) => return refuse(400, &error.to_string()),
    };
    let (mut live, _) = shared.now();
    match live.world.policies.set(&documents) {
        Ok(()) => {
            let report = live.world.policies.report();
            kept(&mut live, report)
        }
        Err(why) => refuse(400, &why),
    }
}

/// Saves the world and answers.
fn kept(live: &mut Live, answer: Value) -> Response<Body> {
    live.dirty = true;
    match live.save() {
        Ok(()) => ok(answer),
        Err(error) => refuse(500, &error.to_string()),
    }
}

#[derive(Deserialize)]
struct Quota {
    metric: String,
    region: Option<String>,
    limit: f64,
}

fn quota(shared: &Arc<Shared>, body: &[u8]) -> Response<Body> {
    match serde_json::from_slice::<Quota>(body) {
        Ok(quota) => {
            let (mut live, now) = shared.now();
            live.world.set_quota(&quota.metric, quota.region.as_deref(), quota.limit);
            live.world.retry_short_pools(now);
            live.dirty = true;
            ok(json!({}))
        }
        Err(error) => refuse(400, &error.to_string()),
    }
}

/// An empty world at the wall's time, with the same speed and the same credentials.
fn reset(shared: &Arc<Shared>) -> Response<Body> {
    let (live, _) = shared.now();
    let wall = Timestamp::now();
    let mut world = World::new(&live.world.seed, wall);
    world.clock.set_speed(wall, live.world.clock.speed());
    exchange(shared, live, world)
}

/// A world as it was, at the time it is now.
fn put_back(shared: &Arc<Shared>, mut world: World) -> Response<Body> {
    let (live, _) = shared.now();
    world.clock = live.world.clock.clone();
    exchange(shared, live, world)
}

/// Puts another world in place of the one that is served; credentials stay good.
fn exchange(shared: &Arc<Shared>, mut live: MutexGuard<'_, Live>, mut world: World) -> Response<Body> {
    world.tokens = std::mem::take(&mut live.world.tokens);
    live.replace(world);
    let kubeconfig = live.dir.as_ref().map_or(Ok(()), |dir| files::write_kubeconfig(dir, &live.world));
    let saved = live.save().and(kubeconfig);
    drop(live);
    shared.tell();
    match saved {
        Ok(()) => ok(json!({})),
        Err(error) => refuse(500, &error.to_string()),
    }
}
