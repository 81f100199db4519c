//! What the controllers still have to look at, and when.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

/// The part of the cluster that looks; they take their turns in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    CronJob,
    Job,
    Deployment,
    StatefulSet,
    DaemonSet,
    ReplicaSet,
    Claim,
    /// The kubelet of a pod's node, and those who end pods: the key is the pod's.
    Pod,
    /// All pods that wait for a node; the key is empty.
    Scheduler,
    Autoscaler,
    Endpoints,
    Budget,
    /// The garbage of pods whose nodes are gone: the key is the pod's.
    Stranded,
    /// Those who look at every change: namespaces, node taints, garbage, quotas. The key is empty.
    Rest,
}

/// One thing to look at: who looks, and the key of the object.
pub(crate) type Item = (Part, String);

/// The queue and the agenda. It is not saved: after a restart everything is looked at once.
#[derive(Debug, Default)]
pub(crate) struct Work {
    queue: BTreeSet<Item>,
    due: BTreeSet<(Timestamp, Item)>,
    /// Up to when things have happened; nothing happens before.
    reached: Option<Timestamp>,
    /// Whether what is there has been looked at since the store came up.
    pub(crate) awake: bool,
    /// Whether those who look at every change are to look without one.
    rest: bool,
}

impl Work {
    /// Something happened at a time: what follows from it does not happen earlier.
    pub(crate) fn happened(&mut self, time: Timestamp) {
        self.reached = Some(self.reached.map_or(time, |reached| reached.max(time)));
    }

    /// The time from which to go on.
    pub(crate) fn reached(&self, now: Timestamp) -> Timestamp {
        self.reached.unwrap_or(now)
    }

    /// Has an object looked at in the next turn.
    pub(crate) fn add(&mut self, part: Part, key: impl Into<String>) {
        self.queue.insert((part, key.into()));
    }

    /// Has an object looked at later.
    pub(crate) fn add_at(&mut self, at: Timestamp, part: Part, key: impl Into<String>) {
        self.due.insert((at, (part, key.into())));
    }

    /// Has an object looked at after so many seconds.
    pub(crate) fn add_after(&mut self, time: Timestamp, seconds: i64, part: Part, key: impl Into<String>) {
        self.add_at(later(time, seconds), part, key);
    }

    /// Has those look who look at every change.
    pub(crate) fn want_rest(&mut self) {
        self.rest = true;
    }

    /// Whether they are to look; they are not told twice.
    pub(crate) fn has_rest(&mut self) -> bool {
        std::mem::take(&mut self.rest)
    }

    /// Everything that is to be looked at now.
    pub(crate) fn take(&mut self) -> BTreeSet<Item> {
        std::mem::take(&mut self.queue)
    }

    /// Moves what is due at the earliest time until `now` into the queue and gives that time.
    pub(crate) fn ripen(&mut self, now: Timestamp) -> Option<Timestamp> {
        let at = self.next_due().filter(|at| *at <= now)?;
        while self.next_due() == Some(at) {
            if let Some((_, item)) = self.due.pop_first() {
                self.queue.insert(item);
            }
        }
        Some(at)
    }

    /// When something is due next.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }
}

/// So many seconds later.
pub(crate) fn later(time: Timestamp, seconds: i64) -> Timestamp {
    time.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::{Part, Work, later};

    #[test]
    fn what_is_due_comes_in_the_order_of_its_time_and_once() {
        let now = "2026-11-21T04:00:00Z".parse().unwrap();
        let mut work = Work::default();
        work.add_after(now, 20, Part::Pod, "b");
        work.add_after(now, 10, Part::Pod, "a");
        work.add_after(now, 10, Part::Pod, "a");
        assert_eq!(work.ripen(later(now, 9)), None);
        assert_eq!(work.ripen(later(now, 60)), Some(later(now, 10)));
        assert_eq!(work.take().into_iter().collect::<Vec<_>>(), [(Part::Pod, "a".to_owned())]);
        assert_eq!(work.ripen(later(now, 60)), Some(later(now, 20)));
        assert_eq!(work.next_due(), None);
    }
}
