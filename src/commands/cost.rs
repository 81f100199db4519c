//! `berth cost`: what a spec will cost, from the price book, which needs no cloud; and what a cluster costs and has cost.

mod asked;
mod bill;
mod difference;
mod forecast;
mod prices;
mod variants;

use std::path::PathBuf;

use berth_core::cost::{Budget, Comparison, Estimate, LiveRead, PriceBook, Schedule, estimate};
use berth_core::spec::{ClusterSpec, Provider};
use berth_report::cost::{self, OnSchedule, Shown};
use clap::{ArgGroup, Args, Subcommand};

use crate::cli::OutputForm;
use crate::commands::ProviderArg;
use crate::failure::{Exit, Failure};
use crate::settings::Settings;
use crate::spec_file;
use crate::ui::Ui;

pub(crate) use bill::{SoFar, so_far};
pub(crate) use forecast::{BudgetArgs, Forecast, SpendingArgs};
pub(crate) use prices::{Prices, PricesArgs};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(group(ArgGroup::new("priced").args(["file", "name", "all"]).required(true)))]
pub(crate) struct CostArgs {
    #[command(subcommand)]
    command: Option<CostCommand>,
    /// The spec to price, or - for standard input
    #[arg(long, short, value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    bill: bill::BillArgs,
    /// Price it on this cloud instead of the one the file names
    #[arg(long, value_enum)]
    provider: Option<ProviderArg>,
    #[command(flatten)]
    prices: PricesArgs,
    #[command(flatten)]
    budget: BudgetArgs,
    /// Hours in which it works, such as "weekdays 8-20"; outside them every pool is at its fewest nodes, and with "weekdays 8-20 to-zero" has none
    #[arg(long, value_name = "HOURS", value_parser = Schedule::parse, conflicts_with_all = ["name", "all"])]
    schedule: Option<Schedule>,
    /// Show it beside other clouds (gke,eks) or other GPUs (a100,v100,t4,l4)
    #[arg(long, value_name = "WHAT,...", value_delimiter = ',', value_parser = asked::beside, conflicts_with_all = ["schedule", "name", "all", "budget"])]
    compare: Vec<asked::Beside>,
    /// Show it beside the same with another capacity=spot|on-demand|spot-then-on-demand or with shares=N of each GPU
    ///
    /// Pools without GPUs are bought as before, unless no pool has GPUs.
    #[arg(long, value_name = "CHANGE,...", value_delimiter = ',', value_parser = asked::change, conflicts_with_all = ["schedule", "compare", "name", "all", "budget"])]
    what_if: Vec<asked::Change>,
    /// Exit with 7 if an expected month costs more than this
    #[arg(long, value_name = "USD", value_parser = asked::budget, conflicts_with_all = ["compare", "what_if"])]
    fail_over: Option<Budget>,
}

/// What else can be asked of costs.
#[derive(Debug, Subcommand)]
enum CostCommand {
    /// Show what a change of a spec changes in its cost
    Diff(difference::DiffArgs),
}

pub(crate) async fn run(args: &CostArgs, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    match (&args.command, &args.file) {
        (Some(CostCommand::Diff(diff)), _) => difference::run(diff, settings, ui).await,
        (None, Some(file)) => run_estimate(args, file, settings, ui).await,
        (None, None) if args.bill.name.is_some() || args.bill.all => {
            let provider = args.provider.map(Into::into);
            let (budget, limit) = (args.budget.given(), args.fail_over);
            let (book, refresh) = (args.prices.book()?, args.prices.is_refresh());
            let asked = bill::Asked { provider, book, refresh, budget, limit };
            Box::pin(bill::run(&args.bill, asked, settings, ui)).await
        }
        // The parser asks for one of them.
        (None, None) => Err(Failure::refused("no spec is named").hint("name one with --file")),
    }
}

