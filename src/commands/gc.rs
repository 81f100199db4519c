//! `berth gc`: finds what is ours and over, by labels and tags, and takes it away when told to.

mod sweep;

use std::collections::BTreeSet;
use std::time::Duration;

use berth_core::cost::PriceBook;
use berth_core::gc::{GcPlan, GcRules, Inventory, Scope, decide, price};
use berth_core::ports::Clock;
use berth_core::spec::Provider;
use clap::Args;
use futures::stream::{self, StreamExt};
use serde_json::json;

use crate::commands::ci::namespace;
use crate::commands::{ProviderArg, verify};
use crate::failure::{Exit, Failure};
use crate::interrupt::Interrupts;
use crate::settings::Settings;
use crate::ui::Ui;
use crate::ui::render;
use crate::ui::render::gc::{Decided, Swept};
use crate::wiring::{self, Doors};

#[derive(Debug, Args)]
pub(crate) struct GcArgs {
    /// Take it away; without it only a report is written
    #[arg(long, short, visible_alias = "delete")]
    yes: bool,
    /// Cloud to look at; without it all that can be reached
    #[arg(long, value_enum)]
    provider: Option<ProviderArg>,
    /// Google Cloud projects to look at; without it the environment's
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    project: Vec<String>,
    /// Regions to look at; without it all
    #[arg(long, value_delimiter = ',', value_name = "REGION")]
    region: Vec<String>,
    /// Standing clusters whose namespaces to look at: contexts, files, or names of clusters of berth's
    #[arg(long, value_name = "CLUSTER")]
    on: Vec<String>,
    /// How old what has no cluster and no lease must be: its creation may be running
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = verify::duration)]
    grace: Duration,
    /// Also what has no cluster, no lease, and does not say how old it is
    #[arg(long)]
    even_without_age: bool,
    /// Also disks and volumes of what had no lease, with their data; without it they stay and are named
    #[arg(long)]
    with_volumes: bool,
    /// How long to wait for a cluster that is still being made, which no cloud deletes; then the next gc has it
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = verify::duration)]
    wait: Duration,
    /// Environments that are taken away at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    at_once: u8,
}

pub(crate) async fn run(args: &GcArgs, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    let mut reach = Reach::open(args, settings).await?;
    let result = collect(args, &reach, settings, ui).await;
    for (doors, _) in reach.doors.drain(..) {
        doors.close().await;
    }
    result
}

/// The clouds that can be asked, and why the others cannot.
struct Reach {
    doors: Vec<(Doors, Settings)>,
    closed: Vec<String>,
}

impl Reach {
    async fn open(args: &GcArgs, settings: &Settings) -> Result<Self, Failure> {
        let mut reach = Self { doors: Vec::new(), closed: Vec::new() };
        let (mut first, mut is_named) = (None, false);
        let providers = args.provider.map_or(vec![Provider::Gke, Provider::Eks], |provider| vec![provider.into()]);
        for provider in providers {
            let mut all: Vec<Settings> = args.project.iter().map(|project| settings.in_project(project)).collect();
            if provider != Provider::Gke || all.is_empty() {
                all = vec![settings.clone()];
            }
            for settings in all {
                // AWS is asked through one region and tells of all.
                let region = args.region.first().map(String::as_str).filter(|_| provider == Provider::Eks);
                match wiring::open(provider, region, &settings).await {
                    Ok(doors) => reach.doors.push((doors, settings)),
                    Err(failure) => {
                        is_named |= provider == Provider::Gke && !args.project.is_empty();
                        let causes = failure.causes.join("; ");
                        reach.closed.push(format!("{}: {} ({causes})", provider.as_str(), failure.message));
                        first = first.or(Some(failure));
                    }
                }
            }
        }
        match first {
            Some(failure) if reach.doors.is_empty() && args.on.is_empty() => Err(failure),
            // A project that was named has to be looked at, a cloud that was not named need not.
            Some(failure) if args.provider.is_some() || is_named => {
                for (doors, _) in reach.doors.drain(..) {
                    doors.close().await;
                }
                Err(failure)
            }
            _ => Ok(reach),
        }
    }
}

