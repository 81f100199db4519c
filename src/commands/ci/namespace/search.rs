//! A leased namespace that is asked for by its id alone: looked for in the clusters that are at hand, which are those of berth's
//! that stand, and the one that kubectl's current context leads to.

use berth_core::lease::{LeaseId, namespace};
use berth_core::observed::{ObservedCluster, Phase};
use berth_core::ports::Eyes;
use berth_core::run::Fault;
use berth_core::spec::{ExistingSpec, Provider};
use serde_json::Value;

use super::standing::Standing;
use super::{lease_of, reference};
use crate::commands::ci::which::{self, WhichArgs};
use crate::failure::Failure;
use crate::fleet;
use crate::settings::{Settings, kubectl_files};
use crate::ui::Ui;
use crate::wiring::{self, ClusterAt, Doors};

/// A namespace of the id, and where it is.
struct Hit {
    at: ClusterAt,
    there: Value,
}

impl Hit {
    fn is_same(&self, other: &Self) -> bool {
        self.there["metadata"]["uid"] == other.there["metadata"]["uid"]
    }
}

/// What a search came to.
#[derive(Default)]
struct Search {
    hits: Vec<Hit>,
    /// Clusters that answered.
    looked: Vec<String>,
    /// Clusters that did not, and why.
    deaf: Vec<String>,
}

/// The cluster at hand that has the namespace; `None` when none has, which is said with where it was looked for.
///
/// # Errors
/// Several have one.
pub(crate) async fn search(args: &WhichArgs, settings: &Settings, ui: &Ui) -> Result<Option<Standing>, Failure> {
    // With its file, or by the name of its cluster, a cluster of its own is meant.
    let (Some(id), None) = (&args.id, &args.file) else { return Ok(None) };
    let mut search = Search::default();
    let providers = args.provider.map_or(vec![Provider::Gke, Provider::Eks], |provider| vec![provider.into()]);
    for provider in providers {
        // Which cloud cannot be asked was told when its clusters were looked at.
        let Ok(doors) = wiring::open(provider, args.location.as_deref(), settings).await else { continue };
        search.clusters(id, &doors).await;
        doors.close().await;
    }
    if !settings.simulate && args.provider.is_none() {
        search.context(id, settings).await;
    }
    search.deaf.iter().for_each(|line| ui.warning(line));
    let owner = args.owner();
    let is_owners = |hit: &Hit| {
        let lease = lease_of(&hit.there).and_then(Result::ok);
        lease.is_some_and(|lease| owner.as_ref().is_none_or(|owner| lease.owner == *owner))
    };
    let mut hits: Vec<Hit> = search.hits.into_iter().filter(is_owners).collect();
    hits.dedup_by(|a, b| a.is_same(b));
    match (hits.pop(), hits.as_slice()) {
        (None, _) => {
            let looked = if search.looked.is_empty() { "no cluster".to_owned() } else { search.looked.join(", ") };
            ui.talk(&format!(
                "As a namespace it was looked for in {looked}; in another cluster it is found with --on CLUSTER"
            ));
            Ok(None)
        }
        (Some(hit), []) => enter(hit.at, settings).await.map(Some),
        (Some(last), others) => {
            let failure = Failure::refused(format!("there are several environments {id}"));
            let words = |hit: &Hit| format!("a namespace of cluster {} ({})", hit.at.name, hit.at.words());
            let all = others.iter().chain([&last]).map(words);
            Err(all.fold(failure, Failure::detail).hint("say which with --on CLUSTER, or with --owner"))
        }
    }
}

/// Opens the way into the cluster of a hit.
async fn enter(at: ClusterAt, settings: &Settings) -> Result<Standing, Failure> {
    let doors = match at.provider {
        Provider::Existing => wiring::open_context(&context_spec(&at.name), settings).await?,
        provider => wiring::open(provider, Some(&at.location), settings).await?,
    };
    Standing::enter(doors, at).await
}

fn context_spec(context: &str) -> ExistingSpec {
    ExistingSpec { context: context.to_owned(), ..ExistingSpec::default() }
}

impl Search {
    /// Looks into all clusters of berth's that stand behind these doors.
    async fn clusters(&mut self, id: &LeaseId, doors: &Doors) {
        let Ok(found) = doors.cloud.fleet().await else { return };
        let stands = |cluster: &&ObservedCluster| {
            cluster.is_ours() && !matches!(cluster.phase, Phase::Creating | Phase::Deleting | Phase::Failed)
        };
        let looks = found.clusters.iter().filter(stands).map(|cluster| async move {
            let at = which::at(cluster);
            (at, inside(id, cluster, doors).await)
        });
        for (at, there) in fleet::at_once(looks).await {
            self.note(at, there);
        }
    }

    /// Looks into the cluster that kubectl's current context leads to.
    async fn context(&mut self, id: &LeaseId, settings: &Settings) {
        let Ok(home) = etcetera::home_dir() else { return };
        let files = berth_kube::search_paths(kubectl_files().as_deref(), &home);
        let Some(context) = berth_kube::current_context(&files) else { return };
        let Ok(doors) = wiring::open_context(&context_spec(&context), settings).await else { return };
        let account = doors.account().to_owned();
        let at = ClusterAt { provider: Provider::Existing, location: account.clone(), account, name: context };
        if let Ok(standing) = Standing::enter(doors, at.clone()).await {
            // Whoever may only use his namespace may not look at others: that is no news.
            if let Ok(there) = standing.namespace(id).await {
                self.note(at, Ok(there));
            }
            standing.doors.close().await;
        }
    }

    fn note(&mut self, at: ClusterAt, there: Result<Option<Value>, Fault>) {
        match there {
            Ok(there) => {
                self.looked.push(at.name.clone());
                self.hits.extend(there.map(|there| Hit { at, there }));
            }
            Err(fault) => self.deaf.push(format!("cluster {} was not looked into: {fault}", at.name)),
        }
    }
}

/// The namespace of the id in a cluster.
async fn inside(id: &LeaseId, cluster: &ObservedCluster, doors: &Doors) -> Result<Option<Value>, Fault> {
    let Some(access) = &cluster.access else { return Ok(None) };
    let client = doors.kubernetes(access, &cluster.name)?;
    berth_kube::object(&client, &reference(&namespace::name(id))).await
}
