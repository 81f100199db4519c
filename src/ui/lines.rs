//! Progress as plain lines, for logs and CI: one when something begins, changes or ends.

use std::collections::BTreeMap;

use berth_core::plan::StepId;
use berth_core::run::{Event, EventKind};
use berth_report::words::{approximately, elapsed};
use jiff::Timestamp;

/// Turns events into lines.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    titles: BTreeMap<StepId, String>,
    began: BTreeMap<StepId, Timestamp>,
    /// Whether a stop was asked for before.
    stopping: bool,
}

impl Lines {
    /// The lines to print for this event.
    pub(crate) fn show(&mut self, event: &Event) -> Vec<String> {
        match &event.kind {
            EventKind::RunStarted { steps, .. } => {
                self.titles = steps.iter().cloned().collect();
                Vec::new()
            }
            EventKind::StepStarted { id, usual_seconds } => {
                self.began.insert(id.clone(), event.at);
                vec![format!("start    {} (usually {})", self.title(id), approximately(*usual_seconds))]
            }
            EventKind::StepAccepted { .. } => Vec::new(),
            EventKind::StepWaiting { id, detail } => {
                vec![format!("wait     {}: {detail} ({})", self.title(id), self.elapsed(id, event.at))]
            }
            EventKind::StepRetrying { id, attempt, after_seconds, fault } => {
                vec![format!("retry    {}: {} (try {attempt}, again in {after_seconds} s)", self.title(id), fault.said)]
            }
            EventKind::StepDone { id } => vec![format!("done     {} ({})", self.title(id), self.elapsed(id, event.at))],
            EventKind::StepFailed { id, fault } => {
                vec![format!("failed   {} ({}): {}", self.title(id), self.elapsed(id, event.at), fault.said)]
            }
            EventKind::StepSkipped { id, because } => vec![format!("skipped  {}: {because}", self.title(id))],
            EventKind::Stopping => vec![self.stopping().to_owned()],
            EventKind::RunFinished { .. } => Vec::new(),
        }
    }

    fn stopping(&mut self) -> &'static str {
        if std::mem::replace(&mut self.stopping, true) {
            "leaving: what runs goes on in the cloud"
        } else {
            "stopping: what runs is finished, nothing new begins; Ctrl-C once more to leave at once"
        }
    }

    fn title(&self, id: &StepId) -> String {
        self.titles.get(id).cloned().unwrap_or_else(|| id.to_string())
    }

    fn elapsed(&self, id: &StepId, now: Timestamp) -> String {
        elapsed(self.began.get(id).copied().unwrap_or(now), now)
    }
}
