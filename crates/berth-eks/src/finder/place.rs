//! One region.

use std::collections::{BTreeMap, BTreeSet};

use berth_core::gc::{LeftoverKind, Unread};
use berth_core::run::Fault;
use berth_core::spec::Provider;

use super::row::Row;
use super::{clusters, index, loose, marked};
use crate::cloud::EksCloud;
use crate::unread::wanted;

/// What only the index tells of.
const INDEXED: [LeftoverKind; 4] =
    [LeftoverKind::NodeGroup, LeftoverKind::LoadBalancer, LeftoverKind::TargetGroup, LeftoverKind::LogGroup];

/// What was seen in regions.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// Things, ours or maybe ours.
    pub(super) rows: Vec<Row>,
    /// Names of the clusters that stand by region, whoever made them; a region in which they could not be listed is not there.
    pub(super) standing: BTreeMap<String, BTreeSet<String>>,
    /// What could not be listed.
    pub(super) unread: Vec<Unread>,
    /// Why neither the index nor clusters could be listed.
    pub(super) deaf: Option<Fault>,
}

impl Looked {
    /// Adds what was seen elsewhere.
    pub(super) fn extend(&mut self, other: Self) {
        self.rows.extend(other.rows);
        self.standing.extend(other.standing);
        self.unread.extend(other.unread);
    }

    /// What was read of kinds; what could not be read is kept in words.
    pub(super) fn hear<T>(
        &mut self,
        cloud: &EksCloud,
        read: Result<T, Fault>,
        permission: &str,
        kinds: &[LeftoverKind],
    ) -> Option<T> {
        let mut lines = Vec::new();
        let read = wanted(read, permission, &mut lines);
        let (account, place) = (cloud.account().to_owned(), Some(cloud.region().to_owned()));
        let unread = lines.into_iter().map(|why| Unread {
            provider: Provider::Eks,
            account: account.clone(),
            place: place.clone(),
            kinds: kinds.to_vec(),
            why,
        });
        self.unread.extend(unread);
        read
    }
}

/// Looks at everything in the region of this cloud.
pub(super) async fn look(cloud: &EksCloud) -> Looked {
    let mut seen = Looked::default();
    // Boxed, because the futures of the calls are large.
    let (entries, names, loose) =
        futures::join!(Box::pin(index::ours(cloud)), Box::pin(clusters::names(cloud)), Box::pin(loose::look(cloud)));
    if let (Err(fault), Err(_)) = (&entries, &names) {
        seen.deaf = Some(fault.clone());
    }
    let entries = seen.hear(cloud, entries, index::PERMISSION, &INDEXED);
    let names = seen.hear(cloud, names, clusters::LIST_PERMISSION, &[LeftoverKind::Cluster]);
    for (kinds, permission, rows) in loose {
        let rows = seen.hear(cloud, rows, permission, kinds);
        seen.rows.extend(rows.unwrap_or_default());
    }
    for (kind, permission, rows) in marked::look(cloud, entries.as_deref()).await {
        let rows = seen.hear(cloud, rows, permission, &[kind]);
        seen.rows.extend(rows.unwrap_or_default());
    }
    let known = clusters::known(cloud.region(), entries.as_deref().unwrap_or_default(), names.as_ref());
    seen.rows.extend(known);
    if let Some(names) = names {
        let unknown = clusters::unknown(cloud, clusters::named(&seen.rows, &names)).await;
        let rows = seen.hear(cloud, unknown, clusters::LOOK_PERMISSION, &[LeftoverKind::Cluster]);
        seen.rows.extend(rows.unwrap_or_default());
        seen.standing.insert(cloud.region().to_owned(), names);
    }
    seen
}
