//! Own prices: each is of one thing that is sold, in the unit it is sold by.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::report::Report;
use crate::catalog::{self, MachineLookup};
use crate::cost::{Bought, Discount, Item, Kind, OwnPrice, OwnPrices, Unit, micro_usd};
use crate::spec::Provider;
use crate::spec::file::prices::{BoughtWord, DiscountFile, FeeWord, OwnPriceFile, SellerWord, ThingWord};
use crate::spec::problem::{Finding, Path, Problem, nearest};
use crate::spec::structure::{self, printable};
use crate::spec::tree::Document;

/// Reads a file of own prices; `file` is its name for messages and sources.
///
/// # Errors
///
/// Everything that is wrong with it, in the order of the file.
pub fn check_prices(file: &str, text: &str) -> Result<OwnPrices, Vec<Problem>> {
    let document = Document::parse(file, text)?;
    let structure = structure::check(&document, "Prices");
    let mut report = Report::default();
    for finding in structure.findings {
        report.problem(finding);
    }
    let form = Form { json: structure.json, broken: structure.broken };
    let prices = form.of::<OwnPriceFile>("prices", &mut report);
    let checked = |(path, written): (Path, OwnPriceFile)| Some((price(&written, &path, &mut report)?, path));
    let prices: Vec<(OwnPrice, Path)> = prices.into_iter().filter_map(checked).collect();
    never_used(&prices, &mut report);
    let prices = prices.into_iter().map(|(price, _)| price).collect();
    let discounts = form.of::<DiscountFile>("discounts", &mut report);
    let checked = |(path, written): (Path, DiscountFile)| Some((discount(&written, &path, &mut report)?, path));
    let discounts: Vec<(Discount, Path)> = discounts.into_iter().filter_map(checked).collect();
    never_given(&discounts, &mut report);
    let discounts = discounts.into_iter().map(|(discount, _)| discount).collect();
    report.settle(&document)?;
    Ok(OwnPrices { file: file.to_owned(), prices, discounts })
}

/// The file as far as its form is right.
struct Form {
    json: Value,
    broken: Vec<Path>,
}

impl Form {
    /// The entries of a list whose form is right, with their places.
    fn of<T: DeserializeOwned>(&self, list: &str, report: &mut Report) -> Vec<(Path, T)> {
        let mut entries = Vec::new();
        for (index, entry) in self.json["spec"][list].as_array().into_iter().flatten().enumerate() {
            let path = Path::of(&["spec", list]).index(index);
            if self.broken.iter().any(|broken| broken.is_under(&path) || path.is_under(broken)) {
                continue;
            }
            match serde_json::from_value(entry.clone()) {
                Ok(entry) => entries.push((path, entry)),
                Err(error) => report.problem(Finding::at(path, error.to_string())),
            }
        }
        entries
    }
}

fn price(price: &OwnPriceFile, path: &Path, report: &mut Report) -> Option<OwnPrice> {
    let provider = provider(price.provider);
    region(provider, price.region.as_deref(), path, report);
    let item = item(price, provider, path, report)?;
    let (hour, month) = (("usdPerHour", &price.usd_per_hour), ("usdPerGbMonth", &price.usd_per_gb_month));
    let (right, wrong, unit) = match &item {
        Item::Disk(_) => (month, hour, Unit::GbMonth),
        Item::Gpu { .. } => (hour, month, Unit::GpuHour),
        _ => (hour, month, Unit::Hour),
    };
    if wrong.1.is_some() {
        let message = format!("the price of {} is given as `{}`", printable(&item.to_string()), right.0);
        report.problem(Finding::at_key(path.key(wrong.0), message));
        return None;
    }
    let Some(usd) = right.1 else {
        report.problem(Finding::at(path.clone(), format!("missing field `{}`", right.0)));
        return None;
    };
    let micro_usd = amount(&usd.written(), path.key(right.0), report)?;
    Some(OwnPrice { provider, region: price.region.clone(), item, unit, micro_usd })
}

/// Micro-USD of an amount whose form is right.
fn amount(usd: &str, path: Path, report: &mut Report) -> Option<u64> {
    let message = match micro_usd(usd) {
        Some(0) => "must be an amount of USD above 0; what is smaller than 0.000001 counts as 0".to_owned(),
        Some(micro_usd) => return Some(micro_usd),
        None => format!("must be at most {} USD", u64::MAX / 1_000_000),
    };
    report.problem(Finding::at(path, message));
    None
}

