//! From a name or a file to one cluster in the cloud.

use berth_core::ports::Eyes;
use berth_core::spec::Provider;

use crate::cli::WhichCluster;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::spec_file;
use crate::ui::Ui;
use crate::wiring::{self, ClusterAt, Doors};

/// What a search came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// It would stand, or stands, here.
    At(ClusterAt),
    /// No cluster of that name stands anywhere, and every location answered.
    Nowhere {
        /// The name that was looked for.
        name: String,
        /// Where: project and locations, in words.
        looked: String,
    },
}

/// Opens the doors and finds the cluster; the doors are given back even when it is not found, to be closed.
pub(crate) async fn find(
    which: &WhichCluster,
    location: Option<&str>,
    settings: &Settings,
    ui: &Ui,
) -> Result<(Doors, Result<Found, Failure>), Failure> {
    let provider = which.provider.map(Provider::from);
    if let Some(file) = &which.file {
        let checked = spec_file::load(file, provider, ui)?;
        let doors = wiring::open_for(&checked.spec, settings).await?;
        let at = wiring::cluster_at(&checked.spec, &doors);
        return Ok((doors, Ok(Found::At(at))));
    }
    let name = which.name.clone().unwrap_or_default();
    let provider = match provider {
        Some(provider) => provider,
        None => provider_of(&name, location, settings).await?,
    };
    let doors = wiring::open(provider, location, settings).await?;
    let found = find_by_name(&name, location, &doors).await;
    Ok((doors, found))
}

/// Which cloud has a cluster of this name: both are asked, as far as they can be. GKE if none has.
async fn provider_of(name: &str, location: Option<&str>, settings: &Settings) -> Result<Provider, Failure> {
    let mut having = Vec::new();
    let mut closed = Vec::new();
    for provider in [Provider::Gke, Provider::Eks] {
        match wiring::open(provider, location, settings).await {
            Ok(doors) => {
                let found = find_by_name(name, location, &doors).await;
                doors.close().await;
                // What cannot be told here is told when that cloud is the only one asked.
                if !matches!(found, Ok(Found::Nowhere { .. })) {
                    having.push(provider);
                }
            }
            Err(failure) => closed.push((provider, failure)),
        }
    }
    match (having.as_slice(), closed.as_slice()) {
        ([one], _) => Ok(*one),
        ([], [(Provider::Gke, _)]) => Ok(Provider::Eks),
        ([], [(_, failure), (..)]) => {
            Err(failure.clone().hint("or, if it stands on the other cloud, say so with --provider eks"))
        }
        ([], _) => Ok(Provider::Gke),
        (..) => Err(Failure::refused(format!("there may be a cluster {name} on both clouds"))
            .hint("say which is meant with --provider gke or --provider eks")),
    }
}

async fn find_by_name(name: &str, location: Option<&str>, doors: &Doors) -> Result<Found, Failure> {
    let (provider, account) = (doors.provider(), doors.account());
    let fleet = doors.cloud.fleet().await.map_err(|fault| doors.reading(&fault))?;
    let places: Vec<&str> =
        fleet.clusters.iter().filter(|cluster| cluster.name == name).map(|cluster| cluster.place.location()).collect();
    let at = |location: &str| {
        let (account, location) = (account.to_owned(), location.to_owned());
        Found::At(ClusterAt { provider, account, location, name: name.to_owned() })
    };
    let nowhere = |looked: String| Found::Nowhere { name: name.to_owned(), looked };
    let silent = |location: &str| fleet.unreachable.iter().any(|place| place.starts_with(location));
    match (places.as_slice(), location) {
        (places, Some(location)) if places.contains(&location) => Ok(at(location)),
        ([one], None) => Ok(at(one)),
        ([], _) if fleet.unreachable.is_empty() => match half_made(name, doors).await? {
            Some(location) => Ok(at(&location)),
            None => Ok(nowhere(doors.reach())),
        },
        ([], Some(location)) if !silent(location) => Ok(nowhere(format!("{location} of {}", doors.account_words()))),
        ([], _) => Err(Failure::refused(format!("cannot tell whether there is a cluster {name}"))
            .detail(format!("these locations did not answer: {}", fleet.unreachable.join(", ")))
            .hint("try again later; or name its place with --location, if that is none of these")),
        (places, Some(location)) => Err(Failure::refused(format!("there is no cluster {name} in {location}"))
            .detail(format!("there is one in {}", places.join(", ")))
            .hint("say which with --location")),
        (several, None) => Err(Failure::refused(format!("there are several clusters {name}"))
            .detail(format!("they stand in {}", several.join(", ")))
            .hint("say which with --location")),
    }
}

/// Where something stands that was made for a cluster of this name, though there is no cluster object.
async fn half_made(name: &str, doors: &Doors) -> Result<Option<String>, Failure> {
    let Some(region) = doors.only_region() else { return Ok(None) };
    let observed = doors.cloud.observe(name, region).await.map_err(|fault| doors.reading(&fault))?;
    Ok((!observed.around.parts.is_empty()).then(|| region.to_owned()))
}

/// The cluster's place, or a failure that says it is not there.
pub(crate) fn there(found: Found, settings: &Settings) -> Result<ClusterAt, Failure> {
    match found {
        Found::At(at) => Ok(at),
        Found::Nowhere { name, looked } => Err(Failure::refused(format!("there is no cluster {name} ({looked})"))
            .hint(format!("see what there is:\n    berth list --all{}", settings.flags()))),
    }
}
