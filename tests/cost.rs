//! What a spec will cost, without a cloud: the figures themselves are worked by hand in the core's tests.

use crate::sandbox::{Output, Sandbox};
use crate::spec;

/// The cells of a CSV row; names of the small cluster's things hold commas inside quotes.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut is_quoted = false;
    for c in line.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => cells.push(String::new()),
            _ => cells.last_mut().unwrap().push(c),
        }
    }
    cells
}

fn cost(sandbox: &Sandbox, rest: &str) -> Output {
    sandbox.berth(&format!("cost -f {} {rest}", spec::FILE)).exits(0)
}

#[test]
fn the_four_forms_tell_the_same_total() {
    let sandbox = Sandbox::new(60);
    spec::small(&sandbox);
    let total = cost(&sandbox, "--output json").json()["total"]["max"].clone();
    assert_eq!(total["atLeast"], true, "the nodes' addresses have no price");
    let month = format!("at least {:.2}", total["month"].as_f64().unwrap());
    for form in ["table", "markdown"] {
        let said = cost(&sandbox, &format!("--output {form}")).stdout;
        for part in [month.as_str(), "estimated", "2026-08-03", "public IPv4 address"] {
            assert!(said.contains(part), "{form}: no {part}\n{said}");
        }
    }
    let csv = cost(&sandbox, "--output csv").stdout;
    let rows: Vec<Vec<String>> = csv.lines().map(cells).collect();
    assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{csv}");
    let column = rows[0].iter().position(|name| name == "max_usd_month").unwrap();
    let sum = |kind: &str| -> f64 {
        let amounts = rows.iter().filter(|row| row[0] == kind).map(|row| row[column].as_str());
        amounts.filter(|amount| !amount.is_empty()).map(|amount| amount.parse::<f64>().unwrap()).sum()
    };
    assert!(sum("total") > 100.0 && (sum("line") - sum("total")).abs() < 1e-5, "{csv}");
}

#[test]
fn the_same_file_is_priced_on_either_cloud() {
    let sandbox = Sandbox::new(60);
    sandbox.berth("cost -f clusters/ai-dubbing.yaml").exits(0).says("GKE takes the same fee");
    sandbox.berth("cost -f clusters/ai-dubbing.yaml --provider eks").exits(0).says("EKS cluster, standard support");
}

#[test]
fn other_commands_do_not_pretend_to_write_csv() {
    let sandbox = Sandbox::new(60);
    spec::small(&sandbox);
    sandbox.berth(&format!("validate -f {} --output csv", spec::FILE)).exits(1).says("only `berth cost`");
}

/// Reads metrics as Prometheus's own client for Python does, and adds up some of them over their parts.
const READER: &str = "
import json, re, sys
from prometheus_client.parser import text_string_to_metric_families
families = {family.name: family for family in text_string_to_metric_families(sys.stdin.read())}
def sums(name, label):
    sums = {}
    for sample in families[name].samples if name in families else []:
        sums[sample.labels[label]] = sums.get(sample.labels[label], 0) + sample.value
    return sums
# What promtool's linter holds names and texts to, and what a sample needs to be told from all others.
def faults(family):
    words = family.name.split('_')
    wrong = {'total', 'count', 'sum', 'bucket', 'gauge', 'counter', 'hours', 'days', 'months', 'h', 'd', 's', 'ms', 'usds'}
    if wrong & set(words) or not re.fullmatch('[a-z][a-z0-9_]*', family.name): yield 'name'
    if words[-1] not in ('usd', 'prices', 'seconds'): yield 'unit'
    if not family.documentation.endswith('.') or '\\n' in family.documentation: yield 'help'
    keys = {tuple(sorted(sample.labels)) for sample in family.samples}
    if len(keys) != 1: yield 'labels'
    if len({tuple(sorted(sample.labels.items())) for sample in family.samples}) != len(family.samples): yield 'twice'
print(json.dumps({'sums': sums('berth_cost_estimate_month_usd', 'case'), 'unknown': sums('berth_cost_estimate_unknown_prices', 'pool'),
                  'months': sums('berth_cost_month_expected_usd', 'cluster'), 'budgets': sums('berth_cost_budget_month_usd', 'cluster'),
                  'ages': sums('berth_cost_estimate_prices_age_seconds', 'source'),
                  'faults': {name: list(faults(family)) for name, family in families.items() if list(faults(family))},
                  'names': sorted(families), 'types': sorted({family.type for family in families.values()}),
                  'documented': all(family.documentation for family in families.values())}))
";

