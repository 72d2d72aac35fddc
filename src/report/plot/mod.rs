//! Plots as geometry: what of a report is drawn where. No colours, no words of advice.
//!
//! ```text
//! Report ──scene──► Scene (runs, bands, bars, levels) ──svg──► HTML
//!                     └──────────data──────────────────────► numbers for the script
//! ```
//! All coordinates are in a box of [`WIDTH`] × [`HEIGHT`] units that is stretched to the
//! page's width, so one drawing serves phone, desktop and paper, and zooming is a change of
//! the visible part of the box.

pub mod axis;
pub mod clock;
pub mod data;
pub mod decimate;
mod lines;
pub mod marks;
mod places;
pub mod scene;
pub mod spark;
pub mod svg;

/// Units along the axis of a plot.
pub const WIDTH: f64 = 10_000.0;

/// Units across it.
pub const HEIGHT: f64 = 1_000.0;
