//! Live prices laid over the book: what they add, what is kept of them, and what is said when they may not be read.

use serde_json::{Value, json};

use crate::sandbox::{Output, Sandbox};
use crate::spec::SMALL_EKS;

const EKS: &str = "clusters/ai-dubbing-eks.yaml";

fn cost(sandbox: &Sandbox, rest: &str) -> Output {
    sandbox.berth(&format!("cost -f {EKS} --simulate --live {rest}")).exits(0)
}

/// How often the simulator was asked, by method.
fn asked(counts: &Value, method: &str) -> u64 {
    counts["counts"][method].as_u64().unwrap_or(0)
}

#[test]
fn a_spot_price_the_book_does_not_have_is_read_and_kept() {
    let (sandbox, control) = Sandbox::serving(60);
    let without = sandbox.berth(&format!("cost -f {EKS}")).exits(0).says("no spot price of p4d.24xlarge");
    assert!(!without.stdout.contains("EC2 spot price history (simulated)"));
    let said = cost(&sandbox, "");
    assert!(!said.stdout.contains("no spot price of p4d.24xlarge"), "{}", said.stdout);
    let said = said.says("EC2 spot price history (simulated)").says("AWS price list (simulated)").says("live");
    assert!(said.stdout.contains("us-east-1"), "{}", said.stdout);
    let first = control.ledger();
    assert!(asked(&first, "pricing:GetProducts") > 0 && asked(&first, "ec2:DescribeSpotPriceHistory") == 1);

    // Asked again, nothing is read again; an hour later only what moves by the hour is; --refresh reads all of it.
    cost(&sandbox, "");
    let second = control.ledger();
    assert_eq!(second["counts"]["pricing:GetProducts"], first["counts"]["pricing:GetProducts"]);
    control.advance(2 * 3600);
    cost(&sandbox, "");
    let third = control.ledger();
    assert_eq!(third["counts"]["pricing:GetProducts"], first["counts"]["pricing:GetProducts"]);
    assert_eq!(asked(&third, "ec2:DescribeSpotPriceHistory"), 2);
    cost(&sandbox, "--refresh");
    assert_eq!(asked(&control.ledger(), "ec2:DescribeSpotPriceHistory"), 3);
    assert!(asked(&control.ledger(), "pricing:GetProducts") > asked(&third, "pricing:GetProducts"));
}

#[test]
fn without_the_permission_the_book_stays_and_the_permission_is_named() {
    let (sandbox, control) = Sandbox::serving(60);
    let denied = |method: &str, what: &str| {
        let message = format!("User: arn:aws:iam::123456789012:user/berth-sim is not authorized to perform: {what}");
        let answer = json!({"answer": {"code": 400, "status": "AccessDeniedException", "message": message}});
        json!({"on": method, "times": 1000, "do": answer})
    };
    control.arm(&denied("pricing:GetProducts", "pricing:GetProducts"));
    control.arm(&denied("ec2:DescribeSpotPriceHistory", "ec2:DescribeSpotPriceHistory"));
    cost(&sandbox, "")
        .says("AWS's price list was not read; it takes permission pricing:GetProducts")
        .says("EC2's spot price history was not read; it takes permission ec2:DescribeSpotPriceHistory")
        .says("no spot price of p4d.24xlarge")
        .says("2026-07-20");
}

#[test]
fn the_catalog_of_google_prices_the_same_file() {
    let sandbox = Sandbox::new(60);
    let said = sandbox.berth("cost -f clusters/ai-dubbing.yaml --simulate --live").exits(0);
    let said = said.says("Google Cloud Billing Catalog (simulated)");
    assert!(!said.stdout.contains("price of public IPv4 address"), "{}", said.stdout);
}

#[test]
fn live_prices_are_told_with_their_age_wherever_something_is_priced() {
    let (sandbox, control) = Sandbox::serving(60);
    let line = format!("cost -f {EKS} --simulate --live");
    let told = |json: &Value, source: &str| {
        let all = json["livePrices"].as_array().unwrap().clone();
        let one = all.into_iter().find(|told| told["source"] == source).unwrap();
        (one["cached"].as_bool().unwrap(), one["ageSeconds"].as_i64().unwrap())
    };
    let (list, spot) = ("AWS price list (simulated)", "EC2 spot price history (simulated)");
    let json = sandbox.berth(&format!("{line} --output json")).exits(0).json();
    assert_eq!((told(&json, list).0, told(&json, spot).0), (false, false), "{json}");
    control.advance(2 * 3600);
    let json = sandbox.berth(&format!("{line} --output json")).exits(0).json();
    let (is_cached, age) = told(&json, list);
    assert!(is_cached && age >= 2 * 3600 && !told(&json, spot).0, "{json}");
    for form in ["table", "markdown", "html"] {
        let said = sandbox.berth(&format!("{line} --output {form}")).exits(0);
        said.says("Live prices").says("AWS price list (simulated) of 20").says("old, cached)");
    }
    let own = sandbox.berth(&format!("cost -f {EKS} --output json")).exits(0).json();
    assert_eq!(own["livePrices"], json!([]));

    sandbox.berth(&format!("{line} --compare l4,eks")).exits(0).says("Live prices").says(list);
    let clouds = sandbox.berth("cost -f clusters/ai-dubbing.yaml --simulate --live --compare gke,eks").exits(0);
    clouds.says("Google Cloud Billing Catalog (simulated) of").says(list);
    sandbox.write("small.yaml", SMALL_EKS);
    let diff = sandbox.berth(&format!("cost diff small.yaml {EKS} --simulate --live --output json")).exits(0).json();
    assert!(told(&diff, list).0 && diff["total"]["new"]["max"]["atLeast"] == false, "{diff}");

    let plan = sandbox.berth("plan -f small.yaml --simulate --live --output json").exits(0).json();
    assert_eq!(plan["cost"]["unknown"], json!([]), "spot has a price");
    assert!(told(&plan["cost"], list).0, "{plan}");
    let asking = sandbox.berth("create -f small.yaml --simulate --live").exits(1).says("no terminal to ask on");
    asking.says("Live prices: AWS price list (simulated) of").says("old, cached)");
    // The budget is kept by the live prices: without them what is known at the fewest nodes is within it.
    sandbox.write("poor.yaml", &SMALL_EKS.replace("spec:\n", "spec:\n  budget: {monthlyUsd: 300}\n"));
    sandbox.berth("plan -f poor.yaml --simulate").exits(0).says("nodes it costs at least");
    let refused = sandbox.berth("create -f poor.yaml --simulate --live --yes").exits(1);
    refused
        .says("at its fewest nodes it costs")
        .says("over the budget of 300.00 USD a month")
        .says("nothing was created");
}
