//! EKS's quirks, one file per rule.

pub mod names;
pub mod tags;
