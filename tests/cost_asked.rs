//! What is asked of an estimate: budgets, limits, schedules, other ways to have the same, own prices, and changes.

use crate::sandbox::Sandbox;
use crate::spec::{self, SMALL};

/// The small cluster in a file of its own, with something changed.
fn changed(sandbox: &Sandbox, name: &str, from: &str, to: &str) {
    assert!(SMALL.contains(from), "{from}");
    sandbox.write(name, &SMALL.replace(from, to));
}

fn expected_month(value: &serde_json::Value) -> f64 {
    value["expected"]["month"].as_f64().unwrap()
}

#[test]
fn a_cluster_over_its_budget_is_refused_before_the_cloud_is_asked_unless_it_is_meant() {
    let sandbox = Sandbox::new(600);
    changed(&sandbox, "poor.yaml", "spec:\n", "spec:\n  budget: {monthlyUsd: 10}\n");
    // Without --simulate and without credentials: it is refused before anybody looks for them.
    let refused = sandbox.berth("create -f poor.yaml --yes").exits(1).says("over the budget of 10.00 USD a month");
    refused.says("nothing was created").says("--over-budget");
    sandbox.berth("plan -f poor.yaml --simulate").exits(0).says("over the budget of 10.00 USD a month");
    sandbox
        .berth("create -f poor.yaml --simulate --yes --over-budget")
        .exits(0)
        .says("warning: at its fewest nodes it costs");
    sandbox.berth("destroy -f poor.yaml --simulate --yes").exits(0);
}

#[test]
fn an_environment_over_its_budget_is_refused_too_and_a_flag_goes_before_the_files_budget() {
    let sandbox = Sandbox::new(600);
    changed(&sandbox, "poor.yaml", "spec:\n", "spec:\n  budget: {monthlyUsd: 10}\n");
    // Without --simulate and without credentials: it is refused before anybody looks for them.
    let up = "ci up -f poor.yaml --id pr-1 --owner acme/app";
    let refused = sandbox.berth(up).exits(1).says("over the budget of 10.00 USD a month");
    refused.says("nothing was created").says("--over-budget");
    sandbox.berth(&format!("{up} --mode namespace --budget 5")).exits(1).says("a namespace buys no machines");
    sandbox.berth("create -f poor.yaml --yes --budget 20").exits(1).says("over the budget of 20.00 USD a month");
    sandbox.berth("create -f poor.yaml --yes --budget much").exits(2).says("US dollars above 0");
    sandbox.berth("cost -f poor.yaml --budget 20").exits(0).says("over the budget of 20.00 USD a month");
    let csv = sandbox.berth("cost -f poor.yaml --budget 20 --output csv").exits(0);
    let said = "over the budget of 20.00 USD a month";
    assert!(csv.stderr.contains(said) && !csv.stdout.contains(said), "{}", csv.text());
    let plan = sandbox.berth("plan -f poor.yaml --simulate --budget 100000").exits(0);
    plan.says("within the budget of 100000.00 USD a month");
    sandbox.berth(&format!("{up} --simulate --over-budget")).exits(0).says("warning: at its fewest nodes it costs");
    sandbox.berth("ci down -f poor.yaml --id pr-1 --owner acme/app --simulate").exits(0);
}

#[test]
fn a_plan_and_a_question_come_with_the_cost() {
    let sandbox = Sandbox::new(600);
    spec::small(&sandbox);
    let month = expected_month(&sandbox.berth("cost -f small.yaml --output json").exits(0).json()["total"]);
    let said = format!("{month:.2}");
    sandbox.berth("plan -f small.yaml --simulate").exits(0).says(&said).says("an hour");
    let json = sandbox.berth("plan -f small.yaml --simulate --output json").exits(0).json();
    assert!((expected_month(&json["cost"]["total"]) - month).abs() < 1e-9, "{json}");
    sandbox.berth("create -f small.yaml --simulate").exits(1).says(&said).says("no terminal to ask on");
}

