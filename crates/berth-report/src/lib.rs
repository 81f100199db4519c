//! What clusters cost, for people and programs: tables, Markdown, one HTML page, CSV, JSON and metrics. Nothing here prints.
//!
//! Of tables and words for times and counts the other reports of the command line are made, too.

pub mod cost;
pub mod table;
pub mod words;
