//! `berth cost diff`: what a change of a spec changes in its cost.

use std::path::{Path, PathBuf};

use berth_core::cost::{PriceBook, diff};
use clap::Args;

use super::{PricedArgs, only_tables, priced};
use crate::cli::OutputForm;
use crate::failure::{Exit, Failure};
use crate::ui::Ui;
use crate::ui::render::cost::difference;

/// A file of a revision names other files of that revision, so all of it has to be there.
const REVISION: &str = "a revision of git is not read by itself; lay it beside, and name the file in it:\n    git worktree add ../before REVISION";

#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// The spec as it was, or - for standard input
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The spec as it will be, or - for standard input
    #[arg(value_name = "NEW")]
    new: PathBuf,
    #[command(flatten)]
    priced: PricedArgs,
}

pub(super) fn run(args: &DiffArgs, ui: &Ui) -> Result<Exit, Failure> {
    let stdin = Path::new("-");
    if args.old == stdin && args.new == stdin {
        return Err(Failure::refused("standard input can be one of the two specs, not both"));
    }
    let book = args.priced.book()?;
    let (old, new) = (estimate(args, &args.old, &book, ui)?, estimate(args, &args.new, &book, ui)?);
    let changed = diff(Some(&old), Some(&new));
    let names = [&args.old, &args.new].map(|path| path.display().to_string());
    let names = [names[0].as_str(), names[1].as_str()];
    match ui.form() {
        OutputForm::Table => ui.data(&difference::text(names, &changed)),
        OutputForm::Markdown => ui.data(&difference::markdown(names, &changed)),
        OutputForm::Json => ui.json(&difference::json(names, &changed)),
        OutputForm::Csv | OutputForm::Html | OutputForm::Prometheus => return Err(only_tables("a difference")),
    }
    Ok(Exit::Done)
}

fn estimate(args: &DiffArgs, file: &Path, book: &PriceBook, ui: &Ui) -> Result<berth_core::cost::Estimate, Failure> {
    let checked = args.priced.load(file, ui).map_err(|failure| {
        let is_revision = !file.exists() && file.to_string_lossy().contains(':');
        if is_revision { failure.hint(REVISION) } else { failure }
    })?;
    priced(&checked.spec, book)
}