/// Of several prices of one thing the first is taken.
fn never_used(prices: &[(OwnPrice, Path)], report: &mut Report) {
    for (index, (price, path)) in prices.iter().enumerate() {
        let goes_before = |(before, _): &&(OwnPrice, Path)| {
            (before.provider, &before.item) == (price.provider, &price.item)
                && (before.region.is_none() || before.region == price.region)
        };
        if let Some((_, before)) = prices[..index].iter().find(goes_before) {
            let message = format!("never used: {before} is of the same thing and comes first");
            report.problem(Finding::at(path.clone(), message));
        }
    }
}

/// What a price is of: exactly one thing.
fn item(price: &OwnPriceFile, provider: Provider, path: &Path, report: &mut Report) -> Option<Item> {
    let things = [
        ("machineType", price.machine_type.is_some()),
        ("gpu", price.gpu.is_some()),
        ("disk", price.disk.is_some()),
        ("fee", price.fee.is_some()),
    ];
    if things.iter().filter(|(_, is_given)| *is_given).count() != 1 {
        let message = "a price is of one thing: give one of these fields";
        report.problem(Finding::at(path.clone(), message).accepting(things.map(|(name, _)| name)));
        return None;
    }
    if price.capacity.is_some() && price.machine_type.is_none() && price.gpu.is_none() {
        report.problem(Finding::at_key(path.key("capacity"), "only machines and GPUs are sold as spot"));
    }
    let bought = price.capacity.map_or(Bought::OnDemand, bought);
    if let Some(name) = &price.machine_type {
        if let MachineLookup::Wrong { nearest } = catalog::machine(provider, name) {
            let message = format!("`{}` is no machine type of {}", printable(name), provider.as_str());
            report.problem(Finding::at(path.key("machineType"), message).meaning(nearest));
        }
        return Some(Item::machine(name, bought));
    }
    if let Some(gpu) = &price.gpu {
        return attached(gpu, provider, path.key("gpu"), report).map(|name| Item::Gpu { name, bought });
    }
    if let Some(kind) = &price.disk {
        disk(kind, provider, path.key("disk"), report);
        return Some(Item::Disk(kind.clone()));
    }
    fee(price.fee?, provider, path.key("fee"), report)
}

/// The clouds' disk types; more than pools take, because bills have the volumes of workloads, too.
fn disk(kind: &str, provider: Provider, path: Path, report: &mut Report) {
    let known: &[&str] = match provider {
        Provider::Gke => &[
            "pd-standard",
            "pd-balanced",
            "pd-ssd",
            "pd-extreme",
            "hyperdisk-balanced",
            "hyperdisk-balanced-high-availability",
            "hyperdisk-extreme",
            "hyperdisk-ml",
            "hyperdisk-throughput",
        ],
        Provider::Eks | Provider::Existing => &["gp3", "gp2", "io1", "io2", "st1", "sc1", "standard"],
    };
    if !known.contains(&kind) {
        let message = format!("unknown disk type `{}` on {}", printable(kind), provider.as_str());
        let meant = nearest(kind, known.iter().copied());
        report.problem(Finding::at(path, message).meaning(meant).accepting(known.iter().copied()));
    }
}

/// Google's name of a GPU that is attached to machines.
fn attached(written: &str, provider: Provider, path: Path, report: &mut Report) -> Option<String> {
    if provider != Provider::Gke {
        report.problem(Finding::at(path, "EC2 sells GPUs with their machines; give `machineType`"));
        return None;
    }
    let found = catalog::gpu(written).or_else(|| catalog::gpu_by_gke_type(written)).and_then(|gpu| gpu.gke_type);
    if found.is_none() {
        let names = catalog::gpu_names(provider);
        let finding = Finding::at(path, format!("unknown GPU `{}`", printable(written)));
        report.problem(finding.meaning(nearest(written, names.iter().copied())).accepting(names));
    }
    found.map(str::to_owned)
}

fn discount(discount: &DiscountFile, path: &Path, report: &mut Report) -> Option<Discount> {
    let provider = provider(discount.provider);
    region(provider, discount.region.as_deref(), path, report);
    fits_something(discount, provider, path, report);
    // A hundredth of a percent is a millionth of a hundred, so the same reading serves.
    let millionths = micro_usd(&discount.percent.to_string()).filter(|millionths| millionths % 10_000 == 0);
    let basis_points = millionths.and_then(|millionths| u32::try_from(millionths / 10_000).ok());
    if basis_points.is_none() {
        let message = "must be a percentage with at most two digits behind the point, such as `20` or `12.5`";
        report.problem(Finding::at(path.key("percent"), message));
    }
    Some(Discount {
        provider,
        region: discount.region.clone(),
        kind: discount.kind.map(kind),
        family: discount.family.clone(),
        bought: discount.capacity.map(bought),
        basis_points: basis_points?,
    })
}

