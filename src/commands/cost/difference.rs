//! `berth cost diff`: what a change of a spec changes in its cost.

use std::path::{Path, PathBuf};

use berth_core::cost::{Estimate, PriceBook, diff};
use berth_core::spec::{Checked, Provider};
use berth_report::cost::difference::{self, Diffed};
use clap::Args;

use super::{PricesArgs, only_tables, priced};
use crate::cli::OutputForm;
use crate::commands::ProviderArg;
use crate::failure::{Exit, Failure};
use crate::revision::Revision;
use crate::settings::Settings;
use crate::spec_file;
use crate::ui::Ui;

#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// The spec as it was: a file, a file in a revision of git as REVISION:FILE, - for standard input, or /dev/null for none
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The spec as it will be, in the same forms
    #[arg(value_name = "NEW", required_unless_present = "file")]
    new: Option<PathBuf>,
    /// The spec; OLD and NEW then name revisions of git, and without NEW it is the file as it lies here
    #[arg(long, short, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Price both on this cloud instead of the ones the files name
    #[arg(long, value_enum)]
    provider: Option<ProviderArg>,
    #[command(flatten)]
    prices: PricesArgs,
}

/// One of the two that are compared.
enum Side<'a> {
    Nothing,
    File(&'a Path),
    Revision(Revision, String),
}

pub(super) async fn run(args: &DiffArgs, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    let sides = sides(args)?;
    let [old, new] = [&sides[0], &sides[1]].map(|side| side.load(args.provider.map(Into::into), ui));
    let (old, new) = (old?, new?);
    let specs = [&old, &new].into_iter().flatten().map(|checked| &checked.spec).collect::<Vec<_>>();
    let prices = args.prices.read(&specs, settings, ui).await?;
    let (old, new) = (estimate(old.as_ref(), &prices.book)?, estimate(new.as_ref(), &prices.book)?);
    let names = [sides[0].name(), sides[1].name()];
    let estimates = [old.as_ref(), new.as_ref()];
    let diffed = Diffed {
        names: [names[0].as_str(), names[1].as_str()],
        estimates,
        difference: diff(estimates[0], estimates[1]),
        told: &prices.told,
    };
    match ui.form() {
        OutputForm::Table => ui.data(&difference::text(&diffed)),
        OutputForm::Markdown => ui.data(&difference::markdown(&diffed)),
        OutputForm::Json => ui.json(&difference::json(&diffed)),
        OutputForm::Csv | OutputForm::Html | OutputForm::Prometheus => return Err(only_tables("a difference")),
    }
    Ok(Exit::Done)
}

fn sides(args: &DiffArgs) -> Result<[Side<'_>; 2], Failure> {
    let sides = match (&args.file, &args.new) {
        (Some(file), _) if file == Path::new("-") => {
            return Err(Failure::refused("standard input is in no revision").hint("name the file with --file"));
        }
        (Some(file), Some(new)) => [Side::of_revision(&args.old, file), Side::of_revision(new, file)],
        (Some(file), None) => [Side::of_revision(&args.old, file), Side::File(file)],
        (None, new) => [Side::of(&args.old), new.as_deref().map_or(Side::Nothing, Side::of)],
    };
    match &sides {
        [Side::Nothing, Side::Nothing] => Err(Failure::refused("neither of the two is a spec")),
        [Side::File(old), Side::File(new)] if *old == Path::new("-") && *new == Path::new("-") => {
            Err(Failure::refused("standard input can be one of the two specs, not both"))
        }
        _ => Ok(sides),
    }
}

impl<'a> Side<'a> {
    /// A file, if there is one of that name, or else a file in a revision.
    fn of(named: &'a Path) -> Self {
        if named == Path::new("/dev/null") {
            return Self::Nothing;
        }
        let in_revision = named.to_str().filter(|_| !named.exists()).and_then(Revision::with_path);
        in_revision.map_or(Self::File(named), |(revision, path)| Self::Revision(revision, path))
    }

    fn of_revision(named: &'a Path, file: &Path) -> Self {
        if named == Path::new("/dev/null") {
            return Self::Nothing;
        }
        let (revision, path) = Revision::with_file(&named.to_string_lossy(), file);
        Self::Revision(revision, path)
    }

    /// As messages and headings have it.
    fn name(&self) -> String {
        match self {
            Self::Nothing => "no cluster".to_owned(),
            Self::File(file) => file.display().to_string(),
            Self::Revision(revision, path) => revision.shown(path),
        }
    }

    fn load(&self, provider: Option<Provider>, ui: &Ui) -> Result<Option<Checked>, Failure> {
        match self {
            Self::Nothing => Ok(None),
            Self::Revision(revision, path) => spec_file::load_from(revision, path, provider, ui).map(Some),
            Self::File(file) => {
                let loaded = spec_file::load(file, provider, ui).map(Some);
                let is_there = *file == Path::new("-") || file.exists();
                loaded.map_err(|failure| {
                    if is_there {
                        return failure;
                    }
                    failure.hint("a revision of git is named with its file: REVISION:FILE, or --file FILE REVISION")
                })
            }
        }
    }
}

fn estimate(checked: Option<&Checked>, book: &PriceBook) -> Result<Option<Estimate>, Failure> {
    checked.map(|checked| priced(&checked.spec, book)).transpose()
}
