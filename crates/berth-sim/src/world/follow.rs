//! What the clouds do about writes to a cluster's Kubernetes API: each write is looked at once.

use jiff::Timestamp;

use super::model::{Due, Step, World};

impl World {
    /// Looks at what was written since the last time: volumes have disks, and room for pods is the autoscaler's.
    pub(crate) fn changes_followed(&mut self, uid: &str, now: Timestamp) {
        let since = self.autoscalers.get(uid).map_or(0, |autoscaler| autoscaler.followed);
        let Some(api) = self.api(uid) else { return };
        let news = api.kube.news(since);
        let until = api.kube.resource_version();
        self.autoscalers.entry(uid.to_owned()).or_default().followed = until;
        self.disks_follow(uid, &news.volumes, now);
        if news.services {
            self.balance_soon(uid, now);
        }
        if news.room {
            self.look_soon(uid, now);
        }
    }

    /// Puts a step on the agenda, or moves it there when it stands at a later time.
    pub(crate) fn plan_at_latest(&mut self, at: Timestamp, step: Step) {
        match self.agenda.iter_mut().find(|due| due.step == step) {
            Some(due) => due.at = due.at.min(at),
            None => {
                let order = self.number();
                self.agenda.push(Due { at, order, step });
            }
        }
    }
}
