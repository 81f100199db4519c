//! `berth create`: makes the cloud be as the file says, and proves it.

use std::path::PathBuf;
use std::time::Duration;

use berth_core::actions::Action;
use berth_core::observed::{Observed, ObservedPool, Phase};
use berth_core::plan::{Plan, StepChange, StepId};
use berth_core::rules::preflight::PreflightVerdict;
use berth_core::run::Outcome;
use berth_core::spec::{ClusterSpec, Provider};
use berth_report::words;
use clap::Args;
use serde_json::json;

use crate::commands::cost::{Forecast, PricesArgs, SpendingArgs};
use crate::commands::plan::{self, MeantArgs, Wanted, WishArgs};
use crate::commands::{kubeconfig, verify};
use crate::failure::{Exit, Failure};
use crate::fleet;
use crate::interrupt::Interrupts;
use crate::run::{Manners, Work, explain};
use crate::settings::Settings;
use crate::ui::Ui;
use crate::ui::render;
use crate::wiring::{self, Doors};

/// How often the plan is made anew before we say that it does not converge: a first run needs two rounds, a run that takes
/// up a killed one three.
const ROUNDS: usize = 6;

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// The spec of the cluster; several files make their clusters at once
    #[arg(long, short, value_name = "FILE", required = true)]
    file: Vec<PathBuf>,
    #[command(flatten)]
    meant: MeantArgs,
    #[command(flatten)]
    prices: PricesArgs,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Allow changes that take nodes down: pools that are deleted and made again, zones that are taken from a pool
    #[arg(long)]
    allow_recreate: bool,
    #[command(flatten)]
    spending: SpendingArgs,
    /// How long to wait for every GPU to be allocatable
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = verify::duration)]
    verify_timeout: Duration,
    /// Also merge the cluster into kubectl's own configuration and make it current
    #[arg(long)]
    merge_kubeconfig: bool,
}

pub(crate) async fn run(args: &CreateArgs, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    let wish = |file: &PathBuf| WishArgs {
        file: file.clone(),
        meant: args.meant.clone(),
        prices: args.prices.clone(),
        budget: args.spending.budget,
    };
    let wishes: Vec<WishArgs> = args.file.iter().map(wish).collect();
    let [wish] = wishes.as_slice() else { return many(args, &wishes, settings, ui).await };
    let wanted = load(args, wish, settings, ui).await?;
    let doors = wiring::open_for(wanted.spec(), settings).await?;
    let work = Work { doors: &doors, settings, ui, interrupts: Interrupts::listen(), manners: Manners::Finish };
    let result = create(args, &wanted, None, &work).await;
    doors.close().await;
    result
}

async fn load<'a>(args: &CreateArgs, wish: &'a WishArgs, settings: &Settings, ui: &Ui) -> Result<Wanted<'a>, Failure> {
    let wanted = Wanted::load(wish, settings, ui).await?;
    if let Some(forecast) = &wanted.forecast {
        forecast.keep_budget(args.spending.over_budget, ui)?;
    }
    Ok(wanted)
}

/// Makes several clusters: nothing is touched before all of them have been looked at and agreed to.
async fn many(args: &CreateArgs, wishes: &[WishArgs], settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    let mut loaded = Vec::new();
    // One after the other, so that each finds the live prices that the one before it had kept.
    for wish in wishes {
        loaded.push(load(args, wish, settings, ui).await);
    }
    let wanted = fleet::all_or_none(loaded, "files cannot be used", ui)?;
    fleet::distinct(wanted.iter().map(|wanted| place(wanted.spec())))?;
    let doors = fleet::open(wanted.iter().map(Wanted::spec), settings).await?;
    let result = all_at_once(args, &wanted, &doors, settings, ui).await;
    fleet::close(doors).await;
    result
}

fn place(spec: &ClusterSpec) -> (String, &str) {
    (format!("{}, {}", spec.cloud.provider().as_str(), spec.place.location()), &spec.name)
}

