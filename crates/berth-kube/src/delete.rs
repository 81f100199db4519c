//! Deleting objects, group after group.

use berth_core::actions::kube::KubeObjectRef;
use berth_core::manifests::waves::WaveKind;
use berth_core::run::Fault;
use futures::StreamExt;
use futures::stream;
use kube::Client;
use serde_json::Value;

use crate::apply::AT_ONCE;
use crate::hands::Going;
use crate::kinds::Kinds;
use crate::wire;

/// Deletes objects in the order given; those of a wave together, and the next ones when those are gone.
pub(crate) async fn delete(client: &Client, objects: &[KubeObjectRef]) -> Result<Going, Fault> {
    let kinds = Kinds::new(client);
    for group in objects.chunk_by(|one, other| WaveKind::of(one) == WaveKind::of(other)) {
        let calls: Vec<_> = group.iter().map(|object| delete_one(client, &kinds, object)).collect();
        let outcomes: Vec<Result<Option<Value>, Fault>> = stream::iter(calls).buffered(AT_ONCE).collect().await;
        let mut there = Vec::new();
        for (object, outcome) in group.iter().zip(outcomes) {
            there.extend(outcome?.map(|left| (object, left)));
        }
        if let Some((object, left)) = there.first() {
            let rest = match there.len() {
                1 => String::new(),
                count => format!(", and {} more", count - 1),
            };
            let why = why_still_there(left).map(|why| format!(": {why}")).unwrap_or_default();
            return Ok(Going::Waiting(Some(format!("{object} is still there{rest}{why}"))));
        }
    }
    Ok(Going::Done)
}

/// Deletes an object; gives what is left of it, nothing once it is gone.
async fn delete_one(client: &Client, kinds: &Kinds<'_>, object: &KubeObjectRef) -> Result<Option<Value>, Fault> {
    // A kind that is gone has taken its objects with it.
    let Some(resource) = kinds.find(&object.api_version, &object.kind).await? else { return Ok(None) };
    let path = resource.path(object);
    let tried = format!("delete {object}");
    match wire::delete::<Value>(client, &path).await {
        Ok(None) => Ok(None),
        // What finalizers hold is still there and says so; of what went at once nothing is found.
        Ok(Some(_)) => wire::find(client, &path, &tried).await,
        // A namespace on its way out takes no second deletion.
        Err(kube::Error::Api(status)) if status.code == 409 => wire::find(client, &path, &tried).await,
        Err(error) => Err(wire::reading(&tried, error)),
    }
}

/// What holds an object that is being deleted, if it says.
fn why_still_there(object: &Value) -> Option<String> {
    let conditions = object["status"]["conditions"].as_array().into_iter().flatten();
    let mut failing = conditions.filter(|condition| {
        condition["status"] == "True" && condition["type"].as_str().is_some_and(|kind| kind.starts_with("Namespace"))
    });
    if let Some(message) = failing.find_map(|condition| condition["message"].as_str()) {
        return Some(message.to_owned());
    }
    let finalizers: Vec<&str> = object["metadata"]["finalizers"].as_array()?.iter().filter_map(Value::as_str).collect();
    (!finalizers.is_empty()).then(|| format!("held by {}", finalizers.join(", ")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_holds_an_object_is_said() {
        let namespace = json!({"metadata": {"finalizers": []}, "status": {"conditions": [
            {"type": "NamespaceDeletionDiscoveryFailure", "status": "False", "message": "all discovered"},
            {"type": "NamespaceFinalizersRemaining", "status": "True", "message": "Some content has finalizers remaining"}]}});
        assert_eq!(why_still_there(&namespace).unwrap(), "Some content has finalizers remaining");
        let claim = json!({"metadata": {"finalizers": ["kubernetes.io/pvc-protection"]}});
        assert_eq!(why_still_there(&claim).unwrap(), "held by kubernetes.io/pvc-protection");
        assert_eq!(why_still_there(&json!({"metadata": {}})), None);
    }
}
