//! `berth status`: one cluster, its pools, its nodes and what is going on.

use berth_core::ports::Eyes;
use clap::Args;

use crate::cli::WhichCluster;
use crate::commands::verify;
use crate::failure::{Exit, Failure};
use crate::settings::Settings;
use crate::ui::Ui;
use crate::ui::render;
use crate::which;
use crate::wiring::{ClusterAt, Doors};

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    which: WhichCluster,
    /// Region or zone, when clusters of one name stand in several
    #[arg(long)]
    location: Option<String>,
}

pub(crate) async fn run(args: &StatusArgs, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    let (doors, found) = which::find(&args.which, args.location.as_deref(), settings, ui).await?;
    let shown = match found.and_then(|found| which::there(found, settings)) {
        Ok(at) => show(&at, &doors, ui).await,
        Err(failure) => Err(failure),
    };
    doors.close().await;
    shown.map(|()| Exit::Done)
}

async fn show(at: &ClusterAt, doors: &Doors, ui: &Ui) -> Result<(), Failure> {
    let observed = doors.cloud.observe(&at.name, &at.location).await.map_err(|fault| doors.reading(&fault))?;
    let Some(cluster) = &observed.cluster else {
        return Err(Failure::refused(format!("there is no cluster {} in {}", at.name, at.location)));
    };
    // A cluster whose API server cannot be reached still has a status worth showing.
    let nodes = verify::nodes(&observed, doors).await;
    if let Err(fault) = &nodes {
        ui.warning(&format!("the nodes could not be read: {fault}"));
    }
    let nodes = nodes.ok();
    ui.report(&render::cluster::json(cluster, &observed.operations, nodes.as_deref()), || {
        render::cluster::text(cluster, &observed.operations, nodes.as_deref())
    });
    Ok(())
}
