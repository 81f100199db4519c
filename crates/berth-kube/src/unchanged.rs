//! Whether an apply would change nothing, told from the object as it stands: then nobody has to ask the server.
//!
//! The server notes which fields an applier has set. If those are exactly the fields of the manifest, and each has just that
//! value, an apply of it changes neither the object nor the notes. Whatever is in doubt, such as an amount that the server
//! writes in another way, is asked: saying no here is never wrong.
//! Source: the merge of server-side apply and the format `FieldsV1` of managed fields in Kubernetes 1.33.

use serde_json::{Map, Value};

/// Fields that say which object it is; nobody owns them.
const NAMING: [&str; 3] = ["apiVersion", "kind", "metadata"];
const NAMING_IN_METADATA: [&str; 2] = ["name", "namespace"];
/// The mark of a field, of an item by its keys, and of an item by its value.
const FIELD: &str = "f:";
const KEYS: &str = "k:";
const VALUE: &str = "v:";
/// Stands for the object or list itself among what it holds.
const ITSELF: &str = ".";

/// Whether an apply of the manifest by this owner would certainly change nothing of the object.
pub(crate) fn is_unchanged(manifest: &Value, live: &Value, owner: &str) -> bool {
    let (Some(want), Some(fields)) = (manifest.as_object(), own_fields(manifest, live, owner)) else { return false };
    let empty = Map::new();
    let of_metadata = |value: &Value| value["metadata"].as_object().cloned().unwrap_or_default();
    let mut rest = fields.clone();
    let metadata = rest.remove("f:metadata");
    let metadata = metadata.as_ref().and_then(Value::as_object).unwrap_or(&empty);
    are_kept(metadata, &of_metadata(manifest), &live["metadata"], &NAMING_IN_METADATA)
        && are_kept(&rest, want, live, &NAMING)
}

/// What the owner has applied in the version of the manifest; `None` unless there is exactly one note of that.
fn own_fields<'a>(manifest: &Value, live: &'a Value, owner: &str) -> Option<&'a Map<String, Value>> {
    let is_own = |entry: &&Value| {
        entry["manager"] == owner
            && entry["operation"] == "Apply"
            && matches!(entry["subresource"].as_str(), None | Some(""))
    };
    let mut own = live["metadata"]["managedFields"].as_array()?.iter().filter(is_own);
    let (only, None) = (own.next()?, own.next()) else { return None };
    let is_readable = only["fieldsType"] == "FieldsV1" && only["apiVersion"] == manifest["apiVersion"];
    only["fieldsV1"].as_object().filter(|_| is_readable)
}

/// Whether these are the fields of an object, all of them, and as wanted; but for those that are left out.
fn are_kept(fields: &Map<String, Value>, want: &Map<String, Value>, live: &Value, left_out: &[&str]) -> bool {
    let Some(live) = live.as_object() else { return false };
    let owned = fields.keys().filter(|field| *field != ITSELF).count();
    let mut wanted = want.iter().filter(|(key, _)| !left_out.contains(&key.as_str()));
    let count = wanted.clone().count();
    owned == count
        && wanted.all(|(key, want)| match (fields.get(&format!("{FIELD}{key}")), live.get(key)) {
            (Some(Value::Object(fields)), Some(live)) => is_kept(fields, want, live),
            _ => false,
        })
}

fn is_kept(fields: &Map<String, Value>, want: &Value, live: &Value) -> bool {
    if fields.is_empty() {
        // Owned as a whole.
        return want == live && !want.is_null();
    }
    match (want, live) {
        (Value::Object(want), live) => are_kept(fields, want, live, &[]),
        (Value::Array(want), Value::Array(live)) => are_items_kept(fields, want, live),
        _ => false,
    }
}

/// The same for a list whose items are known by keys or by their value. Their order counts too: an apply may set it.
fn are_items_kept(fields: &Map<String, Value>, want: &[Value], live: &[Value]) -> bool {
    let items = fields.iter().filter(|(field, _)| *field != ITSELF);
    let mut places = Vec::new();
    for (field, fields) in items {
        let (Some(wanted), Some(there)) = (place(field, want, true), place(field, live, false)) else { return false };
        let (Some(fields), Some(want), Some(live)) = (fields.as_object(), want.get(wanted), live.get(there)) else {
            return false;
        };
        if !is_kept(fields, want, live) {
            return false;
        }
        places.push((wanted, there));
    }
    places.sort_unstable();
    places.len() == want.len() && places.is_sorted_by(|one, next| one.0 < next.0 && one.1 < next.1)
}

