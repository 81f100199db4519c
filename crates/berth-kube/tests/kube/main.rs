//! The Kubernetes room against a server of these tests' own, files on disk, and `kubectl`.

#![expect(clippy::unwrap_used, reason = "the stage of a test may end the test")]

mod files;
mod filling;
mod kubectl;
mod pages;
mod real;
mod server;
mod shipped;
mod simulated;
mod stuck;
mod tls;
mod tokens;
