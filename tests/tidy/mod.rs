//! Rules of the house that a program can check.

mod crates;
mod sources;
mod texts;
