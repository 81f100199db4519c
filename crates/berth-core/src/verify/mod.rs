//! Whether the promise holds: expected against allocatable GPUs, per pool; and whether what is to run there runs.

mod check;
mod evidence;
mod judge;
mod probed;
mod report;
mod running;

pub use evidence::{Evidence, is_of_pool, pool_label, pool_names};
pub use judge::verify;
pub use probed::{ProbeRow, is_running, probed};
pub use report::{GpuCounts, NodeCounts, PoolRow, ServiceRow, Shortfall, Verdict, VerificationReport, WorkloadRow};
pub use running::{Running, brought_up};
