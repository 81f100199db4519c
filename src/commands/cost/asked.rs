//! What is typed behind the flags of `berth cost`, read and checked.

use std::fs;
use std::path::Path;

use berth_core::cost::{Amount, Budget, OwnPrices, Span, micro_usd};
use berth_core::spec::{Capacity, check_prices};
use berth_report::words::count;

use crate::failure::Failure;

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
        Some(("shares", number)) => {
            number.parse().map(Change::Shares).map_err(|_| format!("`{number}` is no number of shares"))
        }
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
    use super::{Budget, Capacity, Change, budget, change};

    #[test]
    fn flags_are_read_and_refused_with_the_way_to_write_them() {
        assert_eq!(change("capacity=spot"), Ok(Change::Capacity(Capacity::Spot)));
        assert_eq!(change("shares=4"), Ok(Change::Shares(4)));
        for wrong in ["shares=four", "capacity=cheap", "spot", ""] {
            assert!(change(wrong).is_err(), "{wrong}");
        }
        assert_eq!(budget("99.50"), Ok(Budget { monthly_micro_usd: 99_500_000 }));
        for wrong in ["0", "-1", "much", ""] {
            assert!(budget(wrong).is_err(), "{wrong}");
        }
    }
}
