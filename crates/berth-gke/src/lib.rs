//! GKE's API: what is there, what can be changed, and what every error code means.
//!
//! [`GkeCloud`] implements the doors of `berth_core::ports`. It decides nothing and waits for nothing: the plan says what to
//! call, the engine when to ask again. The library never installs a TLS provider; the binary does, before [`GkeCloud::connect`].

mod calls;
mod classify;
mod client;
mod cloud;
mod compute;
mod eyes;
mod facts;
mod find;
mod hands;
mod identity;
mod metadata;
mod poll;
mod prices;
mod read;
mod reminder;
mod settings;
mod support;
mod ticket;
mod token;
mod write;

pub use cloud::GkeCloud;
pub use identity::project_of;
pub use prices::CATALOG_NEEDS;
pub use settings::{CredentialSource, Settings};
pub use token::{AccessToken, Tokens};
