//! The journal of one run: a file of JSON lines in berth's own folder. Evidence, not truth: nothing reads it to decide.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use berth_core::actions::Action;
use berth_core::plan::{Plan, StepId};
use berth_core::ports::{Journal, JournalError};
use berth_core::run::{Event, EventKind};
use jiff::Timestamp;

use crate::event_json;
use crate::failure::Failure;
use crate::home::make_private;
use crate::records::{Kept, Records};
use crate::settings::Settings;
use crate::wiring::Doors;

/// An open journal.
pub(crate) struct JournalFile<'a> {
    path: PathBuf,
    file: File,
    /// The record of what the cluster used: what a step makes has begun, and what it takes away has ended when it is done.
    kept: Kept,
    /// They tell when a cloud ended what was taken away.
    doors: &'a Doors,
    actions: BTreeMap<StepId, Action>,
}

impl<'a> JournalFile<'a> {
    /// Begins a new file for a run that starts now on this cluster.
    pub(crate) fn begin(
        settings: &Settings,
        (verb, cluster): (&str, &str),
        plan: &Plan,
        doors: &'a Doors,
    ) -> Result<Self, Failure> {
        let home = &settings.home;
        make_private(&home.runs())?;
        let stamp = Timestamp::now().strftime("%Y%m%dT%H%M%S%.3f").to_string();
        let path = home.runs().join(format!("{stamp}-{verb}-{cluster}-{}.jsonl", std::process::id()));
        let file = OpenOptions::new()
            .create_new(true)
            .append(true)
            .mode(0o600)
            .open(&path)
            .map_err(|source| JournalError { path: path.display().to_string(), source })?;
        let actions = plan.steps.iter().map(|step| (step.id.clone(), step.action.clone())).collect();
        let kept = Records::of(doors, settings, cluster);
        Ok(Self { path, file, kept, doors, actions })
    }
}

impl Journal for JournalFile<'_> {
    fn record(&mut self, event: &Event) -> Result<(), JournalError> {
        let mut line = event_json::event(event).to_string();
        line.push('\n');
        self.file
            .write_all(line.as_bytes())
            .map_err(|source| JournalError { path: self.path.display().to_string(), source })?;
        if let EventKind::StepDone { id } = &event.kind
            && let Some(action) = self.actions.get(id)
        {
            let path = self.kept.path().display().to_string();
            let told = |id: &str| self.doors.ended(id);
            let begun = self.kept.begun(event.at, self.doors.begun());
            let kept = begun.and_then(|()| self.kept.carried_out(action, event.at, told));
            kept.map_err(|source| JournalError { path, source })?;
        }
        Ok(())
    }
}