async fn all_at_once(
    args: &CreateArgs,
    wanted: &[Wanted<'_>],
    doors: &[Doors],
    settings: &Settings,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let looked = fleet::at_once(wanted.iter().zip(doors).map(|(wanted, doors)| first_look(args, wanted, doors))).await;
    let looked = fleet::all_or_none(looked, "clusters cannot be made", ui)?;
    let is_asking = !args.yes && looked.iter().any(|look| look.text.is_some());
    looked.iter().filter_map(|look| look.text.as_ref()).for_each(|text| ui.talk(&format!("{text}\n")));
    if is_asking {
        let question = format!("Go on with {}? [y/N]", words::count(wanted.len(), "cluster"));
        fleet::agree(&question, &["y", "yes"], "nothing was created", ui)?;
    }
    let interrupts = Interrupts::listen();
    let runs = wanted.iter().zip(doors).zip(looked).map(|((wanted, doors), look)| {
        let (beside, interrupts) = (ui.beside_as(&wanted.spec().name), interrupts.clone());
        // While somebody thinks about a question the clouds may change.
        let look = (!is_asking).then_some(look.seen);
        async move {
            let work = Work { doors, settings, ui: &beside, interrupts, manners: Manners::Finish };
            create(args, wanted, look, &work).await
        }
    });
    fleet::end(fleet::at_once(runs).await, "made", ui)
}

/// What was seen of a cluster, and what was decided on it.
type Seen = (Observed, Plan);

/// What creating one of several would do.
struct FirstLook {
    seen: Seen,
    /// In words; `None` when there is nothing to do.
    text: Option<String>,
}

async fn first_look(args: &CreateArgs, wanted: &Wanted<'_>, doors: &Doors) -> Result<FirstLook, Failure> {
    let spec = wanted.spec();
    let (observed, plan) = wanted.decide(doors).await?;
    if plan.is_empty() {
        return Ok(FirstLook { seen: (observed, plan), text: None });
    }
    keep_nodes(args.allow_recreate, &plan)?;
    let findings = plan::preflight(wanted.args, spec, &plan, &observed, doors).await?;
    if findings.iter().any(|finding| finding.verdict == PreflightVerdict::Failed) {
        return Err(plan::preflight_failure(&findings).detail(format!("cluster {}", spec.name)));
    }
    let mut parts = vec![render::plan::text(&plan::heading(spec, doors), &plan)];
    parts.extend(wanted.forecast.as_ref().map(Forecast::text));
    parts.extend((!findings.is_empty()).then(|| render::preflight::text(&findings)));
    Ok(FirstLook { seen: (observed, plan), text: Some(parts.join("\n\n")) })
}

/// Makes one cluster, beginning with what was just seen of it, if it was.
async fn create(args: &CreateArgs, wanted: &Wanted<'_>, seen: Option<Seen>, work: &Work<'_>) -> Result<Exit, Failure> {
    let Work { doors, settings, ui, interrupts, .. } = work;
    let spec = wanted.spec();
    let promise = verify::Promise::of(spec, wanted.filling.files())?;
    let again = |command: &str| format!("{command} -f {}{}", wanted.args.file.display(), settings.flags());
    // Of several clusters at once, all were agreed to.
    let yes = args.yes || ui.is_beside();
    let making = Making { wanted, yes, allow_recreate: args.allow_recreate, take_away: again("berth destroy") };
    let Settled { changed, observed } = converge(&making, seen, work).await?;
    if !changed {
        ui.talk(&format!("Cluster {} is as the file says: nothing to do", spec.name));
    }
    // A kubeconfig that cannot be written must not hide whether the GPUs are there.
    let at = wiring::cluster_at(spec, doors);
    let path = match kubeconfig::access_to(&observed, &at) {
        // Whoever made the cluster has a kubeconfig of it.
        Ok(_) if is_existing(spec) => Ok(None),
        Ok(access) => kubeconfig::write(&at, &access, doors, settings, args.merge_kubeconfig).map(Some),
        Err(failure) => Err(failure),
    };
    let billed = standing_words(spec);
    let promise = promise.having_seen(observed);
    let report = verify::wait(&promise, doors, ui, args.verify_timeout, interrupts.clone())
        .await
        .map_err(|failure| Failure { exit: Exit::Unverified, ..failure }.leaving(&billed))?;
    let value = json!({"report": "create", "cluster": spec.name, "changed": changed,
                       "kubeconfig": path.as_ref().ok(), "verification": report});
    if ui.is_json() {
        ui.json_line(&value);
    } else {
        let heading = if ui.is_beside() { format!("Cluster {}\n", spec.name) } else { String::new() };
        ui.data(&format!("{heading}{}", render::verification::text(&report)));
    }
    let path = path.map_err(|failure| {
        let hint = format!("when that is mended:\n    {}", again("berth kubeconfig"));
        failure.after_spending(&billed).hint(hint)
    })?;
    if !report.is_kept() {
        return Err(Failure::new(
            Exit::Unverified,
            format!("cluster {} does not keep what the file promises", spec.name),
        )
        .leaving(&billed)
        .hint(format!("look again, and wait as long as you like:\n    {} --timeout 30m", again("berth verify")))
        .hint(format!("or take it away:\n    {}", making.take_away)));
    }
    let Some(path) = path else { return Ok(Exit::Done) };
    let serving = if doors.ends_with_us() { " while `berth sim serve` runs" } else { "" };
    ui.talk(&format!("\nkubectl reaches it{serving} with\n    export KUBECONFIG={}", path.display()));
    Ok(Exit::Done)
}

fn is_existing(spec: &ClusterSpec) -> bool {
    spec.cloud.provider() == Provider::Existing
}

/// How a wish is made real, and what the user has agreed to.
pub(crate) struct Making<'a> {
    pub(crate) wanted: &'a Wanted<'a>,
    /// Do not ask.
    pub(crate) yes: bool,
    /// Changes that take nodes down are meant.
    pub(crate) allow_recreate: bool,
    /// The command that takes it away again.
    pub(crate) take_away: String,
}

