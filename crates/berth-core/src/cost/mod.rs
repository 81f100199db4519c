//! What a cluster will cost, costs and has cost: prices, exact sums, the estimate of a spec and the bill of what was used.
//!
//! In reading order: `amount` sums of money that know whether something is missing, `item` what has a price, `book` prices in layers,
//! `quote` one price looked up, `pool` what a pool costs, `cluster` what stands around the pools, `split` the services' parts,
//! `estimate` all of it, `schedule` hours of the week, `diff` what changes,
//! `variant` what could be otherwise, `compare` estimates side by side,
//! `budget` how it stands to one, `bill` what things cost by the second.

mod amount;
mod bill;
mod book;
mod budget;
mod cluster;
mod compare;
mod diff;
mod eks_support;
mod estimate;
mod item;
mod pool;
mod quote;
mod schedule;
mod split;
mod variant;

pub use amount::{Amount, Cases, MONTH_HOURS, Span};
pub use bill::{
    Bill, BillLine, Group, GroupBy, GroupName, Money, MonthEnd, NodeShape, Part, Request, Stretch, Teller, Usage, What,
    Whose, Window, bill, course, month_end,
};
pub use book::{
    Basis, Discount, Kind, LivePrice, LivePrices, LiveRead, Market, OwnPrice, OwnPrices, Price, PriceBook, Source,
    Unit, legend, micro_usd,
};
pub use budget::{Budget, Judgement, Standing};
pub use compare::{Candidate, Column, Comparison, Outcome, compare};
pub use diff::{Change, Changed, Delta, Difference, diff};
pub use eks_support::dearer_from;
pub use estimate::{Estimate, ServiceEstimate, estimate};
pub use item::{Bought, Item};
pub use pool::{PoolEstimate, Rates, pays_for_gpus};
pub use quote::{Line, Quote};
pub use schedule::{Schedule, ScheduleError, Scheduled, ScheduledPool};
pub use split::{ServicePart, Split};
pub use variant::{MOST_SHARES, Variant, WhatIf, with_gpu};
