//! `berth cost`: what a spec will cost, from the price book; needs no cloud.

use std::path::PathBuf;

use berth_core::cost::{Amount, PriceBook, estimate};
use berth_core::ports::Clock;
use clap::Args;
use jiff::tz::TimeZone;

use crate::cli::OutputForm;
use crate::clock::RunClock;
use crate::commands::ProviderArg;
use crate::failure::{Exit, Failure};
use crate::spec_file;
use crate::ui::Ui;
use crate::ui::render::cost::{self, Shown};

#[derive(Debug, Args)]
pub(crate) struct CostArgs {
    /// The spec to price, or - for standard input
    #[arg(long, short, value_name = "FILE")]
    file: PathBuf,
    /// Price it on this cloud instead of the one the file names
    #[arg(long, value_enum)]
    provider: Option<ProviderArg>,
}

pub(crate) fn run(args: &CostArgs, ui: &Ui) -> Result<Exit, Failure> {
    let checked = spec_file::load(&args.file, args.provider.map(Into::into), ui)?;
    let spec = &checked.spec;
    let today = RunClock::real().now().to_zoned(TimeZone::UTC).date();
    let Some(estimate) = estimate(spec, &PriceBook::facts(), today) else {
        return Err(Failure::refused(format!(
            "cluster {} stands already: berth does not buy its machines and has no prices of them",
            spec.name
        )));
    };
    let budget = checked.budget_monthly_usd.map(monthly);
    let shown = Shown { spec, estimate: &estimate, budget };
    match ui.form() {
        OutputForm::Table => ui.data(&cost::text(&shown)),
        OutputForm::Markdown => ui.data(&cost::markdown(&shown)),
        OutputForm::Html => ui.data(&cost::html(&shown, today)),
        OutputForm::Prometheus => ui.data(&cost::prometheus(&shown).map_err(unwritten)?),
        OutputForm::Csv => ui.data(&cost::csv(&shown)),
        OutputForm::Json => ui.json(&cost::json(&shown)),
    }
    Ok(Exit::Done)
}

/// So many US dollars a month, to the micro-dollar.
fn monthly(usd: f64) -> Amount {
    Amount::by_the_month((usd * 1e6).round() as u64)
}

/// A metric that cannot be written has a name or a value that we should not have made.
fn unwritten(error: std::fmt::Error) -> Failure {
    Failure::new(Exit::Bug, "cannot write metrics").because(error)
}
