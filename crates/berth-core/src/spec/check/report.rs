//! What the checks have found so far.

use crate::spec::problem::{Finding, Path, Problem};
use crate::spec::tree::Document;

/// Problems and warnings of one file.
#[derive(Default)]
pub(super) struct Report {
    problems: Vec<Finding>,
    warnings: Vec<Finding>,
    /// Problems of files this one names, which have their own places.
    elsewhere: Vec<Problem>,
}

impl Report {
    /// Something that makes the file unusable.
    pub(super) fn problem(&mut self, finding: Finding) {
        self.problems.push(finding);
    }

    /// Something that works but is probably not meant, or that could not be checked.
    pub(super) fn warning(&mut self, finding: Finding) {
        self.warnings.push(finding);
    }

    /// Forgets what was found at paths that `keep` refuses.
    pub(super) fn retain(&mut self, keep: impl Fn(&Path) -> bool) {
        self.problems.retain(|finding| keep(&finding.path));
        self.warnings.retain(|finding| keep(&finding.path));
    }

    /// Everything from another report.
    pub(super) fn extend(&mut self, other: Self) {
        self.problems.extend(other.problems);
        self.warnings.extend(other.warnings);
        self.elsewhere.extend(other.elsewhere);
    }

    /// Problems of another file.
    pub(super) fn elsewhere(&mut self, problems: Vec<Problem>) {
        self.elsewhere.extend(problems);
    }

    /// The warnings if there is no problem, else all problems; both in the order of the file, other files last.
    pub(super) fn settle(self, document: &Document<'_>) -> Result<Vec<Problem>, Vec<Problem>> {
        let placed = |findings: Vec<Finding>| {
            let mut problems: Vec<Problem> = findings.into_iter().map(|finding| document.problem(finding)).collect();
            problems
                .sort_by(|a, b| (a.line, a.column, &a.path, &a.message).cmp(&(b.line, b.column, &b.path, &b.message)));
            problems.dedup();
            problems
        };
        if self.problems.is_empty() && self.elsewhere.is_empty() {
            return Ok(placed(self.warnings));
        }
        let mut problems = placed(self.problems);
        problems.extend(self.elsewhere);
        Err(problems)
    }
}
