//! AWS as EKS needs it: what is there, what can be changed, and what every error code means.
//!
//! [`EksCloud`] implements the doors of `berth_core::ports` over EKS, EC2, IAM, STS, auto scaling, load balancing, logs and service
//! quotas. It decides nothing and waits for nothing: the plan says what to call, the engine when to ask again.

mod calls;
mod classify;
mod client;
mod cloud;
mod dates;
mod eyes;
mod facts;
mod find;
mod finder;
mod hands;
mod paced;
mod poll;
mod prices;
mod read;
mod settings;
mod support;
mod there;
mod ticket;
mod token;
mod unread;

pub use cloud::EksCloud;
pub use prices::{LIST_PERMISSION, SPOT_PERMISSION};
pub use settings::{Endpoint, Settings};
pub use token::{EksToken, EksTokens};
