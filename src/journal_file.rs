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
use crate::home::{Home, make_private};
use crate::records::Kept;

/// An open journal.
#[derive(Debug)]
pub(crate) struct JournalFile {
    path: PathBuf,
    file: File,
    /// The record of what the cluster used: what a step takes away has ended when it is done.
    kept: Kept,
    actions: BTreeMap<StepId, Action>,
}

impl JournalFile {
    /// Begins a new file for a run that starts now on this cluster.
    pub(crate) fn begin(home: &Home, (verb, cluster): (&str, &str), plan: &Plan, kept: Kept) -> Result<Self, Failure> {
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
        Ok(Self { path, file, kept, actions })
    }
}

impl Journal for JournalFile {
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
            self.kept.carried_out(action, event.at).map_err(|source| JournalError { path, source })?;
        }
        Ok(())
    }
}