#[test]
fn a_limit_has_its_own_exit_code_and_an_unknown_price_is_warned_of() {
    let sandbox = Sandbox::new(60);
    spec::small(&sandbox);
    let over = sandbox.berth("cost -f small.yaml --fail-over 10 --output json").exits(7);
    over.says("costs more than the limit of 10.00 USD a month").says("\"total\"");
    sandbox.berth("cost -f small.yaml --fail-over 100000").exits(0).says("not every price is known");
    sandbox.berth("cost -f small.yaml --fail-over nothing").exits(2).says("US dollars above 0");
}

#[test]
fn what_is_priced_is_named_and_only_a_file_can_be_otherwise() {
    let sandbox = Sandbox::new(60);
    let elsewhere = "only eks was asked; leave --provider out";
    sandbox.berth("cost other --provider eks --simulate").exits(1).says("no cluster other").says(elsewhere);
    sandbox.berth("cost other --simulate").exits(1).says("no cluster other").never_says("leave --provider out");
    sandbox.berth("cost --simulate").exits(2).says("--file <FILE>|NAME|--all");
    for other in ["--schedule always", "--compare l4", "--what-if shares=2"] {
        for bill in ["small", "--all"] {
            sandbox.berth(&format!("cost {bill} {other} --simulate")).exits(2).says("cannot be used with");
        }
    }
}

#[test]
fn a_bill_without_a_cloud_that_cannot_be_read_says_so_and_proves_neither_a_limit_nor_an_absence() {
    let (sandbox, control) = Sandbox::serving(60);
    spec::small(&sandbox);
    sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
    sandbox.berth("cost --all --simulate --fail-over 100000").exits(0).never_says("is not in this bill");
    let denied = serde_json::json!({"answer": {"code": 403, "status": "AccessDeniedException", "message": "not you"}});
    control.arm(&serde_json::json!({"on": "eks:ListClusters", "times": 1000, "do": denied}));
    for form in ["table", "json", "csv", "prometheus"] {
        let bill = sandbox.berth(&format!("cost --all --simulate --output {form}")).exits(0);
        bill.says("warning: eks is not in this bill").says("not you").says("small");
    }
    sandbox.berth("cost --all --simulate --fail-over 100000").exits(1).says("not you").says("more than the limit");
    sandbox.berth("cost --all --simulate --fail-over 0.01").exits(7);
    sandbox.berth("cost other --simulate").exits(1).says("not you").never_says("there is no cluster");
    sandbox.berth("cost other --provider gke --simulate").exits(1).says("there is no cluster other");
    control.clear_faults();
    sandbox.berth("destroy -f small.yaml --simulate --yes").exits(0);
}

#[test]
fn a_schedule_saves_what_grows_and_leaves_what_stays() {
    let sandbox = Sandbox::new(60);
    spec::small(&sandbox);
    let json = sandbox.berth("cost -f small.yaml --schedule always --output json").exits(0).json();
    assert_eq!(json["schedule"]["total"], json["total"]);
    let output = sandbox.command_of(["cost", "-f", "small.yaml", "--schedule", "weekdays 8-20", "--output", "json"]);
    let json = output.exits(0).json();
    assert_eq!(json["schedule"]["hours"], "mon-fri 8:00-20:00");
    let (always, scheduled) = (expected_month(&json["total"]), expected_month(&json["schedule"]["total"]));
    let min = json["total"]["min"]["month"].as_f64().unwrap();
    // 60 of 168 hours of a week at the expected nodes, the others at the fewest.
    assert!((scheduled - (min + (always - min) * 60.0 / 168.0)).abs() < 1e-4, "{json}");
    for form in ["table", "markdown", "html"] {
        let output = sandbox.command_of(["cost", "-f", "small.yaml", "--schedule", "weekdays 8-20", "--output", form]);
        output.exits(0).says("mon-fri 8:00-20:00").says(&format!("{scheduled:.2}"));
    }
    let output = sandbox.command_of(["cost", "-f", "small.yaml", "--schedule", "sometimes"]);
    output.exits(2).says("is no schedule");
}

