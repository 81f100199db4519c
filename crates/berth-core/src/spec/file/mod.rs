//! The files as people write them, before defaults: the types behind the JSON Schema.

pub mod cluster;
pub mod eks;
pub mod existing;
pub mod gke;
pub mod pool;
pub mod prices;
pub mod quotas;
pub mod secrets;
pub mod sharing;
