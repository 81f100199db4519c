//! `berth validate`: every problem of spec files at once, without a cloud.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::commands::ProviderArg;
use crate::failure::{Exit, Failure};
use crate::spec_file;
use crate::ui::Ui;

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
        let (problems, warnings) = match spec_file::read(file, args.provider.map(Into::into)) {
            Ok(Ok(checked)) => (Vec::new(), checked.warnings),
            Ok(Err(problems)) => (problems, Vec::new()),
            Err(failure) => {
                broken += 1;
                let text = format!("{}: {}", failure.message, failure.causes.join(": "));
                lines.push(format!("error: {text}"));
                report.push(json!({"file": file.display().to_string(), "valid": false, "unreadable": text}));
                continue;
            }
        };
        broken += usize::from(!problems.is_empty());
        lines.extend(problems.iter().map(|problem| format!("error: {problem}")));
        lines.extend(warnings.iter().map(|warning| format!("warning: {warning}")));
        if problems.is_empty() {
            lines.push(format!("{}: valid", file.display()));
        }
        report.push(json!({"file": file.display().to_string(), "valid": problems.is_empty(),
                           "problems": problems, "warnings": warnings}));
    }
    ui.report(&json!({"files": report}), || lines.join("\n"));
    Ok(if broken == 0 { Exit::Done } else { Exit::Refused })
}
