//! Operations of Compute Engine: they belong to a zone, a region or the project. What calls change is here, and, in the list of all of
//! them, what made and ended the machines of nodes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::collections::{Collection, collection};
use super::filter::Filter;
use super::things::Call;
use super::{lists, route};
use crate::faults::Effect;
use crate::ledger::{Span, SpanKind};
use crate::lifecycle::after;
use crate::wire::{Reply, Request};
use crate::world::{Step, World, offset, parts};

/// What an operation does to a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Takes it away.
    #[default]
    Delete,
    /// Makes it.
    Insert,
}

/// A change of a thing, under way or over.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Deletion {
    /// What it does.
    #[serde(default)]
    kind: Kind,
    /// The thing's id.
    target: String,
    /// When it was asked for.
    began: Timestamp,
    /// When it was over.
    ended: Option<Timestamp>,
    /// What went wrong: the code and the message.
    error: Option<(String, String)>,
}

/// Why a thing cannot go now.
pub(super) fn in_use(collection: &Collection, id: &str, user: &str) -> String {
    format!("The {} resource '{id}' is already being used by '{user}'", collection.words())
}

/// Begins the change of a thing and gives the operation's name.
pub(super) fn begin(world: &mut World, id: &str, kind: Kind, call: &Call<'_>) -> String {
    let name = world.operation_name(call.now);
    let error = match call.effect {
        Some(Effect::OperationError { code, message }) => Some((code.to_string(), message.clone())),
        _ => None,
    };
    let deletion = Deletion { kind, target: id.to_owned(), began: call.now, ended: None, error };
    world.compute_operations.insert(name.clone(), deletion);
    if !matches!(call.effect, Some(Effect::Stuck)) {
        let at = call.now + after("compute", "requested", "deleted", id);
        world.plan(at, Step::ComputeEnds(name.clone()));
    }
    name
}

impl World {
    fn operation_name(&mut self, now: Timestamp) -> String {
        let number = self.number();
        let digits = self.hex(&format!("compute-operation/{number}"), 32);
        format!("operation-{}-{}-{}-{}", now.as_millisecond(), &digits[..13], &digits[13..21], &digits[21..29])
    }

    /// Takes a thing away at once, as a cluster's own controllers do; the operation of it is over with that.
    pub(crate) fn delete_thing(&mut self, id: &str, now: Timestamp) {
        if !self.things.contains_key(id) {
            return;
        }
        self.drop_thing(id, now);
        let name = self.operation_name(now);
        let (kind, target) = (Kind::Delete, id.to_owned());
        let deletion = Deletion { kind, target, began: now, ended: Some(now), error: None };
        self.compute_operations.insert(name, deletion);
    }

    /// A change is over. What was to be deleted is gone, unless something uses it; what was to be made is there, unless a fault
    /// says otherwise.
    pub(crate) fn compute_ends(&mut self, name: &str, now: Timestamp) {
        let Some(deletion) = self.compute_operations.get(name).cloned() else { return };
        let id = deletion.target;
        let is_end = deletion.kind == Kind::Delete;
        let used = collection(parts(&id).0).zip(self.user_of(&id)).map(|(collection, user)| {
            ("RESOURCE_IN_USE_BY_ANOTHER_RESOURCE".to_owned(), in_use(collection, &id, &user))
        });
        let error = deletion.error.or(used.filter(|_| is_end));
        if error.is_none() == is_end {
            self.drop_thing(&id, now);
        } else if let Some(thing) = self.things.get_mut(&id) {
            thing.going = false;
        }
        if let Some(deletion) = self.compute_operations.get_mut(name) {
            deletion.ended = Some(now);
            deletion.error = error;
        }
    }
}

/// An operation as the API shows it.
pub(super) fn look(world: &World, name: &str, call: &Call<'_>) -> Reply {
    let Some(deletion) = world.compute_operations.get(name) else {
        return route::not_found(&call.request.path);
    };
    Reply::ok(shown(name, deletion, &call.service))
}

