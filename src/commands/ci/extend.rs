//! `berth ci extend`: moves the end of an environment.

use std::path::PathBuf;
use std::time::Duration;

use berth_core::lease::Lease;
use berth_core::observed::Phase;
use berth_core::ports::{Clock, Eyes};
use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::down::relet;
use super::namespace;
use super::terms::{end, ttl};
use super::which::{self, Environment, WhichArgs};
use crate::failure::Exit;
use crate::failure::Failure;
use crate::interrupt::Interrupts;
use crate::run::{Manners, Work};
use crate::settings::Settings;
use crate::tenancy;
use crate::ui::Ui;
use crate::wiring::ClusterAt;

#[derive(Debug, Args)]
pub(crate) struct ExtendArgs {
    #[command(flatten)]
    pub(super) which: WhichArgs,
    /// How long it is to live from now on: 30m, 2h, 7d; an end that is later than that stays
    #[arg(long, value_name = "DURATION", value_parser = ttl)]
    pub(super) ttl: Duration,
    /// The kubeconfig of a namespace, which gets a token that lives as long; without it the one of KUBECONFIG, or berth's own
    #[arg(long, value_name = "PATH")]
    pub(super) kubeconfig: Option<PathBuf>,
}

pub(crate) async fn run(args: &ExtendArgs, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    match which::find(&args.which, settings, ui).await? {
        Environment::Cluster(doors, at) => {
            let work = Work { doors: &doors, settings, ui, interrupts: Interrupts::listen(), manners: Manners::Finish };
            let result = extend(args, &at, &work).await;
            doors.close().await;
            result
        }
        Environment::Namespace(standing) => namespace::extend(args, *standing, settings, ui).await,
        Environment::Nowhere => Err(Failure::refused(format!("there is no {}", args.which.words()))
            .hint(format!("see what there is:\n    berth ci list{}", settings.flags()))),
    }
}

async fn extend(args: &ExtendArgs, at: &ClusterAt, work: &Work<'_>) -> Result<Exit, Failure> {
    let observed =
        work.doors.cloud.observe(&at.name, &at.location).await.map_err(|fault| work.doors.reading(&fault))?;
    let Some(cluster) = &observed.cluster else {
        return Err(Failure::refused(format!("there is no cluster {} in {}", at.name, at.location)));
    };
    let lease = tenancy::read(&at.name, Lease::read(&cluster.labels))?;
    let now = work.doors.clock.now();
    let later = longer(args, &lease, now)?;
    if cluster.phase == Phase::Deleting {
        return Err(Failure::refused(format!("cluster {} is being deleted", at.name)).leaving("nothing was changed"));
    }
    let changed = relet(&later, at, &observed, work).await?;
    report(work.ui, &later, Some(at), now, changed);
    Ok(Exit::Done)
}

/// The lease with the later of both ends.
///
/// # Errors
/// It is another owner's, or over: `berth gc` may be at work on it.
pub(super) fn longer(args: &ExtendArgs, lease: &Lease, now: Timestamp) -> Result<Lease, Failure> {
    if let Some(owner) = args.which.owner().filter(|owner| *owner != lease.owner) {
        return Err(Failure::refused(format!("lease {} belongs to {}, not to {owner}", lease.id, lease.owner))
            .leaving("nothing was changed")
            .hint("if it is yours to extend, say so with --owner"));
    }
    if lease.is_over(now) {
        return Err(Failure::refused(format!("{lease} is over: `berth gc` may be taking it away"))
            .leaving("nothing was changed")
            .hint("begin it again with berth ci up"));
    }
    Ok(lease.until(lease.expires.max(end(now, args.ttl))))
}

/// Says when it ends.
pub(super) fn report(ui: &Ui, lease: &Lease, at: Option<&ClusterAt>, now: Timestamp, changed: bool) {
    let value = json!({"report": "ci-extend", "id": lease.id, "cluster": at.map(|at| &at.name), "expires": lease.expires,
                       "changed": changed});
    if ui.is_json() {
        ui.json_line(&value);
        return;
    }
    let left = berth_report::words::elapsed(now, lease.expires);
    let words = if changed { "ends" } else { "ends, as before," };
    ui.data(&format!("Environment {} {words} at {} (in {left})", lease.id, lease.expires));
}
