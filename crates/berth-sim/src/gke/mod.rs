//! The container API: paths, messages, rules, calls.

mod calls;
mod change;
mod check;
mod check_pool;
mod create;
mod errors;
mod pool_change;
mod render;
mod route;
mod schema;
mod versions;

pub(crate) use calls::serve;
pub(crate) use errors::Refusal;
pub(crate) use route::{Target, methods, target};

#[cfg(test)]
mod tests;
