//! From an id, a name or a file to one environment in the cloud.

use std::path::PathBuf;

use berth_core::lease::{Lease, LeaseId, cluster_name};
use berth_core::observed::ObservedCluster;
use berth_core::ports::Eyes;
use berth_core::spec::{CloudSpec, Provider};
use clap::Args;

use super::namespace::{self, Standing};
use super::terms::lease_id;
use crate::cli::WhichCluster;
use crate::commands::ProviderArg;
use crate::failure::Failure;
use crate::settings::{Job, Settings};
use crate::spec_file;
use crate::ui::Ui;
use crate::which::{self, Found};
use crate::wiring::{self, ClusterAt, Doors};

/// Which environment.
#[derive(Debug, Args)]
pub(crate) struct WhichArgs {
    /// Name of its cluster
    #[arg(value_name = "NAME", required_unless_present = "id", conflicts_with_all = ["id", "file"])]
    pub(crate) name: Option<String>,
    /// Its id, as `ci up` was told
    #[arg(long, value_name = "ID", value_parser = lease_id)]
    pub(crate) id: Option<LeaseId>,
    /// The spec it was made from: says its name and place without a search
    #[arg(long, short, value_name = "FILE", requires = "id")]
    pub(crate) file: Option<PathBuf>,
    /// Cloud to look at; without it all that can be reached
    #[arg(long, value_enum)]
    pub(crate) provider: Option<ProviderArg>,
    /// Region or zone it stands in
    #[arg(long)]
    pub(crate) location: Option<String>,
    /// Whose it is; without it the repository or project that the CI system names, else anybody's
    #[arg(long, value_name = "NAME")]
    pub(crate) owner: Option<String>,
    /// The standing cluster it is a namespace of: a context, a file, or the name of a cluster of berth's
    #[arg(long, value_name = "CLUSTER", requires = "id")]
    pub(crate) on: Option<String>,
}

impl WhichArgs {
    /// The owner it must have, if that is known.
    pub(crate) fn owner(&self) -> Option<String> {
        self.owner.clone().or_else(|| Job::read().owner)
    }

    /// What was asked for, in words.
    pub(crate) fn words(&self) -> String {
        match (&self.id, &self.name) {
            (Some(id), _) => format!("environment {id}"),
            (None, name) => format!("cluster {}", name.as_deref().unwrap_or_default()),
        }
    }
}

/// What an environment turned out to be.
pub(super) enum Environment {
    /// A cluster of its own.
    Cluster(Box<Doors>, ClusterAt),
    /// A namespace of a cluster that stands.
    Namespace(Box<Standing>),
    /// There is none anywhere it was looked for.
    Nowhere,
}

/// Opens the doors to the environment. One that is asked for by its id alone may also be a namespace of a cluster at hand.
pub(super) async fn find(args: &WhichArgs, settings: &Settings, ui: &Ui) -> Result<Environment, Failure> {
    if let Some(on) = &args.on {
        let standing = Standing::open(on, args.provider, settings, ui).await?;
        return Ok(Environment::Namespace(Box::new(standing)));
    }
    let (doors, at) = find_cluster(args, settings, ui).await?;
    if let Some(at) = at {
        return Ok(Environment::Cluster(Box::new(doors), at));
    }
    doors.close().await;
    let standing = namespace::search(args, settings, ui).await?;
    Ok(standing.map_or(Environment::Nowhere, |standing| Environment::Namespace(Box::new(standing))))
}

