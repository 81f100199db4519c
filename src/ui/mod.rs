//! Sole owner of standard output and standard error: talk, questions, progress and failures.

mod bars;
mod lines;
pub(crate) mod render;
mod terminal;

pub(crate) use terminal::Ui;
