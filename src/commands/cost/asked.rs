//! What is typed behind the flags of `berth cost`, read and checked.

use std::fs;
use std::path::Path;

use berth_core::catalog::{self, GPUS};
use berth_core::cost::{Amount, Budget, MOST_SHARES, OwnPrices, Span, micro_usd};
use berth_core::spec::{Capacity, Provider, check_prices};
use berth_report::words::count;

use crate::failure::Failure;

/// What a spec is shown beside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Beside {
    Cloud(Provider),
    /// A model by its name in the catalog, and as it was typed.
    Gpu {
        name: &'static str,
        typed: String,
    },
}

impl Beside {
    /// Whether both mean the same, however it was typed.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Cloud(one), Self::Cloud(other)) => one == other,
            (Self::Gpu { name, .. }, Self::Gpu { name: other, .. }) => name == other,
            (Self::Cloud(_), Self::Gpu { .. }) | (Self::Gpu { .. }, Self::Cloud(_)) => false,
        }
    }
}

/// Reads the name of a cloud or of a GPU; letter case does not matter.
pub(super) fn beside(text: &str) -> Result<Beside, String> {
    let typed = text.to_ascii_lowercase();
    match typed.as_str() {
        "gke" => Ok(Beside::Cloud(Provider::Gke)),
        "eks" => Ok(Beside::Cloud(Provider::Eks)),
        _ => match catalog::gpu(&typed) {
            Some(gpu) => Ok(Beside::Gpu { name: gpu.name, typed }),
            None => Err(format!("unknown GPU `{text}`; write clouds (gke, eks) or GPUs ({})", models())),
        },
    }
}

fn models() -> String {
    let names: Vec<&str> = GPUS.iter().map(|gpu| gpu.name).collect();
    names.join(", ")
}

/// One thing that could be otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Capacity(Capacity),
    Shares(u32),
}

/// Reads `capacity=spot` or `shares=4`.
pub(super) fn change(text: &str) -> Result<Change, String> {
    let capacity = |capacity| Ok(Change::Capacity(capacity));
    match text.split_once('=') {
        Some(("capacity", "spot")) => capacity(Capacity::Spot),
        Some(("capacity", "on-demand")) => capacity(Capacity::OnDemand),
        Some(("capacity", "spot-then-on-demand")) => capacity(Capacity::SpotThenOnDemand),
        Some(("shares", number)) => match number.parse::<u32>() {
            Ok(shares) if (1..=MOST_SHARES).contains(&shares) => Ok(Change::Shares(shares)),
            Ok(shares) => Err(format!("a GPU has 1 to {MOST_SHARES} shares, not {shares}")),
            Err(_) => Err(format!("`{number}` is no number of shares; a GPU has 1 to {MOST_SHARES}")),
        },
        _ => Err("write capacity=spot, capacity=on-demand, capacity=spot-then-on-demand or shares=4".to_owned()),
    }
}

/// Reads US dollars, such as `1500` or `99.50`.
pub(super) fn budget(text: &str) -> Result<Budget, String> {
    let read = micro_usd(text).filter(|micro_usd| *micro_usd > 0);
    read.map(|monthly_micro_usd| Budget { monthly_micro_usd })
        .ok_or_else(|| "write US dollars above 0, such as 1500".to_owned())
}

/// Whether what is known of an amount is above a limit; what is unknown can only add to it.
pub(super) fn exceeds(amount: Amount, limit: Budget) -> bool {
    amount.micro_usd(Span::Month) > u128::from(limit.monthly_micro_usd)
}

/// Reads a file of own prices.
pub(super) fn own_prices(path: &Path) -> Result<OwnPrices, Failure> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::refused(format!("cannot read the prices {name}")).because(error))?;
    check_prices(&name, &text).map_err(|problems| {
        let failure = Failure::refused(format!("the prices have {}", count(problems.len(), "problem")));
        problems.iter().fold(failure, |failure, problem| failure.detail(problem.to_string()))
    })
}

#[cfg(test)]
mod tests {
    use super::{Beside, Budget, Capacity, Change, Provider, beside, budget, change};

    #[test]
    fn clouds_and_gpus_are_known_in_any_case_and_nothing_else_is() {
        assert_eq!(beside("GKE"), Ok(Beside::Cloud(Provider::Gke)));
        let a100 = beside("A100").expect("a GPU");
        assert_eq!(a100, Beside::Gpu { name: "a100-40gb", typed: "a100".to_owned() });
        assert!(a100.is(&beside("a100-40gb").expect("a GPU")));
        assert!(!a100.is(&Beside::Cloud(Provider::Eks)));
        for wrong in ["foo", "", "existing"] {
            let said = beside(wrong).expect_err("neither a cloud nor a GPU");
            assert!(said.contains("gke, eks") && said.contains("l4"), "{said}");
        }
    }

    #[test]
    fn flags_are_read_and_refused_with_the_way_to_write_them() {
        assert_eq!(change("capacity=spot"), Ok(Change::Capacity(Capacity::Spot)));
        assert_eq!(change("shares=4"), Ok(Change::Shares(4)));
        for wrong in ["shares=four", "shares=0", "shares=49", "capacity=cheap", "spot", ""] {
            assert!(change(wrong).is_err(), "{wrong}");
        }
        assert_eq!(budget("99.50"), Ok(Budget { monthly_micro_usd: 99_500_000 }));
        for wrong in ["0", "-1", "much", ""] {
            assert!(budget(wrong).is_err(), "{wrong}");
        }
    }
}
