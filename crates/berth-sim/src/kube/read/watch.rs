//! Watches: a cursor into the log, polled by the server.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::list::prefix;
use super::options::ListOptions;
use crate::kube::accept::Shape;
use crate::kube::failure::{Failure, Outcome};
use crate::kube::log::Change;
use crate::kube::output::{Writer, append};
use crate::kube::request::Reply;
use crate::kube::selectors::Selection;
use crate::kube::serving::Asked;
use crate::kube::store::Store;
use crate::kube::table;

/// How long a watch lasts when the client names no end; the real server takes between 30 and 60 minutes.
const USUAL_SECONDS: i64 = 45 * 60;
/// Bookmarks come about once a minute,
const BOOKMARK_SECONDS: i64 = 60;
/// and once more shortly before the end,
const BEFORE_END_SECONDS: i64 = 2;
/// but a watch of a few seconds was recorded without any.
const SHORTEST_WITH_BOOKMARK_SECONDS: i64 = 10;
const TOO_OLD: &str = "The resourceVersion for the provided watch is too old.";

/// An open watch. Ask it with [`Store::poll_watch`] whenever the store changed or [`Watch::deadline`] passed.
#[derive(Debug)]
pub struct Watch {
    writer: Writer,
    selection: Selection,
    prefix: String,
    /// The last revision that was looked at.
    seen: u64,
    /// What the first poll does before it looks at the log.
    opening: Opening,
    bookmarks: bool,
    clock: WatchClock,
    done: bool,
}

/// Where a watch starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opening {
    /// After the asked version: nothing is said first.
    Log,
    /// With all that is there as ADDED events, and maybe a mark where they end.
    State { end_mark: bool },
}

/// When a watch ends and bookmarks come.
#[derive(Debug, Clone, Copy)]
struct WatchClock {
    ends: Timestamp,
    bookmark: Option<Timestamp>,
    seconds: i64,
}

/// What a poll of a watch gives.
#[derive(Debug)]
pub struct WatchStep {
    /// Events, one JSON document a line; may be empty.
    pub bytes: Bytes,
    /// The stream ends after these bytes.
    pub done: bool,
}

impl WatchClock {
    fn starting(now: Timestamp, seconds: i64) -> WatchClock {
        let ends = later(now, seconds);
        let mut clock = WatchClock { ends, bookmark: None, seconds };
        if seconds >= SHORTEST_WITH_BOOKMARK_SECONDS {
            clock.plan_bookmark(now);
        }
        clock
    }

    fn plan_bookmark(&mut self, now: Timestamp) {
        let next = later(now, BOOKMARK_SECONDS).min(later(self.ends, -BEFORE_END_SECONDS));
        self.bookmark = (next > now).then_some(next);
    }
}

