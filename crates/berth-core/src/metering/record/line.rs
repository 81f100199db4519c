//! The lines of a record, version 1: a contract; fields are only ever added.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Record, Told};
use crate::cost::{Request, Stretch, Teller, What};

/// What a line tells.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    v: u32,
    at: Timestamp,
    /// Whether it is of a look, and whether that asked the cluster too; else it is of a step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    look: Option<Depth>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    kinds: Vec<What>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    things: Vec<Thing>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    requests: Vec<Asked>,
    /// When things began of which no list tells it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    begun: Vec<Told>,
}

/// How deep a look went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Depth {
    /// The cloud was asked.
    Cloud,
    /// The cluster was asked too.
    Cluster,
}

/// One thing; `kind` counts in the `kinds` of its own line.
#[derive(Debug, Serialize, Deserialize)]
struct Thing {
    kind: usize,
    id: String,
    name: String,
    from: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<Timestamp>,
    #[serde(default)]
    told: Teller,
}

/// A pod that asked for shares.
#[derive(Debug, Serialize, Deserialize)]
struct Asked {
    cluster: String,
    node: String,
    service: String,
    pod: String,
    shares: u32,
    from: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<Timestamp>,
}

impl Record {
    /// Reads a record, with how many of its lines cannot be read: a process that was killed leaves a piece of one.
    pub fn read(text: &str) -> (Self, usize) {
        let mut record = Self::default();
        let mut torn = 0;
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            match serde_json::from_str(line) {
                Ok(line) => record.add(line),
                Err(_) => torn += 1,
            }
        }
        (record, torn)
    }

    fn add(&mut self, line: Line) {
        self.passed(line.at, line.look);
        self.begun.extend(line.begun.into_iter().map(|told| (told.id, told.at)));
        let kinds: Vec<Arc<What>> = line.kinds.into_iter().map(|what| self.kind(Arc::new(what))).collect();
        for thing in line.things {
            let Some(what) = kinds.get(thing.kind).cloned() else { continue };
            let (id, name) = (thing.id.into(), thing.name.into());
            self.put(Stretch { id, what, name, from: thing.from, to: thing.to, told: thing.told });
        }
        for asked in line.requests {
            self.put_request(Request {
                cluster: asked.cluster.into(),
                node: asked.node.into(),
                service: asked.service.into(),
                pod: asked.pod.into(),
                shares: asked.shares,
                from: asked.from,
                to: asked.to,
            });
        }
    }

    /// Notes that a look was made.
    pub(super) fn passed(&mut self, at: Timestamp, look: Option<Depth>) {
        if look.is_some() {
            self.looked = self.looked.max(Some(at));
        }
        if look == Some(Depth::Cluster) {
            self.divided = self.divided.max(Some(at));
        }
    }

    /// The line about these of its things and requests.
    pub(super) fn line(&self, at: Timestamp, look: Option<Depth>, things: &[usize], requests: &[usize]) -> String {
        let mut kinds: Vec<&Arc<What>> = Vec::new();
        let rows = things.iter().map(|index| {
            let one = &self.usage.stretches[*index];
            let known = kinds.iter().position(|kind| Arc::ptr_eq(kind, &one.what));
            let kind = known.unwrap_or_else(|| {
                kinds.push(&one.what);
                kinds.len() - 1
            });
            let (id, name) = (one.id.to_string(), one.name.to_string());
            Thing { kind, id, name, from: one.from, to: one.to, told: one.told }
        });
        let things = rows.collect();
        let asked = |index: &usize| {
            let one = &self.usage.requests[*index];
            Asked {
                cluster: one.cluster.to_string(),
                node: one.node.to_string(),
                service: one.service.to_string(),
                pod: one.pod.to_string(),
                shares: one.shares,
                from: one.from,
                to: one.to,
            }
        };
        let kinds = kinds.into_iter().map(|kind| kind.as_ref().clone()).collect();
        let requests = requests.iter().map(asked).collect();
        Line { v: 1, at, look, kinds, things, requests, begun: Vec::new() }.text()
    }

    /// Takes in when things began of which no list tells it; gives the line to keep, if something of it is new.
    pub fn began(&mut self, at: Timestamp, told: Vec<Told>) -> Option<String> {
        let (kinds, things, requests) = Default::default();
        let begun: Vec<Told> = told.into_iter().filter(|told| !self.begun.contains_key(&told.id)).collect();
        self.begun.extend(begun.iter().map(|told| (told.id.clone(), told.at)));
        (!begun.is_empty()).then(|| Line { v: 1, at, look: None, kinds, things, requests, begun }.text())
    }
}

impl Line {
    fn text(&self) -> String {
        // Nothing in it can fail to be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}
