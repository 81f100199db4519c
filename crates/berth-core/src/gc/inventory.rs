//! All that was found on one cloud, and what could not be looked at.

use serde::Serialize;

use super::leftover::{Leftover, LeftoverKind};
use crate::spec::Provider;

/// Where to look.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// Projects (GKE) or the account (EKS); empty means all that can be reached.
    pub accounts: Vec<String>,
    /// Regions; empty means all. What is global is looked at in any case.
    pub regions: Vec<String>,
}

impl Scope {
    /// Whether a region is to be looked at.
    pub fn has_region(&self, region: &str) -> bool {
        self.regions.is_empty() || self.regions.iter().any(|known| known == region)
    }
}

/// What one look found; only what a finder believes to be ours, clusters that stand included, leased or not.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Inventory {
    /// The things, in any order; one that was found in two ways may be there twice.
    pub found: Vec<Leftover>,
    /// What could not be listed.
    pub unread: Vec<Unread>,
}

impl Inventory {
    /// Adds what another look found.
    pub fn extend(&mut self, other: Self) {
        self.found.extend(other.found);
        self.unread.extend(other.unread);
    }
}

/// Kinds that could not be listed somewhere. Where clusters could not, nothing is taken for a leftover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unread {
    /// The cloud.
    pub provider: Provider,
    /// Project or account.
    pub account: String,
    /// Region or zone; `None` means everywhere.
    pub place: Option<String>,
    /// Kinds.
    pub kinds: Vec<LeftoverKind>,
    /// Why not, with the permission it takes.
    pub why: String,
}
