//! `berth validate`: every problem of spec files and of the workloads they name at once, without a cloud.

use std::path::{Path, PathBuf};

use berth_core::lint::{self, Severity};
use berth_core::spec::Provider;
use clap::Args;
use serde_json::{Value, json};

use crate::commands::ProviderArg;
use crate::failure::{Exit, Failure};
use crate::spec_file;
use crate::ui::Ui;
use crate::workload_files;

#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    /// Spec file to check, or - for standard input; may be given many times
    #[arg(long = "file", short = 'f', value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Check it for this cloud instead of the one it names
    #[arg(long, value_enum)]
    provider: Option<ProviderArg>,
}

pub(crate) fn run(args: &ValidateArgs, ui: &Ui) -> Result<Exit, Failure> {
    let mut report = Vec::new();
    let mut lines = Vec::new();
    let mut broken = 0;
    for file in &args.files {
        let verdict = look(file, args.provider.map(Into::into));
        broken += usize::from(!verdict.valid);
        lines.extend(verdict.lines);
        if verdict.valid {
            lines.push(format!("{}: valid", file.display()));
        }
        report.push(verdict.report);
    }
    ui.report(&json!({"files": report}), || lines.join("\n"));
    Ok(if broken == 0 { Exit::Done } else { Exit::Refused })
}

/// What was found in one spec and the workloads it names.
struct Verdict {
    valid: bool,
    lines: Vec<String>,
    report: Value,
}

fn look(file: &Path, provider: Option<Provider>) -> Verdict {
    let name = file.display().to_string();
    let checked = match spec_file::read(file, provider) {
        Ok(Ok(checked)) => checked,
        Ok(Err(problems)) => {
            let lines = problems.iter().map(|problem| format!("error: {problem}")).collect();
            let report = json!({"file": name, "valid": false, "problems": problems, "warnings": []});
            return Verdict { valid: false, lines, report };
        }
        Err(failure) => return unreadable(&name, &failure),
    };
    let findings = match workload_files::read(&checked.workloads) {
        Ok(manifests) => lint::check(&checked.spec, &manifests),
        Err(failure) => return unreadable(&name, &failure),
    };
    let valid = findings.iter().all(|finding| finding.severity != Severity::Error);
    let lines = findings.iter().map(ToString::to_string);
    let lines = lines.chain(checked.warnings.iter().map(|warning| format!("warning: {warning}"))).collect();
    let report = json!({"file": name, "valid": valid, "problems": [], "warnings": checked.warnings,
                        "findings": findings});
    Verdict { valid, lines, report }
}

fn unreadable(name: &str, failure: &Failure) -> Verdict {
    let text = format!("{}: {}", failure.message, failure.causes.join(": "));
    let report = json!({"file": name, "valid": false, "unreadable": text});
    Verdict { valid: false, lines: vec![format!("error: {text}")], report }
}
