//! Bars that lie: one of a stretch, or two beside each other, under each name.

use berth_core::cost::{Amount, Span};
use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::element::{PathElement, Rectangle, Text};
use plotters::prelude::SVGBackend;
use plotters::style::text_anchor::{HPos, VPos};
use plotters::style::{Color, ShapeStyle};

use super::super::ink::Ink;
use super::super::money::{brief, brief_rate, length, tick};
use super::{Area, Drawn, PairRow, StretchRow, Width, reach, words};

/// Rows are measured in pixels from the top: a row has its name, then its bars, then a gap.
const NAME: f64 = 22.0;
const BAR: f64 = 16.0;
const GAP: f64 = 14.0;
/// For the numbers of the axis.
const AXIS: u32 = 28;
const TOP: u32 = 4;
const SIDE: u32 = 30;

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Height of so many rows with so many bars each.
pub(super) fn height(rows: usize, bars: usize) -> u32 {
    TOP + AXIS + (rows as f64 * row(bars)) as u32
}

fn row(bars: usize) -> f64 {
    NAME + BAR * bars as f64 + GAP
}

/// Bars of what is expected, each before its stretch from least to most.
pub(super) fn stretches(area: &Area<'_>, rows: &[StretchRow], width: Width) -> Drawn {
    let month = |amount| length(amount, Span::Month);
    let longest = rows.iter().flat_map(|row| row.amount.all()).map(month).fold(0.0, f64::max);
    let mut chart = axis(area, reach(longest), rows.len() as f64 * row(1), width)?;
    for (index, row_of) in rows.iter().enumerate() {
        let top = index as f64 * row(1);
        let (expected, range) = (row_of.amount.expected, row_of.range());
        let is_unknown = row_of.amount.max.is_unknown();
        let lacks = row_of.amount.all().iter().any(|amount| amount.is_at_least());
        let edge = if lacks { Ink::Lack } else { Ink::First };
        let said = if is_unknown {
            "unknown".to_owned()
        } else {
            let [least, most] = range.map(|amount| brief(known(amount), Span::Month));
            let range = if least == most { String::new() } else { format!(" ({least} to {most})") };
            format!("{}{range}", brief(expected, Span::Month))
        };
        head(&mut chart, &row_of.name, &said, top, reach(longest), width)?;
        let (bar_top, bar_end) = (top + NAME, top + NAME + BAR);
        let [least, most] = range.map(month);
        let shapes = [
            (least.min(most), least.max(most), bar_top, bar_end, ShapeStyle::from(Ink::Stretch.light()).filled()),
            (0.0, month(expected), bar_top + 4.0, bar_end - 4.0, Ink::First.light().filled()),
        ];
        let shapes = shapes.into_iter().filter(|(from, to, ..)| to > from);
        chart.draw_series(shapes.map(|(from, to, top, end, style)| Rectangle::new([(from, top), (to, end)], style)))?;
        if !is_unknown {
            let style = edge.light().stroke_width(2);
            let edges = [least, most];
            chart.draw_series(edges.map(|end| PathElement::new([(end, bar_top), (end, bar_end)], style)))?;
        }
    }
    Ok(())
}

/// An amount without the words that a part of it is unknown, where they stand already.
fn known(amount: Amount) -> Amount {
    u64::try_from(amount.micro_usd(Span::Month)).map_or(amount, Amount::by_the_month)
}

/// Two bars under each name, for an hour.
pub(super) fn pairs(area: &Area<'_>, rows: &[PairRow], width: Width) -> Drawn {
    let hour = |amount| length(amount, Span::Hour);
    let longest = rows.iter().flat_map(|row| row.amounts).map(hour).fold(0.0, f64::max);
    let mut chart = axis(area, reach(longest), rows.len() as f64 * row(2), width)?;
    for (index, row_of) in rows.iter().enumerate() {
        let top = index as f64 * row(2);
        let said = row_of.amounts.map(brief_rate).join(" / ");
        head(&mut chart, &row_of.name, &said, top, reach(longest), width)?;
        for (order, (amount, ink)) in row_of.amounts.into_iter().zip([Ink::First, Ink::Second]).enumerate() {
            let from = top + NAME + BAR * order as f64;
            let points = [(0.0, from), (hour(amount), from + BAR - 2.0)];
            let style = if amount.is_at_least() { Ink::Lack.light().stroke_width(2) } else { ink.light().filled() };
            if !amount.is_unknown() {
                chart.draw_series([Rectangle::new(points, style)])?;
            }
        }
    }
    Ok(())
}

/// The name of a row at its left, its numbers at its right.
fn head(chart: &mut Chart<'_, '_>, name: &str, said: &str, top: f64, end: f64, width: Width) -> Drawn {
    let room = width.letters().saturating_sub(said.chars().count() + 2);
    let name: String = if name.chars().count() <= room {
        name.to_owned()
    } else {
        name.chars().take(room.saturating_sub(1)).chain(['\u{2026}']).collect()
    };
    let middle = top + NAME / 2.0;
    chart.draw_series([
        Text::new(name, (0.0, middle), words(Ink::Text, 14.0, HPos::Left, VPos::Center)),
        Text::new(said.to_owned(), (end, middle), words(Ink::Text, 13.0, HPos::Right, VPos::Center)),
    ])?;
    Ok(())
}

/// Rules and numbers of money along the bottom; downwards pixels.
fn axis<'a, 'b>(
    area: &'a Area<'b>,
    end: f64,
    down: f64,
    width: Width,
) -> Result<Chart<'a, 'b>, plotters::drawing::DrawingAreaErrorKind<std::io::Error>> {
    let mut builder = ChartBuilder::on(area);
    builder.margin_top(TOP).margin_left(SIDE / 2).margin_right(SIDE).x_label_area_size(AXIS);
    let mut chart = builder.build_cartesian_2d(0.0..end, down..0.0)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .x_labels(width.ticks())
        .x_label_formatter(&|usd| tick(*usd))
        .label_style(words(Ink::Faint, 12.0, HPos::Center, VPos::Top))
        .axis_style(Ink::Rule.light())
        .bold_line_style(Ink::Rule.light())
        .light_line_style(plotters::style::TRANSPARENT)
        .draw()?;
    Ok(chart)
}
