//! What could not be read, and what it would take.

use berth_core::run::{Fault, FaultKind};

/// Lines about what could not be read, each once.
#[derive(Debug, Default)]
pub(super) struct Unread(Vec<String>);

impl Unread {
    /// Turns a refused permission into a line; any other fault stays one.
    pub(super) fn allowed<T>(&mut self, part: Result<T, Fault>, permission: &str) -> Result<Option<T>, Fault> {
        match part {
            Err(fault) if fault.kind != FaultKind::Denied => Err(fault),
            part => Ok(self.wanted(part, permission)),
        }
    }

    /// Turns any fault into a line, for what is good to know and no more.
    pub(super) fn wanted<T>(&mut self, part: Result<T, Fault>, permission: &str) -> Option<T> {
        match part {
            Ok(part) => Some(part),
            Err(Fault { kind, tried, said, .. }) => {
                let takes = if kind == FaultKind::Denied { format!(" (takes {permission})") } else { String::new() };
                let line = format!("{tried}: {said}{takes}");
                if !self.0.contains(&line) {
                    self.0.push(line);
                }
                None
            }
        }
    }

    pub(super) fn lines(self) -> Vec<String> {
        self.0
    }
}
