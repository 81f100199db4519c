//! One thing as a list of AWS tells it.

use std::collections::BTreeMap;

use berth_core::gc::{Claim, Leftover, LeftoverKind, LeftoverSize, Whereabouts};
use berth_core::observed::Phase;
use berth_core::rules::eks::tags::NAME_KEY;
use berth_core::rules::ownership::{self, CLUSTER_KEY};
use berth_core::spec::Provider;
use jiff::Timestamp;

/// Where something global is.
pub(super) const GLOBAL: &str = "global";

/// A thing with all that is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// What it is.
    pub(super) kind: LeftoverKind,
    /// What deletes it.
    pub(super) id: String,
    /// What people call it, if not its tag.
    pub(super) name: String,
    /// Region, or [`GLOBAL`].
    pub(super) place: String,
    /// Region of its cluster.
    pub(super) region: String,
    /// Its tags.
    pub(super) tags: BTreeMap<String, String>,
    /// VPC it stands in, if it stands in one.
    pub(super) vpc: Option<String>,
    /// The cluster something else than berth's tags names, and what names it.
    pub(super) named: Option<(String, String)>,
    /// When it was made.
    pub(super) made: Option<Timestamp>,
    /// How much of it there is.
    pub(super) size: Option<LeftoverSize>,
    /// Of a cluster: where it is in its life.
    pub(super) phase: Option<Phase>,
}

impl Row {
    /// A thing of which only this is known.
    pub(super) fn new(kind: LeftoverKind, id: impl Into<String>, region: &str, tags: BTreeMap<String, String>) -> Self {
        let (id, region) = (id.into(), region.to_owned());
        Self {
            kind,
            name: String::new(),
            id,
            place: region.clone(),
            region,
            tags,
            vpc: None,
            named: None,
            made: None,
            size: None,
            phase: None,
        }
    }

    /// Whether its own tags say that it is ours.
    pub(super) fn is_marked(&self) -> bool {
        ownership::is_ours(&self.tags)
    }

    /// The cluster its own tags name as ours do; empty if they name none.
    pub(super) fn marked_cluster(&self) -> &str {
        self.tags.get(CLUSTER_KEY).map_or("", String::as_str)
    }

    /// A thing of this cluster.
    pub(super) fn leftover(self, account: &str, cluster: &str, claim: Claim) -> Leftover {
        let tagged = self.tags.get(NAME_KEY).filter(|name| !name.is_empty());
        let name = tagged.cloned().unwrap_or_else(|| if self.name.is_empty() { self.id.clone() } else { self.name });
        Leftover {
            kind: self.kind,
            id: self.id,
            name,
            at: Whereabouts { provider: Provider::Eks, account: account.to_owned(), place: self.place },
            cluster: cluster.to_owned(),
            cluster_location: Some(self.region),
            labels: self.tags,
            made: self.made,
            claim,
            phase: self.phase,
            size: self.size,
        }
    }
}
