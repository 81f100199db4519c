//! What the cluster's own controllers do about the stored objects, carried out before and after each request.
//!
//! Each write is looked at once and says who has something to do: owners, schedulers, kubelets.
//! What takes time is put on an agenda, so that a store in which nothing happens costs nothing.

mod autoscalers;
mod budgets;
mod changes;
mod claims;
mod conditions;
mod cron_jobs;
mod daemon_sets;
mod deployments;
mod endpoints;
mod events;
mod garbage;
mod jobs;
mod kubelet;
mod namespaces;
mod news;
mod nodes;
mod owners;
mod pods;
mod quotas;
mod replica_sets;
mod requests;
mod scheduler;
mod stateful_sets;
mod work;

use jiff::Timestamp;

use super::definitions;
use super::store::Store;
use work::Part;

pub(crate) use claims::gibibytes;
pub(crate) use kubelet::{Memory, log};
pub(crate) use news::Written;
pub(crate) use owners::selects;
pub(crate) use scheduler::Offer;
pub(crate) use work::Work;

/// An upper bound on the turns of one call, so that two controllers that disagree cannot hang the server.
const MOST_TURNS: usize = 5_000;

/// Brings the store to rest: everything due until `now` happens in the order of its time, and what follows from it.
pub(crate) fn settle(store: &mut Store, now: Timestamp) {
    let mut time = store.work.reached(now).min(now);
    for _ in 0..MOST_TURNS {
        let since = store.settled;
        changes::hand_out(store, since);
        store.settled = store.resource_version();
        if store.settled != since || store.work.has_rest() {
            everyday(store, since, time);
        }
        let queue = store.work.take();
        if !queue.is_empty() {
            for (part, key) in queue {
                look(store, part, &key, time);
            }
        } else if store.settled == store.resource_version() {
            let Some(at) = store.work.ripen(now) else { break };
            time = time.max(at);
        }
    }
    store.work.happened(now);
}

/// Those who look at every change.
fn everyday(store: &mut Store, since: u64, now: Timestamp) {
    definitions::settle(store, since, now);
    namespaces::settle(store, since, now);
    nodes::settle(store, since, now);
    garbage::settle(store, since, now);
    quotas::settle(store, since, now);
    changes::await_patience(store, since, now);
}

fn look(store: &mut Store, part: Part, key: &str, now: Timestamp) {
    match part {
        Part::Deployment => deployments::reconcile(store, key, now),
        Part::StatefulSet => stateful_sets::reconcile(store, key, now),
        Part::Job => jobs::reconcile(store, key, now),
        Part::Budget => budgets::reconcile(store, key, now),
        Part::Autoscaler => autoscalers::reconcile(store, key, now),
        Part::Claim => claims::reconcile(store, key, now),
        Part::DaemonSet => daemon_sets::reconcile(store, key, now),
        Part::ReplicaSet => replica_sets::reconcile(store, key, now),
        Part::Pod => kubelet::reconcile(store, key, now),
        Part::Scheduler => scheduler::reconcile(store, now),
        Part::Stranded => kubelet::strand(store, key, now),
        Part::Rest => store.work.want_rest(),
        Part::CronJob => cron_jobs::reconcile(store, key, now),
        Part::Endpoints => endpoints::reconcile(store, key, now),
    }
}

#[cfg(test)]
mod tests;
