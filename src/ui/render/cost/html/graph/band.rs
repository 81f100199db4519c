//! The band between fewest and most nodes over the month, with what is expected, and the budget.

use berth_core::cost::{Amount, Cases, MONTH_HOURS, Span};
use plotters::chart::ChartBuilder;
use plotters::element::Polygon;
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
    let mut builder = ChartBuilder::on(area);
    builder.margin_top(12).margin_right(24).x_label_area_size(44).y_label_area_size(64);
    let mut chart = builder.build_cartesian_2d(0.0..DAYS, 0.0..reach(highest))?;
    let label = |across, down| words(Ink::Faint, 12.0, across, down);
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(7)
        .y_labels(6)
        .x_label_formatter(&|day| format!("{day:.0}"))
        .y_label_formatter(&|usd| tick(*usd))
        .x_desc("day")
        .axis_desc_style(label(HPos::Center, VPos::Top))
        .label_style(label(HPos::Center, VPos::Top))
        .axis_style(Ink::Rule.light())
        .bold_line_style(Ink::Rule.light())
        .light_line_style(plotters::style::TRANSPARENT)
        .draw()?;
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
