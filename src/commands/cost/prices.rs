//! Which prices are taken: the book's, the clouds' own where they are asked for, and those that were agreed.

use std::path::PathBuf;

use berth_core::cost::{LiveRead, PriceBook};
use berth_core::spec::ClusterSpec;
use clap::Args;

use super::asked;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::ui::Ui;
use crate::wiring;

/// Which prices are taken; the same flags wherever something is priced.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct PricesArgs {
    /// A file of own prices and discounts; before all others, and of several files the last one that has a price
    #[arg(long, value_name = "FILE")]
    prices: Vec<PathBuf>,
    /// Lay the cloud's own prices over the book's; they are kept, list prices for a day and spot prices of AWS for an hour
    #[arg(long)]
    live: bool,
    /// Ask the cloud again, however fresh the kept prices are
    #[arg(long, requires = "live")]
    refresh: bool,
}

/// Prices, and when clouds told them.
pub(crate) struct Prices {
    pub(crate) book: PriceBook,
    pub(crate) told: Vec<LiveRead>,
}

impl PricesArgs {
    /// The prices for some specs: without `--live` no cloud is called. What could not be read is said, and the book stays as it is there.
    pub(crate) async fn read(&self, specs: &[&ClusterSpec], settings: &Settings, ui: &Ui) -> Result<Prices, Failure> {
        let book = self.book()?;
        if !self.live {
            return Ok(Prices { book, told: Vec::new() });
        }
        let live = wiring::live(specs, self.refresh, settings).await;
        for note in &live.notes {
            ui.warning(note);
        }
        Ok(Prices { book: wiring::over(book, &live.layers), told: live.told })
    }

    /// Whether any of them is given.
    pub(crate) fn are_given(&self) -> bool {
        self.live || !self.prices.is_empty()
    }

    /// Whether the cloud is asked again, however fresh the kept prices are.
    pub(crate) fn is_refresh(&self) -> bool {
        self.refresh
    }

    /// The book's prices with own ones over them.
    pub(crate) fn book(&self) -> Result<PriceBook, Failure> {
        self.prices.iter().try_fold(PriceBook::facts(), |book, path| Ok(book.with_own(asked::own_prices(path)?)))
    }
}
