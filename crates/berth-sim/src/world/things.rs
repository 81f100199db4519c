//! Things in Compute Engine that clusters caused and that outlive them, or that somebody planted.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::model::World;
use crate::compute;
use crate::ledger::{Span, SpanKind};

/// One thing, by `projects/P/{zones/Z|regions/R|global}/COLLECTION/NAME`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Thing {
    /// Its members as the API shows them. Links stand as paths that begin with `projects/`.
    pub(crate) fields: Map<String, Value>,
    /// When it was made.
    pub(crate) made: Timestamp,
    /// The uid of the cluster that made it; empty for one that was planted.
    pub(crate) cluster: String,
    /// Whether it stays when what it was made for goes.
    #[serde(default)]
    pub(crate) retained: bool,
    /// Whether it is being deleted.
    #[serde(default)]
    pub(crate) going: bool,
}

/// A thing that no cluster made, as the control API takes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plant {
    /// `projects/P/{zones/Z|regions/R|global}/COLLECTION/NAME`.
    id: String,
    /// Its members as the API shows them; links may be paths that begin with `projects/`.
    #[serde(default)]
    fields: Map<String, Value>,
    /// When it was made; now when absent.
    #[serde(default)]
    made: Option<Timestamp>,
    /// Whether the ledger shall count it.
    #[serde(default)]
    billed: bool,
}

impl Plant {
    /// What is wrong with it.
    pub(crate) fn slip(&self) -> Option<String> {
        let (collection, place, name) = parts(&self.id);
        let depth = if place == "global" { 5 } else { 6 };
        let fits = self.id.starts_with("projects/") && !name.is_empty() && self.id.split('/').count() == depth;
        if fits && compute::is_collection(collection) {
            return None;
        }
        Some(format!("{:?} is no projects/P/(zones/Z|regions/R|global)/COLLECTION/NAME of a known collection", self.id))
    }
}

impl Thing {
    /// The labels, or an empty object.
    pub(crate) fn labels(&self) -> Value {
        self.fields.get("labels").cloned().unwrap_or_else(|| json!({}))
    }

    /// Whether one of its members links to a thing.
    pub(crate) fn links_to(&self, id: &str) -> bool {
        self.fields.values().any(|value| links_to(value, id))
    }
}

/// Whether a value is or holds a link to a thing, as a path or as a URL.
pub(crate) fn links_to(value: &Value, id: &str) -> bool {
    match value {
        Value::String(text) => text.strip_suffix(id).is_some_and(|front| front.is_empty() || front.ends_with('/')),
        Value::Array(all) => all.iter().any(|one| links_to(one, id)),
        Value::Object(all) => all.values().any(|one| links_to(one, id)),
        _ => false,
    }
}

/// Notes every link in a value.
fn collect(value: &Value, user: &str, uses: &mut BTreeMap<String, String>) {
    match value {
        Value::String(text) => {
            if let Some(at) = text.find("projects/") {
                uses.entry(text[at..].to_owned()).or_insert_with(|| user.to_owned());
            }
        }
        Value::Array(all) => all.iter().for_each(|one| collect(one, user, uses)),
        Value::Object(all) => all.values().for_each(|one| collect(one, user, uses)),
        _ => {}
    }
}

/// A time as Compute Engine writes it, with the offset of its home.
pub(crate) fn offset(time: Timestamp) -> String {
    time.to_zoned(TimeZone::fixed(Offset::constant(-8))).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
}

/// The collection, the place and the name in a thing's id.
pub(crate) fn parts(id: &str) -> (&str, &str, &str) {
    let mut back = id.rsplit('/');
    let name = back.next().unwrap_or_default();
    let collection = back.next().unwrap_or_default();
    let place = back.next().unwrap_or_default();
    (collection, place, name)
}

impl World {
    /// Makes a thing; one of that id that is there already stays as it is.
    pub(crate) fn make_thing(&mut self, id: String, cluster: &str, fields: Value, now: Timestamp) {
        if self.things.contains_key(&id) {
            return;
        }
        let Value::Object(fields) = fields else { return };
        let thing = Thing { fields, made: now, cluster: cluster.to_owned(), retained: false, going: false };
        self.ledger.spans.extend(span(&id, &thing, now));
        self.things.insert(id, thing);
    }

    /// Puts in place what no cluster made.
    pub(crate) fn plant(&mut self, plant: Plant, now: Timestamp) {
        let made = plant.made.unwrap_or(now);
        let thing = Thing { fields: plant.fields, made, cluster: String::new(), retained: false, going: false };
        if plant.billed {
            self.ledger.spans.extend(span(&plant.id, &thing, now));
        }
        self.things.insert(plant.id, thing);
    }

    /// Takes a thing away, and what is billed for it ends.
    pub(crate) fn drop_thing(&mut self, id: &str, now: Timestamp) {
        let Some(thing) = self.things.remove(id) else { return };
        let Some(billed) = span(id, &thing, now) else { return };
        self.ledger.close_one(&billed, now);
    }

    /// What is linked to, each with one that links to it.
    pub(crate) fn uses(&self) -> BTreeMap<String, String> {
        let mut uses = BTreeMap::new();
        for (user, thing) in &self.things {
            thing.fields.values().for_each(|value| collect(value, user, &mut uses));
        }
        for (user, fields) in self.node_things("instances") {
            collect(&fields, &user, &mut uses);
        }
        uses
    }

    /// The thing that links to this one, if any does.
    pub(crate) fn user_of(&self, id: &str) -> Option<String> {
        let made = self.things.iter().find(|(other, thing)| *other != id && thing.links_to(id));
        if let Some((user, _)) = made {
            return Some(user.clone());
        }
        let nodes = self.node_things("instances");
        nodes.into_iter().find(|(_, fields)| links_to(fields, id)).map(|(user, _)| user)
    }
}

/// What is billed for a thing.
fn span(id: &str, thing: &Thing, now: Timestamp) -> Option<Span> {
    let (collection, place, name) = parts(id);
    let kind = match collection {
        "disks" => SpanKind::Disk,
        "addresses" => SpanKind::Address,
        "forwardingRules" => SpanKind::LoadBalancer,
        _ => return None,
    };
    let text = |key: &str| thing.fields.get(key).and_then(Value::as_str).unwrap_or_default();
    Some(Span {
        kind,
        cluster: String::new(),
        pool: String::new(),
        name: name.to_owned(),
        machine_type: text("type").rsplit('/').next().unwrap_or_default().to_owned(),
        gpu: String::new(),
        size_gb: text("sizeGb").parse().ok(),
        spot: false,
        zone: place.to_owned(),
        from: now,
        to: None,
    })
}