/// A discount that no thing could have is a mistake.
fn fits_something(discount: &DiscountFile, provider: Provider, path: &Path, report: &mut Report) {
    if let Some(written) = &discount.family {
        if matches!(discount.kind, None | Some(ThingWord::Machine)) {
            family(written, provider, path.key("family"), report);
        } else {
            report.problem(Finding::at_key(path.key("family"), "only machines have a family"));
        }
    }
    if discount.capacity.is_some() && !matches!(discount.kind, None | Some(ThingWord::Machine | ThingWord::Gpu)) {
        report.problem(Finding::at_key(path.key("capacity"), "only machines and GPUs are sold as spot"));
    }
    if discount.kind == Some(ThingWord::Gpu) && provider == Provider::Eks {
        let message = "EC2 sells GPUs with their machines; give `machine`";
        report.problem(Finding::at(path.key("kind"), message));
    }
}

/// Clouds have more families than the catalog; one of those is taken that is neither another cloud's nor the front of a known one.
fn family(written: &str, provider: Provider, path: Path, report: &mut Report) {
    let known = catalog::families(provider);
    let others =
        [Provider::Gke, Provider::Eks].into_iter().filter(|other| *other != provider).flat_map(catalog::families);
    let is_form = written.starts_with(|first: char| first.is_ascii_lowercase())
        && written.bytes().any(|byte| byte.is_ascii_digit())
        && written.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || provider == Provider::Eks && byte == b'-'
        });
    let mut others = others.into_iter();
    let is_other = others.any(|other| other == written) || known.iter().any(|known| known.starts_with(written));
    if !known.contains(&written) && (!is_form || is_other) {
        let message = format!("unknown machine family `{}` on {}", printable(written), provider.as_str());
        let meant = nearest(written, known.iter().copied());
        report.problem(Finding::at(path, message).meaning(meant).accepting(known));
    }
}

/// Of several discounts on one thing the first is taken.
fn never_given(discounts: &[(Discount, Path)], report: &mut Report) {
    for (index, (discount, path)) in discounts.iter().enumerate() {
        let before = &discounts[..index];
        let taker = |part: Discount| {
            let (_, taker) = before.iter().find(|(before, _)| before.covers(&part))?;
            Some(taker.to_string())
        };
        let takers: Option<BTreeSet<String>> = discount.parts().into_iter().map(taker).collect();
        // Without any parts it fits nothing, which is said already.
        if let Some(takers) = takers.filter(|takers| !takers.is_empty()) {
            let takers: Vec<String> = takers.into_iter().collect();
            let message = format!("never used: all that it fits is taken first by {}", takers.join(" and "));
            report.problem(Finding::at(path.clone(), message));
        }
    }
}

fn region(provider: Provider, region: Option<&str>, path: &Path, report: &mut Report) {
    let Some(region) = region.filter(|region| catalog::region(provider, region).is_none()) else { return };
    let message = format!("unknown {} region `{}`", provider.as_str(), printable(region));
    let known = catalog::regions(provider).iter().map(|known| known.name);
    report.problem(Finding::at(path.key("region"), message).meaning(nearest(region, known)));
}

fn provider(word: SellerWord) -> Provider {
    match word {
        SellerWord::Gke => Provider::Gke,
        SellerWord::Eks => Provider::Eks,
    }
}

fn bought(word: BoughtWord) -> Bought {
    match word {
        BoughtWord::OnDemand => Bought::OnDemand,
        BoughtWord::Spot => Bought::Spot,
    }
}

/// What a fee is of; each cloud takes extended support in its own way.
fn fee(word: FeeWord, provider: Provider, path: Path, report: &mut Report) -> Option<Item> {
    let message = match (word, provider) {
        (FeeWord::ControlPlaneExtended, Provider::Gke) => {
            "GKE takes extended support beside its fee; give `extended-channel`"
        }
        (FeeWord::ExtendedChannel, Provider::Eks) => {
            "EKS has one fee with extended support in it; give `control-plane-extended`"
        }
        _ => return Some(fee_item(word)),
    };
    report.problem(Finding::at(path, message));
    None
}

fn fee_item(word: FeeWord) -> Item {
    match word {
        FeeWord::ControlPlane => Item::ControlPlane,
        FeeWord::ControlPlaneExtended => Item::ControlPlaneExtended,
        FeeWord::ExtendedChannel => Item::ExtendedChannel,
        FeeWord::NatGateway => Item::NatGateway,
        FeeWord::Address => Item::Address,
        FeeWord::LoadBalancer => Item::LoadBalancer,
    }
}

fn kind(word: ThingWord) -> Kind {
    match word {
        ThingWord::Machine => Kind::Machine,
        ThingWord::Gpu => Kind::Gpu,
        ThingWord::Disk => Kind::Disk,
        ThingWord::ControlPlane => Kind::ControlPlane,
        ThingWord::Network => Kind::Network,
    }
}
