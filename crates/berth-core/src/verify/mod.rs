//! Whether the promise holds: expected against allocatable GPUs, per pool; and whether what is to run there runs.

mod check;
mod evidence;
mod judge;
mod report;
mod running;

pub use evidence::{Evidence, pool_label};
pub use judge::verify;
pub use report::{GpuCounts, NodeCounts, PoolRow, ServiceRow, Shortfall, Verdict, VerificationReport, WorkloadRow};
pub use running::{Running, brought_up};
