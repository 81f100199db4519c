//! EKS's quirks, one file per rule.
//!
//! In reading order: the rules that turn a wish into AWS's own terms ([`names`], [`tags`], [`zones`], [`ranges`], [`network`],
//! [`roles`], [`addons`], [`policies`], [`autoscaler`], [`slots`], [`shares`], [`fallback`], [`group`]), what they add up to
//! ([`cluster`]), how that differs from what is there ([`diff_cluster`], [`diff_group`]), the steps that follow ([`present`], [`absent`]), and what has to be true before ([`preflight`],
//! [`quota`], [`spot`], [`subnets`]).

pub mod absent;
pub mod addons;
pub mod autoscaler;
pub mod bottlerocket;
pub mod cluster;
pub mod diff_cluster;
pub mod diff_group;
pub mod fallback;
pub mod group;
pub mod group_steps;
pub mod names;
pub mod network;
pub mod node_labels;
pub mod policies;
pub mod preflight;
pub mod present;
pub mod quota;
pub mod ranges;
pub mod roles;
pub mod shares;
pub mod slots;
pub mod spot;
pub mod steps;
pub mod subnets;
pub mod tags;
pub mod zones;
