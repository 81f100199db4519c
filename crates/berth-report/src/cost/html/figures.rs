//! What the page shows, each as a drawing, as words and as a table of the same numbers.

use berth_core::cost::{Amount, Cases, Estimate, MONTH_HOURS, PoolEstimate, Span};

use super::super::words::percent;
use super::super::{OnSchedule, Shown};
use super::graph::{Graph, PairRow, StretchRow};
use super::ink::Ink;
use super::money::{bare, dollars, rate};

/// One part of the page.
pub(super) struct Figure {
    /// Its name within the page.
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    /// How to read it.
    pub(super) intro: String,
    /// What it shows, for those who do not see it.
    pub(super) description: String,
    pub(super) legend: Vec<(Ink, String)>,
    pub(super) graph: Graph,
    pub(super) grid: Grid,
}

/// A table whose first column names the rows.
pub(super) struct Grid {
    pub(super) caption: String,
    pub(super) heads: Vec<String>,
    /// So many columns are words, the others numbers.
    pub(super) words: usize,
    pub(super) rows: Vec<Vec<String>>,
}

impl Grid {
    /// Whether a column holds numbers.
    pub(super) fn is_number(&self, index: usize) -> bool {
        index >= self.words
    }
}

/// All figures there is something to show in.
pub(super) fn all(shown: &Shown<'_>) -> Vec<Figure> {
    let estimate = shown.estimate;
    let mut figures = vec![month(shown), pools(estimate)];
    figures.extend(shown.schedule.as_ref().map(|on| scheduled(estimate, on)));
    if !estimate.services.is_empty() {
        figures.push(services(estimate));
        figures.extend(shown.schedule.as_ref().map(|on| services_by_schedule(estimate, on)));
    }
    figures.push(buying(estimate));
    figures.extend(sharing(estimate));
    figures
}

pub(super) fn texts<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

fn cells(words: Vec<String>, amounts: Cases<Amount>) -> Vec<String> {
    words.into_iter().chain(amounts.all().map(|amount| dollars(amount, Span::Month))).collect()
}

/// The cost as it grows over the month.
fn month(shown: &Shown<'_>) -> Figure {
    let total = shown.total();
    let budget = shown.budget.map(|budget| Amount::by_the_month(budget.monthly_micro_usd));
    let after = |hours: u64| total.map(|amount| amount.part(hours, MONTH_HOURS));
    let days: Vec<u64> = (1..=6).map(|five| five * 5).collect();
    let mut rows: Vec<Vec<String>> =
        days.iter().map(|day| cells(vec![format!("day {day}")], after(day * 24))).collect();
    rows.push(cells(vec!["month of 730 hours".to_owned()], total));
    let words = |amount| dollars(amount, Span::Month);
    let mut legend = vec![
        (Ink::Stretch, format!("between fewest ({}) and most nodes ({})", words(total.min), words(total.max))),
        (Ink::First, format!("expected ({})", words(total.expected))),
    ];
    let mut description = format!(
        "A band that widens over the month. At its end the cost is {} with the fewest nodes, {} as expected and {} with the most nodes.",
        words(total.min),
        words(total.expected),
        words(total.max)
    );
    if let Some(budget) = budget {
        legend.push((Ink::Limit, format!("budget ({})", words(budget))));
        description.push_str(&format!(" A dashed line marks the budget of {}.", words(budget)));
    }
    Figure {
        id: "month",
        title: "Over the month",
        intro: "What has come together by each day, if every pool stays at its fewest, its expected or its most nodes."
            .to_owned(),
        description,
        legend,
        graph: Graph::Band { total, budget },
        grid: Grid {
            caption: "Cost since the first of the month, USD".to_owned(),
            heads: texts(["After", "Fewest nodes", "Expected", "Most nodes"]),
            words: 1,
            rows,
        },
    }
}

/// A figure of stretches from fewest to most nodes.
fn stretches(rows: &[StretchRow], legend_of_lack: bool) -> (String, Vec<(Ink, String)>) {
    let told: Vec<String> = rows
        .iter()
        .map(|row| {
            let [least, most] = row.range().map(|amount| dollars(amount, Span::Month));
            format!("{}: expected {}, from {least} to {most}", row.name, dollars(row.amount.expected, Span::Month))
        })
        .collect();
    let mut legend = vec![(Ink::First, "expected".to_owned()), (Ink::Stretch, "from fewest to most nodes".to_owned())];
    if legend_of_lack {
        legend.push((Ink::Lack, LACK.to_owned()));
    }
    (format!("One bar for each. {}.", told.join("; ")), legend)
}

pub(super) const LACK: &str = "\u{2265}: a price is unknown, and the bar the least";

fn lacks(rows: &[StretchRow]) -> bool {
    rows.iter().any(|row| row.amount.all().iter().any(|amount| amount.is_at_least() && !amount.is_unknown()))
}

