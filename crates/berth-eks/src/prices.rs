//! What things cost at AWS now: list prices from its price list, spot prices from EC2's history.
//!
//! In reading order: `list` which products are asked for, `offer` one product read, `spot` the history.
//! Only what was matched beyond doubt is given; whatever is not, the price book has to supply.

mod list;
mod offer;
mod spot;

use std::collections::BTreeSet;

use berth_core::cost::{Item, LivePrices};
use berth_core::run::Fault;
use jiff::Timestamp;

use crate::cloud::EksCloud;

/// What it takes to read the price list.
pub const LIST_PERMISSION: &str = "pricing:GetProducts";
/// What it takes to read the spot price history.
pub const SPOT_PERMISSION: &str = "ec2:DescribeSpotPriceHistory";

impl EksCloud {
    /// The list prices of these items in this region, as of `now`; and what was not found or could not be read, in sentences
    /// without their full stops. Spot machines are passed over.
    ///
    /// # Errors
    /// The price list could not be read at all.
    pub async fn list_prices(
        &self,
        items: &BTreeSet<Item>,
        now: Timestamp,
    ) -> Result<(LivePrices, Vec<String>), Fault> {
        list::read(self, items, now).await
    }

    /// The spot prices of these items in all zones of this region, from `since` on and the one that held then, as of `now`; and
    /// what was not found. All other items are passed over.
    ///
    /// # Errors
    /// The history could not be read.
    pub async fn spot_prices(
        &self,
        items: &BTreeSet<Item>,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<(LivePrices, Vec<String>), Fault> {
        spot::read(self, items, since, now).await
    }
}
