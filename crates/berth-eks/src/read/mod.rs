//! What is there, in berth's words.

mod balancer;
mod left;
mod part;

pub(crate) use left::left;
