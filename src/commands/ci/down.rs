//! `berth ci down`: takes an environment away, or marks it dying and leaves the rest to `berth gc`.

use std::time::Duration;

use berth_core::lease::{Lease, relabel};
use berth_core::observed::{Observed, Phase};
use berth_core::ports::{Clock, Eyes, Hands};
use berth_core::run::{Fault, FaultKind};
use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::namespace;
use super::which::{self, Environment, WhichArgs};
use crate::commands::destroy::{Agreed, Gone, take_away};
use crate::commands::plan;
use crate::failure::{Exit, Failure};
use crate::interrupt::Interrupts;
use crate::run::{Manners, Work};
use crate::settings::Settings;
use crate::tenancy;
use crate::ui::Ui;
use crate::wiring::ClusterAt;

/// How long a change of a cluster's labels is tried, and the pause between two tries: a CI system that cancels a job gives seconds.
const MARK_TRIES: u32 = 3;
const MARK_PAUSE: Duration = Duration::from_secs(1);

/// Why what a run has made is not its own any more.
pub(super) const JOINED: &str = "another run has joined it, so it stays until its end";

#[derive(Debug, Args)]
pub(crate) struct DownArgs {
    #[command(flatten)]
    which: WhichArgs,
    /// Only mark it dying, in seconds, and let `berth gc` take it away
    #[arg(long)]
    detach: bool,
}

pub(crate) async fn run(args: &DownArgs, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    match which::find(&args.which, settings, ui).await? {
        Environment::Cluster(doors, at) => {
            let work = Work { doors: &doors, settings, ui, interrupts: Interrupts::listen(), manners: Manners::Finish };
            let result = if args.detach { detach(args, &at, &work).await } else { down(args, &at, &work).await };
            doors.close().await;
            result
        }
        Environment::Namespace(standing) => namespace::down(&args.which, *standing, args.detach, settings, ui).await,
        Environment::Nowhere => {
            report(ui, &args.which.words(), None, "nothing", "is not there");
            Ok(Exit::Done)
        }
    }
}

/// Takes all of it away now.
async fn down(args: &DownArgs, at: &ClusterAt, work: &Work<'_>) -> Result<Exit, Failure> {
    let owner = args.which.owner();
    let still = |observed: &Observed| is_leased(observed, at, &args.which, owner.as_deref());
    let agreed = Agreed { yes: true, adopt: false, with_volumes: true, still: Some(&still) };
    let Gone { deleted, .. } = take_away(agreed, at, work).await?;
    let words = if deleted { "is taken away" } else { "is not there" };
    report(work.ui, &args.which.words(), Some(at), if deleted { "deleted" } else { "nothing" }, words);
    Ok(Exit::Done)
}

/// Only what bears the lease that was asked for is touched.
fn is_leased(observed: &Observed, at: &ClusterAt, which: &WhichArgs, owner: Option<&str>) -> Result<(), Failure> {
    let on_cluster = observed.cluster.as_ref().map(|cluster| &cluster.labels);
    let on_parts = observed.around.parts.iter().map(|part| &part.tags);
    for labels in on_cluster.into_iter().chain(on_parts) {
        let ours = berth_core::rules::ownership::is_ours(labels);
        let read = Lease::read(labels);
        if !ours || read.is_none() && on_cluster.is_none_or(|on| on != labels) {
            continue;
        }
        let lease = tenancy::read(&at.name, read)?;
        if which.id.as_ref().is_some_and(|id| *id != lease.id) {
            return Err(other(at, &lease));
        }
        if owner.is_some_and(|owner| owner != lease.owner) {
            return Err(other(at, &lease).hint("if it is yours to take away, say so with --owner"));
        }
    }
    Ok(())
}

fn other(at: &ClusterAt, lease: &Lease) -> Failure {
    Failure::refused(format!("cluster {} is not what was asked for: it bears {lease}", at.name))
        .leaving("nothing was changed")
}

/// Marks it dying and comes back at once.
async fn detach(args: &DownArgs, at: &ClusterAt, work: &Work<'_>) -> Result<Exit, Failure> {
    let observed =
        work.doors.cloud.observe(&at.name, &at.location).await.map_err(|fault| work.doors.reading(&fault))?;
    is_leased(&observed, at, &args.which, args.which.owner().as_deref())?;
    match mark_dying(at, None, work).await {
        Marked::Absent => {
            report(work.ui, &args.which.words(), Some(at), "nothing", "is not there");
            Ok(Exit::Done)
        }
        Marked::Dying => {
            report(
                work.ui,
                &args.which.words(),
                Some(at),
                "dying",
                "is marked dying: the next `berth gc` takes it away",
            );
            Ok(Exit::Done)
        }
        Marked::Leaving => {
            report(work.ui, &args.which.words(), Some(at), "deleting", "is being deleted already");
            Ok(Exit::Done)
        }
        marked @ (Marked::Refused { .. } | Marked::Parts { .. }) => Err(marked_words(
            Failure::new(Exit::FailedRunning, format!("{} cannot be marked dying now", args.which.words())),
            marked,
            at,
        )
        .hint("`berth gc` takes it away after that; or wait for it now, without --detach")),
    }
}

/// What came of marking.
pub(super) enum Marked {
    /// Its lease is over.
    Dying,
    /// There is no such cluster, and nothing around one.
    Absent,
    /// It is being deleted.
    Leaving,
    /// There is no cluster yet, but parts of one, whose lease ends then.
    Parts { end: Option<Timestamp> },
    /// The cloud takes no change of it now; its lease ends then.
    Refused { why: String, end: Option<Timestamp> },
}

