//! The estimate in short: beside a plan, and against the file's budget before anything is made.

use berth_core::cost::{Budget, Estimate, LiveRead, Standing, estimate};
use berth_core::ports::Clock;
use berth_core::spec::Checked;
use berth_report::cost::short;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::Prices;
use crate::clock::RunClock;
use crate::failure::Failure;
use crate::ui::Ui;

/// What a checked file will cost, and may.
pub(crate) struct Forecast {
    estimate: Estimate,
    budget: Option<Budget>,
    told: Vec<LiveRead>,
}

impl Forecast {
    /// Prices a file, as of today; `None` for a cluster that stands already.
    pub(crate) fn of(checked: &Checked, prices: Prices) -> Option<Self> {
        let estimate = estimate(&checked.spec, &prices.book, today())?;
        let budget = checked.budget_monthly_usd.and_then(Budget::from_usd);
        Some(Self { estimate, budget, told: prices.told })
    }

    /// A few lines for people.
    pub(crate) fn text(&self) -> String {
        short::text(&self.estimate, self.budget, &self.told)
    }

    /// The totals, as `berth cost --output json` has them.
    pub(crate) fn json(&self) -> Value {
        short::json(&self.estimate, self.budget, &self.told)
    }

    /// Refuses what is over the budget even with the fewest nodes, unless that is meant; warns of what may come to be over it.
    pub(crate) fn keep_budget(&self, may_exceed: bool, ui: &Ui) -> Result<(), Failure> {
        let Some(budget) = self.budget else { return Ok(()) };
        let judgement = budget.judge(self.estimate.total());
        match judgement.standing {
            Standing::Within => {}
            Standing::Over if !may_exceed => {
                return Err(Failure::refused("the cluster costs more than its budget, however small it stays")
                    .detail(judgement.to_string())
                    .leaving("nothing was created")
                    .hint("raise budget.monthlyUsd, lower nodes.min, or say --over-budget if it is meant"));
            }
            Standing::Over | Standing::MayExceed | Standing::Unknown => ui.warning(&judgement.to_string()),
        }
        Ok(())
    }
}

/// The day that decides which fees hold.
pub(super) fn today() -> Date {
    RunClock::real().now().to_zoned(TimeZone::UTC).date()
}
