//! What clusters will cost: cases worked by hand, and what holds of every spec.

mod billed;
mod compared;
mod golden;
mod random;
mod random_bill;
mod varied;
mod world;
