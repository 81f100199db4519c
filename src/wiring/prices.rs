//! Live prices: kept ones while they are fresh, else those the cloud tells now.
//!
//! Nothing here fails: what cannot be read is a note, and the price book has its facts.

use std::collections::BTreeSet;

use berth_core::catalog;
use berth_core::cost::{Bought, Item, LivePrices, LiveRead, pays_for_gpus};
use berth_core::ports::Clock;
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use berth_core::spec::{CloudSpec, ClusterSpec, PoolSpec, Provider};
use jiff::{SignedDuration, Timestamp};

use super::{Cloud, Doors, open_for};
use crate::clock::RunClock;
use crate::failure::Failure;
use crate::home::make_private;
use crate::price_cache::{Age, Kept, PriceFile};
use crate::settings::Settings;

/// How long list prices are kept.
const LIST_KEPT: SignedDuration = SignedDuration::from_hours(24);
/// How long prices of spot machines are kept that move by the hour.
const SPOT_KEPT: SignedDuration = SignedDuration::from_hours(1);

/// Live prices to lay over the facts of the price book, in this order, and what has to be said about them.
#[derive(Debug, Default)]
pub(crate) struct Live {
    /// One for each interface of the cloud that has told something.
    pub(crate) layers: Vec<LivePrices>,
    /// When each of them was told, in the same order.
    pub(crate) told: Vec<LiveRead>,
    /// What was not found or could not be read, in sentences without their full stops.
    pub(crate) notes: Vec<String>,
}

/// Which prices are wanted.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// Of what.
    pub(crate) items: BTreeSet<Item>,
    /// Where.
    pub(crate) region: String,
    /// From when on, for prices that moved; `None` for those that hold now.
    pub(crate) since: Option<Timestamp>,
    /// Whether kept prices will not do.
    pub(crate) refresh: bool,
}

impl Wanted {
    /// All that an estimate of a spec has prices of, bought either way.
    pub(crate) fn of(spec: &ClusterSpec, refresh: bool) -> Self {
        let provider = spec.cloud.provider();
        let pools = spec.pools.iter().flat_map(|pool| of_pool(pool, provider));
        let around: &[Item] = match &spec.cloud {
            CloudSpec::Gke(gke) if gke.settings.private_nodes => &[Item::ControlPlane],
            CloudSpec::Gke(_) => &[Item::ControlPlane, Item::Address],
            CloudSpec::Eks(_) => &[Item::ControlPlane, Item::ControlPlaneExtended, Item::NatGateway, Item::Address],
            CloudSpec::Existing(_) => &[],
        };
        let items = pools.chain(around.iter().cloned()).collect();
        Self { items, region: spec.place.region.clone(), since: None, refresh }
    }
}

fn of_pool(pool: &PoolSpec, provider: Provider) -> Vec<Item> {
    let gpu = pool.gpu.as_ref().filter(|_| pays_for_gpus(provider, &pool.machine_type));
    let attached = gpu.and_then(|gpu| catalog::gpu(&gpu.model)?.gke_type);
    let ways = [Bought::OnDemand, Bought::Spot];
    let machines = ways.map(|bought| Item::machine(&pool.machine_type, bought));
    let gpus = attached.into_iter().flat_map(|name| ways.map(|bought| Item::Gpu { name: name.to_owned(), bought }));
    machines.into_iter().chain(gpus).chain([Item::Disk(pool.disk.kind.clone())]).collect()
}

/// Live prices for the estimates of some specs. A cloud is only called where kept prices are too old or not enough.
pub(crate) async fn live(specs: &[&ClusterSpec], refresh: bool, settings: &Settings) -> Live {
    // One look for each region, so that what one spec had refreshed is not refreshed again for the next.
    let mut places: Vec<(&ClusterSpec, Wanted)> = Vec::new();
    for spec in specs.iter().filter(|spec| spec.cloud.provider() != Provider::Existing) {
        let wanted = Wanted::of(spec, refresh);
        let is_same = |first: &ClusterSpec| {
            (first.cloud.provider(), &first.place.region) == (spec.cloud.provider(), &spec.place.region)
        };
        match places.iter_mut().find(|(first, _)| is_same(first)) {
            Some((_, known)) => known.items.extend(wanted.items),
            None => places.push((spec, wanted)),
        }
    }
    let mut all = Live::default();
    for (spec, wanted) in places {
        all.extend(of_place(spec, &wanted, settings).await);
    }
    all
}

