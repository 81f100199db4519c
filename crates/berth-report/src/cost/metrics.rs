//! An estimate in Prometheus's text format, for a node exporter's textfile folder or a push gateway.
//!
//! The names are not those of a bill, so that no sum takes what may come for what is.
//! The parts of a cost do not overlap, so that `sum by (cluster, case)` is the total, and `sum by (service)` each service's part.

use std::fmt;

use berth_core::cost::{Amount, Budget, Cases, Estimate, Line, Span};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode_registry;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use super::words::{CASES, number};
use super::{LiveRead, Shown};

/// What of a pool no quota reaches; no service can have such a name.
pub(super) const IDLE: &str = "(idle)";

/// As metrics. A part without any known price has no sample; what lacks a price is counted by a gauge of its own.
///
/// # Errors
///
/// None: only a broken sink would give one, and a string is not.
pub fn prometheus(shown: &Shown<'_>) -> Result<String, fmt::Error> {
    written(families(shown))
}

/// Metrics as text.
pub(super) fn written(families: Vec<Family>) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Families(families)));
    let mut text = String::new();
    encode_registry(&mut text, &registry)?;
    Ok(text.trim_end().to_owned())
}

/// One metric with its samples, in the order they are written.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) samples: Vec<Sample>,
}

#[derive(Debug)]
pub(super) struct Sample {
    pub(super) labels: Vec<(&'static str, String)>,
    pub(super) value: f64,
}

#[derive(Debug)]
struct Families(Vec<Family>);

impl Collector for Families {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        for family in self.0.iter().filter(|family| !family.samples.is_empty()) {
            let mut metric = encoder.encode_descriptor(family.name, family.help, None, MetricType::Gauge)?;
            for sample in &family.samples {
                ConstGauge::new(sample.value).encode(metric.encode_family(&sample.labels)?)?;
            }
        }
        Ok(())
    }
}

/// A part of the whole: a service in a pool, a pool that is not divided, or what stands around the pools.
struct Part<'a> {
    pool: &'a str,
    service: &'a str,
    amount: Cases<Amount>,
}

fn families(shown: &Shown<'_>) -> Vec<Family> {
    let parts = parts(shown.estimate);
    let of = |span| parts.iter().flat_map(move |part| samples(shown, part, span)).collect();
    let labels = |pool: &str| vec![cluster(shown), ("pool", pool.to_owned())];
    let lacking = lacking(shown.estimate).into_iter();
    vec![
        Family {
            name: "berth_cost_estimate_per_hour_usd",
            help: "Estimated US dollars for an hour; pool is empty for what stands around the pools, service where a pool is not divided.",
            samples: of(Span::Hour),
        },
        Family {
            name: "berth_cost_estimate_month_usd",
            help: "Estimated US dollars for a month of 730 hours, in the parts of berth_cost_estimate_per_hour_usd.",
            samples: of(Span::Month),
        },
        Family {
            name: "berth_cost_estimate_unknown_prices",
            help: "Things without a known price; above 0 the costs of that pool are too low.",
            samples: lacking.map(|(pool, count)| Sample { labels: labels(pool), value: count as f64 }).collect(),
        },
        Family {
            name: "berth_cost_estimate_prices_age_seconds",
            help: "Seconds between the time a cloud told the live prices of a source and the estimate; the book's prices have none.",
            samples: shown.told.iter().map(|told| age(shown, told)).collect(),
        },
        budget(shown.budget.map(|budget| (shown.spec.name.as_str(), budget))),
    ]
}

fn age(shown: &Shown<'_>, told: &LiveRead) -> Sample {
    Sample { labels: vec![cluster(shown), ("source", told.source.clone())], value: told.age.as_secs() as f64 }
}

/// What a month of a cluster may cost, the same for an estimate and for a bill.
pub(super) fn budget(of: Option<(&str, Budget)>) -> Family {
    let sample = |(cluster, budget): (&str, Budget)| Sample {
        labels: vec![("cluster", cluster.to_owned())],
        value: number(budget.monthly_micro_usd.into()),
    };
    Family {
        name: "berth_cost_budget_month_usd",
        help: "US dollars a month of the cluster may cost.",
        samples: of.map(sample).into_iter().collect(),
    }
}

fn parts(estimate: &Estimate) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    for pool in &estimate.pools {
        let Some(split) = &pool.split else {
            parts.push(Part { pool: &pool.name, service: "", amount: pool.total() });
            continue;
        };
        let services = split.services.iter().map(|part| (part.service.as_str(), part.amount));
        let services = services.chain([(IDLE, split.idle)]);
        parts.extend(services.map(|(service, amount)| Part { pool: &pool.name, service, amount }));
    }
    let around = estimate.lines.iter().map(Line::amount).sum();
    parts.push(Part { pool: "", service: "", amount: around });
    parts
}

fn samples(shown: &Shown<'_>, part: &Part<'_>, span: Span) -> Vec<Sample> {
    let known = CASES.into_iter().zip(part.amount.all()).filter(|(_, amount)| !amount.is_unknown());
    let sample = |(case, amount): (&str, Amount)| Sample {
        labels: vec![
            cluster(shown),
            ("pool", part.pool.to_owned()),
            ("service", part.service.to_owned()),
            ("case", case.to_owned()),
        ],
        value: number(amount.micro_usd(span)),
    };
    known.map(sample).collect()
}

/// How many lines of each pool, and of what stands around them, have no price.
fn lacking(estimate: &Estimate) -> Vec<(&str, usize)> {
    let pools = estimate.pools.iter().map(|pool| (pool.name.as_str(), &pool.lines));
    pools
        .chain([("", &estimate.lines)])
        .map(|(name, lines)| (name, lines.iter().filter(|line| line.lacks().is_some()).count()))
        .collect()
}

fn cluster(shown: &Shown<'_>) -> (&'static str, String) {
    ("cluster", shown.spec.name.to_string())
}

#[cfg(test)]
mod tests {
    use super::{Family, Sample, written};

    #[test]
    fn labels_are_escaped_as_the_format_wants_it() {
        let labels = vec![("owner", "a \"b\" \\ c\nd".to_owned())];
        let family = Family { name: "berth_x_usd", help: "One line.", samples: vec![Sample { labels, value: 1.5 }] };
        let text = written(vec![family]).expect("a string takes all");
        assert!(text.contains("# TYPE berth_x_usd gauge\n"), "{text}");
        assert!(text.contains(r#"berth_x_usd{owner="a \"b\" \\ c\nd"} 1.5"#), "{text}");
    }
}
