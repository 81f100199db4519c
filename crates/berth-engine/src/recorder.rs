//! Every fact goes to the journal first and to the screen second.

use std::sync::{Mutex, MutexGuard, PoisonError};

use berth_core::ports::{Clock, Journal};
use berth_core::run::{Event, EventKind, Fault, FaultKind, LeftBehind, Retry};
use tokio::sync::mpsc::UnboundedSender;

/// The journal and the channel, shared by the steps of one run.
pub(crate) struct Recorder<'a, C, J> {
    clock: &'a C,
    events: UnboundedSender<Event>,
    journal: Mutex<Kept<'a, J>>,
}

/// A journal, and why it no longer takes facts.
struct Kept<'a, J> {
    journal: &'a mut J,
    broken: Option<String>,
}

/// The journal did not take a fact; with the reason.
#[derive(Debug)]
pub(crate) struct NotKept(String);

impl NotKept {
    /// As a fault of the step that wanted to go on.
    pub(crate) fn into_fault(self, tried: &str, left_behind: LeftBehind) -> Fault {
        Fault { kind: FaultKind::Journal, tried: tried.to_owned(), said: self.0, left_behind, retry: Retry::Never }
    }
}

impl<'a, C: Clock, J: Journal> Recorder<'a, C, J> {
    /// Keeps in this journal, tells to this channel, reads the time from this clock.
    pub(crate) fn new(clock: &'a C, journal: &'a mut J, events: UnboundedSender<Event>) -> Self {
        Self { clock, events, journal: Mutex::new(Kept { journal, broken: None }) }
    }

    /// Keeps one fact, then tells it; a fact that could not be kept is told all the same.
    ///
    /// After the first failure the journal is left alone: a journal with a hole in it would lie about the order.
    pub(crate) fn record(&self, kind: EventKind) -> Result<(), NotKept> {
        let event = Event { at: self.clock.now(), kind };
        let kept = self.keep(&event);
        // The screen may have gone away; the run goes on without it.
        let _ = self.events.send(event);
        kept
    }

    fn keep(&self, event: &Event) -> Result<(), NotKept> {
        let mut kept = self.lock();
        if kept.broken.is_none()
            && let Err(error) = kept.journal.record(event)
        {
            kept.broken = Some(format!("{error}: {}", error.source));
        }
        match &kept.broken {
            Some(reason) => Err(NotKept(reason.clone())),
            None => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept<'a, J>> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
