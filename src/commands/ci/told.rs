//! What the steps that follow are told: files that the CI system names, and standard output.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use berth_core::lease::Lease;
use berth_core::lease::outputs::{GpuRow, Outputs};
use berth_core::verify::{PoolRow, VerificationReport};
use serde_json::json;

use crate::commands::cost::{self, SoFar};
use crate::failure::{Exit, Failure};
use crate::run::Work;
use crate::settings::Job;
use crate::ui::Ui;
use crate::ui::render;
use crate::wiring::ClusterAt;

/// An environment that is up, and who wants to know.
pub(super) struct Told<'a> {
    pub(super) lease: &'a Lease,
    pub(super) at: &'a ClusterAt,
    /// Of one that is a namespace.
    pub(super) namespace: Option<&'a str>,
    pub(super) kubeconfig: &'a Path,
    /// Of a cluster of its own: the proof.
    pub(super) report: Option<&'a VerificationReport>,
    /// Of a cluster of its own, if it was read.
    pub(super) cost: Option<SoFar>,
    pub(super) changed: bool,
    pub(super) job: &'a Job,
    pub(super) dotenv: Option<&'a Path>,
    /// Only `export` lines go to standard output.
    pub(super) export: bool,
}

/// Tells all of it. The environment stands whatever happens here, so a file that cannot be written fails the command and not it.
pub(super) fn tell(told: &Told<'_>, ui: &Ui) -> Result<Exit, Failure> {
    let outputs = outputs(told);
    let rows: Vec<GpuRow> = told.report.into_iter().flat_map(|report| &report.pools).filter_map(gpu_row).collect();
    let written = write_all(told, &outputs, &rows);
    show(told, &outputs, ui);
    written.map(|()| Exit::Done).map_err(|failure| {
        failure.after_spending(format!("environment {} is up and billed until {}", told.lease.id, told.lease.expires))
    })
}

fn outputs(told: &Told<'_>) -> Outputs {
    Outputs {
        lease: told.lease.clone(),
        provider: told.at.provider,
        account: told.at.account.clone(),
        location: told.at.location.clone(),
        cluster: told.at.name.clone(),
        namespace: told.namespace.map(str::to_owned),
        kubeconfig: told.kubeconfig.display().to_string(),
    }
}

fn gpu_row(row: &PoolRow) -> Option<GpuRow> {
    let gpus = row.gpus.as_ref()?;
    Some(GpuRow {
        pool: row.pool.clone(),
        gpu: gpus.model.clone(),
        nodes: row.nodes.ready.into(),
        shares: gpus.shares.into(),
        promised: gpus.expected,
        allocatable: Some(gpus.allocatable),
    })
}

fn write_all(told: &Told<'_>, outputs: &Outputs, rows: &[GpuRow]) -> Result<(), Failure> {
    append(told.job.outputs.as_deref(), &outputs.github_output())?;
    append(told.job.variables.as_deref(), &outputs.github_env())?;
    append(told.job.summary.as_deref(), &outputs.summary(rows, Some(&cost_words(told))))?;
    if let Some(path) = told.dotenv {
        let text = outputs.dotenv().map_err(|error| Failure::refused("cannot write the dotenv file").because(error))?;
        std::fs::write(path, text).map_err(|error| unwritten(path, error))?;
    }
    Ok(())
}

fn cost_words(told: &Told<'_>) -> String {
    match told.cost {
        Some(SoFar { money, rate }) => berth_report::cost::bill::so_far(money, rate),
        None if told.namespace.is_some() => format!("a part of what cluster {} costs", told.at.name),
        None => "not known".to_owned(),
    }
}

/// What the cluster has cost so far; without it the environment is told all the same.
pub(super) async fn cost(at: &ClusterAt, work: &Work<'_>) -> Option<SoFar> {
    // Boxed, because the futures of the calls are large.
    match Box::pin(cost::so_far(Some(&at.name), work.doors, work.settings)).await {
        Ok(costs) => costs.get(&at.name).copied(),
        Err(failure) => {
            work.ui.warning(&format!("what it costs was not read: {}", failure.message));
            None
        }
    }
}

/// Adds to a file that other programs write, too.
fn append(path: Option<&Path>, text: &str) -> Result<(), Failure> {
    let Some(path) = path else { return Ok(()) };
    let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(|error| unwritten(path, error))?;
    file.write_all(text.as_bytes()).map_err(|error| unwritten(path, error))
}

fn unwritten(path: &Path, error: std::io::Error) -> Failure {
    Failure::refused(format!("cannot write {}", path.display())).because(error)
}

fn show(told: &Told<'_>, outputs: &Outputs, ui: &Ui) {
    let Told { lease, at, .. } = told;
    if ui.is_json() {
        let so_far = told.cost.map(|cost| berth_report::cost::bill::money_json(cost.money));
        let hour = told.cost.map(|cost| berth_report::cost::bill::hour_json(cost.rate));
        ui.json_line(&json!({"report": "ci-up", "changed": told.changed, "environment": outputs.json(),
                             "costSoFar": so_far, "costPerHour": hour, "verification": told.report}));
        return;
    }
    if told.export {
        ui.data(outputs.exports().trim_end());
        return;
    }
    if let Some(report) = told.report {
        ui.data(&render::verification::text(report));
    }
    let of = told.namespace.map(|namespace| format!("namespace {namespace} of ")).unwrap_or_default();
    ui.data(&format!(
        "Environment {} is up until {}: {of}cluster {} ({})",
        lease.id,
        lease.expires,
        at.name,
        at.words()
    ));
    if told.cost.is_some() {
        ui.talk(&format!("It has cost {}", cost_words(told)));
    }
    ui.talk(&format!("\nkubectl reaches it with\n    export KUBECONFIG={}", told.kubeconfig.display()));
}