/// Says in a failure what stands and when it ends.
pub(super) fn marked_words(failure: Failure, marked: Marked, at: &ClusterAt) -> Failure {
    let name = &at.name;
    let until =
        |end: Option<Timestamp>| end.map_or_else(|| "its lease".to_owned(), |end| format!("its lease at {end}"));
    match marked {
        Marked::Dying => {
            failure.leaving(format!("cluster {name} is marked dying; it is billed until `berth gc` takes it away"))
        }
        Marked::Leaving => {
            failure.leaving(format!("cluster {name} is being deleted; it is billed until that has ended"))
        }
        Marked::Absent => failure.leaving(format!(
            "cluster {name} is not there; if its creation was on the way, it bears its lease and ends with it"
        )),
        Marked::Parts { end } => {
            failure.leaving(format!("parts of cluster {name} are there and end with {}", until(end)))
        }
        Marked::Refused { why, end } => {
            failure.detail(why).leaving(format!("cluster {name} is running and billed, and ends with {}", until(end)))
        }
    }
}

/// Whether a lease was put there by the same run, so that nobody else counts on it.
pub(super) fn is_of_one_run(lease: &Lease, mine: &Lease) -> bool {
    lease.owner == mine.owner && lease.run == mine.run
}

/// Lets the lease of a cluster end now, in seconds; with `mine` only if no other run has joined it.
pub(super) async fn mark_dying(at: &ClusterAt, mine: Option<&Lease>, work: &Work<'_>) -> Marked {
    let mut last = Marked::Absent;
    for round in 0..MARK_TRIES {
        if round > 0 {
            tokio::time::sleep(MARK_PAUSE).await;
        }
        last = match mark_once(at, mine, work).await {
            Ok(marked) => return marked,
            Err((fault, end)) => {
                let marked = Marked::Refused { why: fault.said.clone(), end };
                if !matches!(fault.kind, FaultKind::Lost | FaultKind::Unavailable | FaultKind::Throttled) {
                    return marked;
                }
                marked
            }
        };
    }
    last
}

async fn mark_once(
    at: &ClusterAt,
    mine: Option<&Lease>,
    work: &Work<'_>,
) -> Result<Marked, (Fault, Option<Timestamp>)> {
    let observed = work.doors.cloud.observe(&at.name, &at.location).await.map_err(|fault| (fault, None))?;
    let Some(cluster) = &observed.cluster else {
        let ends =
            observed.around.parts.iter().filter_map(|part| Lease::read(&part.tags)?.ok()).map(|lease| lease.expires);
        return Ok(match ends.max() {
            None if observed.around.parts.is_empty() && observed.operations.is_empty() => Marked::Absent,
            end => Marked::Parts { end },
        });
    };
    if cluster.phase == Phase::Deleting {
        return Ok(Marked::Leaving);
    }
    let Some(Ok(lease)) = Lease::read(&cluster.labels) else {
        return Ok(Marked::Refused { why: "it bears no lease that can be read".to_owned(), end: None });
    };
    let now = work.doors.clock.now();
    if lease.is_over(now) {
        return Ok(Marked::Dying);
    }
    let end = Some(lease.expires);
    if mine.is_some_and(|mine| !is_of_one_run(&lease, mine)) {
        return Ok(Marked::Refused { why: JOINED.to_owned(), end });
    }
    let plan = relabel(cluster, &lease.until(now)).map_err(|refusal| refused(&plan::refused(&refusal).message, end));
    let plan = match plan {
        Ok(plan) => plan,
        Err(marked) => return Ok(marked),
    };
    for step in &plan.steps {
        // Accepted is enough: the operation goes on without us.
        work.doors.start(&step.action).await.map_err(|fault| (fault, end))?;
    }
    Ok(Marked::Dying)
}

fn refused(why: &str, end: Option<Timestamp>) -> Marked {
    Marked::Refused { why: why.to_owned(), end }
}

/// Puts other terms on a cluster and waits until the cloud shows them.
pub(super) async fn relet(
    lease: &Lease,
    at: &ClusterAt,
    observed: &Observed,
    work: &Work<'_>,
) -> Result<bool, Failure> {
    let Some(cluster) = &observed.cluster else {
        return Err(Failure::refused(format!("there is no cluster {} in {}", at.name, at.location)));
    };
    let plan = relabel(cluster, lease).map_err(|refusal| plan::refused(&refusal))?;
    if plan.is_empty() {
        return Ok(false);
    }
    let outcome = work.carry_out("extend", &at.name, &plan).await?;
    if outcome.is_success() {
        return Ok(true);
    }
    let failure = Failure::refused(format!("the lease of cluster {} could not be changed", at.name));
    Err(crate::run::explain(failure, &plan, &outcome, at.provider).leaving("its lease is as it was"))
}

fn report(ui: &Ui, about: &str, at: Option<&ClusterAt>, outcome: &str, words: &str) {
    let value = json!({"report": "ci-down", "cluster": at.map(|at| &at.name), "location": at.map(|at| &at.location),
                       "outcome": outcome});
    if ui.is_json() {
        ui.json_line(&value);
        return;
    }
    let place = at.map(|at| format!(" (cluster {}, {})", at.name, at.words())).unwrap_or_default();
    ui.data(&format!("{}{place} {words}", capitalised(about)));
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
