//! The totals of an estimate in two or three lines, for where it stands beside a plan.

use berth_core::cost::{Amount, Budget, Cases, Estimate, Span};
use serde_json::{Value, json};

use super::LiveRead;
use super::flat::{self, amounts, judged};
use super::words::{LIVE, cents, told};
use crate::words::count;

/// As lines, without a final line end.
pub fn text(estimate: &Estimate, budget: Option<Budget>, live: &[LiveRead]) -> String {
    let total = estimate.total();
    let least = match estimate.unknowns().len() {
        0 => String::new(),
        number => format!(", at least: {} unknown, see `berth cost`", count(number, "price")),
    };
    let mut lines = vec![
        format!("Cost in USD at min, expected and max nodes{least}"),
        format!("  {} an hour; {} a month", triple(total, Span::Hour), triple(total, Span::Month)),
    ];
    if !live.is_empty() {
        lines.push(format!("  {LIVE}: {}", live.iter().map(told).collect::<Vec<_>>().join("; ")));
    }
    if let Some(budget) = budget {
        lines.push(format!("  {}", budget.judge(total)));
    }
    lines.join("\n")
}

/// As JSON. Amounts are in USD; one nothing of is known is `null`, and `atLeast` says that some part of it is unknown.
pub fn json(estimate: &Estimate, budget: Option<Budget>, live: &[LiveRead]) -> Value {
    json!({
        "currency": "USD",
        "total": amounts(estimate.total()),
        "livePrices": flat::told(live),
        "unknown": estimate.unknowns(),
        "budget": budget.map(|budget| judged(estimate.total(), budget)),
    })
}

/// A month's amount to the cent, with "at least" where a part is unknown.
pub fn month(amount: Amount) -> String {
    cents(amount, Span::Month)
}

/// `1.69, 14.65, 26.44`: that they are least values is said once, above them.
fn triple(total: Cases<Amount>, span: Span) -> String {
    total.all().map(|amount| cents(amount, span).trim_start_matches("at least ").to_owned()).join(", ")
}
