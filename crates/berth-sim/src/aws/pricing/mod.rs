//! The AWS Price List Service: what everything costs, as one product for each way of buying it.

mod instances;
mod others;
mod products;
mod serve;

pub(crate) use products::Market;
pub(crate) use serve::serve;