#[test]
fn the_same_wish_is_shown_on_other_clouds_with_other_gpus_and_bought_otherwise() {
    let sandbox = Sandbox::new(60);
    let clouds = sandbox.berth("cost -f clusters/ai-dubbing.yaml --compare gke,eks --output json").exits(0).json();
    let compared = clouds["compared"].as_array().unwrap();
    assert_eq!([&compared[0]["name"], &compared[1]["name"]], ["gke", "eks"]);
    for (column, cloud) in compared.iter().zip(["gke", "eks"]) {
        let line = format!("cost -f clusters/ai-dubbing.yaml --provider {cloud} --output json");
        assert_eq!(column["total"], sandbox.berth(&line).exits(0).json()["total"], "{cloud}");
    }
    spec::small(&sandbox);
    let gpus = sandbox.berth("cost -f small.yaml --compare t4,l4,a100,h200 --output json").exits(0).json();
    let names: Vec<&str> =
        gpus["compared"].as_array().unwrap().iter().map(|column| column["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["as the file says", "t4", "l4", "a100", "h200"]);
    assert_eq!(gpus["compared"][0]["total"], gpus["compared"][1]["total"], "the file has a T4");
    assert_eq!(gpus["compared"][2]["pools"][1]["machineType"].as_str().map(|name| &name[..3]), Some("g2-"), "{gpus}");
    let table = sandbox.berth("cost -f small.yaml --compare l4,a10g").exits(0);
    let table = table.says("Cannot be had").says("gke does not sell a10g").says("AGAINST THE FIRST");
    table.says("Prices").says("2026-08-03").says("Unknown prices").says("another project's copy");
    let dated = |column: &serde_json::Value| column["prices"][0]["price"]["date"].is_string();
    assert!(
        gpus["compared"].as_array().unwrap().iter().all(|column| dated(column) || column["cannotBeHad"].is_array())
    );
    assert!(gpus["notes"].to_string().contains("[S] is another project's copy"), "{gpus}");
    sandbox.berth("cost -f small.yaml --compare l4,k80").exits(2).says("unknown GPU `k80`").says("gke, eks");
    let once = sandbox.berth("cost -f clusters/ai-dubbing.yaml --compare GKE,gke --output json").exits(0).json();
    assert_eq!(once["compared"].as_array().unwrap().len(), 1, "{once}");
    let what_if =
        sandbox.berth("cost -f small.yaml --what-if capacity=on-demand,shares=2 --output json").exits(0).json();
    let [as_written, otherwise] = [0, 1].map(|index| &what_if["compared"][index]);
    assert_eq!(otherwise["name"], "on-demand, 2 shares");
    assert_eq!(what_if["cheapestExpected"], "as the file says", "the addresses of both have the same unknown price");
    assert!(expected_month(&otherwise["total"]) > expected_month(&as_written["total"]), "{what_if}");
    assert_eq!(otherwise["pools"][1]["sharesPerNode"], 2);
    sandbox.berth("cost -f small.yaml --what-if shares=2,shares=3").exits(1).says("gives `shares` more than once");
    let both = sandbox.berth("cost -f small.yaml --what-if capacity=spot-then-on-demand --output json").exits(0).json();
    assert_eq!(both["compared"][1]["cannotBeHad"][0], "a GKE pool is either spot or on-demand");
    sandbox.berth("cost -f small.yaml --what-if shares=99").exits(2).says("1 to 48 shares, not 99");
    sandbox.berth("cost -f small.yaml --compare l4 --output csv").exits(1).says("is not written in this form");
}

#[test]
fn own_prices_go_before_berths() {
    let sandbox = Sandbox::new(60);
    spec::small(&sandbox);
    let prices = "apiVersion: berth/v1\nkind: Prices\nspec:\n  prices:\n    - {provider: gke, fee: control-plane, usdPerHour: 1}\n    - {provider: gke, fee: address, usdPerHour: 0.004}\n";
    sandbox.write("prices.yaml", prices);
    let json = sandbox.berth("cost -f small.yaml --prices prices.yaml --output json").exits(0).json();
    let fee = &json["lines"][0];
    assert_eq!((&fee["amount"]["min"]["month"], &fee["price"]["basis"]), (&730.0.into(), &"own".into()), "{fee}");
    assert_eq!(json["total"]["max"]["atLeast"], false, "the address was the only unknown price");
    sandbox.write("prices.yaml", &prices.replace("usdPerHour: 1}", "usdPerHour: much}"));
    sandbox.berth("cost -f small.yaml --prices prices.yaml").exits(1).says("prices.yaml:");
}
