//! What was used, read from the clouds: their inventories, their machines, and the pods that asked for GPUs.

use std::collections::{BTreeMap, BTreeSet};

use berth_core::cost::{Item, LivePrices, Stretch, Usage};
use berth_core::gc::{Claim, Inventory, Scope};
use berth_core::manifests::quotas;
use berth_core::metering::{self, Found, Machines, Metered};
use berth_core::observed::{ObservedCluster, Phase};
use berth_core::ports::{Clock, Eyes};
use berth_core::run::Fault;
use berth_core::spec::{GPU_RESOURCE, Provider};
use jiff::{SignedDuration, Timestamp};

use super::prices::{Live, Wanted};
use super::{Cloud, Doors};
use crate::records::{Records, Seen};
use crate::settings::Settings;

/// For how long EC2 keeps the history of spot prices.
const HISTORY: SignedDuration = SignedDuration::from_hours(90 * 24);

/// What one look at one cloud found to bill.
pub(crate) struct Billable {
    pub(crate) metered: Metered,
    /// When the look was.
    pub(crate) now: Timestamp,
}

impl Doors {
    /// What was used by the clusters of ours that these doors lead to, or by the one of this name, also by those that are gone, as far as
    /// looks have seen it; `divided` also asks the clusters which services asked for their GPUs. This look is kept for later ones.
    pub(crate) async fn billable(
        &self,
        cluster: Option<&str>,
        divided: bool,
        settings: &Settings,
    ) -> Result<Billable, Fault> {
        let records = Records::open(self, settings, cluster);
        let remembered = records.are_open();
        let now = self.clock.now();
        let regions = self.only_region().map(ToOwned::to_owned).into_iter().collect();
        let scope = Scope { accounts: Vec::new(), regions };
        // Boxed, because the futures of the calls are large.
        let (inventory, machines, fleet) = futures::join!(
            Box::pin(self.inventory(&scope)),
            Box::pin(self.machines(remembered)),
            Box::pin(self.cloud.fleet())
        );
        let (mut inventory, mut machines, fleet) = (inventory?, machines?, fleet?);
        let is_asked = |name: &str| cluster.is_none_or(|asked| asked == name);
        machines.found.retain(|machine| is_asked(&machine.cluster));
        let (mut notes, unproven) = unproven(&mut inventory, &is_asked);
        let ours = || fleet.clusters.iter().filter(|one| one.is_ours() && is_asked(&one.name));
        let (supported_until, unasked) = self.supported_until(ours(), &mut notes).await;
        let mut shares = BTreeMap::new();
        let mut requests = Vec::new();
        let mut asked = BTreeSet::new();
        for cluster in ours().filter(|_| divided) {
            match self.asked_within(cluster).await {
                Ok(Some(within)) => {
                    asked.insert(cluster.name.clone());
                    shares.extend(within.shares);
                    requests.extend(within.requests);
                }
                Ok(None) => {}
                Err(fault) => notes.push(format!(
                    "cluster {}: what services asked for is not seen, so its nodes are not divided: {fault}",
                    cluster.name
                )),
            }
        }
        let (clusters, begun) = (&fleet.clusters, &records.begun());
        let (supported_until, shares) = (&supported_until, &shares);
        let found = Found { inventory: &inventory, machines: &machines, clusters, begun, supported_until, shares, now };
        let mut metered = metering::metered(&found);
        // Since when this is paid, or whether it is, nobody has told this time: that is for this bill, and nothing to remember.
        let is_guess = |thing: &Stretch| {
            thing.what.item == Item::ExtendedChannel && unasked.contains(&*thing.id) && !records.know(thing)
        };
        let (guesses, stretches) = metered.usage.stretches.into_iter().partition::<Vec<_>, _>(is_guess);
        let usage = Usage { stretches, requests };
        // A clock of ours that is behind does not make what stands something to come.
        let now = usage.stretches.iter().map(|thing| thing.from).fold(now, Timestamp::max);
        let unread = inventory.unread.into_iter().chain(machines.partly).collect();
        let seen =
            Seen { at: now, usage, ends: machines.ends, lives: machines.lives, unread, unproven, divided: asked };
        let (mut usage, kept) = records.look(seen);
        usage.stretches.extend(guesses);
        metered.notes.extend(metering::untold(&usage));
        metered.usage = usage;
        metered.notes.extend(notes.into_iter().chain(kept));
        Ok(Billable { metered, now })
    }