fn pools(estimate: &Estimate) -> Figure {
    let of_pools = estimate.pools.iter().map(|pool| StretchRow { name: pool.name.clone(), amount: pool.total() });
    let around = estimate.lines.iter().map(|line| StretchRow { name: line.what.clone(), amount: line.amount() });
    let rows: Vec<StretchRow> = of_pools.chain(around).collect();
    let (description, legend) = stretches(&rows, lacks(&rows));
    let in_grid = |pool: &PoolEstimate| {
        cells(
            vec![pool.name.clone(), pool.machine_type.clone(), pool.capacity.word().to_owned(), counts(pool.nodes)],
            pool.total(),
        )
    };
    let mut lines: Vec<Vec<String>> = estimate.pools.iter().map(in_grid).collect();
    lines.extend(estimate.lines.iter().map(|line| {
        cells(vec![line.what.clone(), "-".to_owned(), "-".to_owned(), counts(line.quantity)], line.amount())
    }));
    lines.push(cells(texts(["total", "-", "-", "-"]), estimate.total()));
    Figure {
        id: "pools",
        title: "By pool",
        intro: "A month of each pool, and of what stands around the pools.".to_owned(),
        description,
        legend,
        graph: Graph::Stretches(rows),
        grid: Grid {
            caption: "Cost by pool for a month, USD".to_owned(),
            heads: texts(["Part", "Machine", "Bought", "Count", "Fewest nodes", "Expected", "Most nodes"]),
            words: 3,
            rows: lines,
        },
    }
}

/// What it comes to by a schedule.
fn scheduled(estimate: &Estimate, on: &OnSchedule) -> Figure {
    let parts = on.scheduled.parts();
    let rows: Vec<StretchRow> = parts.map(|(name, amount)| StretchRow { name: name.to_owned(), amount }).collect();
    let (description, legend) = stretches(&rows, lacks(&rows));
    let total = on.scheduled.total();
    let mut lines: Vec<Vec<String>> = rows.iter().map(|row| cells(vec![row.name.clone()], row.amount)).collect();
    lines.push(cells(texts(["total"]), total));
    lines.push(cells(texts(["saved"]), estimate.total().with(total, Amount::without)));
    Figure {
        id: "schedule",
        title: "By the schedule",
        intro: format!("A month of each part, working {}; outside these hours {}.", on.schedule, on.schedule.outside()),
        description,
        legend,
        graph: Graph::Stretches(rows),
        grid: Grid {
            caption: "Cost by the schedule for a month, USD".to_owned(),
            heads: texts(["Part", "Fewest nodes", "Expected", "Most nodes"]),
            words: 1,
            rows: lines,
        },
    }
}

/// `2, 6, 10`, or one number where all are the same.
fn counts(counts: Cases<u64>) -> String {
    if counts.min == counts.max {
        return counts.min.to_string();
    }
    counts.all().map(|count| count.to_string()).join(", ")
}

fn services(estimate: &Estimate) -> Figure {
    let services = estimate.services.iter().map(|service| service.amount);
    let rest = [estimate.idle(), estimate.undivided(), estimate.total()];
    let intro = "A month of each service, if it takes all the shares of GPUs its quota allows. Idle is what no quota reaches; not \
                 divided are pools without GPUs, and what stands around the pools.";
    let head = Head { id: "services", title: "By service", intro: intro.to_owned() };
    divided(head, estimate, services, rest)
}

/// The services by the schedule.
fn services_by_schedule(estimate: &Estimate, on: &OnSchedule) -> Figure {
    let services = on.scheduled.services.iter().map(|(_, amount)| *amount);
    let rest = [on.scheduled.idle(), on.scheduled.undivided(), on.scheduled.total()];
    let intro = format!("The same, working {}; outside these hours {}.", on.schedule, on.schedule.outside());
    divided(Head { id: "services-schedule", title: "By service and schedule", intro }, estimate, services, rest)
}

/// What stands above a figure.
struct Head {
    id: &'static str,
    title: &'static str,
    intro: String,
}

/// The services of an estimate with these amounts, then what is idle, what is not divided, and all of it.
fn divided(
    head: Head,
    estimate: &Estimate,
    amounts: impl Iterator<Item = Cases<Amount>>,
    [idle, undivided, total]: [Cases<Amount>; 3],
) -> Figure {
    let named = |name: &str, amount| StretchRow { name: name.to_owned(), amount };
    let services = estimate.services.iter().zip(amounts);
    let mut rows: Vec<StretchRow> = services.map(|(service, amount)| named(&service.name, amount)).collect();
    rows.extend([named("idle", idle), named("not divided", undivided)]);
    let (description, legend) = stretches(&rows, lacks(&rows));
    let shares = estimate.services.iter().map(|service| service.shares.to_string());
    let shares = shares.chain(texts(["-", "-"]));
    let mut lines: Vec<Vec<String>> =
        rows.iter().zip(shares).map(|(row, shares)| cells(vec![row.name.clone(), shares], row.amount)).collect();
    lines.push(cells(texts(["total", "-"]), total));
    Figure {
        id: head.id,
        title: head.title,
        intro: head.intro,
        description,
        legend,
        graph: Graph::Stretches(rows),
        grid: Grid {
            caption: format!("{}: cost for a month, USD", head.title),
            heads: texts(["Service", "Shares", "Fewest nodes", "Expected", "Most nodes"]),
            words: 1,
            rows: lines,
        },
    }
}

