//! `berth cost NAME` and `--all`: what runs now, and what it has cost since it was made, from the clouds' own times.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use berth_core::cost::{
    Amount, Budget, Group, GroupBy, GroupName, Money, PriceBook, Usage, Window, bill, course, month_end,
};
use berth_core::metering::Metered;
use berth_core::spec::Provider;
use berth_report::cost::bill::{self as render, Billed};
use clap::Args;
use jiff::{SignedDuration, Timestamp};

use crate::cli::OutputForm;
use crate::failure::{Exit, Failure};
use crate::records;
use crate::settings::Settings;
use crate::ui::Ui;
use crate::wiring;

/// What is billed, over which time and summed up by what.
#[derive(Debug, Args)]
pub(super) struct BillArgs {
    /// A cluster: what it costs now, and what it has cost since it was made
    #[arg(value_name = "NAME", conflicts_with_all = ["file", "all"])]
    pub(super) name: Option<String>,
    /// The same of all clusters that berth made, with what is left of those that are gone
    #[arg(long, conflicts_with = "file")]
    pub(super) all: bool,
    /// Regions of EKS to look at; without it the environment's or the profile's, and those where berth has made something
    #[arg(long, value_delimiter = ',', value_name = "REGION", value_parser = region, conflicts_with = "file")]
    region: Vec<String>,
    /// Only what was used since then: a time, a date, or how long ago (90m, 24h, 7d)
    #[arg(long, value_name = "WHEN", value_parser = since, conflicts_with = "file")]
    since: Option<Since>,
    /// Sum it up by cluster, pool, service, owner, lease, run or label=KEY
    #[arg(long, value_name = "WHAT", value_parser = group_by, conflicts_with = "file")]
    group_by: Option<GroupBy>,
}

/// Into how many parts the time of a page is cut.
const MOMENTS: u32 = 48;

/// From when on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Since {
    At(Timestamp),
    Ago(SignedDuration),
}

/// What else a bill depends on.
pub(super) struct Asked {
    pub(super) provider: Option<Provider>,
    pub(super) book: PriceBook,
    /// Whether kept prices will not do.
    pub(super) refresh: bool,
    /// What a month may cost.
    pub(super) budget: Option<Budget>,
    /// What it may be expected to cost without a failure.
    pub(super) limit: Option<Budget>,
}