async fn of_place(spec: &ClusterSpec, wanted: &Wanted, settings: &Settings) -> Live {
    let provider = spec.cloud.provider();
    // How old a simulated price is only the simulated clock can tell.
    if !settings.simulate
        && let Some(kept) = kept(provider, wanted, settings)
    {
        return kept;
    }
    match open_for(spec, settings).await {
        Ok(doors) => {
            let live = doors.live_prices(wanted, settings).await;
            doors.close().await;
            live
        }
        Err(failure) => without(provider, wanted, settings, &failure),
    }
}

/// What is kept and fresh, if it is everything that is wanted.
fn kept(provider: Provider, wanted: &Wanted, settings: &Settings) -> Option<Live> {
    let now = RunClock::real().now();
    let mut live = Live::default();
    for part in parts(provider) {
        let own = part.own(wanted);
        if own.items.is_empty() {
            continue;
        }
        let kept = part.file(&own, settings).read()?;
        let fresh = !own.refresh && kept.serves(&own.items, own.since, Age { now, most: part.most() });
        live.add_kept(fresh.then_some(kept)?, &own.items, now);
    }
    Some(live)
}

/// No door could be opened: what is kept, however old, and why there is nothing newer.
fn without(provider: Provider, wanted: &Wanted, settings: &Settings, failure: &Failure) -> Live {
    let (mut live, now) = (Live::default(), RunClock::real().now());
    for part in parts(provider) {
        let own = part.own(wanted);
        if let Some(kept) = part.file(&own, settings).read().filter(|_| !own.items.is_empty()) {
            live.add_kept(kept, &own.items, now);
        }
    }
    let why = failure.causes.iter().fold(failure.message.clone(), |why, cause| format!("{why}: {cause}"));
    live.notes.push(format!("live prices were not read: {why}"));
    live
}

impl Live {
    fn add_kept(&mut self, kept: Kept, items: &BTreeSet<Item>, now: Timestamp) {
        self.told.extend(kept.read(now, true));
        self.add(kept, items);
    }

    fn add_fresh(&mut self, fresh: Kept, items: &BTreeSet<Item>, now: Timestamp) {
        self.told.extend(fresh.read(now, false));
        self.add(fresh, items);
    }

    fn add(&mut self, kept: Kept, items: &BTreeSet<Item>) {
        // Of the notes only those about what is wanted now matter, and these name it.
        let names: Vec<String> = items.iter().map(|item| item.words(kept.live.provider)).collect();
        let about = |note: &String| names.iter().any(|name| note.contains(name.as_str()));
        self.notes.extend(kept.notes.into_iter().filter(about));
        self.layers.push(kept.live);
    }

    fn extend(&mut self, other: Self) {
        self.layers.extend(other.layers);
        self.told.extend(other.told);
        self.notes.extend(other.notes);
    }
}

/// One interface that tells prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// AWS's price list.
    AwsList,
    /// EC2's spot price history.
    AwsSpot,
    /// Google's billing catalog, which has spot prices as well; they hold for a day at least.
    GoogleCatalog,
}

fn parts(provider: Provider) -> &'static [Part] {
    match provider {
        Provider::Eks => &[Part::AwsList, Part::AwsSpot],
        Provider::Gke => &[Part::GoogleCatalog],
        Provider::Existing => &[],
    }
}

impl Part {
    /// What of the wanted prices this interface tells.
    fn own(self, wanted: &Wanted) -> Wanted {
        let items = wanted.items.iter().filter(|item| match self {
            Self::AwsList => !item.is_spot(),
            Self::AwsSpot => item.is_spot(),
            Self::GoogleCatalog => true,
        });
        // Only the history goes back, and a bill takes it up to now: a kept one may lack the hours in which something ended.
        let since = wanted.since.filter(|_| self == Self::AwsSpot);
        let refresh = wanted.refresh || since.is_some();
        Wanted { items: items.cloned().collect(), since, refresh, ..wanted.clone() }
    }

    fn most(self) -> SignedDuration {
        if self == Self::AwsSpot { SPOT_KEPT } else { LIST_KEPT }
    }

