//! Lists, looks and deletions of the things in [`super::collections`].

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::collections::{self, Collection, Scope, collection};
use super::filter::Filter;
use super::{lists, operations, route};
use crate::catalog::{self, REGIONS};
use crate::faults::Effect;
use crate::wire::{Reply, Request};
use crate::world::World;

/// What a path is about.
#[derive(Debug)]
pub(super) enum Asked<'a> {
    /// All things of a collection.
    Every(&'static Collection),
    /// Those of one scope.
    Scoped(&'static Collection, Scope),
    /// One thing.
    One(&'static Collection, Scope),
    /// An operation, and whether the call may wait for its end.
    Operation(Scope, &'a str, bool),
}

/// What the segments after the project are about; nothing when they are about something else.
pub(super) fn asked<'a>(parts: &[&'a str]) -> Option<Asked<'a>> {
    if let ["aggregated", plural] = parts {
        return collection(plural).filter(|collection| collection.aggregated).map(Asked::Every);
    }
    let (scope, rest) = match parts {
        ["zones", _, rest @ ..] => (Scope::Zone, rest),
        ["regions", _, rest @ ..] => (Scope::Region, rest),
        ["global", rest @ ..] => (Scope::Global, rest),
        _ => return None,
    };
    match rest {
        ["operations", name] => return Some(Asked::Operation(scope, name, false)),
        ["operations", name, "wait"] => return Some(Asked::Operation(scope, name, true)),
        _ => {}
    }
    let found = collection(rest.first()?)?;
    found.scopes.iter().find(|(known, _)| *known == scope)?;
    match rest.len() {
        1 => Some(Asked::Scoped(found, scope)),
        2 => Some(Asked::One(found, scope)),
        _ => None,
    }
}

impl Asked<'_> {
    /// The method's name for an HTTP method, as ledger and faults know it.
    pub(super) fn method(&self, verb: &str) -> Option<String> {
        match (self, verb) {
            (Asked::Every(collection), "GET") => Some(format!("compute.{}.aggregatedList", collection.plural)),
            (Asked::Scoped(collection, scope), "GET") => collection.method(*scope, "list"),
            (Asked::Scoped(collection, scope), "POST") if collection.insertable => collection.method(*scope, "insert"),
            (Asked::One(collection, scope), "GET") => collection.method(*scope, "get"),
            (Asked::One(collection, scope), "DELETE") => collection.method(*scope, "delete"),
            (Asked::Operation(scope, _, false), "GET") => {
                Some(format!("compute.{}.get", collections::operations(*scope)))
            }
            (Asked::Operation(scope, _, true), "POST") => {
                Some(format!("compute.{}.wait", collections::operations(*scope)))
            }
            _ => None,
        }
    }
}

/// One call: when, where the answer's links point, and what a fault does to the operation it begins.
pub(super) struct Call<'a> {
    pub(super) request: &'a Request,
    pub(super) project: &'a str,
    /// `http://.../compute/v1`
    pub(super) service: String,
    pub(super) effect: Option<&'a Effect>,
    pub(super) now: Timestamp,
}

impl Call<'_> {
    fn path(&self) -> &str {
        self.request.path.trim_start_matches("/compute/v1/").trim_end_matches('/')
    }
}

pub(super) fn answer(world: &mut World, asked: &Asked<'_>, call: &Call<'_>) -> Reply {
    match asked {
        Asked::Every(collection) => aggregated(world, collection, call),
        Asked::Scoped(collection, _) if call.request.method == "POST" => insert(world, call),
        Asked::Scoped(collection, _) => scoped(world, collection, call),
        Asked::One(collection, _) if call.request.method == "DELETE" => delete(world, collection, call),
        Asked::One(collection, _) => {
            let id = call.path();
            let found = all(world, collection.plural, call).into_iter().find(|(known, _)| known == id);
            found.map_or_else(|| route::not_found(id), |(_, shown)| Reply::ok(shown))
        }
        Asked::Operation(_, name, _) => operations::look(world, name, call),
    }
}