/// Where the only item is that such a mark names. A manifest may leave keys out that the server fills in.
fn place(mark: &str, items: &[Value], may_lack: bool) -> Option<usize> {
    let is_meant: Box<dyn Fn(&Value) -> bool> = if let Some(keys) = mark.strip_prefix(KEYS) {
        let keys: Map<String, Value> = serde_json::from_str(keys).ok()?;
        Box::new(move |item| keys.iter().all(|(key, value)| item.get(key).map_or(may_lack, |own| own == value)))
    } else {
        let value: Value = serde_json::from_str(mark.strip_prefix(VALUE)?).ok()?;
        Box::new(move |item| *item == value)
    };
    let mut meant = items.iter().enumerate().filter(|(_, item)| is_meant(item)).map(|(at, _)| at);
    let (first, None) = (meant.next()?, meant.next()) else { return None };
    Some(first)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A Deployment as it was applied.
    fn manifest() -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "tts", "namespace": "ai", "labels": {"a": "b"}},
            "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "tts"}}, "template": {
                "metadata": {"labels": {"app": "tts"}},
                "spec": {"volumes": [{"name": "scratch", "emptyDir": {}}],
                    "containers": [{"name": "app", "image": "tts:1", "args": ["-v"],
                        "ports": [{"containerPort": 80}, {"containerPort": 81}],
                        "resources": {"limits": {"cpu": "1"}}}]}}}})
    }

    /// The same as a server has it: with what it fills in, and with its notes.
    fn live() -> Value {
        let mut live = manifest();
        live["metadata"]["uid"] = json!("u");
        live["status"] = json!({"replicas": 2});
        live["spec"]["strategy"] = json!({"type": "RollingUpdate"});
        let pod = &mut live["spec"]["template"]["spec"];
        pod["restartPolicy"] = json!("Always");
        let container = &mut pod["containers"][0];
        container["imagePullPolicy"] = json!("IfNotPresent");
        container["ports"] =
            json!([{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 81, "protocol": "TCP"}]);
        let port = |number: u32| format!("k:{{\"containerPort\":{number},\"protocol\":\"TCP\"}}");
        let fields = json!({
            "f:metadata": {"f:labels": {"f:a": {}}},
            "f:spec": {"f:replicas": {}, "f:selector": {}, "f:template": {
                "f:metadata": {"f:labels": {"f:app": {}}},
                "f:spec": {
                    "f:volumes": {"k:{\"name\":\"scratch\"}": {".": {}, "f:name": {}, "f:emptyDir": {}}},
                    "f:containers": {"k:{\"name\":\"app\"}": {".": {}, "f:name": {}, "f:image": {}, "f:args": {},
                        "f:ports": {port(80): {".": {}, "f:containerPort": {}}, port(81): {".": {}, "f:containerPort": {}}},
                        "f:resources": {"f:limits": {"f:cpu": {}}}}}}}}});
        live["metadata"]["managedFields"] = json!([
            {"manager": "berth", "operation": "Apply", "apiVersion": "apps/v1", "fieldsType": "FieldsV1", "fieldsV1": fields},
            {"manager": "kube-controller-manager", "operation": "Update", "apiVersion": "apps/v1",
                "fieldsType": "FieldsV1", "fieldsV1": {"f:status": {"f:replicas": {}}}, "subresource": "status"}]);
        live
    }

    #[test]
    fn what_stands_as_it_was_applied_is_unchanged() {
        assert!(is_unchanged(&manifest(), &live(), "berth"));
        assert!(!is_unchanged(&manifest(), &live(), "somebody"));
    }

    #[test]
    fn any_other_value_field_order_or_version_is_no_longer_certain() {
        let changes = [
            ("/spec/replicas", json!(3)),
            ("/spec/replicas", json!(null)),
            ("/spec/selector/matchLabels/more", json!("x")),
            ("/spec/template/spec/containers/0/image", json!("tts:2")),
            ("/spec/template/spec/containers/0/resources/limits/cpu", json!("1000m")),
            ("/spec/template/spec/containers/0/args", json!([])),
            ("/spec/template/spec/containers/0/ports", json!([{"containerPort": 80}])),
            ("/spec/template/spec/containers/0/ports", json!([{"containerPort": 81}, {"containerPort": 80}])),
            ("/spec/template/spec/containers/0/stdin", json!(true)),
            ("/spec/template/spec/volumes/0/emptyDir/medium", json!("Memory")),
            ("/metadata/labels", json!({})),
            ("/metadata/labels/more", json!("x")),
            ("/metadata/annotations", json!({"a": "b"})),
            ("/apiVersion", json!("apps/v2")),
        ];
        for (pointer, value) in changes {
            let mut other = manifest();
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            other.pointer_mut(parent).unwrap()[key] = value.clone();
            assert!(!is_unchanged(&other, &live(), "berth"), "{pointer} {value}");
        }
        let mut fewer = manifest();
        fewer["spec"].as_object_mut().unwrap().remove("replicas");
        assert!(!is_unchanged(&fewer, &live(), "berth"), "the server would take the field away");
    }

    #[test]
    fn what_somebody_else_has_set_since_is_no_longer_certain() {
        for (pointer, value) in [
            ("/spec/replicas", json!(7)),
            ("/metadata/labels/a", json!("c")),
            ("/spec/template/spec/containers/0/image", json!("tts:9")),
            ("/metadata/managedFields", json!([])),
            ("/metadata/managedFields/0/fieldsV1/f:spec/f:paused", json!({})),
        ] {
            let mut other = live();
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            other.pointer_mut(parent).unwrap()[key] = value;
            assert!(!is_unchanged(&manifest(), &other, "berth"), "{pointer}");
        }
        // What others own beside it makes no difference.
        let mut more = live();
        more["metadata"]["annotations"] = json!({"theirs": "x"});
        assert!(is_unchanged(&manifest(), &more, "berth"));
    }
}