pub(super) async fn run(args: &BillArgs, asked: Asked, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    let by = args.group_by.clone().unwrap_or(if args.all { GroupBy::Cluster } else { GroupBy::Pool });
    if ui.form() == OutputForm::Prometheus && !matches!(by, GroupBy::Cluster | GroupBy::Pool | GroupBy::Service) {
        return Err(Failure::refused("metrics have cluster, pool and service as labels, and no others")
            .hint("leave --group-by out; --output csv has owners, leases, runs and labels too"));
    }
    let places = places(asked.provider, &args.region);
    let gathered = gather((args.name.as_deref(), asked.refresh), places, asked.book, settings).await?;
    for (provider, why) in &gathered.closed {
        ui.talk(&format!("{} was not asked: {why}", provider.as_str()));
    }
    for (lack, _) in &gathered.unread {
        ui.warning(lack);
    }
    let (usage, now) = (&gathered.metered.usage, gathered.now);
    if let Some(name) = args.name.as_ref().filter(|_| usage.stretches.is_empty()) {
        // Where it was not looked it may be.
        if let Some((_, failure)) = gathered.unread.into_iter().next() {
            return Err(failure);
        }
        let failure = Failure::refused(format!("there is no cluster {name}, and nothing is left of it"))
            .detail("berth has seen none, and what one that is gone has cost its cloud's own billing tells");
        let elsewhere = |provider: Provider| {
            format!("only {} was asked; leave --provider out to look on the other clouds, too", provider.as_str())
        };
        let regions = (!gathered.regions.is_empty())
            .then(|| format!("on EKS only {} was asked; name others with --region", gathered.regions.join(", ")));
        let look = format!("see what there is:\n    berth list --all{}", settings.flags());
        let hints = asked.provider.map(elsewhere).into_iter().chain(regions).chain([look]);
        return Err(hints.fold(failure, Failure::hint));
    }
    let since = args.since.map(|since| match since {
        Since::At(at) => at,
        Since::Ago(ago) => now.saturating_sub(ago).unwrap_or(now),
    });
    if let Some(since) = since.filter(|since| *since > now) {
        return Err(Failure::refused(format!("{since} is still to come: it is {now} there"))
            .hint("give --since a time that is past"));
    }
    let billed = Billed {
        cluster: args.name.as_deref(),
        bill: bill(usage, &gathered.book, Window { since, now }),
        month: month_end(usage, &gathered.book, now),
        budget: asked.budget,
        by,
        notes: &gathered.metered.notes,
        course: if ui.form() == OutputForm::Html {
            course(usage, &gathered.book, Window { since, now }, MOMENTS)
        } else {
            Vec::new()
        },
    };
    put(&billed, ui)?;
    let over = asked.limit.filter(|limit| billed.month.expected.micro_usd() > u128::from(limit.monthly_micro_usd));
    if let Some(limit) = over {
        return Err(Failure::new(
            Exit::OverLimit,
            format!("this month is expected to cost more than the limit of {limit}"),
        )
        .detail(format!("it comes to {} USD", render::cents(billed.month.expected))));
    }
    if let Some((_, failure)) = asked.limit.and(gathered.unread.into_iter().next()) {
        return Err(failure.detail("what is there could cost more than the limit"));
    }
    if let Some(limit) = asked.limit.filter(|_| billed.month.expected.is_at_least()) {
        ui.warning(&format!(
            "what is known of this month is within {limit}, but not every price is known; the bill names what lacks"
        ));
    }
    Ok(Exit::Done)
}

fn put(billed: &Billed<'_>, ui: &Ui) -> Result<(), Failure> {
    match ui.form() {
        OutputForm::Table => ui.data(&render::text(billed)),
        OutputForm::Markdown => ui.data(&render::markdown(billed)),
        OutputForm::Json => ui.json(&render::json(billed)),
        OutputForm::Csv => {
            ui.data(&render::csv(billed));
            if let Some(budget) = billed.budget {
                ui.talk(&budget.judge_month(&billed.month).to_string());
            }
        }
        OutputForm::Prometheus => ui.data(&render::prometheus(billed).map_err(super::unwritten)?),
        OutputForm::Html => ui.data(&render::html(billed)),
    }
    Ok(())
}

/// What all clouds that could be asked told.
struct Gathered {
    metered: Metered,
    book: PriceBook,
    now: Timestamp,
    /// Regions of EKS that were asked.
    regions: Vec<String>,
    /// Clouds that could not be asked, and why.
    closed: Vec<(Provider, String)>,
    /// What says so of those that were asked and could not be read, and what came of that.
    unread: Vec<(String, Failure)>,
}

/// What a cluster has cost since it was made, and what it costs an hour now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SoFar {
    pub(crate) money: Money,
    pub(crate) rate: Amount,
}

/// What each cluster behind these doors, or the one of this name, has cost so far, by its name.
///
/// # Errors
/// What was used cannot be read.
pub(crate) async fn so_far(
    cluster: Option<&str>,
    doors: &wiring::Doors,
    settings: &Settings,
) -> Result<BTreeMap<String, SoFar>, Failure> {
    let mut billable = doors.billable(cluster, false, settings).await.map_err(|fault| doors.reading(&fault))?;
    records::of_this_life(&mut billable.metered.usage);
    let usage = &billable.metered.usage;
    let live = doors.prices_of(usage, billable.now, false, settings).await;
    let book = wiring::over(PriceBook::facts(), &live.layers);
    let bill = bill(usage, &book, Window { since: None, now: billable.now });
    let named = |group: Group| match group.name {
        GroupName::Named(name) => Some((name, SoFar { money: group.money, rate: group.rate })),
        _ => None,
    };
    Ok(bill.grouped(&GroupBy::Cluster).into_iter().filter_map(named).collect())
}

