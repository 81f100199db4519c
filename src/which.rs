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
    if let Some(file) = &which.file {
        let checked = spec_file::load(file, None, ui)?;
        let doors = wiring::open_for(&checked.spec, settings).await?;
        let at = wiring::cluster_at(&checked.spec, &doors);
        return Ok((doors, Ok(Found::At(at))));
    }
    let name = which.name.clone().unwrap_or_default();
    let doors = wiring::open_gke(None, settings).await?;
    let found = find_by_name(&name, location, &doors).await;
    Ok((doors, found))
}

async fn find_by_name(name: &str, location: Option<&str>, doors: &Doors) -> Result<Found, Failure> {
    let account = doors.account();
    let fleet = doors.cloud.fleet().await.map_err(|fault| Failure::reading(&fault))?;
    let places: Vec<&str> =
        fleet.clusters.iter().filter(|cluster| cluster.name == name).map(|cluster| cluster.place.location()).collect();
    let at = |location: &str| {
        let (account, location) = (account.to_owned(), location.to_owned());
        Found::At(ClusterAt { provider: Provider::Gke, account, location, name: name.to_owned() })
    };
    let nowhere = |looked: String| Found::Nowhere { name: name.to_owned(), looked };
    let silent = |location: &str| fleet.unreachable.iter().any(|place| place.starts_with(location));
    match (places.as_slice(), location) {
        (places, Some(location)) if places.contains(&location) => Ok(at(location)),
        ([one], None) => Ok(at(one)),
        ([], _) if fleet.unreachable.is_empty() => Ok(nowhere(format!("all locations of project {account}"))),
        ([], Some(location)) if !silent(location) => Ok(nowhere(format!("{location} of project {account}"))),
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

/// The cluster's place, or a failure that says it is not there.
pub(crate) fn there(found: Found, settings: &Settings) -> Result<ClusterAt, Failure> {
    match found {
        Found::At(at) => Ok(at),
        Found::Nowhere { name, looked } => Err(Failure::refused(format!("there is no cluster {name} ({looked})"))
            .hint(format!("see what there is:\n    berth list --all{}", settings.flags()))),
    }
}
