//! What of a cluster that stands already is berth's to take away, whatever files say.

use berth_core::actions::kube::KubeObjectRef;
use berth_core::manifests::quotas;
use berth_core::manifests::workloads::{LABEL, selector};
use berth_core::observed::{ObjectState, Observed, ObservedObject};
use berth_core::rules::existing::plugin::FILE_KEY;
use berth_core::run::Fault;
use serde_json::Value;

use super::Doors;

/// Field owners that look after every namespace, and berth itself.
const OWN_WRITERS: [&str; 2] = ["berth", "kube-controller-manager"];

impl Doors {
    /// The workloads of the file of this name, the namespaces of its quotas, and in the end the record of what was applied.
    pub(crate) async fn own_workloads(&self, name: &str, observed: &Observed) -> Result<Vec<ObservedObject>, Fault> {
        let Some(client) = self.inside(name, observed)? else { return Ok(Vec::new()) };
        let mut own = berth_kube::look_at(&client, &[], &selector(name)).await?;
        // The kinds of quotas' objects stand on no record.
        let fenced = berth_kube::unwanted_of(&client, &[("v1", "Namespace")], quotas::SELECTOR).await?;
        let mut is_used_by_others = false;
        for seen in fenced {
            let live = berth_kube::object(&client, &seen.object).await?.unwrap_or_default();
            if live["metadata"]["annotations"][FILE_KEY] != name {
                is_used_by_others = true;
            } else if seen.object.kind == "Namespace" && own.iter().all(|known| known.object != seen.object) {
                own.push(seen);
            }
        }
        leave_theirs(&client, &mut own).await?;
        let is_cleared = own.iter().all(|seen| matches!(seen.state, ObjectState::Holding(_)));
        if is_cleared && !is_used_by_others && berth_kube::look_at(&client, &[], LABEL).await?.is_empty() {
            let object = record();
            if berth_kube::object(&client, &object).await?.is_some() {
                own.push(ObservedObject { object, state: ObjectState::Unwanted });
            }
        }
        Ok(own)
    }
}

/// Namespaces that somebody else made, or has changed, are not berth's to delete.
pub(crate) async fn leave_theirs(client: &kube::Client, seen: &mut [ObservedObject]) -> Result<(), Fault> {
    let may_go = |state: &ObjectState| matches!(state, ObjectState::Unwanted | ObjectState::Holding(_));
    for seen in seen.iter_mut().filter(|seen| seen.object.kind == "Namespace" && may_go(&seen.state)) {
        let live = berth_kube::object(client, &seen.object).await?.unwrap_or_default();
        if let Some(writer) = stranger(&live) {
            seen.state = ObjectState::Theirs(writer.to_owned());
        }
    }
    Ok(())
}

/// Who else has written to an object: whoever made it before berth did is among them.
fn stranger(live: &Value) -> Option<&str> {
    let entries = live["metadata"]["managedFields"].as_array().into_iter().flatten();
    let mut writers = entries.filter_map(|entry| entry["manager"].as_str());
    writers.find(|writer| !OWN_WRITERS.contains(writer))
}

/// Where berth notes the kinds it has applied.
fn record() -> KubeObjectRef {
    KubeObjectRef {
        api_version: "v1".to_owned(),
        kind: "ConfigMap".to_owned(),
        namespace: Some("kube-system".to_owned()),
        name: berth_kube::RECORD_NAME.to_owned(),
    }
}