/// Reads what was used and its prices, cloud by cloud; where no region is given, also in those of which berth has a record.
async fn gather(
    (name, refresh): (Option<&str>, bool),
    mut places: VecDeque<(Provider, Option<String>)>,
    book: PriceBook,
    settings: &Settings,
) -> Result<Gathered, Failure> {
    let (metered, now, regions) = (Metered::default(), Timestamp::UNIX_EPOCH, Vec::new());
    let mut gathered = Gathered { metered, book, now, regions, closed: Vec::new(), unread: Vec::new() };
    let (mut first, mut failed, mut asked) = (None, 0, 0);
    while let Some((provider, region)) = places.pop_front() {
        asked += 1;
        let failure = match wiring::open(provider, region.as_deref(), settings).await {
            Ok(doors) => {
                gathered.regions.extend(doors.only_region().map(ToOwned::to_owned));
                if let Some(own) = doors.only_region().filter(|_| region.is_none()) {
                    let known = records::regions_of_eks(settings, Some(doors.account()), name).into_iter();
                    places.extend(known.filter(|known| known != own).map(|known| (provider, Some(known))));
                }
                let read = gathered.add((name, refresh), &doors, settings).await;
                doors.close().await;
                let Err(failure) = read else { continue };
                gathered.lacks((provider, region.as_deref()), &failure);
                failure
            }
            Err(failure) => {
                match &region {
                    // Something of ours is there, or it was named.
                    Some(region) => gathered.lacks((provider, Some(region)), &failure),
                    None => gathered.closed.push((provider, why(&failure))),
                }
                if provider == Provider::Eks && region.is_none() {
                    let known = records::regions_of_eks(settings, None, name);
                    places.extend(known.into_iter().map(|region| (provider, Some(region))));
                }
                failure
            }
        };
        failed += 1;
        first = first.or(Some(failure));
    }
    match first {
        Some(failure) if failed == asked => Err(failure),
        _ => Ok(gathered),
    }
}

fn why(failure: &Failure) -> String {
    format!("{} ({})", failure.message, failure.causes.join("; "))
}

impl Gathered {
    /// Keeps that one place could not be read.
    fn lacks(&mut self, (provider, region): (Provider, Option<&str>), failure: &Failure) {
        let place = region.map_or(String::new(), |region| format!(" in {region}"));
        let lack = format!("{}{place} is not in this bill: {}", provider.as_str(), why(failure));
        self.metered.notes.push(lack.clone());
        self.unread.push((lack, failure.clone()));
    }

    async fn add(
        &mut self,
        (name, refresh): (Option<&str>, bool),
        doors: &wiring::Doors,
        settings: &Settings,
    ) -> Result<(), Failure> {
        let billable = doors.billable(name, true, settings).await.map_err(|fault| doors.reading(&fault))?;
        let Usage { stretches, requests } = billable.metered.usage;
        let usage = Usage { stretches, requests };
        let live = doors.prices_of(&usage, billable.now, refresh, settings).await;
        self.book = wiring::over(std::mem::take(&mut self.book), &live.layers);
        self.now = self.now.max(billable.now);
        // Of a cloud that has nothing of what was asked about nothing has to be known.
        if !usage.stretches.is_empty() || name.is_none() {
            self.metered.notes.extend(billable.metered.notes);
            self.metered.notes.extend(live.notes);
        }
        self.metered.usage.stretches.extend(usage.stretches);
        self.metered.usage.requests.extend(usage.requests);
        Ok(())
    }
}