#[test]
fn metrics_are_read_by_prometheus_and_add_up_to_the_total() {
    let sandbox = Sandbox::new(60);
    let line = "cost -f clusters/ai-dubbing-eks.yaml --output";
    let total = sandbox.berth(&format!("{line} json")).exits(0).json()["total"].clone();
    let metrics = sandbox.berth(&format!("{line} prometheus")).exits(0).stdout;
    assert!(
        metrics.contains("# HELP berth_cost_estimate_per_hour_usd ")
            && metrics.contains("# TYPE berth_cost_estimate_per_hour_usd gauge")
    );
    if !present_in_python("prometheus_client") {
        return;
    }
    let read = read(&sandbox, &metrics);
    for case in ["min", "expected", "max"] {
        let (sum, wanted) = (read["sums"][case].as_f64().unwrap(), total[case]["month"].as_f64().unwrap());
        assert!((sum - wanted).abs() < 1e-4, "{case}: {sum} and {wanted}");
    }
    assert!(read["names"].as_array().unwrap().len() >= 3, "{read}");
    assert_eq!((&read["unknown"]["gpu-a100-pool"], &read["unknown"]["cpu-pool"]), (&1.0.into(), &0.0.into()));
}

#[test]
fn metrics_of_a_bill_are_read_by_prometheus_with_the_month_of_each_cluster() {
    if !present_in_python("prometheus_client") {
        return;
    }
    let sandbox = Sandbox::new(60);
    spec::small(&sandbox);
    sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
    let bill = |rest: &str| sandbox.berth(&format!("cost {rest} --simulate")).exits(0);
    let of_one = read(&sandbox, &bill("small --budget 20 --output prometheus").stdout);
    let of_all = read(&sandbox, &bill("--all --budget 20 --output prometheus").stdout);
    let month = bill("small --output json").json()["month"]["expected"]["usd"].as_f64().unwrap();
    for read in [&of_one, &of_all] {
        let small = read["months"]["small"].as_f64().unwrap();
        // What runs goes on, so the month comes to the same at each look.
        assert!(month > 0.0 && (small - month).abs() < 0.01, "{small} and {month}: {read}");
    }
    assert_eq!((&of_one["budgets"]["small"], &of_all["budgets"]), (&20.0.into(), &serde_json::json!({})));
    sandbox.berth("destroy -f small.yaml --simulate --yes").exits(0);
}

#[test]
fn live_prices_have_an_age_in_csv_and_in_metrics() {
    let (sandbox, control) = Sandbox::serving(60);
    let line = "cost -f clusters/ai-dubbing.yaml --simulate --live --output";
    sandbox.berth(&format!("{line} csv")).exits(0);
    control.advance(2 * 3600);
    let csv = sandbox.berth(&format!("{line} csv")).exits(0).stdout;
    let rows: Vec<Vec<String>> = csv.lines().map(cells).collect();
    let [basis, age] = ["basis", "source_age_seconds"]
        .map(|head| rows[0].iter().position(|name| name == head).expect("a column of that name"));
    let prices = rows.iter().filter(|row| row[0] == "line");
    let old = prices.clone().filter(|row| row[age].parse::<u64>().is_ok_and(|seconds| seconds >= 2 * 3600));
    assert!(old.count() > 0, "{csv}");
    assert!(prices.clone().all(|row| row[age].is_empty() == (row[basis] != "live")), "{csv}");
    let metrics = sandbox.berth(&format!("{line} prometheus")).exits(0).stdout;
    let name = "berth_cost_estimate_prices_age_seconds";
    let source = "Google Cloud Billing Catalog (simulated)";
    assert!(metrics.contains(&format!("{name}{{cluster=\"ai-dubbing\",source=\"{source}\"}} ")), "{metrics}");
    sandbox.berth("cost -f clusters/ai-dubbing.yaml --output prometheus").exits(0).never_says(name);
    if present_in_python("prometheus_client") {
        assert!(read(&sandbox, &metrics)["ages"][source].as_f64().unwrap() >= 7200.0);
    }
}

/// What Prometheus's own client reads; fails on what its linter would find fault with.
#[track_caller]
fn read(sandbox: &Sandbox, metrics: &str) -> serde_json::Value {
    sandbox.write("read.py", READER);
    let read = sandbox.other_answering("python3", "read.py", metrics).exits(0).json();
    assert_eq!(read["types"], serde_json::json!(["gauge"]));
    assert_eq!(read["documented"], true);
    assert_eq!(read["faults"], serde_json::json!({}));
    read
}

/// Whether Python has this module; fails where it has to.
fn present_in_python(module: &str) -> bool {
    let imported = std::process::Command::new("python3").args(["-c", &format!("import {module}")]).output();
    let is_there = imported.is_ok_and(|output| output.status.success());
    let required = std::env::var("BERTH_REQUIRE_WITNESSES").is_ok_and(|value| value == "1");
    assert!(is_there || !required, "missing witness: Python's {module}");
    is_there
}

#[test]
fn a_part_without_any_price_has_no_metric_and_is_counted_as_unknown() {
    let sandbox = Sandbox::new(60);
    spec::small(&sandbox);
    let metrics = cost(&sandbox, "--output prometheus").stdout;
    assert!(metrics.contains("berth_cost_estimate_unknown_prices{cluster=\"small\",pool=\"\"} 1"), "{metrics}");
    for line in metrics.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        let (metric, labels) = name.trim_end_matches('}').split_once('{').unwrap();
        assert!(metric.starts_with("berth_cost_") && labels.starts_with("cluster=\"small\""), "{line}");
        assert!(value.parse::<f64>().is_ok_and(|value| value.is_finite() && value >= 0.0), "{line}");
    }
}
