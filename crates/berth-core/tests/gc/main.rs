//! What of an inventory is to go: examples, and what holds for any inventory.

mod build;
mod decided;
mod planned;
mod priced;
mod random;
mod volumes;