/// A change as the API shows it.
fn shown(name: &str, deletion: &Deletion, service: &str) -> Value {
    let id = &deletion.target;
    let project = id.split('/').nth(1).unwrap_or_default();
    let scope = id.split('/').skip(2).take_while(|part| collection(part).is_none()).collect::<Vec<_>>().join("/");
    let place = format!("{service}/projects/{project}/{scope}");
    let mut shown = json!({
        "kind": "compute#operation", "id": route::id(name), "name": name, "operationType": deletion.kind,
        "targetLink": format!("{service}/{id}"), "targetId": route::id(id), "user": "berth@berth-sim.example",
        "status": if deletion.ended.is_some() { "DONE" } else { "RUNNING" },
        "progress": if deletion.ended.is_some() { 100 } else { 0 },
        "insertTime": offset(deletion.began), "startTime": offset(deletion.began),
        "selfLink": format!("{place}/operations/{name}"),
    });
    match scope.split_once('/') {
        Some(("zones", _)) => shown["zone"] = json!(place),
        Some(("regions", _)) => shown["region"] = json!(place),
        _ => {}
    }
    if let Some(ended) = deletion.ended {
        shown["endTime"] = json!(offset(ended));
    }
    if let Some((code, message)) = deletion.error.as_ref().filter(|_| deletion.ended.is_some()) {
        shown["error"] = json!({"errors": [{"code": code, "message": message}]});
        shown["httpErrorStatusCode"] = json!(400);
        shown["httpErrorMessage"] = json!("BAD REQUEST");
    }
    shown
}

/// The list over all scopes of changes, and of what made and ended the machines of nodes; pages are counted in operations.
pub(super) fn all(world: &World, request: &Request, root: &str, project: &str) -> Reply {
    let Some(rows) = rows(world, request, root, project) else {
        return route::refused(400, "invalid", "Invalid value for field 'filter'.");
    };
    let (rows, next) = lists::cut(request, rows);
    let mut items = Map::new();
    for row in rows {
        let entry = items.entry(scope_of(&row)).or_insert_with(|| json!({"operations": []}));
        if let Some(list) = entry["operations"].as_array_mut() {
            list.push(row);
        }
    }
    let link = format!("{root}/aggregated/operations");
    let mut body = json!({"kind": "compute#operationAggregatedList", "id": link, "selfLink": link, "items": items});
    lists::more(&mut body, next);
    Reply::ok(body)
}

/// The list of one scope: `zones/Z`, `regions/R` or `global`.
pub(super) fn of_scope(world: &World, request: &Request, (root, project): (&str, &str), scope: &str) -> Reply {
    let Some(mut rows) = rows(world, request, root, project) else {
        return route::refused(400, "invalid", "Invalid value for field 'filter'.");
    };
    rows.retain(|row| scope_of(row) == scope);
    let (rows, next) = lists::cut(request, rows);
    let link = format!("{root}/{scope}/operations");
    let mut body = json!({"kind": "compute#operationList", "id": link, "selfLink": link, "items": rows});
    lists::more(&mut body, next);
    Reply::ok(body)
}

fn scope_of(row: &Value) -> String {
    let scope = ["zone", "region"].into_iter().find_map(|kind| {
        let name = row[kind].as_str()?.rsplit('/').next()?;
        Some(format!("{kind}s/{name}"))
    });
    scope.unwrap_or_else(|| "global".to_owned())
}

/// All operations that pass a request's filter; `None` if that is none.
fn rows(world: &World, request: &Request, root: &str, project: &str) -> Option<Vec<Value>> {
    let text = request.parameter("filter").filter(|text| !text.trim().is_empty());
    let filter = match text.map(Filter::parse) {
        Some(filter) => Some(filter?),
        None => None,
    };
    let front = format!("projects/{project}/");
    let machines =
        world.ledger.spans.iter().filter(|span| span.kind == SpanKind::Node && span.cluster.starts_with(&front));
    let rows = machines.flat_map(|span| {
        let begun = ("insert", Some(span.from));
        [begun, ("delete", span.to)].into_iter().filter_map(|(kind, at)| Some(of_node(span, kind, at?, root)))
    });
    let service = root.split_once("/projects/").map_or(root, |(service, _)| service);
    let changes = world.compute_operations.iter().filter(|(_, change)| change.target.starts_with(&front));
    let rows = rows.chain(changes.map(|(name, change)| shown(name, change, service)));
    Some(rows.filter(|row| filter.as_ref().is_none_or(|filter| filter.passes(row))).collect())
}

fn of_node(span: &Span, kind: &str, at: Timestamp, root: &str) -> Value {
    let zone = format!("{root}/zones/{}", span.zone);
    let name = format!("operation-{}-{}-{kind}", at.as_millisecond(), span.name);
    json!({
        "kind": "compute#operation", "id": route::id(&name), "name": name, "operationType": kind, "status": "DONE",
        "progress": 100, "targetLink": format!("{zone}/instances/{}", span.name), "targetId": route::id(&span.name),
        "insertTime": offset(at), "startTime": offset(at), "endTime": offset(at), "zone": zone,
        "selfLink": format!("{zone}/operations/{name}"), "user": "1000000000000@cloudservices.gserviceaccount.com",
    })
}
