//! Plans for clusters that stand already.

mod plans;
