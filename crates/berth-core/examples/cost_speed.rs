//! How long pricing takes: figures for `benches/`, one line of JSON for each.
//!
//! `cargo run --release -p berth-core --example cost_speed`

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use berth_core::actions::gke::GkeDriver;
use berth_core::cost::{
    Bought, GroupBy, NodeShape, PriceBook, Request, Schedule, Usage, Whose, Window, bill, diff, estimate, month_end,
};
use berth_core::spec::{self, Disk, GpuSpec, Provider, Sharing, Source};
use jiff::Timestamp;
use jiff::civil::date;

/// Pools of the spec that is priced.
const SPEC_POOLS: usize = 200;
/// Pools of the bill.
const BILL_POOLS: usize = 100;
/// Hours of a year.
const HOURS: i64 = 8760;
/// How often each figure is taken; the middle one counts.
const TIMES: usize = 5;

fn main() -> Result<(), String> {
    let text = file();
    let source = Source { file: "big.yaml", text: &text, provider: None, read: &|path: &str| Err(path.to_owned()) };
    let read = || spec::check(&source).map(|checked| checked.spec).map_err(|problems| problems[0].to_string());
    let spec = read()?;
    say("reading a spec of 200 pools", || drop(read()));
    say("making the book", || drop(PriceBook::facts()));
    let book = PriceBook::facts();
    let today = date(2026, 11, 21);
    say("the estimate of 200 pools", || drop(estimate(&spec, &book, today)));
    let priced = estimate(&spec, &book, today).ok_or("a cluster that is bought")?;
    say("its total, lines and sources", || {
        let _ = (priced.total(), priced.unknowns().len(), priced.sources().len());
    });
    say("its difference to itself", || drop(diff(Some(&priced), Some(&priced))));
    let schedule = Schedule::parse("weekdays 8-20").map_err(|error| error.to_string())?;
    say("its schedule", || {
        let rest = estimate(&schedule.rest(&spec), &book, today);
        drop(rest.map(|rest| priced.by(&schedule, &rest)));
    });

    let usage = year();
    let (things, requests) = (usage.stretches.len(), usage.requests.len());
    let now = second(HOURS * 3600)?;
    let window = Window { since: None, now };
    say(&format!("a bill over a year of hourly changes of 100 pools ({things} things, {requests} requests)"), || {
        drop(bill(&usage, &book, window));
    });
    let billed = bill(&usage, &book, window);
    for by in [GroupBy::Pool, GroupBy::Service, GroupBy::Owner] {
        say(&format!("its groups: {by:?}"), || drop(billed.grouped(&by)));
    }
    say("the month's end", || {
        let _ = month_end(&usage, &book, now);
    });
    Ok(())
}

#[expect(clippy::print_stdout, reason = "an example prints its figures")]
fn say(what: &str, work: impl Fn()) {
    let mut times: Vec<Duration> = (0..TIMES)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    println!("{{\"figure\": \"{what}\", \"ms\": {:.3}}}", times[TIMES / 2].as_secs_f64() * 1e3);
}

/// A spec with pools of all kinds.
fn file() -> String {
    let mut text = "apiVersion: berth/v1\nkind: Cluster\nmetadata: {name: big}\nspec:\n  provider: gke\n  region: us-central1\n  nodePools:\n"
        .to_owned();
    let kinds = [
        "machineType: n2-standard-4",
        "gpu: {type: t4, count: 2, sharing: {shares: 4}}, capacity: spot",
        "gpu: {type: a100, count: 1}, capacity: on-demand",
        "gpu: {type: l4, count: 1, sharing: {shares: 2}}",
    ];
    for pool in 0..SPEC_POOLS {
        let kind = kinds[pool % kinds.len()];
        let _ = writeln!(
            text,
            "    - {{name: pool-{pool}, {kind}, nodes: {{min: 1, max: 5}}, disk: {{sizeGb: 100, type: pd-ssd}}}}"
        );
    }
    text
}

/// Every pool makes a node each hour that stands for an hour, and two services use it in turn.
fn year() -> Usage {
    let whose = Arc::new(Whose { cluster: "big".to_owned(), owner: Some("ana".to_owned()), ..Whose::default() });
    let mut usage = Usage::default();
    let cluster: Arc<str> = "big".into();
    let services: [Arc<str>; 3] = ["stt".into(), "mt".into(), "tts".into()];
    for pool in 0..BILL_POOLS {
        let parts = NodeShape {
            whose: Arc::clone(&whose),
            provider: Provider::Gke,
            region: "us-central1".to_owned(),
            zone: Some("us-central1-a".to_owned()),
            pool: format!("pool-{pool}"),
            machine_type: "g2-standard-4".to_owned(),
            bought: if pool % 2 == 0 { Bought::Spot } else { Bought::OnDemand },
            gpu: Some(GpuSpec {
                model: "l4".to_owned(),
                count: 1,
                sharing: Sharing::TimeSlicing(4),
                driver: GkeDriver::Default,
            }),
            disk: Some(Disk { size_gb: 100, kind: "pd-balanced".to_owned() }),
        }
        .parts();
        for hour in 0..HOURS {
            let name = format!("pool-{pool}-{hour}");
            let (Ok(from), Ok(to)) = (second(hour * 3600), second((hour + 1) * 3600)) else { continue };
            usage.node(&parts, &name, from, Some(to));
            let service = &services[(hour % 3) as usize];
            usage.requests.push(Request {
                cluster: Arc::clone(&cluster),
                node: name.as_str().into(),
                service: Arc::clone(service),
                pod: Arc::clone(service),
                shares: 2,
                from,
                to: Some(to),
            });
        }
    }
    usage
}

fn second(second: i64) -> Result<Timestamp, String> {
    Timestamp::from_second(1_767_225_600 + second).map_err(|error| error.to_string())
}
