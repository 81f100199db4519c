//! Label and field selectors.

mod fields;
mod labels;
mod lexer;
mod selection;

pub(crate) use selection::Selection;