/// Every thing of a collection in the project as the API shows it, ordered by its id.
fn all(world: &World, plural: &str, call: &Call<'_>) -> Vec<(String, Value)> {
    let front = format!("projects/{}/", call.project);
    let made = world.things.iter().filter(|(id, _)| id.starts_with(&front) && crate::world::parts(id).0 == plural);
    let made = made.map(|(id, thing)| (id.clone(), Value::Object(thing.fields.clone()), thing.made));
    let nodes = world.node_things(plural).into_iter().filter(|(id, _)| id.starts_with(&front));
    let nodes = nodes.map(|(id, fields)| (id, fields, call.now));
    let uses = if matches!(plural, "disks" | "addresses") { world.uses() } else { BTreeMap::new() };
    let mut all: Vec<(String, Value)> = made
        .chain(nodes)
        .map(|(id, fields, at)| {
            let mut shown = shown(&id, fields, at, &call.service);
            if let Some(user) = uses.get(&id) {
                shown["users"] = json!([format!("{}/{user}", call.service)]);
            }
            (id, shown)
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

/// A thing with the members that all things have.
fn shown(id: &str, fields: Value, made: Timestamp, service: &str) -> Value {
    let (plural, place, name) = crate::world::parts(id);
    let mut shown = absolute(fields, service);
    let found = collection(plural);
    shown["kind"] = json!(format!("compute#{}", found.map_or(plural, |collection| collection.singular)));
    if found.is_some_and(|collection| collection.labelled) {
        shown["labelFingerprint"] = json!(route::id(&shown["labels"].to_string()));
    }
    shown["id"] = json!(route::id(id));
    shown["name"] = json!(name);
    shown["selfLink"] = json!(format!("{service}/{id}"));
    if shown["creationTimestamp"].is_null() {
        shown["creationTimestamp"] = json!(crate::world::offset(made));
    }
    let project = id.split('/').nth(1).unwrap_or_default();
    match id.split('/').nth(2) {
        Some("zones") => shown["zone"] = json!(format!("{service}/projects/{project}/zones/{place}")),
        Some("regions") => shown["region"] = json!(format!("{service}/projects/{project}/regions/{place}")),
        _ => {}
    }
    shown
}

/// Links as they are shown: whole URLs.
fn absolute(value: Value, service: &str) -> Value {
    match value {
        Value::String(text) if text.starts_with("projects/") => Value::String(format!("{service}/{text}")),
        Value::Array(all) => all.into_iter().map(|one| absolute(one, service)).collect(),
        Value::Object(all) => {
            let all: Map<String, Value> = all.into_iter().map(|(key, one)| (key, absolute(one, service))).collect();
            Value::Object(all)
        }
        other => other,
    }
}

/// Keeps what passes the request's filter.
fn filtered(things: Vec<(String, Value)>, request: &Request) -> Result<Vec<(String, Value)>, Reply> {
    let Some(text) = request.parameter("filter").filter(|text| !text.trim().is_empty()) else { return Ok(things) };
    let Some(filter) = Filter::parse(text) else {
        let message = format!("Invalid value for field 'filter': '{text}'. Invalid list filter expression.");
        return Err(route::refused(400, "invalid", &message));
    };
    Ok(things.into_iter().filter(|(_, thing)| filter.passes(thing)).collect())
}

fn scoped(world: &World, collection: &Collection, call: &Call<'_>) -> Reply {
    let front = format!("{}/", call.path());
    let here = all(world, collection.plural, call).into_iter().filter(|(id, _)| id.starts_with(&front)).collect();
    let here = match filtered(here, call.request) {
        Ok(here) => here,
        Err(refusal) => return refusal,
    };
    let (items, next) = lists::cut(call.request, here.into_iter().map(|(_, shown)| shown).collect());
    let link = format!("{}/{}", call.service, call.path());
    let mut body = json!({"kind": format!("compute#{}List", collection.singular), "id": call.path(), "selfLink": link});
    if !items.is_empty() {
        body["items"] = Value::from(items);
    }
    lists::more(&mut body, next);
    Reply::ok(body)
}

/// A list over all scopes; pages are counted in things, and scopes without any on the page say so.
fn aggregated(world: &World, collection: &Collection, call: &Call<'_>) -> Reply {
    let there = all(world, collection.plural, call).into_iter().filter(|(id, _)| !is_missing(world, id)).collect();
    let there = match filtered(there, call.request) {
        Ok(there) => there,
        Err(refusal) => return refusal,
    };
    let rows = there.into_iter().map(|(id, shown)| json!({"scope": scope_of(&id), "shown": shown})).collect();
    let (rows, next) = lists::cut(call.request, rows);
    let mut items = Map::new();
    for mut row in rows {
        let scope = row["scope"].as_str().unwrap_or_default().to_owned();
        let entry = items.entry(scope).or_insert_with(|| json!({ collection.plural: [] }));
        if let Some(list) = entry[collection.plural].as_array_mut() {
            list.push(row["shown"].take());
        }
    }
    let mut unreachable = Vec::new();
    for scope in scopes(collection) {
        let missing = scope.strip_prefix("zones/").is_some_and(|zone| world.missing_zones.contains(zone));
        if missing {
            unreachable.push(json!(format!("projects/{}/{scope}", call.project)));
        }
        items.entry(scope.clone()).or_insert_with(|| warning(&scope, missing));
    }
    let link = format!("{}/{}", call.service, call.path());
    let kind = format!("compute#{}AggregatedList", collection.singular);
    let mut body = json!({"kind": kind, "id": call.path(), "selfLink": link, "items": items});
    if !unreachable.is_empty() {
        body["unreachables"] = Value::from(unreachable);
    }
    lists::more(&mut body, next);
    Reply::ok(body)
}

fn warning(scope: &str, missing: bool) -> Value {
    let (code, message) = if missing {
        ("UNREACHABLE", format!("The scope '{scope}' is unreachable."))
    } else {
        ("NO_RESULTS_ON_PAGE", format!("There are no results for scope '{scope}' on this page."))
    };
    json!({"warning": {"code": code, "message": message, "data": [{"key": "scope", "value": scope}]}})
}

/// `zones/Z`, `regions/R` or `global`, from a thing's id.
fn scope_of(id: &str) -> String {
    let parts: Vec<&str> = id.split('/').skip(2).collect();
    match parts.as_slice() {
        [word @ ("zones" | "regions"), place, ..] => format!("{word}/{place}"),
        _ => "global".to_owned(),
    }
}

fn is_missing(world: &World, id: &str) -> bool {
    scope_of(id).strip_prefix("zones/").is_some_and(|zone| world.missing_zones.contains(zone))
}

fn scopes(collection: &Collection) -> Vec<String> {
    let has = |wanted: Scope| collection.scopes.iter().any(|(scope, _)| *scope == wanted);
    let mut scopes = Vec::new();
    if has(Scope::Global) {
        scopes.push("global".to_owned());
    }
    if has(Scope::Region) {
        scopes.extend(REGIONS.iter().map(|(name, _)| format!("regions/{name}")));
    }
    if has(Scope::Zone) {
        let zones = REGIONS.iter().flat_map(|(name, _)| catalog::zones_of(name));
        scopes.extend(zones.map(|zone| format!("zones/{zone}")));
    }
    scopes
}

/// Makes a thing, as far as its name and its text are those of one.
fn insert(world: &mut World, call: &Call<'_>) -> Reply {
    let fields = serde_json::from_slice::<Value>(&call.request.body).unwrap_or_default();
    let invalid = |message: &str| route::refused(400, "invalid", message);
    let Some(name) = fields["name"].as_str().filter(|name| is_name(name)) else {
        return invalid(
            "Invalid value for field 'resource.name'. Must be a match of regex '[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?'",
        );
    };
    if fields["description"].as_str().is_some_and(|text| text.len() > MOST_DESCRIPTION) {
        return invalid("Invalid value for field 'resource.description': must be at most 2048 characters long.");
    }
    let kind = fields["type"].as_str().unwrap_or_default();
    if !HEALTH_CHECKS.iter().any(|(known, member)| *known == kind && fields[*member].is_object()) {
        return invalid("Invalid value for field 'resource.type': a health check needs one type and its member.");
    }
    let id = format!("{}/{name}", call.path());
    if world.things.contains_key(&id) {
        let message = format!("The resource '{id}' already exists");
        return route::refused(409, "alreadyExists", &message);
    }
    let operation = operations::begin(world, &id, operations::Kind::Insert, call);
    world.make_thing(id, "", fields.clone(), call.now);
    operations::look(world, &operation, call)
}

/// The longest description.
const MOST_DESCRIPTION: usize = 2048;

/// The types of health checks, each with the member that describes it.
const HEALTH_CHECKS: [(&str, &str); 6] = [
    ("TCP", "tcpHealthCheck"),
    ("SSL", "sslHealthCheck"),
    ("HTTP", "httpHealthCheck"),
    ("HTTPS", "httpsHealthCheck"),
    ("HTTP2", "http2HealthCheck"),
    ("GRPC", "grpcHealthCheck"),
];

fn is_name(name: &str) -> bool {
    let inner = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    inner && name.len() <= 63 && name.starts_with(|first: char| first.is_ascii_lowercase()) && !name.ends_with('-')
}

fn delete(world: &mut World, collection: &Collection, call: &Call<'_>) -> Reply {
    let id = call.path().to_owned();
    let is_node = world.node_things(collection.plural).iter().any(|(known, _)| *known == id);
    let going = match world.things.get(&id) {
        Some(thing) => thing.going,
        None if is_node => false,
        None => return route::not_found(&id),
    };
    if going {
        return route::refused(400, "resourceNotReady", &format!("The resource '{id}' is not ready"));
    }
    if collection.refused_at_once
        && let Some(user) = world.user_of(&id)
    {
        return route::refused(400, "resourceInUseByAnotherResource", &operations::in_use(collection, &id, &user));
    }
    if let Some(thing) = world.things.get_mut(&id) {
        thing.going = true;
    }
    let name = operations::begin(world, &id, operations::Kind::Delete, call);
    operations::look(world, &name, call)
}
