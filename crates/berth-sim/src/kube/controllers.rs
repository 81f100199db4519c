//! What the cluster's own controllers do about the stored objects, carried out before and after each request.

mod garbage;
mod namespaces;
mod nodes;
mod quotas;

use jiff::Timestamp;

use super::store::Store;

/// Brings the store to rest: every change is looked at once, and what the controllers write is looked at again.
pub(crate) fn settle(store: &mut Store, now: Timestamp) {
    const MOST_ROUNDS: usize = 16;
    for _ in 0..MOST_ROUNDS {
        let since = store.settled;
        store.settled = store.resource_version();
        namespaces::settle(store, since, now);
        nodes::settle(store, since, now);
        garbage::settle(store, since, now);
        quotas::settle(store, since, now);
        if store.settled == store.resource_version() {
            return;
        }
    }
}
