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