    /// When standard support ends, as their cloud tells, by the ids of clusters that cost more from then on; and the ids of those of which
    /// it did not say so.
    async fn supported_until<'a>(
        &self,
        clusters: impl Iterator<Item = &'a ObservedCluster>,
        notes: &mut Vec<String>,
    ) -> (BTreeMap<String, Timestamp>, BTreeSet<String>) {
        let (mut told, mut unasked) = (BTreeMap::new(), BTreeSet::new());
        for cluster in clusters.filter(|one| one.pays_for_extended_support()) {
            let location = cluster.place.location();
            let id = metering::cluster_id(location, &cluster.name);
            let until = match &self.cloud {
                Cloud::Gke(gke) => gke.standard_support_until(location, &cluster.name).await,
                Cloud::Eks(eks) => eks.standard_support_until(&cluster.version).await,
                Cloud::Existing(_) => Ok(None),
            };
            let why = match until {
                Ok(Some(until)) => {
                    told.insert(id, until);
                    continue;
                }
                Ok(None) => "its cloud does not say".to_owned(),
                Err(fault) => fault.to_string(),
            };
            notes.push(unsupported(cluster, &why));
            unasked.insert(id);
        }
        (told, unasked)
    }

    async fn machines(&self, remembered: bool) -> Result<Machines, Fault> {
        match &self.cloud {
            Cloud::Gke(gke) => gke.machines(remembered).await,
            Cloud::Eks(eks) => eks.machines(remembered).await,
            Cloud::Existing(_) => Ok(Machines::default()),
        }
    }

    /// Shares and requests in a cluster; `None` while its API cannot be there.
    async fn asked_within(&self, cluster: &ObservedCluster) -> Result<Option<Within>, Fault> {
        let Some(access) = &cluster.access else { return Ok(None) };
        if matches!(cluster.phase, Phase::Creating | Phase::Deleting) {
            return Ok(None);
        }
        let client = self.kubernetes(access, &cluster.name)?;
        let kinds = [("v1", "ResourceQuota")];
        let (nodes, pods, limits) = futures::join!(
            Box::pin(berth_kube::nodes(&client)),
            Box::pin(berth_kube::pods(&client, None)),
            Box::pin(berth_kube::labelled(&client, &kinds, quotas::SELECTOR))
        );
        let shares = nodes?.into_iter().filter_map(|node| {
            let shares = node.extended_resources.get(GPU_RESOURCE).copied()?;
            Some(((cluster.name.clone(), node.name), shares))
        });
        Ok(Some(Within { shares: shares.collect(), requests: metering::requests(&cluster.name, &pods?, &limits?) }))
    }

    /// Prices of what was used, as they are and as they moved.
    pub(crate) async fn prices_of(&self, usage: &Usage, now: Timestamp, refresh: bool, settings: &Settings) -> Live {
        let mut live = Live::default();
        let mut regions: BTreeMap<&str, BTreeSet<Item>> = BTreeMap::new();
        for stretch in usage.stretches.iter().filter(|one| one.what.provider == self.provider()) {
            regions.entry(&stretch.what.region).or_default().insert(stretch.what.item.clone());
        }
        if self.provider() == Provider::Existing {
            return live;
        }
        let spot = usage.stretches.iter().filter(|one| one.what.item.is_spot()).map(|one| one.from).min();
        let since = spot.map(|from| from.max(now.saturating_sub(HISTORY).unwrap_or(from)));
        for (region, items) in regions {
            let wanted = Wanted { items, region: region.to_owned(), since, refresh };
            let read = self.live_prices(&wanted, settings).await;
            live.layers.extend(read.layers);
            live.notes.extend(read.notes);
        }
        live
    }
}

fn unsupported(cluster: &ObservedCluster, why: &str) -> String {
    let counted = match cluster.provider() {
        Provider::Eks => "taken from berth's own list",
        _ => "counted since it was made",
    };
    format!("cluster {}: since when it pays for extended support is {counted}: {why}", cluster.name)
}

/// Who asked for what in a cluster.
struct Within {
    shares: BTreeMap<(String, String), u64>,
    requests: Vec<berth_core::cost::Request>,
}

/// Takes out what is not asked about, and what nothing proves to be ours: that is said, and its ids are given.
fn unproven(inventory: &mut Inventory, is_asked: &impl Fn(&str) -> bool) -> (Vec<String>, BTreeSet<String>) {
    let (mut notes, mut ids) = (Vec::new(), BTreeSet::new());
    inventory.found.retain(|thing| {
        let proved = !matches!(&thing.claim, Claim::MadeFor { anchor, .. } if anchor.is_empty());
        let asked = is_asked(&thing.cluster);
        if asked && !proved && thing.kind.is_billed() {
            notes.push(format!("not counted, unless it was known before: {}, because {}", thing.words(), thing.why()));
            ids.insert(thing.id.clone());
        }
        asked && proved
    });
    (notes, ids)
}

/// Prices of several looks over one book.
pub(crate) fn over(book: berth_core::cost::PriceBook, layers: &[LivePrices]) -> berth_core::cost::PriceBook {
    layers.iter().fold(book, berth_core::cost::PriceBook::with_live)
}