async fn collect(args: &GcArgs, reach: &Reach, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    for closed in &reach.closed {
        ui.talk(&format!("not asked: {closed}"));
    }
    let looks = reach.doors.iter().map(|(doors, settings)| async move {
        let plan = look(args, doors).await?;
        Ok::<_, Failure>((plan, doors, settings))
    });
    let looked: Vec<Result<_, Failure>> = stream::iter(looks).buffered(args.at_once.into()).collect().await;
    let mut plans = Vec::new();
    for looked in looked {
        plans.push(looked?);
    }
    let mut swept = Vec::new();
    if args.yes {
        remember(&plans, ui).await;
        let interrupts = Interrupts::listen();
        let quiet = ui.beside();
        let sweeps = plans.iter().flat_map(|(plan, doors, settings)| {
            let sweep = |environment| {
                let (wait, with_volumes) = (args.wait, args.with_volumes);
                let (ui, interrupts, is_partial) = (&quiet, interrupts.clone(), !plan.unread.is_empty());
                let broom = sweep::Broom { settings, ui, interrupts, wait, with_volumes, is_partial };
                broom.sweep(environment, doors)
            };
            plan.doomed.iter().map(sweep).collect::<Vec<_>>()
        });
        let sweeps: Vec<_> = sweeps.collect();
        swept = stream::iter(sweeps).buffer_unordered(args.at_once.into()).collect().await;
        remember(&plans, ui).await;
    }
    let namespaces = namespace::collect(&args.on, args.provider, args.yes, settings, ui).await?;
    let book = PriceBook::facts();
    let decided = plans.iter().map(|(plan, doors, _)| {
        let prices = plan.doomed.iter().map(|environment| price(environment, &book)).collect();
        Decided { plan, now: doors.clock.now(), prices }
    });
    Ok(show(args, &decided.collect::<Vec<_>>(), &swept, &namespaces, ui))
}

/// Looks at what is billed where something is to go, and keeps it for bills: once before it goes, and once to see when it ended.
///
/// What is in the way of that is told and keeps nothing from going.
async fn remember(plans: &[(GcPlan, &Doors, &Settings)], ui: &Ui) {
    for (plan, doors, settings) in plans {
        let doomed = plan.doomed.iter();
        let regions: BTreeSet<Option<&str>> = match doors.only_region() {
            Some(_) => doomed.map(|environment| environment.location.as_deref()).collect(),
            None => doomed.map(|_| None).collect(),
        };
        for region in regions {
            if let Err(why) = remember_in(region, doors, settings).await {
                ui.warning(&format!("what it has cost will not be known in full: {why}"));
            }
        }
    }
}

async fn remember_in(region: Option<&str>, doors: &Doors, settings: &Settings) -> Result<(), String> {
    if region == doors.only_region() {
        return Box::pin(doors.billable(None, false, settings)).await.map(drop).map_err(|fault| fault.to_string());
    }
    let doors = wiring::open(doors.provider(), region, settings).await.map_err(|failure| failure.message)?;
    let looked = Box::pin(doors.billable(None, false, settings)).await.map(drop).map_err(|fault| fault.to_string());
    doors.close().await;
    looked
}

/// What of one account is to go.
async fn look(args: &GcArgs, doors: &Doors) -> Result<GcPlan, Failure> {
    let scope = Scope { accounts: vec![doors.account().to_owned()], regions: args.region.clone() };
    let inventory: Inventory = doors.inventory(&scope).await.map_err(|fault| doors.reading(&fault))?;
    let rules = GcRules {
        now: doors.clock.now(),
        grace: args.grace,
        even_without_age: args.even_without_age,
        with_volumes: args.with_volumes,
    };
    Ok(decide(&inventory, &rules))
}

/// Writes the report; what remains decides how it ends.
fn show(
    args: &GcArgs,
    accounts: &[Decided<'_>],
    swept: &[Swept],
    namespaces: &[render::gc::SweptNamespace],
    ui: &Ui,
) -> Exit {
    let doomed = accounts.iter().map(|account| account.plan.doomed.len()).sum::<usize>();
    let is_open = accounts
        .iter()
        .any(|account| !account.plan.unread.is_empty() || account.plan.kept.iter().any(|kept| kept.why.is_open()));
    let gone = swept.iter().filter(|swept| swept.outcome.is_settled()).count();
    let names_left = namespaces.iter().filter(|namespace| !namespace.is_gone).count();
    let remaining = doomed - gone + names_left;
    let value = json!({
        "report": "gc", "deleting": args.yes, "remaining": remaining,
        "accounts": accounts.iter().map(render::gc::json).collect::<Vec<_>>(),
        "swept": swept.iter().map(Swept::json).collect::<Vec<_>>(),
        "namespaces": namespaces.iter().map(render::gc::SweptNamespace::json).collect::<Vec<_>>(),
    });
    ui.report(&value, || {
        let mut parts: Vec<String> = accounts.iter().filter_map(|account| render::gc::text(account, swept)).collect();
        parts.extend(namespaces.iter().map(render::gc::SweptNamespace::line));
        let last = match (remaining, args.yes) {
            (0, _) => "Nothing remains that is over".to_owned(),
            (_, false) => {
                format!("{} to be taken away: berth gc --yes", berth_report::words::count(remaining, "environment"))
            }
            (_, true) => format!("{} still there", berth_report::words::count(remaining, "environment")),
        };
        parts.push(last);
        parts.join("\n\n")
    });
    if remaining == 0 && !is_open { Exit::Done } else { Exit::FailedRunning }
}
