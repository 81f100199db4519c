//! Drawings as SVG, by plotters: bars with their stretch, pairs of bars, the band over the month, and the course of what was spent.
//!
//! Names and numbers stand above their bars, so that they have room on a phone, too.

mod band;
mod bars;

use berth_core::cost::{Amount, Cases, Span};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::prelude::SVGBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{IntoFont, TextStyle};

use super::ink::Ink;

/// Drawing into a string does not fail by itself; what may fail is a size that leaves no room.
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// What the drawing is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    /// A telephone held upright.
    Phone,
    /// Anything wider, and paper.
    Desk,
}

impl Width {
    fn pixels(self) -> u32 {
        match self {
            Self::Phone => 350,
            Self::Desk => 880,
        }
    }

    /// About how many letters fit across.
    fn letters(self) -> usize {
        match self {
            Self::Phone => 44,
            Self::Desk => 110,
        }
    }

    /// About how many numbers fit along an axis.
    fn ticks(self) -> usize {
        match self {
            Self::Phone => 4,
            Self::Desk => 8,
        }
    }
}

/// What a bar from fewest to most nodes is of.
pub(super) struct StretchRow {
    pub(super) name: String,
    pub(super) amount: Cases<Amount>,
}

impl StretchRow {
    /// The lowest and the highest of its cases: a service can cost more at the fewest nodes, where only dear ones stand.
    ///
    /// What nobody knows is neither; then it is from the fewest nodes to the most.
    pub(super) fn range(&self) -> [Amount; 2] {
        let mut all = self.amount.all();
        if all.iter().all(|amount| !amount.is_unknown()) {
            all.sort_by_key(|amount| amount.micro_usd(Span::Month));
        }
        [all[0], all[2]]
    }
}

/// What two bars are of; amounts by the hour.
pub(super) struct PairRow {
    pub(super) name: String,
    pub(super) amounts: [Amount; 2],
}

/// A drawing to be.
pub(super) enum Graph {
    /// Months of several things.
    Stretches(Vec<StretchRow>),
    /// Hours of several things, each twice.
    Pairs(Vec<PairRow>),
    /// The month of one thing.
    Band { total: Cases<Amount>, budget: Option<Amount> },
    /// What had come together by each moment, counted in `unit`s from the first.
    Course { points: Vec<(f64, Amount)>, unit: String },
}

impl Graph {
    /// Its width and height.
    pub(super) fn size(&self, width: Width) -> (u32, u32) {
        let down = match self {
            Self::Stretches(rows) => bars::height(rows.len(), 1),
            Self::Pairs(rows) => bars::height(rows.len(), 2),
            Self::Band { .. } | Self::Course { .. } => band::height(width),
        };
        (width.pixels(), down)
    }

    /// As an SVG element.
    pub(super) fn draw(&self, width: Width) -> String {
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, self.size(width)).into_drawing_area();
            let drawn = match self {
                Self::Stretches(rows) => bars::stretches(&area, rows, width),
                Self::Pairs(rows) => bars::pairs(&area, rows, width),
                Self::Band { total, budget } => band::band(&area, *total, *budget),
                Self::Course { points, unit } => band::course(&area, points, unit),
            };
            // Without its drawing a figure still has its words and its table.
            debug_assert!(drawn.and_then(|()| area.present()).is_ok(), "{:?}", self.size(width));
        }
        svg
    }
}

/// Words in a colour at a size in pixels, placed by the point they hang on.
fn words(ink: Ink, pixels: f64, across: HPos, down: VPos) -> TextStyle<'static> {
    // The SVG backend divides sizes by this.
    const SCALE: f64 = 1.24;
    ("sans-serif", pixels * SCALE).into_font().color(&ink.light()).pos(Pos::new(across, down))
}

/// A length of axis that holds `longest` with some room; never nothing.
fn reach(longest: f64) -> f64 {
    if longest > 0.0 { longest * 1.02 } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::{Amount, Cases, Graph, StretchRow, Width};

    #[test]
    fn a_range_is_told_from_the_lowest_case_to_the_highest() {
        let drawn = |[min, expected, max]: [Amount; 3]| {
            let row = StretchRow { name: "tts".to_owned(), amount: Cases { min, expected, max } };
            Graph::Stretches(vec![row]).draw(Width::Desk)
        };
        let usd = |usd: u64| Amount::by_the_month(usd * 1_000_000);
        let dear_first = drawn([90, 30, 50].map(usd));
        assert!(dear_first.contains("$30.00 ($30.00 to $90.00)"), "{dear_first}");
        let in_order = drawn([30, 50, 90].map(usd));
        assert!(in_order.contains("$50.00 ($30.00 to $90.00)"), "{in_order}");
        let without_range = drawn([50, 50, 50].map(usd));
        assert!(without_range.contains("$50.00") && !without_range.contains(" to "), "{without_range}");
        let row = |min, max| StretchRow { name: String::new(), amount: Cases { min, expected: min, max } };
        assert_eq!(row(usd(5), Amount::UNKNOWN).range(), [usd(5), Amount::UNKNOWN]);
    }
}
