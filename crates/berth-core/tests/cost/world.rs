//! Specs to price, and amounts in words.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use berth_core::cost::{Amount, Cases, Estimate, PoolEstimate, PriceBook, Span, estimate};
use berth_core::spec::{self, ClusterSpec, Provider, Source};
use jiff::civil::{Date, date};

/// The day the estimates are made on.
pub(crate) const TODAY: Date = date(2026, 11, 21);

fn read(path: &str) -> Result<String, String> {
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::read_to_string(root.join(path)).map_err(|error| error.to_string())
}

/// The spec of a text, which may name the repository's files.
pub(crate) fn meant(text: &str, provider: Option<Provider>) -> ClusterSpec {
    match spec::check(&Source { file: "clusters/test.yaml", text, provider, read: &read }) {
        Ok(checked) => checked.spec,
        Err(problems) => panic!("{}", problems.iter().map(|problem| format!("{problem}\n")).collect::<String>()),
    }
}

/// The spec of a shipped file.
pub(crate) fn shipped(file: &str) -> ClusterSpec {
    meant(&read(&format!("clusters/{file}.yaml")).expect("a readable file"), None)
}

/// The spec of some pools, as YAML list items, and the rest of the spec.
///
/// The check wants a pool for the system's own pods; it is put behind them and taken out again.
pub(crate) fn of_pools(rest: &str, pools: &str) -> ClusterSpec {
    let head = "apiVersion: berth/v1\nkind: Cluster\nmetadata: {name: demo}\nspec:\n";
    let machine = if rest.contains("provider: eks") { "m5.large" } else { "e2-standard-2" };
    let system = format!("    - {{name: system, machineType: {machine}, nodes: {{min: 1, max: 1}}}}\n");
    let mut spec = meant(&format!("{head}  {rest}\n  nodePools:\n{pools}{system}"), None);
    spec.pools.pop();
    spec
}

/// The estimate of a spec by the facts.
pub(crate) fn priced(spec: &ClusterSpec) -> Estimate {
    static FACTS: LazyLock<PriceBook> = LazyLock::new(PriceBook::facts);
    by(spec, &FACTS)
}

/// The estimate of a spec by a book.
pub(crate) fn by(spec: &ClusterSpec, book: &PriceBook) -> Estimate {
    estimate(spec, book, TODAY).expect("a cluster that is bought")
}

/// A pool of an estimate.
pub(crate) fn pool<'a>(estimate: &'a Estimate, name: &str) -> &'a PoolEstimate {
    estimate.pools.iter().find(|pool| pool.name == name).expect("the pool is there")
}

/// A month's amount to the cent, with a plus behind it where it is a least value, or a question mark.
pub(crate) fn cents(amount: Amount) -> String {
    if amount.is_unknown() {
        return "?".to_owned();
    }
    let cents = (amount.micro_usd(Span::Month) + 5000) / 10_000;
    format!("{}.{:02}{}", cents / 100, cents % 100, if amount.is_at_least() { "+" } else { "" })
}

/// The same for all cases.
pub(crate) fn all(amounts: Cases<Amount>) -> [String; 3] {
    amounts.all().map(cents)
}