fn later(time: Timestamp, seconds: i64) -> Timestamp {
    time.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

/// Opens a watch on a collection, or on one object by the old path.
pub(crate) fn open(store: &Store, asked: &Asked<'_>) -> Outcome<Reply> {
    let options = ListOptions::of(asked.request, true)?;
    let mut selection = Selection::of(asked.kind, asked.request)?;
    if let Some(name) = asked.name {
        selection = selection.also_named(asked.kind, name);
    }
    let opening = match (options.send_initial_events, options.version) {
        (Some(true), _) => Opening::State { end_mark: options.bookmarks },
        (Some(false), _) => Opening::Log,
        // Without a version the server makes a streaming list of it when the client takes bookmarks.
        (None, None | Some(0)) => Opening::State { end_mark: options.bookmarks },
        (None, Some(_)) => Opening::Log,
    };
    let seen = match (opening, options.version) {
        (Opening::Log, Some(version)) if version > 0 => version,
        _ => store.resource_version(),
    };
    let seconds = options.timeout_seconds.filter(|seconds| *seconds > 0).unwrap_or(USUAL_SECONDS);
    Ok(Reply::Watch(Watch {
        writer: asked.writer.clone(),
        selection,
        prefix: prefix(asked.kind, asked.namespace),
        seen,
        opening,
        bookmarks: options.bookmarks,
        clock: WatchClock::starting(asked.now, seconds),
        done: false,
    }))
}

impl Watch {
    /// The `Content-Type` of the stream.
    #[must_use]
    pub fn content_type(&self) -> &'static str {
        "application/json"
    }

    /// When to poll again even if nothing changes: the next bookmark or the end.
    #[must_use]
    pub fn deadline(&self) -> Timestamp {
        self.clock.bookmark.map_or(self.clock.ends, |bookmark| bookmark.min(self.clock.ends))
    }

    /// Counts the time-out and the bookmarks from `now`, for a server whose watches run on another clock than
    /// the one its requests are stamped with. Poll with the same clock from then on.
    pub fn restart_clock(&mut self, now: Timestamp) {
        self.clock = WatchClock::starting(now, self.clock.seconds);
    }

    pub(crate) fn poll(&mut self, store: &Store, now: Timestamp) -> WatchStep {
        let mut bytes = Vec::new();
        if !self.done {
            self.speak(store, now, &mut bytes);
        }
        WatchStep { bytes: bytes.into(), done: self.done }
    }

    fn speak(&mut self, store: &Store, now: Timestamp, bytes: &mut Vec<u8>) {
        if let Opening::State { end_mark } = self.opening {
            self.opening = Opening::Log;
            self.seen = store.resource_version();
            for (_, object) in store.range(self.writer.kind, &self.prefix) {
                if self.selection.selects(object) {
                    self.event(bytes, "ADDED", object);
                }
            }
            if end_mark {
                self.bookmark(bytes, true);
            }
        }
        if self.seen < store.log.compacted() {
            let status = self.too_old(store).status_object();
            line(bytes, "ERROR", |bytes| append(bytes, &status));
            self.done = true;
            return;
        }
        for change in store.log.after(self.seen) {
            if change.storage == self.writer.kind.storage && change.key.starts_with(&self.prefix) {
                self.change(bytes, change);
            }
        }
        self.seen = self.seen.max(store.resource_version());
        if self.clock.bookmark.is_some_and(|time| now >= time) {
            if self.bookmarks {
                self.bookmark(bytes, false);
            }
            self.clock.plan_bookmark(now);
        }
        self.done = now >= self.clock.ends;
    }

    /// Events are watched without a cache, and the two places have texts of their own.
    fn too_old(&self, store: &Store) -> Box<Failure> {
        if self.writer.kind.storage == "/events" {
            return Failure::expired(TOO_OLD);
        }
        let oldest = store.log.compacted();
        Failure::expired(&format!("too old resource version: {} ({oldest})", self.seen))
    }

    /// What a change means to somebody who sees only the selection.
    fn change(&self, bytes: &mut Vec<u8>, change: &Change) {
        let before = change.before.as_deref().filter(|object| self.selection.selects(object));
        let after = change.after.as_deref().filter(|object| self.selection.selects(object));
        match (before, after) {
            (None, Some(object)) => self.event(bytes, "ADDED", object),
            (Some(_), Some(object)) => self.event(bytes, "MODIFIED", object),
            (Some(object), None) => {
                // The last state that was seen, but the version of the change.
                let mut last = object.clone();
                last["metadata"]["resourceVersion"] = json!(change.revision.to_string());
                self.event(bytes, "DELETED", &last);
            }
            (None, None) => {}
        }
    }

    fn event(&self, bytes: &mut Vec<u8>, kind: &str, object: &Value) {
        line(bytes, kind, |bytes| self.writer.object(bytes, object));
    }

    fn bookmark(&self, bytes: &mut Vec<u8>, end_of_initial_events: bool) {
        let mut metadata = json!({"resourceVersion": self.seen.to_string()});
        if end_of_initial_events {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        if self.writer.form.shape == Shape::Table {
            let empty = table::table(self.writer.kind, metadata, Vec::new());
            return line(bytes, "BOOKMARK", |bytes| append(bytes, &empty));
        }
        self.event(bytes, "BOOKMARK", &json!({"metadata": metadata}));
    }
}

fn line(bytes: &mut Vec<u8>, kind: &str, object: impl FnOnce(&mut Vec<u8>)) {
    bytes.extend_from_slice(b"{\"type\":\"");
    bytes.extend_from_slice(kind.as_bytes());
    bytes.extend_from_slice(b"\",\"object\":");
    object(bytes);
    bytes.extend_from_slice(b"}\n");
}
