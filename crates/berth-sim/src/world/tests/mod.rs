//! The world as data in, text out.

mod changes;
mod lifecycles;
mod lists;
mod script;
