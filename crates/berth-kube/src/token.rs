//! Bearer tokens, and where they come from.

use std::fmt;

use berth_core::run::Fault;
use futures::future::BoxFuture;
use jiff::Timestamp;

/// A text that must not be shown; `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a text into keeping.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself, for the one place that has to send it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A bearer token and how long it lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What stands behind `Bearer`.
    pub secret: Secret,
    /// When it stops working; `None` if nobody says.
    pub expires_at: Option<Timestamp>,
}

/// Gives bearer tokens for a cluster.
pub trait TokenSource: Send + Sync {
    /// A token that works now; with `fresh` not one given before, as that was refused.
    fn token(&self, fresh: bool) -> BoxFuture<'_, Result<Token, Fault>>;
}
