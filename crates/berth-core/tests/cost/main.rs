//! What clusters will cost: cases worked by hand, and what holds of every spec.

mod golden;
mod random;
mod world;
