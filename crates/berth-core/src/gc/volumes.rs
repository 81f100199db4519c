//! Data: disks and volumes of what was made to stay are kept and named, and go only when somebody says so.
//!
//! Kubernetes takes away what its claims say goes with them, while its controllers live. What is there after that was to be retained,
//! or nobody could say. Whatever has a lease was made to be thrown away, with all its data.

use super::environment::{Environment, LeaseFound, is_home, sort};
use super::inventory::Inventory;
use super::leftover::{Claim, Leftover, LeftoverKind, Whereabouts};
use super::plan::plan;
use crate::actions::Action;
use crate::actions::eks::{EksAction, EksAddonState, EksClusterRef, EksPart, EksPartKind};
use crate::actions::kube::KubeAction;
use crate::lease::Lease;
use crate::observed::Observed;
use crate::plan::{Plan, Refusal};
use crate::rules::eks::{addons, present};
use crate::spec::{Place, Provider};

/// Whether this kind holds data.
pub fn is_volume(kind: LeftoverKind) -> bool {
    matches!(kind, LeftoverKind::Disk | LeftoverKind::Volume)
}

impl Environment {
    /// Whether it was made for a time, and all its data with it; not if its lease cannot be read.
    pub fn is_leased(&self) -> bool {
        matches!(self.lease(), LeaseFound::Lease(_))
    }

    /// The disks and volumes of it, which it then holds no more.
    pub fn take_volumes(&mut self) -> Vec<Leftover> {
        let (volumes, things) = std::mem::take(&mut self.things).into_iter().partition(|thing| is_volume(thing.kind));
        self.things = things;
        volumes
    }
}

/// What an inventory has of the cluster of this name in this place, proved and sorted out as [`decide`](super::decide) does.
///
/// What tells no location is its own only if no other cluster of that name is near.
pub fn of_cluster(
    inventory: &Inventory,
    (provider, account): (Provider, &str),
    name: &str,
    location: &str,
) -> Environment {
    let mut things = Vec::new();
    for environment in sort(inventory).environments {
        if (environment.provider, environment.account.as_str(), environment.cluster.as_str())
            != (provider, account, name)
        {
            continue;
        }
        match &environment.location {
            Some(known) if known == location => things.extend(environment.things),
            Some(_) => {}
            None => things.extend(environment.things.into_iter().filter(|thing| is_home(thing, Some(location)))),
        }
    }
    things.sort_by(|a, b| (a.kind, &a.id).cmp(&(b.kind, &b.id)));
    let (account, location) = (account.to_owned(), Some(location.to_owned()));
    Environment { provider, account, location, cluster: name.to_owned(), things }
}

/// What is left of clusters of this name that do not stand.
pub fn left_of(inventory: &Inventory, (provider, account): (Provider, &str), name: &str) -> Vec<Environment> {
    let is_of =
        |one: &Environment| (one.provider, one.account.as_str(), one.cluster.as_str()) == (provider, account, name);
    sort(inventory).environments.into_iter().filter(|one| is_of(one) && one.standing().is_none()).collect()
}

/// Whether a look shows something that has a lease: the cluster, or where there is none, anything around it.
pub fn shows_lease(observed: &Observed) -> bool {
    match &observed.cluster {
        Some(cluster) => Lease::read(&cluster.labels).is_some(),
        None => observed.around.parts.iter().any(|part| Lease::read(&part.tags).is_some()),
    }
}

/// The volumes that stand around a cluster on AWS.
pub fn volumes(observed: &Observed, cluster: &EksClusterRef) -> Vec<Leftover> {
    let EksClusterRef { account, region, name } = cluster;
    let parts = observed.around.parts.iter().filter(|part| part.thing.kind == EksPartKind::Volume);
    let volume = |part: &EksPart| Leftover {
        kind: LeftoverKind::Volume,
        id: part.thing.id.clone(),
        name: part.thing.id.clone(),
        at: Whereabouts { provider: Provider::Eks, account: account.clone(), place: region.clone() },
        cluster: name.clone(),
        cluster_location: Some(region.clone()),
        labels: part.tags.clone(),
        made: None,
        claim: Claim::Mark,
        phase: None,
        size: None,
    };
    parts.map(volume).collect()
}

/// A look without its volumes, so that a plan made of it does not touch them.
#[must_use]
pub fn without_volumes(observed: &Observed) -> Observed {
    let mut observed = observed.clone();
    observed.around.parts.retain(|part| part.thing.kind != EksPartKind::Volume);
    observed
}

/// Takes out of a plan what would delete volumes by their tags. Those that go with their claims are waited for instead, as long as
/// the driver that deletes them works; nobody waits for one that does not.
pub fn spare_volumes(plan: &mut Plan, observed: &Observed) {
    let description = observed.cluster.as_ref().and_then(present::description);
    let works = |addon: &EksAddonState| addon.name == addons::EBS_CSI && addon.status == "ACTIVE";
    let has_driver = description.is_some_and(|description| description.addons.iter().any(works));
    for step in &mut plan.steps {
        match &mut step.action {
            Action::Eks(EksAction::Sweep { kinds, .. }) => {
                kinds.retain(|kind| *kind != EksPartKind::Volume);
                step.title = step.title.replacen(&format!("{}s, ", EksPartKind::Volume.words()), "", 1);
            }
            Action::Kube(KubeAction::ReleaseCloudObjects { disks, .. }) => *disks |= has_driver,
            _ => {}
        }
    }
}

/// The steps of [`plan`], but for those that would delete disks and volumes.
///
/// # Errors
/// As [`plan`].
pub fn plan_sparing_volumes(environment: &Environment, observed: &Observed) -> Result<Plan, Refusal> {
    let mut environment = environment.clone();
    environment.take_volumes();
    let mut plan = plan(&environment, &without_volumes(observed))?;
    spare_volumes(&mut plan, observed);
    Ok(plan)
}

impl Leftover {
    /// The command of the cloud's own tool that deletes this disk or volume.
    pub fn deletion(&self) -> String {
        let (place, name) = (&self.at.place, &self.name);
        match self.at.provider {
            Provider::Gke => {
                let is_region = Place::from_gke_location(place).zone.is_none();
                let flag = if is_region { "region" } else { "zone" };
                format!("gcloud compute disks delete {name} --{flag}={place} --project={}", self.at.account)
            }
            Provider::Eks | Provider::Existing => {
                format!("aws ec2 delete-volume --region {place} --volume-id {}", self.id)
            }
        }
    }
}
