//! Live prices, where they are asked for: without the flag no cloud is called.

use berth_core::cost::PriceBook;
use berth_core::spec::ClusterSpec;
use clap::Args;

use crate::settings::Settings;
use crate::ui::Ui;
use crate::wiring;

/// Whether the cloud is asked for its prices.
#[derive(Debug, Args)]
pub(super) struct LiveArgs {
    /// Lay the cloud's own prices over the book's; they are kept, list prices for a day and spot prices of AWS for an hour
    #[arg(long, conflicts_with_all = ["compare", "what_if"])]
    live: bool,
    /// Ask the cloud again, however fresh the kept prices are
    #[arg(long, requires = "live")]
    refresh: bool,
}

impl LiveArgs {
    /// The book with live prices of a spec over it; what could not be read is said, and the book stays as it is there.
    pub(super) async fn over(&self, book: PriceBook, spec: &ClusterSpec, settings: &Settings, ui: &Ui) -> PriceBook {
        if !self.live {
            return book;
        }
        let live = wiring::live(spec, self.refresh, settings).await;
        for note in &live.notes {
            ui.warning(note);
        }
        live.layers.iter().fold(book, PriceBook::with_live)
    }
}