/// What stands after something was done, for failures.
pub(crate) fn standing_words(spec: &ClusterSpec) -> String {
    if is_existing(spec) {
        return format!("what was put into cluster {} so far is there", spec.name);
    }
    format!("cluster {} is running and billed", spec.name)
}

/// A cluster with which nothing is left to do.
pub(crate) struct Settled {
    /// Whether anything was done.
    pub(crate) changed: bool,
    /// The look that showed it.
    pub(crate) observed: Observed,
}

/// Plans and carries out until nothing is left to do, beginning with what was just seen, if it was.
pub(crate) async fn converge(making: &Making<'_>, seen: Option<Seen>, work: &Work<'_>) -> Result<Settled, Failure> {
    let wanted = making.wanted;
    let name = &wanted.spec().name;
    let mut so_far = SoFar { seen, asked: making.yes, fell_back: false, changes: Vec::new() };
    for round in 0..ROUNDS {
        match one_round(making, work, round, &mut so_far).await {
            Ok(None) => {}
            Ok(Some(observed)) => return Ok(Settled { changed: round > 0, observed }),
            Err(failure) if round == 0 || failure.left_behind.is_some() => return Err(failure),
            Err(failure) => return Err(failure.after_spending(standing_words(wanted.spec()))),
        }
    }
    Err(Failure::new(Exit::FailedRunning, format!("cluster {name} does not come to rest"))
        .detail(format!("after {ROUNDS} rounds there is still something to change"))
        .leaving(standing_words(wanted.spec())))
}

/// What the rounds of one create know of each other.
struct SoFar {
    /// A look that nothing has been done on yet.
    seen: Option<Seen>,
    /// The user has agreed.
    asked: bool,
    /// A pool that got no machines was given another chance.
    fell_back: bool,
    /// The changes that the last round made.
    changes: Vec<(StepId, Action)>,
}

impl SoFar {
    /// Whether this plan does nothing but what was just done: the cloud took it, and still shows something else.
    fn has_done(&self, plan: &Plan) -> bool {
        plan.steps.iter().all(|step| {
            step.change == StepChange::Change
                && self.changes.iter().any(|(id, action)| *id == step.id && *action == step.action)
        })
    }
}

/// Looks, decides, shows, asks and acts once; gives what was seen when there is nothing to do.
async fn one_round(
    making: &Making<'_>,
    work: &Work<'_>,
    round: usize,
    so_far: &mut SoFar,
) -> Result<Option<Observed>, Failure> {
    let Work { doors, ui, .. } = work;
    let wanted = making.wanted;
    let spec = wanted.spec();
    let (observed, plan) = match so_far.seen.take() {
        Some(seen) => seen,
        None => wanted.decide(doors).await?,
    };
    if round > 0 {
        still_wanted(spec, &observed)?;
    }
    if plan.is_empty() {
        return Ok(Some(observed));
    }
    if so_far.has_done(&plan) {
        for step in &plan.steps {
            ui.warning(&format!("the cloud took it and still shows something else: {}", step.title));
        }
        return Ok(Some(observed));
    }
    // Of several clusters at once, the first plans were shown before anything was asked.
    if round > 0 || !ui.is_beside() {
        ui.talk(&render::plan::text(&plan::heading(spec, doors), &plan));
    }
    if round == 0 && !ui.is_beside() {
        if let Some(forecast) = &wanted.forecast {
            ui.talk(&format!("\n{}", forecast.text()));
        }
        let findings = plan::preflight(wanted.args, spec, &plan, &observed, doors).await?;
        if !findings.is_empty() {
            ui.talk(&format!("\n{}", render::preflight::text(&findings)));
        }
        if findings.iter().any(|finding| finding.verdict == PreflightVerdict::Failed) {
            return Err(plan::preflight_failure(&findings));
        }
    }
    agree(making, &plan, &mut so_far.asked, ui)?;
    so_far.changes = plan.steps.iter().map(|step| (step.id.clone(), step.action.clone())).collect();
    let outcome = work.carry_out("create", &spec.name, &plan).await?;
    if work.falls_back(spec, &outcome) && !so_far.fell_back {
        so_far.fell_back = true;
        ui.warning("some machines cannot be had now; looking for what can take their place");
        return Ok(None);
    }
    if work.may_go_on(&outcome) { Ok(None) } else { Err(failed(making, work, &plan, &outcome).await) }
}

