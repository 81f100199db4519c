//! What happened: the changes that watches and snapshot lists look back on.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

/// At most so many changes are remembered.
const MOST_CHANGES: usize = 10_000;
/// At most about so many bytes of past objects, counted as JSON; in memory they take several times as much.
const MOST_BYTES: usize = 16 << 20;

/// One write.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) revision: u64,
    /// The storage of the kind.
    pub(crate) storage: &'static str,
    pub(crate) key: String,
    pub(crate) before: Option<Arc<Value>>,
    pub(crate) after: Option<Arc<Value>>,
    bytes: usize,
}

/// The last changes in order; every revision after `compacted` is there.
#[derive(Debug, Default)]
pub(crate) struct Log {
    changes: VecDeque<Change>,
    compacted: u64,
    bytes: usize,
}

impl Log {
    /// An empty log that knows nothing up to `revision`.
    pub(crate) fn since(revision: u64) -> Log {
        Log { changes: VecDeque::new(), compacted: revision, bytes: 0 }
    }

    /// The newest revision whose own change is forgotten.
    pub(crate) fn compacted(&self) -> u64 {
        self.compacted
    }

    /// Remembers the change of the next revision.
    pub(crate) fn push(
        &mut self,
        revision: u64,
        storage: &'static str,
        key: String,
        before: Option<Arc<Value>>,
        after: Option<Arc<Value>>,
    ) {
        let bytes = before.as_deref().map_or(0, weight) + 64;
        self.bytes += bytes;
        self.changes.push_back(Change { revision, storage, key, before, after, bytes });
        while self.changes.len() > MOST_CHANGES || (self.bytes > MOST_BYTES && self.changes.len() > 1) {
            if let Some(forgotten) = self.changes.pop_front() {
                self.bytes -= forgotten.bytes;
                self.compacted = forgotten.revision;
            }
        }
    }

    /// The changes after `revision`, oldest first; revisions are consecutive.
    pub(crate) fn after(&self, revision: u64) -> impl DoubleEndedIterator<Item = &Change> {
        let skip = usize::try_from(revision.saturating_sub(self.compacted)).unwrap_or(usize::MAX);
        self.changes.range(skip.min(self.changes.len())..)
    }
}

/// About how many bytes a value takes as JSON.
fn weight(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(weight).sum::<usize>() + 2,
        Value::Object(fields) => fields.iter().map(|(name, value)| name.len() + 4 + weight(value)).sum::<usize>() + 2,
    }
}

#[cfg(test)]
mod tests {
    use super::{Log, MOST_CHANGES};

    #[test]
    fn old_changes_are_forgotten_and_the_log_says_so() {
        let mut log = Log::since(5);
        for revision in 6..(6 + MOST_CHANGES as u64 + 10) {
            log.push(revision, "/nodes", "n".to_owned(), None, None);
        }
        assert_eq!(log.compacted(), 15);
        let first = log.after(20).next().map(|change| change.revision);
        assert_eq!(first, Some(21));
    }
}