/// A figure of two bars for each pool.
fn pairs(rows: &[PairRow], names: [&str; 2]) -> (String, Vec<(Ink, String)>) {
    let told: Vec<String> = rows
        .iter()
        .map(|row| {
            let [first, second] = row.amounts.map(rate);
            format!("{}: {} {first}, {} {second}", row.name, names[0], names[1])
        })
        .collect();
    let mut legend = vec![(Ink::First, names[0].to_owned()), (Ink::Second, names[1].to_owned())];
    if rows.iter().flat_map(|row| row.amounts).any(|amount| amount.is_at_least() && !amount.is_unknown()) {
        legend.push((Ink::Lack, LACK.to_owned()));
    }
    (format!("Two bars for each pool. {}.", told.join("; ")), legend)
}

fn buying(estimate: &Estimate) -> Figure {
    let row =
        |pool: &PoolEstimate| PairRow { name: pool.name.clone(), amounts: [pool.rates.on_demand, pool.rates.spot] };
    let rows: Vec<PairRow> = estimate.pools.iter().map(row).collect();
    let (description, legend) = pairs(&rows, ["on-demand", "spot"]);
    let line = |pool: &PoolEstimate| {
        vec![
            pool.name.clone(),
            pool.capacity.word().to_owned(),
            rate(pool.rates.on_demand),
            rate(pool.rates.spot),
            percent(pool.rates.savings_per_mille()),
        ]
    };
    Figure {
        id: "buying",
        title: "Spot against on-demand",
        intro: "One node of each pool with its GPUs and its disk for an hour, bought either way.".to_owned(),
        description,
        legend,
        grid: Grid {
            caption: "One node for an hour, USD".to_owned(),
            heads: texts(["Pool", "Bought as", "On-demand", "Spot", "Spot saves"]),
            words: 2,
            rows: estimate.pools.iter().map(line).collect(),
        },
        graph: Graph::Pairs(rows),
    }
}

/// What sharing saves: the GPU that a pod would hold alone, beside the share it gets. `None` where no GPU is shared.
fn sharing(estimate: &Estimate) -> Option<Figure> {
    let shared: Vec<(&PoolEstimate, Amount, Amount)> = estimate
        .pools
        .iter()
        .filter_map(|pool| Some((pool, pool.rates.gpu?, pool.rates.share?)))
        .filter(|(_, gpu, share)| gpu != share)
        .collect();
    if shared.is_empty() {
        return None;
    }
    let rows: Vec<PairRow> =
        shared.iter().map(|(pool, gpu, share)| PairRow { name: pool.name.clone(), amounts: [*gpu, *share] }).collect();
    let (description, legend) = pairs(&rows, ["a GPU alone", "a share"]);
    let line = |(pool, gpu, share): &(&PoolEstimate, Amount, Amount)| {
        let places = pool.shares().expected;
        let alone = *gpu * places;
        vec![
            pool.name.clone(),
            rate(*gpu),
            rate(*share),
            places.to_string(),
            dollars(alone, Span::Month),
            dollars(pool.rates.node * pool.nodes.expected, Span::Month),
            saved(alone, pool.rates.node * pool.nodes.expected),
        ]
    };
    Some(Figure {
        id: "sharing",
        title: "Saved by sharing",
        intro: "What an hour costs a pod that has a GPU of its own, and one that has a share of it. The table compares a month at \
                the expected nodes with as many pods that each have a GPU alone."
            .to_owned(),
        description,
        legend,
        grid: Grid {
            caption: "GPUs alone against shares, USD".to_owned(),
            heads: texts(["Pool", "GPU, hour", "Share, hour", "Shares", "As GPUs, month", "Shared, month", "Saved, month"]),
            words: 1,
            rows: shared.iter().map(line).collect(),
        },
        graph: Graph::Pairs(rows),
    })
}

/// The difference of two amounts of the same things; what is saved of an unknown is unknown.
fn saved(alone: Amount, shared: Amount) -> String {
    if alone.is_at_least() || shared.is_at_least() {
        return "unknown".to_owned();
    }
    bare(alone.without(shared), Span::Month)
}
