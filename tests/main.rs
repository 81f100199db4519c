//! The whole binary, sandboxed, against the simulated clouds and against other people's clients. One test binary, because
//! linking is what takes the time.

mod control;
mod redact;
mod sandbox;
mod tidy;