/// After a round that went well the cluster is there; if it is not, somebody took it away, and knows why.
fn still_wanted(spec: &ClusterSpec, observed: &Observed) -> Result<(), Failure> {
    let failure = |exit, what: &str| {
        Failure::new(exit, format!("cluster {} {what} by somebody else", spec.name))
            .hint("if it is still wanted, run the same command again")
    };
    match &observed.cluster {
        Some(cluster) if cluster.phase == Phase::Deleting => {
            Err(failure(Exit::FailedRunning, "is being deleted").leaving("it is billed until the deletion has ended"))
        }
        Some(_) => Ok(()),
        None => Err(failure(Exit::FailedClean, "was deleted").leaving("nothing is left in the cloud")),
    }
}

/// Refuses a plan that takes nodes down, unless that is meant.
fn keep_nodes(allow_recreate: bool, plan: &Plan) -> Result<(), Failure> {
    let recreations: Vec<_> = plan.recreations().map(|step| step.title.clone()).collect();
    if recreations.is_empty() || allow_recreate {
        return Ok(());
    }
    let failure = Failure::refused("the plan takes running nodes down").leaving("nothing was changed");
    let failure = recreations.into_iter().fold(failure, Failure::detail);
    Err(failure.hint("if that is meant, say so with --allow-recreate"))
}

fn agree(making: &Making<'_>, plan: &Plan, asked: &mut bool, ui: &Ui) -> Result<(), Failure> {
    keep_nodes(making.allow_recreate, plan)?;
    if *asked {
        return Ok(());
    }
    match ui.ask("\nGo on? [y/N]") {
        Some(answer) if matches!(answer.to_lowercase().as_str(), "y" | "yes") => *asked = true,
        Some(_) => return Err(Failure::refused("not confirmed").leaving("nothing was created")),
        None => {
            return Err(Failure::refused("there is no terminal to ask on")
                .leaving("nothing was created")
                .hint("confirm beforehand with --yes"));
        }
    }
    Ok(())
}

/// Says what failed, what exists all the same, and what to do.
async fn failed(making: &Making<'_>, work: &Work<'_>, plan: &Plan, outcome: &Outcome) -> Failure {
    let spec = making.wanted.spec();
    let what = if outcome.failed.is_empty() { "was stopped" } else { "did not succeed" };
    let failure = Failure::new(Exit::FailedClean, format!("creating cluster {} {what}", spec.name));
    let failure = explain(failure, plan, outcome, spec.cloud.provider());
    let Some(left) = what_exists(spec, work).await else {
        return failure.leaving("nothing is left in the cloud");
    };
    Failure { exit: Exit::FailedRunning, ..failure }
        .leaving(left)
        .hint(format!("run the same command again, it goes on from there; or take it away:\n    {}", making.take_away))
}

/// What exists of the cluster now, in words; `None` when nothing does.
async fn what_exists(spec: &ClusterSpec, work: &Work<'_>) -> Option<String> {
    let Ok(observed) = plan::look(work.doors, spec).await else {
        return Some(format!("what is left of cluster {} is not known: the cloud did not answer", spec.name));
    };
    let Some(cluster) = observed.cluster else {
        // A creation that GKE has begun may not show its cluster yet.
        let begun = observed.operations.first()?;
        return Some(format!("cluster {} is about to be billed: {} is going on", spec.name, begun.name));
    };
    if is_existing(spec) {
        return Some(standing_words(spec));
    }
    let pool = |pool: &ObservedPool| format!("{} ({})", pool.name, render::cluster::phase(pool.phase));
    let pools: Vec<String> = cluster.pools.iter().map(pool).collect();
    let pools = if pools.is_empty() { "no pools".to_owned() } else { format!("pools {}", pools.join(", ")) };
    Some(format!("cluster {} is running and billed, with {pools}", cluster.name))
}
