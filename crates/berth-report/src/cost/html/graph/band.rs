//! The band between fewest and most nodes over the month, with what is expected, and the budget; and the course of what was spent.

use berth_core::cost::{Amount, Cases, MONTH_HOURS, Span};
use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::element::Polygon;
use plotters::prelude::SVGBackend;
use plotters::series::{DashedLineSeries, LineSeries};
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, VPos};

use super::super::ink::Ink;
use super::super::money::{length, tick};
use super::{Area, Drawn, Width, reach, words};

const DAYS: f64 = MONTH_HOURS as f64 / 24.0;

/// Height of the drawing.
pub(super) fn height(width: Width) -> u32 {
    match width {
        Width::Phone => 260,
        Width::Desk => 340,
    }
}

/// Draws what has come together by each day.
pub(super) fn band(area: &Area<'_>, total: Cases<Amount>, budget: Option<Amount>) -> Drawn {
    let month = |amount| length(amount, Span::Month);
    let highest = month(total.max).max(budget.map_or(0.0, month));
    let mut chart = axes(area, DAYS, highest, "day")?;
    let edges = [total.min, total.max].map(month);
    let corners = vec![(0.0, 0.0), (DAYS, edges[0]), (DAYS, edges[1])];
    chart.draw_series([Polygon::new(corners, Ink::Stretch.light().filled())])?;
    for (end, ink, thick) in
        [(edges[0], Ink::Rule, 1), (edges[1], Ink::Rule, 1), (month(total.expected), Ink::First, 3)]
    {
        chart.draw_series(LineSeries::new([(0.0, 0.0), (DAYS, end)], ink.light().stroke_width(thick)))?;
    }
    if let Some(budget) = budget {
        let points = [(0.0, month(budget)), (DAYS, month(budget))];
        chart.draw_series(DashedLineSeries::new(points, 8, 5, Ink::Limit.light().stroke_width(2)))?;
    }
    Ok(())
}

/// Draws what had come together by each moment.
pub(super) fn course(area: &Area<'_>, points: &[(f64, Amount)], unit: &str) -> Drawn {
    let spent: Vec<(f64, f64)> = points.iter().map(|(at, amount)| (*at, length(*amount, Span::Month))).collect();
    let (end, highest) = spent.last().copied().unwrap_or_default();
    let mut chart = axes(area, if end > 0.0 { end } else { 1.0 }, highest, unit)?;
    let corners: Vec<(f64, f64)> = spent.iter().copied().chain([(end, 0.0)]).collect();
    chart.draw_series([Polygon::new(corners, Ink::Stretch.light().filled())])?;
    chart.draw_series(LineSeries::new(spent, Ink::First.light().stroke_width(3)))?;
    Ok(())
}

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Time along the bottom, money along the side.
fn axes<'a, 'b>(
    area: &'a Area<'b>,
    across: f64,
    highest: f64,
    unit: &str,
) -> Result<Chart<'a, 'b>, plotters::drawing::DrawingAreaErrorKind<std::io::Error>> {
    let mut builder = ChartBuilder::on(area);
    builder.margin_top(12).margin_right(24).x_label_area_size(44).y_label_area_size(64);
    let mut chart = builder.build_cartesian_2d(0.0..across, 0.0..reach(highest))?;
    let label = |across, down| words(Ink::Faint, 12.0, across, down);
    let digits = if across < 1.0 { 2 } else { usize::from(across < 8.0) };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(7)
        .y_labels(6)
        .x_label_formatter(&|time| format!("{time:.digits$}"))
        .y_label_formatter(&|usd| tick(*usd))
        .x_desc(unit)
        .axis_desc_style(label(HPos::Center, VPos::Top))
        .label_style(label(HPos::Center, VPos::Top))
        .axis_style(Ink::Rule.light())
        .bold_line_style(Ink::Rule.light())
        .light_line_style(plotters::style::TRANSPARENT)
        .draw()?;
    Ok(chart)
}
