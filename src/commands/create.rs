//! `berth create`: makes the cloud be as the file says, and proves it.

use std::time::Duration;

use berth_core::plan::Plan;
use berth_core::rules::preflight::PreflightVerdict;
use berth_core::run::Outcome;
use berth_core::spec::ClusterSpec;
use clap::Args;
use serde_json::json;

use crate::commands::{kubeconfig, plan, verify};
use crate::failure::{self, Exit, Failure};
use crate::run::carry_out;
use crate::settings::Settings;
use crate::spec_file;
use crate::ui::Ui;
use crate::ui::render;
use crate::wiring::{self, Doors};

/// How often the plan is made anew before we say that it does not converge: a first run needs two rounds, a run that takes
/// up a killed one three.
const ROUNDS: usize = 6;

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    wish: plan::WishArgs,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Allow changes that take nodes down: pools that are deleted and made again
    #[arg(long)]
    allow_recreate: bool,
    /// How long to wait for every GPU to be allocatable
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = verify::duration)]
    verify_timeout: Duration,
    /// Also merge the cluster into kubectl's own configuration and make it current
    #[arg(long)]
    merge_kubeconfig: bool,
}

pub(crate) async fn run(args: &CreateArgs, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    let checked = spec_file::load(&args.wish.file, args.wish.provider.map(Into::into), ui)?;
    let doors = wiring::open_for(&checked.spec, settings).await?;
    let result = create(args, &checked.spec, &doors, settings, ui).await;
    doors.close().await;
    result
}

async fn create(
    args: &CreateArgs,
    spec: &ClusterSpec,
    doors: &Doors,
    settings: &Settings,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let changed = converge(args, spec, doors, settings, ui).await?;
    if !changed {
        ui.talk(&format!("Cluster {} is as the file says: nothing to do", spec.name));
    }
    let at = wiring::cluster_at(spec, doors);
    let path = kubeconfig::access(&at, doors)
        .await
        .and_then(|access| kubeconfig::write(&at, &access, settings, args.merge_kubeconfig))
        .map_err(|failure| Failure { exit: Exit::FailedRunning, ..failure })?;
    let report = verify::wait(spec, doors, ui, args.verify_timeout).await?;
    let value = json!({"report": "create", "cluster": spec.name, "changed": changed, "kubeconfig": path,
                       "verification": report});
    if ui.is_json() {
        ui.json_line(&value);
    } else {
        ui.data(&render::verification::text(&report));
        ui.talk(&format!("\nkubectl reaches it with\n    export KUBECONFIG={}", path.display()));
    }
    verify::exit(&report)
}

/// Plans and carries out until nothing is left to do; gives whether anything was done.
async fn converge(
    args: &CreateArgs,
    spec: &ClusterSpec,
    doors: &Doors,
    settings: &Settings,
    ui: &Ui,
) -> Result<bool, Failure> {
    let mut asked = args.yes;
    for round in 0..ROUNDS {
        let observed = plan::look(doors, spec).await.map_err(|failure| after_spending(failure, round))?;
        let plan = plan::decide(spec, args.wish.adopt, doors, &observed)?;
        if plan.is_empty() {
            return Ok(round > 0);
        }
        ui.talk(&render::plan::text(&plan::heading(spec, doors), &plan));
        if round == 0 {
            let findings = plan::preflight(&args.wish, spec, &plan, &observed, doors).await?;
            if !findings.is_empty() {
                ui.talk(&format!("\n{}", render::preflight::text(&findings)));
            }
            if findings.iter().any(|finding| finding.verdict == PreflightVerdict::Failed) {
                return Err(plan::preflight_failure(&findings));
            }
        }
        agree(args, &plan, &mut asked, ui)?;
        let carried = carry_out(("create", &spec.name), &plan, doors, settings, ui).await?;
        if !carried.may_go_on() {
            return Err(failed(spec, doors, &plan, &carried.outcome).await);
        }
    }
    Err(Failure::new(Exit::FailedRunning, format!("cluster {} does not come to rest", spec.name))
        .detail(format!("after {ROUNDS} rounds there is still something to change"))
        .leaving(format!("cluster {} is running and billed", spec.name)))
}

/// A failure to look once money may have been spent is not "nothing touched".
fn after_spending(failure: Failure, round: usize) -> Failure {
    if round == 0 { failure } else { Failure { exit: Exit::FailedRunning, ..failure } }
}

fn agree(args: &CreateArgs, plan: &Plan, asked: &mut bool, ui: &Ui) -> Result<(), Failure> {
    let recreations: Vec<_> = plan.recreations().map(|step| step.title.clone()).collect();
    if !recreations.is_empty() && !args.allow_recreate {
        let failure = Failure::refused("the plan takes running nodes down").leaving("nothing was changed");
        return Err(recreations
            .into_iter()
            .fold(failure, Failure::detail)
            .hint("if that is meant, say so with --allow-recreate"));
    }
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
async fn failed(spec: &ClusterSpec, doors: &Doors, plan: &Plan, outcome: &Outcome) -> Failure {
    let what = if outcome.failed.is_empty() { "was stopped" } else { "did not succeed" };
    let mut failure = Failure::new(Exit::FailedClean, format!("creating cluster {} {what}", spec.name));
    for (id, fault) in &outcome.failed {
        let title = plan.steps.iter().find(|step| step.id == *id).map_or(fault.tried.as_str(), |step| &step.title);
        failure = failure.detail(format!("cannot {title}: {}", fault.said));
        for hint in failure::hints(fault) {
            if !failure.hints.contains(&hint) {
                failure = failure.hint(hint);
            }
        }
    }
    let running: Vec<String> = outcome.running.iter().map(ToString::to_string).collect();
    if !running.is_empty() {
        failure = failure.detail(format!("still going on in the cloud: {}", running.join(", ")));
    }
    let left = what_exists(spec, doors).await;
    let exit = if left.is_some() { Exit::FailedRunning } else { Exit::FailedClean };
    let failure =
        Failure { exit, ..failure }.leaving(left.unwrap_or_else(|| "nothing is left in the cloud".to_owned()));
    if exit == Exit::FailedRunning {
        failure.hint(format!(
            "run the same command again, it goes on from there; or take it away:\n    berth destroy {}",
            spec.name
        ))
    } else {
        failure
    }
}

/// What exists of the cluster now, in words; `None` when nothing does.
async fn what_exists(spec: &ClusterSpec, doors: &Doors) -> Option<String> {
    let Ok(observed) = plan::look(doors, spec).await else {
        return Some(format!("what is left of cluster {} is not known: the cloud did not answer", spec.name));
    };
    let cluster = observed.cluster?;
    let pools: Vec<&str> = cluster.pools.iter().map(|pool| pool.name.as_str()).collect();
    let pools = if pools.is_empty() { "no pools".to_owned() } else { format!("pools {}", pools.join(", ")) };
    Some(format!("cluster {} is running and billed, with {pools}", cluster.name))
}