/// Each door to open: a cloud, and a region where a door leads to one.
fn places(provider: Option<Provider>, regions: &[String]) -> VecDeque<(Provider, Option<String>)> {
    let providers = provider.map_or(vec![Provider::Gke, Provider::Eks], |provider| vec![provider]);
    let mut places = VecDeque::new();
    for provider in providers {
        if provider == Provider::Eks && !regions.is_empty() {
            let regions: BTreeSet<&String> = regions.iter().collect();
            places.extend(regions.into_iter().map(|region| (provider, Some(region.clone()))));
        } else {
            places.push_back((provider, None));
        }
    }
    places
}

/// A region of AWS, as it may be called; one that berth does not know yet has the form of the others.
fn region(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.split('-').collect();
    let letters = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_form = matches!(parts.as_slice(), [names @ .., number] if names.len() >= 2
        && names.iter().all(letters) && number.len() == 1 && number.bytes().all(|byte| byte.is_ascii_digit()));
    is_form.then(|| text.to_owned()).ok_or_else(|| "is no region of AWS, such as us-east-1".to_owned())
}

fn since(text: &str) -> Result<Since, String> {
    let days = |text: &str| text.strip_suffix('d')?.parse::<u16>().ok().map(|days| i64::from(days) * 24);
    if let Some(hours) = days(text) {
        return Ok(Since::Ago(SignedDuration::from_hours(hours)));
    }
    if let Ok(ago) = text.parse::<SignedDuration>() {
        return Ok(Since::Ago(ago.abs()));
    }
    // A date alone is its midnight.
    let in_utc = |time: jiff::civil::DateTime| time.to_zoned(jiff::tz::TimeZone::UTC).map(|zoned| zoned.timestamp());
    let civil = text.parse::<jiff::civil::DateTime>().and_then(in_utc);
    text.parse::<Timestamp>().or(civil).map(Since::At).map_err(|_| {
        "is neither a time (2026-11-21T08:00:00Z), a date or time in UTC (2026-11-21) nor how long ago (90m, 24h, 7d)"
            .to_owned()
    })
}

fn group_by(text: &str) -> Result<GroupBy, String> {
    Ok(match text {
        "cluster" => GroupBy::Cluster,
        "pool" => GroupBy::Pool,
        "service" => GroupBy::Service,
        "owner" => GroupBy::Owner,
        "lease" => GroupBy::Lease,
        "run" => GroupBy::Run,
        other => match other.strip_prefix("label=").filter(|key| !key.is_empty()) {
            Some(key) => GroupBy::Label(key.to_owned()),
            None => return Err("is none of cluster, pool, service, owner, lease, run and label=KEY".to_owned()),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_a_time_a_date_or_how_long_ago() {
        let at = |text: &str| Since::At(text.parse().unwrap());
        assert_eq!(since("2026-11-21T08:00:00Z"), Ok(at("2026-11-21T08:00:00Z")));
        assert_eq!(since("2026-11-21"), Ok(at("2026-11-21T00:00:00Z")));
        assert_eq!(since("2026-11-21T07:30"), Ok(at("2026-11-21T07:30:00Z")));
        assert_eq!(since("2026-11-21T07:30:00+02:00"), Ok(at("2026-11-21T05:30:00Z")));
        assert_eq!(since("7d"), Ok(Since::Ago(SignedDuration::from_hours(168))));
        assert_eq!(since("90m"), Ok(Since::Ago(SignedDuration::from_mins(90))));
        assert!(since("yesterday").is_err());
        assert_eq!(group_by("label=team"), Ok(GroupBy::Label("team".to_owned())));
        assert_eq!(["us-east-1", "us-gov-west-1"].map(|name| region(name).is_ok()), [true; 2]);
        assert_eq!(["zz", "us-east-1a", "US-East-1", "us-1", "--1"].map(|name| region(name).is_ok()), [false; 5]);
        assert!(group_by("label=").is_err() && group_by("node").is_err());
    }
}
