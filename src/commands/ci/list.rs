//! `berth ci list`: the environments with an end, and how far it is away.

use berth_core::lease::Lease;
use berth_core::observed::{ObservedCluster, Phase};
use berth_core::ports::{Clock, Eyes};
use berth_core::spec::Provider;
use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::namespace;
use crate::commands::{ProviderArg, cost};
use crate::failure::{Exit, Failure};
use crate::settings::Settings;
use crate::ui::Ui;
use crate::ui::render::ci::{Row, State};
use crate::wiring::{self, Doors};

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Cloud to look at; without it all that can be reached
    #[arg(long, value_enum)]
    provider: Option<ProviderArg>,
    /// Regions of EKS to look at; without it the environment's or the profile's
    #[arg(long, value_delimiter = ',', value_name = "REGION")]
    region: Vec<String>,
    /// Only those of this owner
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,
    /// Also the namespaces of this standing cluster: a context, a file, or the name of a cluster of berth's
    #[arg(long, value_name = "CLUSTER")]
    on: Vec<String>,
}

pub(crate) async fn run(args: &ListArgs, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    let mut rows = Vec::new();
    let mut closed = Vec::new();
    let places = places(args);
    for (provider, region) in &places {
        match wiring::open(*provider, region.as_deref(), settings).await {
            Ok(doors) => {
                let seen = clusters(&doors, settings, ui).await;
                doors.close().await;
                rows.extend(seen?);
            }
            Err(failure) => closed.push((provider, failure)),
        }
    }
    if closed.len() == places.len()
        && args.on.is_empty()
        && let Some((_, failure)) = closed.pop()
    {
        return Err(failure);
    }
    for (provider, failure) in closed {
        ui.talk(&format!("{} was not asked: {} ({})", provider.as_str(), failure.message, failure.causes.join("; ")));
    }
    for on in &args.on {
        rows.extend(namespace::rows(on, args.provider, settings, ui).await?);
    }
    rows.retain(|row| {
        args.owner.as_ref().is_none_or(|owner| row.lease.as_ref().is_ok_and(|lease| lease.owner == *owner))
    });
    rows.sort_by_key(|row| row.lease.as_ref().ok().map(|lease| lease.expires));
    ui.report(&json!({"environments": rows.iter().map(Row::json).collect::<Vec<_>>()}), || {
        crate::ui::render::ci::table(&rows)
    });
    Ok(Exit::Done)
}

/// Each door to open: a cloud, and a region where a door leads to one.
fn places(args: &ListArgs) -> Vec<(Provider, Option<String>)> {
    let providers = args.provider.map_or(vec![Provider::Gke, Provider::Eks], |provider| vec![provider.into()]);
    let mut places = Vec::new();
    for provider in providers {
        if provider == Provider::Eks && !args.region.is_empty() {
            places.extend(args.region.iter().map(|region| (provider, Some(region.clone()))));
        } else {
            places.push((provider, None));
        }
    }
    places
}

async fn clusters(doors: &Doors, settings: &Settings, ui: &Ui) -> Result<Vec<Row>, Failure> {
    let fleet = doors.cloud.fleet().await.map_err(|fault| doors.reading(&fault))?;
    if !fleet.unreachable.is_empty() {
        ui.warning(&format!("these locations did not answer: {}", fleet.unreachable.join(", ")));
    }
    let now = doors.clock.now();
    let ours = fleet.clusters.iter().filter(|cluster| cluster.is_ours());
    let mut rows: Vec<Row> = ours.filter_map(|cluster| row(cluster, now)).collect();
    if rows.is_empty() {
        return Ok(rows);
    }
    // Without its cost an environment is listed all the same.
    match Box::pin(cost::so_far(None, doors, settings)).await {
        Ok(costs) => rows.iter_mut().for_each(|row| row.cost = costs.get(&row.cluster).map(|so_far| so_far.money)),
        Err(failure) => ui.warning(&format!("what they cost was not read: {}", failure.message)),
    }
    Ok(rows)
}

fn row(cluster: &ObservedCluster, now: Timestamp) -> Option<Row> {
    let lease = Lease::read(&cluster.labels)?.map_err(|error| error.to_string());
    let is_over = lease.as_ref().is_ok_and(|lease| lease.is_over(now));
    let state = match cluster.phase {
        Phase::Deleting => State::Leaving,
        _ if is_over => State::Dying,
        Phase::Creating => State::Coming,
        _ => State::Up,
    };
    Some(Row {
        cluster: cluster.name.clone(),
        namespace: None,
        provider: cluster.provider(),
        location: cluster.place.location().to_owned(),
        lease,
        made: cluster.created_at,
        now,
        state,
        cost: None,
    })
}
