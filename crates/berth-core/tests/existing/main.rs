//! Plans for clusters that stand already.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, also in the functions its cases share")]

mod plans;
