//! The simulator's ledger as text.

use berth_report::words::{count, duration};
use serde_json::Value;

/// Calls by method, billed time by kind, and what is still billed.
pub(crate) fn text(ledger: &Value) -> String {
    let empty = serde_json::Map::new();
    let object = |key: &str| ledger[key].as_object().unwrap_or(&empty).iter();
    let mut lines = Vec::new();
    let calls: u64 = object("counts").filter_map(|(_, number)| number.as_u64()).sum();
    lines.push(count(usize::try_from(calls).unwrap_or(usize::MAX), "call"));
    lines.extend(object("counts").map(|(method, number)| format!("  {method}: {number}")));
    lines.push("billed so far".to_owned());
    lines.extend(object("billedSeconds").map(|(kind, seconds)| {
        let seconds = seconds.as_f64().unwrap_or(0.0).max(0.0);
        format!("  {kind}: {}", duration(seconds as u64))
    }));
    let billed = ledger["billedNow"].as_array().map_or(&[][..], Vec::as_slice);
    if billed.is_empty() {
        lines.push("nothing is billed now".to_owned());
    } else {
        lines.push(format!("{} billed now", count(billed.len(), "thing")));
        lines.extend(billed.iter().map(|span| {
            let word = |key: &str| span[key].as_str().unwrap_or("-");
            format!("  {} {} of cluster {}", word("kind"), word("name"), word("cluster"))
        }));
    }
    lines.join("\n")
}
