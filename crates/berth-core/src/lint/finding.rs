//! What was found in a manifest, where, why it bites and what to write instead.

use std::fmt;

use serde::Serialize;

use crate::spec::Position;
use crate::spec::tree::plain;

/// One thing in a manifest that will not work, or not as it looks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The file, as the caller named it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// How bad it is.
    pub severity: Severity,
    /// The rule that found it, one of [`super::RULES`].
    pub rule: &'static str,
    /// What is wrong, as a lower-case fragment.
    pub what: String,
    /// What happens because of it, as a lower-case fragment.
    pub why: String,
    /// What to write instead, as a lower-case fragment.
    pub fix: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It cannot work.
    Error,
    /// It works, but probably not as meant, or only with something that is not in the files.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

impl fmt::Display for Finding {
    /// `workloads/stt.yaml:12:7: error[gpu-request]: ...: ...; fix: ...`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}[{}]: ", self.file, self.line, self.column, self.severity, self.rule)?;
        write!(f, "{}: {}; fix: {}", self.what, self.why, self.fix)
    }
}

/// A place in one of the files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) file: &'a str,
    pub(super) at: Position,
}

/// The words of a finding.
pub(super) struct Says {
    pub(super) what: String,
    pub(super) why: String,
    pub(super) fix: String,
}

impl Says {
    pub(super) fn new(what: impl Into<String>, why: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { what: what.into(), why: why.into(), fix: fix.into() }
    }
}

/// What the rules have found so far.
#[derive(Default)]
pub(super) struct Report {
    findings: Vec<Finding>,
}

impl Report {
    /// Something that cannot work.
    pub(super) fn error(&mut self, rule: &'static str, place: Place<'_>, says: &Says) {
        self.add(Severity::Error, rule, place, says);
    }

    /// Something that is probably not meant, or needs something the files do not have.
    pub(super) fn warning(&mut self, rule: &'static str, place: Place<'_>, says: &Says) {
        self.add(Severity::Warning, rule, place, says);
    }

    fn add(&mut self, severity: Severity, rule: &'static str, place: Place<'_>, says: &Says) {
        self.findings.push(Finding {
            file: place.file.to_owned(),
            line: place.at.line,
            column: place.at.column,
            severity,
            rule,
            what: plain(&says.what),
            why: plain(&says.why),
            fix: plain(&says.fix),
        });
    }

    /// All findings, sorted by place.
    pub(super) fn settle(mut self) -> Vec<Finding> {
        self.findings.sort();
        self.findings.dedup();
        self.findings
    }
}
