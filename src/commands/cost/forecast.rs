//! The estimate in short: beside a plan, and against the file's budget before anything is made.

use berth_core::cost::{Budget, Estimate, LiveRead, Standing, estimate};
use berth_core::ports::Clock;
use berth_core::spec::Checked;
use berth_report::cost::short;
use clap::Args;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::{Prices, asked};
use crate::clock::RunClock;
use crate::failure::Failure;
use crate::ui::Ui;

/// What a month may cost; the same flag wherever something is priced, planned or made.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct BudgetArgs {
    /// What a month may cost; before the file's budget
    #[arg(long, value_name = "USD", value_parser = asked::budget)]
    budget: Option<Budget>,
}

/// The same, and what becomes of a cluster that costs more.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct SpendingArgs {
    #[command(flatten)]
    pub(crate) budget: BudgetArgs,
    /// Create it although it costs more than its budget even with the fewest nodes
    #[arg(long)]
    pub(crate) over_budget: bool,
}

impl BudgetArgs {
    /// The one that is given.
    pub(crate) fn given(self) -> Option<Budget> {
        self.budget
    }

    /// The one that is given, else the file's.
    pub(super) fn or_of(self, checked: &Checked) -> Option<Budget> {
        self.budget.or_else(|| checked.budget_monthly_usd.and_then(Budget::from_usd))
    }
}

/// What a checked file will cost, and may.
pub(crate) struct Forecast {
    estimate: Estimate,
    budget: Option<Budget>,
    told: Vec<LiveRead>,
}

impl Forecast {
    /// Prices a file, as of today, to stand against the budget that is given, else its own; `None` for a cluster that stands already.
    pub(crate) fn of(checked: &Checked, given: BudgetArgs, prices: Prices) -> Option<Self> {
        let estimate = estimate(&checked.spec, &prices.book, today())?;
        let budget = given.or_of(checked);
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
                    .hint("raise the budget, lower nodes.min, or say --over-budget if it is meant"));
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
