//! Whether the promise holds: expected against allocatable GPUs, per pool.

mod check;
mod evidence;
mod judge;
mod report;

pub use evidence::{Evidence, pool_label};
pub use judge::verify;
pub use report::{GpuCounts, NodeCounts, PoolRow, Shortfall, Verdict, VerificationReport};