async fn run_estimate(args: &CostArgs, file: &std::path::Path, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    let checked = spec_file::load(file, args.provider.map(Into::into), ui)?;
    let spec = &checked.spec;
    if spec.cloud.provider() == Provider::Existing {
        return Err(not_bought(spec));
    }
    if !args.compare.is_empty() || !args.what_if.is_empty() {
        let variants = match args.what_if.as_slice() {
            [] => variants::compared(file, spec, &args.compare)?,
            changes => variants::changed(spec, changes)?,
        };
        let prices = args.prices.read(&variants::specs(&variants), settings, ui).await?;
        return put_comparison(spec, &variants::side_by_side(variants, &prices.book), &prices.told, ui);
    }
    let prices = args.prices.read(&[spec], settings, ui).await?;
    let estimate = priced(spec, &prices.book)?;
    let by = |schedule: Schedule| {
        let rest = priced(&schedule.rest(spec), &prices.book)?;
        Ok::<_, Failure>(OnSchedule { schedule, scheduled: estimate.by(&schedule, &rest) })
    };
    let schedule = args.schedule.map(by).transpose()?;
    let budget = args.budget.or_of(&checked);
    let shown = Shown { spec, estimate: &estimate, told: &prices.told, budget, schedule };
    put(&shown, ui)?;
    args.fail_over.map_or(Ok(Exit::Done), |limit| within(&shown, limit, ui))
}

/// Prices a spec, or says why there are no prices.
fn priced(spec: &ClusterSpec, book: &PriceBook) -> Result<Estimate, Failure> {
    estimate(spec, book, forecast::today()).ok_or_else(|| not_bought(spec))
}

fn not_bought(spec: &ClusterSpec) -> Failure {
    let message = "stands already: berth does not buy its machines and has no prices of them";
    Failure::refused(format!("cluster {} {message}", spec.name))
}

fn put(shown: &Shown<'_>, ui: &Ui) -> Result<(), Failure> {
    match ui.form() {
        OutputForm::Table => ui.data(&cost::text(shown)),
        OutputForm::Markdown => ui.data(&cost::markdown(shown)),
        OutputForm::Html => ui.data(&cost::html(shown, forecast::today())),
        OutputForm::Json => ui.data(&cost::json(shown)),
        OutputForm::Csv | OutputForm::Prometheus if shown.schedule.is_some() => {
            return Err(Failure::refused("a schedule is not written in this form of output")
                .hint("take --output table, markdown, html or json"));
        }
        OutputForm::Csv => {
            ui.data(&cost::csv(shown));
            if let Some(budget) = shown.budget {
                ui.talk(&budget.judge(shown.total()).to_string());
            }
        }
        OutputForm::Prometheus => ui.data(&cost::prometheus(shown).map_err(unwritten)?),
    }
    Ok(())
}

fn put_comparison(spec: &ClusterSpec, compared: &Comparison, told: &[LiveRead], ui: &Ui) -> Result<Exit, Failure> {
    match ui.form() {
        OutputForm::Table => ui.data(&cost::comparison::text(&spec.name, compared, told)),
        OutputForm::Markdown => ui.data(&cost::comparison::markdown(&spec.name, compared, told)),
        OutputForm::Json => ui.json(&cost::comparison::json(compared, told)),
        OutputForm::Csv | OutputForm::Html | OutputForm::Prometheus => return Err(only_tables("a comparison")),
    }
    Ok(Exit::Done)
}

/// The refusal of a form that something has not.
fn only_tables(what: &str) -> Failure {
    Failure::refused(format!("{what} is not written in this form of output"))
        .hint("take --output table, markdown or json")
}

/// Whether an expected month stays within a limit.
fn within(shown: &Shown<'_>, limit: Budget, ui: &Ui) -> Result<Exit, Failure> {
    let expected = shown.total().expected;
    if asked::exceeds(expected, limit) {
        return Err(Failure::new(Exit::OverLimit, format!("an expected month costs more than the limit of {limit}"))
            .detail(format!("it comes to {} USD", cost::short::month(expected))));
    }
    if expected.is_at_least() {
        ui.warning(&format!(
            "what is known of an expected month is within {limit}, but not every price is known; the estimate names what lacks"
        ));
    }
    Ok(Exit::Done)
}

/// A metric that cannot be written has a name or a value that we should not have made.
fn unwritten(error: std::fmt::Error) -> Failure {
    Failure::new(Exit::Bug, "cannot write metrics").because(error)
}
