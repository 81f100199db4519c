//! What is decided, as tables: plans, preflight findings and verification reports.

mod build;
mod converge;
mod findings;
mod leases;
mod plans;
mod probe;
mod render;
mod running;
mod shipped;
mod verdicts;
mod world;
