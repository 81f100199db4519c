//! Reading spec files from disk; what they mean is decided in `berth-core`.

use std::fs;
use std::io::Read;
use std::path::Path;

use berth_core::spec::{Checked, Problem, Provider, Source, check};

use crate::failure::Failure;
use crate::revision::Revision;
use crate::ui::Ui;

/// Reads and checks a file; problems become a failure, warnings are said.
pub(crate) fn load(path: &Path, provider: Option<Provider>, ui: &Ui) -> Result<Checked, Failure> {
    let checked = read(path, provider)?.map_err(|problems| refused(&problems))?;
    warn(&checked.warnings, ui);
    Ok(checked)
}

/// The same of a file as it is in a revision of git, and so are the files it names.
pub(crate) fn load_from(
    revision: &Revision,
    path: &str,
    provider: Option<Provider>,
    ui: &Ui,
) -> Result<Checked, Failure> {
    let read = |name: &str| revision.read(name).and_then(utf8);
    let text = read(path).map_err(|said| revision.failure(path, said))?;
    let there = |problems: Vec<Problem>| -> Vec<Problem> {
        problems.into_iter().map(|problem| Problem { file: revision.shown(&problem.file), ..problem }).collect()
    };
    let checked = check(&Source { file: path, text: &text, provider, read: &read })
        .map_err(|problems| refused(&there(problems)))?;
    warn(&there(checked.warnings.clone()), ui);
    Ok(checked)
}

fn warn(warnings: &[Problem], ui: &Ui) {
    warnings.iter().for_each(|warning| ui.warning(&warning.to_string()));
}

/// Reads and checks a file, or standard input if it is `-`; the inner result holds what is wrong with its content.
pub(crate) fn read(path: &Path, provider: Option<Provider>) -> Result<Result<Checked, Vec<Problem>>, Failure> {
    let text = if path == Path::new("-") { read_stdin() } else { read_text(path) };
    let text = text.map_err(|why| Failure::refused(format!("cannot read {}", path.display())).detail(why))?;
    let read = |name: &str| read_text(Path::new(name));
    Ok(check(&Source { file: &path.display().to_string(), text: &text, provider, read: &read }))
}

fn read_stdin() -> Result<String, String> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    utf8(bytes)
}

fn read_text(path: &Path) -> Result<String, String> {
    utf8(fs::read(path).map_err(|error| error.to_string())?)
}

fn utf8(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes)
        .map_err(|error| format!("it is not UTF-8 text: byte {} is not valid", error.utf8_error().valid_up_to()))
}

/// All problems of a file as one failure.
pub(crate) fn refused(problems: &[Problem]) -> Failure {
    let count = berth_report::words::count(problems.len(), "problem");
    problems
        .iter()
        .fold(Failure::refused(format!("the spec has {count}")), |failure, problem| failure.detail(problem.to_string()))
}
