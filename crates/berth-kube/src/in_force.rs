//! Whether an applied object does its work already.

use berth_core::actions::kube::KubeObjectRef;
use serde_json::Value;

/// Why an object that the server took is not in force yet; `None` if it is.
pub(crate) fn held(reference: &KubeObjectRef, object: &Value) -> Option<String> {
    if object["metadata"]["deletionTimestamp"].is_string() || object["status"]["phase"] == "Terminating" {
        return Some(format!("{reference} is being deleted"));
    }
    match reference.kind.as_str() {
        // A quota limits nothing before its controller has seen it.
        "ResourceQuota" if object["spec"]["hard"] != object["status"]["hard"] => {
            Some(format!("{reference} does not count yet"))
        }
        "CustomResourceDefinition" => {
            let conditions = object["status"]["conditions"].as_array();
            let is = |kind: &str, status: &str| {
                conditions.into_iter().flatten().find(|own| own["type"] == kind && own["status"] == status)
            };
            if is("Established", "True").is_some() {
                return None;
            }
            let why = is("NamesAccepted", "False").and_then(|condition| condition["message"].as_str());
            Some(format!("{reference} is not established yet{}", why.map(|why| format!(": {why}")).unwrap_or_default()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use berth_core::actions::kube::Manifest;
    use serde_json::json;

    use super::*;

    #[test]
    fn quotas_definitions_and_namespaces_take_time() {
        let said = |object: Value| held(&Manifest::new(object.clone()).reference(), &object);
        let quota = |status| {
            said(json!({"kind": "ResourceQuota", "metadata": {"name": "q", "namespace": "ai"},
            "spec": {"hard": {"pods": "1"}}, "status": status}))
        };
        assert_eq!(quota(json!({})).unwrap(), "ResourceQuota ai/q does not count yet");
        assert_eq!(quota(json!({"hard": {"pods": "1"}})), None);
        let definition = |conditions| {
            said(json!({"kind": "CustomResourceDefinition", "metadata": {"name": "x.y"},
            "status": {"conditions": conditions}}))
        };
        assert_eq!(definition(json!(null)).unwrap(), "CustomResourceDefinition x.y is not established yet");
        assert_eq!(
            definition(json!([{"type": "NamesAccepted", "status": "False", "message": "taken"}])).unwrap(),
            "CustomResourceDefinition x.y is not established yet: taken"
        );
        assert_eq!(definition(json!([{"type": "Established", "status": "True"}])), None);
        let ending = json!({"kind": "Namespace", "metadata": {"name": "ai"}, "status": {"phase": "Terminating"}});
        assert_eq!(said(ending).unwrap(), "Namespace ai is being deleted");
    }
}
