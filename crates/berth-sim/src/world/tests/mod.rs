//! The world as data in, text out.

mod autoscaler;
mod changes;
mod lifecycles;
mod lists;
mod script;
mod things;
