//! `berth list`: the clusters that are ours.

use berth_core::observed::{Fleet, ObservedCluster};
use berth_core::ports::Eyes;
use berth_core::spec::Provider;
use berth_report::table::{Align, Column};
use clap::Args;
use serde_json::{Value, json};

use crate::commands::ProviderArg;
use crate::failure::{Exit, Failure};
use crate::settings::Settings;
use crate::ui::Ui;
use crate::ui::render;
use crate::wiring;

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Show the clusters that others made, too
    #[arg(long)]
    all: bool,
    /// Cloud to look at; without it all that can be reached
    #[arg(long, value_enum)]
    provider: Option<ProviderArg>,
    /// Region of EKS to look at; before the environment's and the profile's
    #[arg(long)]
    location: Option<String>,
}

pub(crate) async fn run(args: &ListArgs, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    let fleet = fleet(args, settings, ui).await?;
    let shown: Vec<&ObservedCluster> = fleet.clusters.iter().filter(|cluster| args.all || cluster.is_ours()).collect();
    ui.report(&value(&shown, &fleet), || text(&shown));
    if !fleet.unreachable.is_empty() {
        ui.warning(&format!(
            "these locations did not answer, their clusters are missing here: {}",
            fleet.unreachable.join(", ")
        ));
    }
    let hidden = fleet.clusters.len() - shown.len();
    if hidden > 0 {
        let count = berth_report::words::count(hidden, "cluster");
        ui.talk(&format!("{count} that berth did not make not shown; see them with --all"));
    }
    Ok(Exit::Done)
}

/// All clusters of the clouds that can be asked; a cloud nobody asked for by name may be closed to us.
async fn fleet(args: &ListArgs, settings: &Settings, ui: &Ui) -> Result<Fleet, Failure> {
    let asked = args.provider.map(Provider::from);
    let mut whole = Fleet::default();
    let mut closed = Vec::new();
    let providers = asked.map_or_else(|| vec![Provider::Gke, Provider::Eks], |provider| vec![provider]);
    for provider in &providers {
        let doors = match wiring::open(*provider, args.location.as_deref(), settings).await {
            Ok(doors) => doors,
            Err(failure) => {
                closed.push((provider, failure));
                continue;
            }
        };
        let fleet = doors.cloud.fleet().await.map_err(|fault| doors.reading(&fault));
        doors.close().await;
        let fleet = fleet?;
        whole.clusters.extend(fleet.clusters);
        whole.unreachable.extend(fleet.unreachable);
    }
    if closed.len() == providers.len() {
        let mut closed = closed.into_iter();
        let Some((_, first)) = closed.next() else { return Ok(whole) };
        return Err(closed.fold(first, |first, (provider, other)| {
            first.detail(format!("{}: {} ({})", provider.as_str(), other.message, other.causes.join("; ")))
        }));
    }
    for (provider, failure) in closed {
        ui.talk(&format!("{} was not asked: {} ({})", provider.as_str(), failure.message, failure.causes.join("; ")));
    }
    Ok(whole)
}

fn value(shown: &[&ObservedCluster], fleet: &Fleet) -> Value {
    let clusters: Vec<Value> = shown.iter().map(|cluster| render::cluster::summary(cluster)).collect();
    json!({"clusters": clusters, "unreachable": fleet.unreachable})
}

fn text(shown: &[&ObservedCluster]) -> String {
    if shown.is_empty() {
        return "No clusters".to_owned();
    }
    let columns = [
        Column("NAME", Align::Left),
        Column("PROVIDER", Align::Left),
        Column("LOCATION", Align::Left),
        Column("STATUS", Align::Left),
        Column("VERSION", Align::Left),
        Column("POOLS", Align::Right),
        Column("OWNER", Align::Left),
        Column("CREATED", Align::Left),
    ];
    berth_report::table::text(
        &columns,
        shown.iter().map(|cluster| {
            vec![
                cluster.name.clone(),
                cluster.provider().as_str().to_owned(),
                cluster.place.location().to_owned(),
                render::cluster::phase(cluster.phase).to_owned(),
                cluster.version.clone(),
                cluster.pools.len().to_string(),
                render::cluster::owner(cluster).to_owned(),
                cluster.created_at.map_or_else(|| "-".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M").to_string()),
            ]
        }),
    )
}
