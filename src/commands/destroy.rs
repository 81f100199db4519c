//! `berth destroy`: takes a cluster away from any state, and looks again.

use berth_core::observed::Observed;
use berth_core::plan::Goal;
use berth_core::spec::Place;
use clap::Args;
use serde_json::json;

use crate::cli::WhichCluster;
use crate::commands::{kubeconfig, plan};
use crate::failure::{Exit, Failure};
use crate::run::carry_out;
use crate::settings::Settings;
use crate::ui::Ui;
use crate::ui::render;
use crate::which::{self, Found};
use crate::wiring::{ClusterAt, Doors};

/// How often the plan is made anew: waiting for what runs, deleting, looking again.
const ROUNDS: usize = 6;
/// What is looked for after a destroy.
const KINDS: [&str; 3] = ["cluster", "node pools", "running operations"];

#[derive(Debug, Args)]
pub(crate) struct DestroyArgs {
    #[command(flatten)]
    which: WhichCluster,
    /// Region or zone, when clusters of one name stand in several
    #[arg(long)]
    location: Option<String>,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Delete it although berth did not make it
    #[arg(long)]
    adopt: bool,
}

pub(crate) async fn run(args: &DestroyArgs, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    let (doors, found) = which::find(&args.which, args.location.as_deref(), settings, ui).await?;
    let result = match found {
        Ok(Found::At(at)) => destroy(args, &at, &doors, settings, ui).await,
        Ok(Found::Nowhere { name }) => {
            report(ui, &name, false, &Observed::default());
            Ok(Exit::Done)
        }
        Err(failure) => Err(failure),
    };
    doors.close().await;
    result
}

async fn destroy(
    args: &DestroyArgs,
    at: &ClusterAt,
    doors: &Doors,
    settings: &Settings,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let mut asked = args.yes;
    for round in 0..ROUNDS {
        let observed = doors
            .look(&at.name, &at.location)
            .await
            .map_err(|fault| Failure::reading(&fault))
            .map_err(|failure| still_running(failure, at, round))?;
        let place = Place::from_gke_location(&at.location);
        let goal = Goal::Absent {
            provider: at.provider,
            account: &at.account,
            place: &place,
            name: &at.name,
            adopt: args.adopt,
        };
        let plan = berth_core::plan::plan(&goal, &observed).map_err(|refusal| plan::refused(&refusal))?;
        if plan.is_empty() {
            kubeconfig::remove(at, settings)?;
            report(ui, &at.name, round > 0, &observed);
            return Ok(Exit::Done);
        }
        ui.talk(&render::plan::text(&format!("Cluster {} ({}, project {})", at.name, at.location, at.account), &plan));
        agree(args, &at.name, &mut asked, ui)?;
        let outcome = carry_out(("destroy", &at.name), &plan, doors, settings, ui).await?;
        if !outcome.is_success() {
            return Err(failed(at, &outcome));
        }
    }
    let failure = Failure::new(Exit::FailedRunning, format!("cluster {} is still there", at.name));
    Err(still_running(failure.detail(format!("after {ROUNDS} rounds something of it remains")), at, ROUNDS))
}

fn agree(args: &DestroyArgs, name: &str, asked: &mut bool, ui: &Ui) -> Result<(), Failure> {
    if *asked {
        return Ok(());
    }
    match ui.ask(&format!("\nType the cluster's name to delete it and everything in it ({name}):")) {
        Some(answer) if answer == name => *asked = true,
        Some(_) => return Err(Failure::refused("the name was not typed").leaving("nothing was deleted")),
        None => {
            return Err(Failure::refused(format!("there is no terminal to ask on before `{name}` is deleted"))
                .leaving("nothing was deleted")
                .hint(if args.adopt {
                    "confirm beforehand with --yes --adopt"
                } else {
                    "confirm beforehand with --yes"
                }));
        }
    }
    Ok(())
}

fn failed(at: &ClusterAt, outcome: &berth_core::run::Outcome) -> Failure {
    let failure = Failure::new(Exit::FailedRunning, format!("cluster {} was not deleted", at.name));
    let failure = outcome.failed.iter().fold(failure, |failure, (_, fault)| {
        crate::failure::hints(fault).into_iter().fold(failure.detail(fault.to_string()), Failure::hint)
    });
    still_running(failure, at, ROUNDS)
}

fn still_running(failure: Failure, at: &ClusterAt, round: usize) -> Failure {
    if round == 0 {
        return failure;
    }
    Failure { exit: Exit::FailedRunning, ..failure }
        .leaving(format!("cluster {} in {} may still be running and billed", at.name, at.location))
        .hint("run the same command again, it goes on from there")
}

fn report(ui: &Ui, name: &str, deleted: bool, observed: &Observed) {
    let around = observed.around.checked.iter().map(|kind| kind.words());
    let kinds: Vec<&str> = KINDS.into_iter().chain(around).collect();
    let value = json!({"report": "destroy", "cluster": name, "deleted": deleted, "left": 0, "checked": kinds});
    if ui.is_json() {
        ui.json_line(&value);
    } else {
        let first = if deleted { "is deleted" } else { "is not there" };
        ui.data(&format!("Cluster {name} {first}: 0 left ({} checked)", kinds.join(", ")));
    }
}
