//! Clusters: shown, listed, deleted.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::serve::{cluster, paged};
use crate::aws::failure::Failure;
use crate::aws::serve::Asked;
use crate::aws::state::{Cluster, Happening, span};
use crate::faults::Effect;
use crate::lifecycle::after;
use crate::world::{Step, World};

/// A cluster as it is shown.
pub(crate) fn show(cluster: &Cluster) -> Value {
    let mut shown = cluster.fields.clone();
    shown.remove("spoiled");
    shown.remove("bootstrapSelfManagedAddons");
    if let Some(tls) = cluster.tls.as_ref().filter(|_| cluster.up) {
        shown.insert("endpoint".to_owned(), Value::from(format!("https://127.0.0.1:{}", tls.port)));
        let data = STANDARD.encode(&tls.ca_pem);
        shown.insert("certificateAuthority".to_owned(), json!({ "data": data }));
    }
    if !cluster.up {
        shown.remove("identity");
    }
    Value::Object(shown)
}

/// `DescribeCluster`.
pub(crate) fn describe(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    cluster(world, asked).map(|cluster| json!({ "cluster": show(cluster) }))
}

/// `ListClusters`.
pub(crate) fn list(world: &World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let here = world.aws.clusters.values().filter(|cluster| cluster.region == asked.region);
    paged(asked, "clusters", here.map(|cluster| Value::from(cluster.name())).collect())
}

/// `DeleteCluster`: refused while node groups exist, or while it is protected or being made.
///
/// The fee ends when the deletion is accepted. No public page says whether a cluster that is being deleted is billed; machines that are
/// shutting down and databases that are being deleted are not, and so this is taken to be alike [I].
pub(crate) fn delete(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let name = asked.text("name").to_owned();
    let cluster = cluster(world, asked)?;
    if cluster.status() == "DELETING" {
        return Ok(json!({ "cluster": show(cluster) }));
    }
    if let Some(group) = cluster.groups.keys().next() {
        let text = "Cluster has nodegroups attached";
        return Err(Failure::in_use(text).with("clusterName", name).with("nodegroupName", group.as_str()));
    }
    if matches!(cluster.status(), "CREATING" | "UPDATING") {
        let text = format!("Cannot delete because cluster {name} currently has an update in progress");
        return Err(Failure::in_use(text).with("clusterName", name));
    }
    if cluster.fields["deletionProtection"] == true {
        let text = format!("Cluster {name} has deletion protection enabled and cannot be deleted");
        return Err(Failure::request(text).with("clusterName", name));
    }
    cluster.fields.insert("status".to_owned(), Value::from("DELETING"));
    let (uid, shown, arn) = (cluster.uid.clone(), show(cluster), cluster.arn().to_owned());
    world.ledger.close(&arn, &name, asked.now);
    let at = asked.now + after("eks-control-plane", "requested", "deleted", "");
    if let Some(Effect::LateLogs { seconds }) = asked.spoiling {
        world.lines_late(&uid, at + span(*seconds));
    }
    world.plan(at, Step::Aws(Happening::Cluster(uid)));
    Ok(json!({ "cluster": shown }))
}
