//! Whether the promise holds: expected against allocatable GPUs, per pool.
