//! `berth destroy`: takes a cluster away from any state, and looks again.

use berth_core::observed::{Observed, Surroundings};
use berth_core::plan::Goal;
use berth_core::spec::Provider;
use clap::Args;
use serde_json::json;

use crate::cli::WhichCluster;
use crate::commands::{kubeconfig, plan};
use crate::failure::{Exit, Failure};
use crate::interrupt::Interrupts;
use crate::run::{Manners, Work, explain};
use crate::settings::Settings;
use crate::ui::Ui;
use crate::ui::render;
use crate::which::{self, Found};
use crate::wiring::ClusterAt;

/// How often the plan is made anew: waiting for what runs, deleting, looking again.
const ROUNDS: usize = 6;
/// What is looked for after a destroy in a cluster that berth did not make.
const EXISTING_KINDS: [&str; 4] = ["workloads", "service quotas", "device plugin", "labels and taints of nodes"];
/// What is looked for after a destroy on EKS, beside what stands around the cluster.
const EKS_KINDS: [&str; 2] = ["cluster", "node groups"];
/// What is looked for after a destroy on GKE.
const KINDS: [&str; 3] = ["cluster", "node pools", "running operations"];
/// What workloads can have made and GKE does not always take away with a cluster; not looked for.
const NOT_LOOKED_FOR: &str = "disks and load balancers made by workloads";

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
    let work = Work { doors: &doors, settings, ui, interrupts: Interrupts::listen(), manners: Manners::Finish };
    let result = match found {
        Ok(Found::At(at)) => destroy(args, &at, &work).await,
        Ok(Found::Nowhere { name, looked }) => {
            report(ui, &name, &looked, false, &Looked::at(doors.provider(), &Surroundings::default()));
            tidy_kubeconfigs(ui, || kubeconfig::remove_by_name(&name, args.location.as_deref(), settings));
            Ok(Exit::Done)
        }
        Err(failure) => Err(failure),
    };
    doors.close().await;
    result
}

async fn destroy(args: &DestroyArgs, at: &ClusterAt, work: &Work<'_>) -> Result<Exit, Failure> {
    let agreed = Agreed { yes: args.yes, adopt: args.adopt, still: None };
    let Gone { deleted, around } = take_away(agreed, at, work).await?;
    report(work.ui, &at.name, &at.words(), deleted, &Looked::at(at.provider, &around));
    Ok(Exit::Done)
}

/// What the user has agreed to beforehand.
#[derive(Clone, Copy)]
pub(crate) struct Agreed<'a> {
    /// Do not ask.
    pub(crate) yes: bool,
    /// Also what berth did not make.
    pub(crate) adopt: bool,
    /// Looks at it once more before each round, because it may have got another owner or a longer life since.
    pub(crate) still: Option<&'a (dyn Fn(&Observed) -> Result<(), Failure> + Sync)>,
}

/// What a last look has proved.
pub(crate) struct Gone {
    /// Whether anything had to be done.
    pub(crate) deleted: bool,
    /// What the look was able to see.
    pub(crate) around: Surroundings,
}

/// Takes away all of one cluster until a last look finds nothing, and its entries in kubeconfigs.
pub(crate) async fn take_away(agreed: Agreed<'_>, at: &ClusterAt, work: &Work<'_>) -> Result<Gone, Failure> {
    let mut asked = agreed.yes;
    for round in 0..ROUNDS {
        match one_round(agreed, at, work, &mut asked).await {
            Ok(None) => {}
            Ok(Some(around)) => {
                if at.provider != Provider::Existing {
                    tidy_kubeconfigs(work.ui, || kubeconfig::remove(at, work.settings));
                }
                return Ok(Gone { deleted: round > 0, around });
            }
            Err(failure) if round == 0 => return Err(failure),
            Err(failure) => return Err(still_running(failure, at)),
        }
    }
    let failure = Failure::new(Exit::FailedRunning, format!("cluster {} is still there", at.name));
    Err(still_running(failure.detail(format!("after {ROUNDS} rounds something of it remains")), at))
}

