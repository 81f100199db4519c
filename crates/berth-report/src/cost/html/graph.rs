//! Drawings as SVG, by plotters: bars with their stretch, pairs of bars, the band over the month, and the course of what was spent.
//!
//! Names and numbers stand above their bars, so that they have room on a phone, too.

mod band;
mod bars;

use berth_core::cost::{Amount, Cases};
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