    fn file(self, wanted: &Wanted, settings: &Settings) -> PriceFile {
        let name = match self {
            Self::AwsList => "aws-list",
            Self::AwsSpot => "aws-spot",
            Self::GoogleCatalog => "google",
        };
        let simulated = if settings.simulate { "-simulated" } else { "" };
        PriceFile::at(&settings.home.prices(), &format!("{name}-{}{simulated}", wanted.region))
    }

    /// The interface in words, and what it takes to read it.
    fn words(self) -> (&'static str, String) {
        match self {
            Self::AwsList => ("AWS's price list", format!("permission {}", berth_eks::LIST_PERMISSION)),
            Self::AwsSpot => ("EC2's spot price history", format!("permission {}", berth_eks::SPOT_PERMISSION)),
            Self::GoogleCatalog => ("Google's billing catalog", berth_gke::CATALOG_NEEDS.to_owned()),
        }
    }

    /// Why nothing was read, and what would help.
    fn unread(self, fault: &Fault) -> String {
        let (what, needs) = self.words();
        match fault.kind {
            FaultKind::Denied => format!("{what} was not read; it takes {needs}: {}", fault.said),
            _ => format!("{what} was not read: {}", fault.said),
        }
    }
}

impl Doors {
    /// Live prices of some things. The cloud is only called where kept prices are too old or not enough.
    pub(crate) async fn live_prices(&self, wanted: &Wanted, settings: &Settings) -> Live {
        let read = parts(self.provider()).iter().map(|part| self.part(*part, wanted, settings));
        let mut all = Live::default();
        for live in futures::future::join_all(read).await {
            all.extend(live);
        }
        all
    }

    async fn part(&self, part: Part, wanted: &Wanted, settings: &Settings) -> Live {
        let wanted = part.own(wanted);
        let mut live = Live::default();
        if wanted.items.is_empty() {
            return live;
        }
        let (file, now) = (part.file(&wanted, settings), self.clock.now());
        let kept = file.read();
        if let Some(kept) = &kept
            && !wanted.refresh
            && kept.serves(&wanted.items, wanted.since, Age { now, most: part.most() })
        {
            live.add_kept(kept.clone(), &wanted.items, now);
            return live;
        }
        match self.ask(part, &wanted, kept.as_ref(), (now, settings.simulate)).await {
            Ok(fresh) => {
                let written = make_private(&settings.home.prices()).is_ok() && file.write(&fresh).is_ok();
                if !written {
                    let folder = settings.home.prices();
                    live.notes.push(format!("live prices could not be kept in {}", folder.display()));
                }
                live.add_fresh(fresh, &wanted.items, now);
            }
            Err(fault) => {
                live.notes.push(part.unread(&fault));
                if let Some(kept) = kept {
                    live.add_kept(kept, &wanted.items, now);
                }
            }
        }
        live
    }

    /// Asks the cloud, also for what was asked before, so that the files of two specs do not drive out each other's prices.
    async fn ask(
        &self,
        part: Part,
        wanted: &Wanted,
        kept: Option<&Kept>,
        (now, simulated): (Timestamp, bool),
    ) -> Result<Kept, Fault> {
        let before = kept.map(|kept| &kept.asked).into_iter().flatten();
        let asked: BTreeSet<Item> = wanted.items.iter().chain(before).cloned().collect();
        let since = wanted.since.unwrap_or(now);
        let (mut live, notes) = match (&self.cloud, part) {
            (Cloud::Eks(eks), Part::AwsSpot) => eks.spot_prices(&asked, since, now).await?,
            (Cloud::Eks(eks), _) => eks.list_prices(&asked, now).await?,
            (Cloud::Gke(gke), _) => gke.list_prices(&wanted.region, &asked, now).await?,
            (Cloud::Existing(_), _) => return Err(nobody()),
        };
        if simulated {
            live.source.name.push_str(" (simulated)");
        }
        Ok(Kept { asked, since, notes, live })
    }
}

/// A cluster that stands already has no cloud behind it that could be asked.
fn nobody() -> Fault {
    Fault {
        kind: FaultKind::Refused,
        tried: "read prices".to_owned(),
        said: "berth does not buy the machines of a cluster that stands already".to_owned(),
        left_behind: LeftBehind::Nothing,
        retry: Retry::Never,
    }
}