async fn find_cluster(args: &WhichArgs, settings: &Settings, ui: &Ui) -> Result<(Doors, Option<ClusterAt>), Failure> {
    let provider = args.provider.map(Provider::from);
    match (&args.id, &args.file) {
        (Some(id), Some(file)) => {
            let mut spec = spec_file::load(file, provider, ui)?.spec;
            if matches!(spec.cloud, CloudSpec::Existing(_)) {
                return Err(Failure::refused("a cluster that stands already is not leased as a whole")
                    .hint("its namespaces are found with --on FILE"));
            }
            spec.name = cluster_name(&spec.name, id, spec.cloud.provider());
            let doors = wiring::open_for(&spec, settings).await?;
            let at = wiring::cluster_at(&spec, &doors);
            Ok((doors, Some(at)))
        }
        (Some(id), None) => by_id(id, args, settings, ui).await,
        (None, _) => {
            let cluster = WhichCluster { name: args.name.clone(), file: None, provider: args.provider };
            let (doors, found) = which::find(&cluster, args.location.as_deref(), settings, ui).await?;
            match found {
                Ok(Found::At(at)) => Ok((doors, Some(at))),
                Ok(Found::Nowhere { .. }) => Ok((doors, None)),
                Err(failure) => {
                    doors.close().await;
                    Err(failure)
                }
            }
        }
    }
}

/// Looks for the id on all clusters of the clouds that can be asked.
async fn by_id(
    id: &LeaseId,
    args: &WhichArgs,
    settings: &Settings,
    ui: &Ui,
) -> Result<(Doors, Option<ClusterAt>), Failure> {
    let mut seen = Vec::new();
    let mut opened = Vec::new();
    let mut closed = Vec::new();
    let providers = args.provider.map_or(vec![Provider::Gke, Provider::Eks], |provider| vec![provider.into()]);
    for provider in providers {
        match wiring::open(provider, args.location.as_deref(), settings).await {
            Ok(doors) => opened.push(doors),
            Err(failure) => closed.push(failure),
        }
    }
    for (index, doors) in opened.iter().enumerate() {
        match doors.cloud.fleet().await {
            Ok(fleet) => {
                let bears = |cluster: &&ObservedCluster| is_it(cluster, id, args.owner().as_deref());
                seen.extend(fleet.clusters.iter().filter(bears).map(|cluster| (index, at(cluster))));
                if !fleet.unreachable.is_empty() {
                    ui.warning(&format!("these locations did not answer: {}", fleet.unreachable.join(", ")));
                }
            }
            Err(fault) => closed.push(doors.reading(&fault)),
        }
    }
    let chosen = choose(id, seen, closed.into_iter().next(), ui);
    let index = chosen.as_ref().map_or(0, |chosen| chosen.as_ref().map_or(0, |(index, _)| *index));
    let mut kept = None;
    for (number, doors) in opened.into_iter().enumerate() {
        if number == index && chosen.is_ok() {
            kept = Some(doors);
        } else {
            doors.close().await;
        }
    }
    let chosen = chosen?;
    let doors = kept.ok_or_else(|| Failure::refused("no cloud could be asked"))?;
    Ok((doors, chosen.map(|(_, at)| at)))
}

fn choose(
    id: &LeaseId,
    mut seen: Vec<(usize, ClusterAt)>,
    closed: Option<Failure>,
    ui: &Ui,
) -> Result<Option<(usize, ClusterAt)>, Failure> {
    match (seen.len(), closed) {
        (0 | 1, None) | (1, Some(_)) => Ok(seen.pop()),
        (0, Some(failure)) => {
            // One cloud that cannot be asked is usual: most people have accounts of one.
            ui.talk(&format!("a cloud was not asked: {} ({})", failure.message, failure.causes.join("; ")));
            Ok(None)
        }
        (..) => {
            let failure = Failure::refused(format!("there are several environments {id}"));
            Err(seen
                .iter()
                .fold(failure, |failure, (_, at)| failure.detail(format!("cluster {} ({})", at.name, at.words())))
                .hint("say which with --owner, --provider, or the name of its cluster instead of --id"))
        }
    }
}

fn is_it(cluster: &ObservedCluster, id: &LeaseId, owner: Option<&str>) -> bool {
    let lease = Lease::read(&cluster.labels).and_then(Result::ok);
    cluster.is_ours() && lease.is_some_and(|lease| lease.id == *id && owner.is_none_or(|owner| lease.owner == owner))
}

/// Where a cluster stands that was seen.
pub(crate) fn at(cluster: &ObservedCluster) -> ClusterAt {
    ClusterAt {
        provider: cluster.provider(),
        account: cluster.account.clone(),
        location: cluster.place.location().to_owned(),
        name: cluster.name.clone(),
    }
}
