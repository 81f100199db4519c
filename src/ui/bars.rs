//! Progress on a terminal: one live line per running step, with what is waited for, elapsed and usual time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use berth_core::plan::StepId;
use berth_core::run::{Event, EventKind};
use berth_report::words::{approximately, elapsed};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use jiff::Timestamp;

use crate::ui::lines::Lines;

/// How often a live line is drawn anew.
const TICK: Duration = Duration::from_millis(200);

/// Live lines; lines of finished steps scroll up above them.
pub(crate) struct Bars {
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    screen: MultiProgress,
    finished: Lines,
    live: BTreeMap<StepId, ProgressBar>,
    titles: BTreeMap<StepId, String>,
}

impl Bars {
    /// Bars over a run whose time is told by `now`.
    pub(crate) fn new(now: Box<dyn Fn() -> Timestamp + Send + Sync>) -> Self {
        Self {
            now: Arc::from(now),
            screen: MultiProgress::new(),
            finished: Lines::default(),
            live: BTreeMap::new(),
            titles: BTreeMap::new(),
        }
    }

    /// Draws one event.
    pub(crate) fn show(&mut self, event: &Event) {
        let lines = self.finished.show(event);
        match &event.kind {
            EventKind::RunStarted { steps, .. } => self.titles = steps.iter().cloned().collect(),
            EventKind::StepStarted { id, usual_seconds } => self.begin(id, event.at, *usual_seconds),
            EventKind::StepWaiting { id, detail } => self.say(id, detail),
            EventKind::StepAccepted { .. } => {}
            EventKind::StepDone { id } | EventKind::StepFailed { id, .. } => {
                if let Some(bar) = self.live.remove(id) {
                    bar.finish_and_clear();
                }
                self.print(&lines);
            }
            EventKind::StepRetrying { .. } | EventKind::StepSkipped { .. } | EventKind::Stopping => self.print(&lines),
            EventKind::RunFinished { .. } => self.live.values().for_each(ProgressBar::finish_and_clear),
        }
    }

    fn begin(&mut self, id: &StepId, at: Timestamp, usual_seconds: u32) {
        let now = Arc::clone(&self.now);
        let usual = approximately(usual_seconds);
        let style = ProgressStyle::with_template("{spinner} {prefix}  {since}  {wide_msg}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner())
            .with_key("since", move |_: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
                // Drawing must not break the run: an unwritable line is only an undrawn one.
                let _ = write!(out, "{} of about {usual}", elapsed(at, now()));
            });
        let bar = self.screen.add(ProgressBar::new_spinner().with_style(style));
        bar.set_prefix(self.titles.get(id).cloned().unwrap_or_else(|| id.to_string()));
        bar.enable_steady_tick(TICK);
        self.live.insert(id.clone(), bar);
    }

    fn say(&self, id: &StepId, detail: &str) {
        if let Some(bar) = self.live.get(id) {
            bar.set_message(detail.to_owned());
        }
    }

    fn print(&self, lines: &[String]) {
        for line in lines {
            // The screen may die; the run goes on.
            drop(self.screen.println(line));
        }
    }
}
