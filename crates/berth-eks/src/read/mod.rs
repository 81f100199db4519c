//! What is there, in berth's words.

mod around;
mod balancer;
mod cluster;
mod group;
mod identity;
mod left;
mod logs;
mod network;
mod part;
mod words;

pub(crate) use around::{ground, settle};
pub(crate) use cluster::{brief, whole};
pub(crate) use left::{Place, left};
pub(crate) use part::{CLAIM_KEY, LOOSE_KEYS, is_of, named, of_ec2};
pub(crate) use words::{phase, time};

/// Calls of one kind that are under way at a time; AWS counts calls in a second.
pub(crate) const AT_A_TIME: usize = 8;
