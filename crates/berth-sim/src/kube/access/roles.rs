//! Roles, and who they are bound to.

use serde_json::{Value, json};

use super::Attributes;
use crate::kube::request::User;
use crate::kube::store::Store;

/// Whether any of a user's rules allows it.
pub(crate) fn allow(store: &Store, user: &User, wanted: &Attributes) -> bool {
    rules(store, user, &wanted.namespace).iter().any(|rule| covers(rule, wanted))
}

/// The rules that hold for a user in a namespace, or in none.
pub(crate) fn rules(store: &Store, user: &User, namespace: &str) -> Vec<Value> {
    if matches!(user, User::Named { .. }) {
        return vec![
            json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}),
            json!({"verbs": ["*"], "nonResourceURLs": ["*"]}),
        ];
    }
    let mut found: Vec<Value> = everybody().into();
    for binding in store.list("clusterrolebindings").filter(|binding| binds(binding, user, "")) {
        found.extend(role_rules(store, &binding["roleRef"], ""));
    }
    if namespace.is_empty() {
        return found;
    }
    let own = store.list("rolebindings").filter(|binding| binding["metadata"]["namespace"] == namespace);
    for binding in own.filter(|binding| binds(binding, user, namespace)) {
        found.extend(role_rules(store, &binding["roleRef"], namespace));
    }
    found
}

/// What everybody who is known may do: look at discovery and ask about himself.
fn everybody() -> [Value; 2] {
    const PATHS: &[&str] =
        &["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version"];
    [
        json!({
            "verbs": ["create"],
            "apiGroups": ["authorization.k8s.io", "authentication.k8s.io"],
            "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews"],
        }),
        json!({"verbs": ["get"], "nonResourceURLs": PATHS}),
    ]
}

/// The role that may do everything, and its binding. The other roles a real server begins with are not here.
pub(crate) fn built_in() -> [(&'static str, Value); 2] {
    let metadata = json!({
        "name": "cluster-admin",
        "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"},
        "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "true"},
    });
    let rules = json!([
        {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
        {"nonResourceURLs": ["*"], "verbs": ["*"]},
    ]);
    let group = "rbac.authorization.k8s.io";
    let subjects = json!([{"apiGroup": group, "kind": "Group", "name": "system:masters"}]);
    let role = json!({"apiGroup": group, "kind": "ClusterRole", "name": "cluster-admin"});
    [
        ("clusterroles", json!({"metadata": metadata, "rules": rules})),
        ("clusterrolebindings", json!({"metadata": metadata, "subjects": subjects, "roleRef": role})),
    ]
}

fn binds(binding: &Value, user: &User, namespace: &str) -> bool {
    let (User::Admitted { name, groups } | User::Bound { name, groups }) = user else { return false };
    binding["subjects"].as_array().into_iter().flatten().any(|subject| {
        let own = subject["name"].as_str().unwrap_or_default();
        match subject["kind"].as_str() {
            Some("User") => own == name,
            Some("Group") => groups.iter().any(|group| group == own),
            Some("ServiceAccount") => {
                let place = subject["namespace"].as_str().unwrap_or(namespace);
                *name == format!("system:serviceaccount:{place}:{own}")
            }
            _ => false,
        }
    })
}

fn role<'a>(store: &'a Store, reference: &Value, namespace: &str) -> Option<&'a Value> {
    let name = reference["name"].as_str().unwrap_or_default();
    match reference["kind"].as_str() {
        Some("Role") => store.get("roles", Some(namespace), name),
        _ => store.get("clusterroles", None, name),
    }
}

fn role_rules(store: &Store, reference: &Value, namespace: &str) -> Vec<Value> {
    role(store, reference, namespace).and_then(|role| role["rules"].as_array()).cloned().unwrap_or_default()
}

/// Bindings of a user to roles that are not there, as refusals name them.
pub(crate) fn dangling(store: &Store, user: &User, namespace: &str) -> Vec<String> {
    let whole = store.list("clusterrolebindings").filter(|binding| binds(binding, user, "")).map(|one| (one, ""));
    let own = store
        .list("rolebindings")
        .filter(|binding| binding["metadata"]["namespace"] == namespace && binds(binding, user, namespace))
        .map(|one| (one, namespace));
    whole
        .chain(own)
        .filter(|(binding, namespace)| role(store, &binding["roleRef"], namespace).is_none())
        .map(|(binding, _)| {
            let reference = &binding["roleRef"];
            let kind = reference["kind"].as_str().unwrap_or_default().to_lowercase();
            let name = reference["name"].as_str().unwrap_or_default();
            format!("{kind}.rbac.authorization.k8s.io \"{name}\" not found")
        })
        .collect()
}

fn covers(rule: &Value, wanted: &Attributes) -> bool {
    let lists =
        |field: &str, word: &str| rule[field].as_array().into_iter().flatten().any(|own| own == "*" || own == word);
    if !lists("verbs", &wanted.verb) {
        return false;
    }
    if wanted.resource.is_empty() {
        return rule["nonResourceURLs"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .any(|path| path.strip_suffix('*').map_or(path == wanted.path, |start| wanted.path.starts_with(start)));
    }
    let part = format!("*/{}", wanted.subresource);
    let resource =
        lists("resources", &wanted.whole_resource()) || (!wanted.subresource.is_empty() && lists("resources", &part));
    let named = rule["resourceNames"].as_array().is_none_or(|names| {
        names.is_empty() || names.iter().any(|name| !wanted.name.is_empty() && *name == wanted.name)
    });
    resource && named && lists("apiGroups", &wanted.group)
}
