//! The events of claims: what they wait for, in the words of the volume controller.

use jiff::Timestamp;
use serde_json::Value;

use crate::kube::controllers::events::{self, Happened};
use crate::kube::controllers::scheduler;
use crate::kube::kinds;
use crate::kube::store::Store;

const CONTROLLER: &str = "persistentvolume-controller";

/// Says once what a claim that is not bound waits for.
pub(super) fn tell(store: &mut Store, claim: &Value, class: Option<&Value>, now: Timestamp) {
    let named = claim["spec"]["storageClassName"].as_str().unwrap_or_default();
    let selected = claim["metadata"]["annotations"][scheduler::SELECTED_NODE].is_string();
    let (warns, reason, message) = match class {
        None if named.is_empty() => {
            let words = "no persistent volumes available for this claim and no storage class is set";
            (false, "FailedBinding", words.to_owned())
        }
        None => (true, "ProvisioningFailed", format!("storageclass.storage.k8s.io \"{named}\" not found")),
        Some(class) if class["volumeBindingMode"] == "WaitForFirstConsumer" && !selected => {
            (false, "WaitForFirstConsumer", "waiting for first consumer to be created before binding".to_owned())
        }
        Some(class) => {
            let provisioner = match class["provisioner"].as_str().unwrap_or_default() {
                "kubernetes.io/gce-pd" => "pd.csi.storage.gke.io",
                "kubernetes.io/aws-ebs" => "ebs.csi.aws.com",
                own => own,
            };
            let words = format!(
                "Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the \
                 system administrator. If volume creation is delayed, please verify that the provisioner is running and \
                 correctly registered."
            );
            (false, "ExternalProvisioning", words)
        }
    };
    say(store, claim, &Happened { component: CONTROLLER, warns, reason, message }, now);
}

/// Says that the volume of a claim was made.
pub(super) fn succeeded(store: &mut Store, claim: &Value, now: Timestamp) {
    let volume = claim["spec"]["volumeName"].as_str().unwrap_or_default();
    let message = format!("Successfully provisioned volume {volume}");
    let component = "pd.csi.storage.gke.io";
    say(store, claim, &Happened { component, warns: false, reason: "ProvisioningSucceeded", message }, now);
}

fn say(store: &mut Store, claim: &Value, happened: &Happened<'_>, now: Timestamp) {
    let Some(kind) = kinds::by_plural("persistentvolumeclaims") else { return };
    let uid = claim["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
    if store.kubelet.first(&uid, happened.reason) {
        events::record(store, now, kind, claim, happened);
    }
}