/// Looks, decides, shows, asks and acts once; when nothing is left, gives what the last look was able to see.
async fn one_round(
    agreed: Agreed<'_>,
    at: &ClusterAt,
    work: &Work<'_>,
    asked: &mut bool,
) -> Result<Option<Surroundings>, Failure> {
    let mut observed = work.doors.look(&at.name, &at.location).await.map_err(|fault| work.doors.reading(&fault))?;
    if let Some(still) = agreed.still {
        still(&observed)?;
    }
    if at.provider == Provider::Existing {
        observed.workloads =
            work.doors.own_workloads(&at.name, &observed).await.map_err(|fault| work.doors.reading(&fault))?;
    }
    let place = at.place();
    let goal = Goal::Absent {
        provider: at.provider,
        account: &at.account,
        place: &place,
        name: &at.name,
        adopt: agreed.adopt,
    };
    let plan = berth_core::plan::plan(&goal, &observed).map_err(|refusal| plan::refused(&refusal))?;
    if plan.is_empty() {
        if at.provider == Provider::Existing {
            plan.notes.iter().for_each(|note| work.ui.talk(&format!("{} {}", note.about, note.text)));
        }
        return Ok(Some(observed.around));
    }
    work.ui.talk(&render::plan::text(&format!("Cluster {} ({})", at.name, at.words()), &plan));
    agree(agreed, at, asked, work.ui)?;
    let outcome = work.carry_out("destroy", &at.name, &plan).await?;
    if work.may_go_on(&outcome) {
        return Ok(None);
    }
    let what = if outcome.failed.is_empty() { "was stopped" } else { "did not succeed" };
    let doing = if at.provider == Provider::Existing { "clearing" } else { "deleting" };
    let failure = Failure::new(Exit::FailedRunning, format!("{doing} cluster {} {what}", at.name));
    Err(still_running(explain(failure, &plan, &outcome, at.provider), at))
}

fn agree(agreed: Agreed<'_>, at: &ClusterAt, asked: &mut bool, ui: &Ui) -> Result<(), Failure> {
    let name = at.name.as_str();
    if *asked {
        return Ok(());
    }
    let question = match at.provider {
        Provider::Existing => "Type the cluster's name to take out of it what berth put there",
        Provider::Gke | Provider::Eks => "Type the cluster's name to delete it and everything in it",
    };
    match ui.ask(&format!("\n{question} ({name}):")) {
        Some(answer) if answer == name => *asked = true,
        Some(_) => return Err(Failure::refused("the name was not typed").leaving("nothing was deleted")),
        None => {
            return Err(Failure::refused(format!("there is no terminal to ask on before `{name}` is deleted"))
                .leaving("nothing was deleted")
                .hint(if agreed.adopt {
                    "confirm beforehand with --yes --adopt"
                } else {
                    "confirm beforehand with --yes"
                }));
        }
    }
    Ok(())
}

fn still_running(failure: Failure, at: &ClusterAt) -> Failure {
    if at.provider == Provider::Existing {
        return failure
            .after_spending(format!("some of what berth put into cluster {} may still be there", at.name))
            .hint("run the same command again, it goes on from there");
    }
    failure
        .after_spending(format!("cluster {} in {} may still be running and billed", at.name, at.location))
        .hint("run the same command again, it goes on from there")
}

/// The cluster is gone whatever happens here, so a configuration that cannot be written is only worth a warning.
fn tidy_kubeconfigs(ui: &Ui, remove: impl FnOnce() -> Result<bool, Failure>) {
    if let Err(failure) = remove() {
        ui.warning(&format!("{}: {}", failure.message, failure.causes.join(": ")));
    }
}

/// What the last look was able to see, and what it was not.
struct Looked {
    kinds: Vec<String>,
    not: Vec<String>,
}

impl Looked {
    fn at(provider: Provider, around: &Surroundings) -> Self {
        if provider == Provider::Existing {
            return Self { kinds: EXISTING_KINDS.map(ToOwned::to_owned).to_vec(), not: Vec::new() };
        }
        if provider == Provider::Gke {
            return Self { kinds: KINDS.map(ToOwned::to_owned).to_vec(), not: vec![NOT_LOOKED_FOR.to_owned()] };
        }
        let plural = |words: &str| if words.ends_with('s') { format!("{words}es") } else { format!("{words}s") };
        let around_kinds = around.checked.iter().map(|kind| plural(kind.words()));
        let kinds = EKS_KINDS.into_iter().map(ToOwned::to_owned).chain(around_kinds).collect();
        Self { kinds, not: around.unread.clone() }
    }
}

fn report(ui: &Ui, name: &str, place: &str, deleted: bool, looked: &Looked) {
    let Looked { kinds, not } = looked;
    let value = json!({"report": "destroy", "cluster": name, "deleted": deleted, "left": 0, "checked": kinds,
                       "notChecked": not});
    if ui.is_json() {
        ui.json_line(&value);
        return;
    }
    if kinds.first().is_some_and(|kind| kind == EXISTING_KINDS[0]) {
        let left = format!("0 left of what berth put there ({} checked)", kinds.join(", "));
        ui.data(&format!("Cluster {name} ({place}) stays: {left}"));
        return;
    }
    let first = if deleted { "is deleted".to_owned() } else { format!("is not there ({place})") };
    ui.data(&format!("Cluster {name} {first}: 0 left ({} checked)", kinds.join(", ")));
    if deleted && !not.is_empty() {
        ui.talk(&format!("not looked for: {}", not.join("; ")));
    }
}
