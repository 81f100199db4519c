use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::kube::{Reply, Request, Store, User};

const GROUP: &str = "rbac.authorization.k8s.io";
const ROLES: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/team/roles";
const BINDINGS: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/team/rolebindings";
const CLUSTER_ROLES: &str = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
const CLUSTER_BINDINGS: &str = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";

fn now() -> Timestamp {
    "2026-11-21T04:00:00Z".parse().unwrap()
}

fn rule(group: &str, resources: &[&str], verbs: &[&str]) -> Value {
    json!({"apiGroups": [group], "resources": resources, "verbs": verbs})
}

/// What everybody here may do: read pods and see one secret, and write roles and bindings of whatever reach.
fn own() -> Vec<Value> {
    let resources = ["roles", "rolebindings", "clusterroles", "clusterrolebindings"];
    vec![
        rule("", &["pods", "*/log"], &["get", "list"]),
        json!({"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["mine"], "verbs": ["get"]}),
        rule(GROUP, &resources, &["create", "get", "update", "patch", "delete"]),
        json!({"verbs": ["get"], "nonResourceURLs": ["/metrics/*"]}),
    ]
}

fn jane() -> User {
    User::Bound { name: "jane".to_owned(), groups: vec!["dev".to_owned(), "system:authenticated".to_owned()] }
}

/// A server with a namespace, where Jane holds some rules in the whole cluster.
fn server(rules: &[Value]) -> Store {
    let mut store = Store::new(now(), "v1.36.0");
    let named = |name: &str| json!({"name": name});
    store.put(now(), "namespaces", None, json!({"metadata": named("team"), "status": {"phase": "Active"}}));
    store.put(now(), "clusterroles", None, json!({"metadata": named("own"), "rules": rules}));
    let subjects = json!([{"kind": "User", "name": "jane", "apiGroup": GROUP}]);
    let reference = json!({"apiGroup": GROUP, "kind": "ClusterRole", "name": "own"});
    let binding = json!({"metadata": named("own"), "subjects": subjects, "roleRef": reference});
    store.put(now(), "clusterrolebindings", None, binding);
    store
}

fn ask(store: &mut Store, user: User, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let content_type = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
    let request = Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: Vec::new(),
        accept: "application/json".to_owned(),
        content_type: Some(content_type.to_owned()),
        user_agent: None,
        if_none_match: None,
        body: Bytes::from(body.to_string()),
        user,
    };
    match store.handle(now(), &request) {
        Reply::Once { status, body, .. } => (status, serde_json::from_slice(&body).unwrap()),
        Reply::Watch(_) => panic!("a watch"),
    }
}

fn role(name: &str, rules: &[Value]) -> Value {
    json!({"metadata": {"name": name}, "rules": rules})
}

fn binding(name: &str, kind: &str, role: &str) -> Value {
    let reference = json!({"apiGroup": GROUP, "kind": kind, "name": role});
    json!({"metadata": {"name": name}, "subjects": [{"kind": "User", "name": "joe"}], "roleRef": reference})
}

#[test]
fn a_role_gives_only_what_its_writer_holds() {
    let mut store = server(&own());
    let held = [
        rule("", &["pods"], &["get"]),
        rule("", &["pods/log"], &["list"]),
        json!({"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["mine"], "verbs": ["get"]}),
    ];
    assert_eq!(ask(&mut store, jane(), "POST", ROLES, &role("held", &held)).0, 201);
    let more = [rule("", &["secrets", "pods"], &["list", "get", "watch"]), rule("apps", &["deployments"], &["get"])];
    let (status, refusal) = ask(&mut store, jane(), "POST", ROLES, &role("more", &more));
    assert_eq!(status, 403, "{refusal}");
    assert_eq!(
        refusal["message"],
        "roles.rbac.authorization.k8s.io \"more\" is forbidden: user \"jane\" (groups=[\"dev\" \"system:authenticated\"]) is attempting \
         to grant RBAC permissions not currently held:\n\
         {APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"watch\"]}\n\
         {APIGroups:[\"\"], Resources:[\"secrets\"], Verbs:[\"list\" \"get\" \"watch\"]}\n\
         {APIGroups:[\"apps\"], Resources:[\"deployments\"], Verbs:[\"get\"]}"
    );
    assert_eq!(refusal["details"], json!({"name": "more", "group": GROUP, "kind": "roles"}));
    assert!(store.get("roles", Some("team"), "more").is_none());
}

#[test]
fn a_role_does_not_grow_and_what_stays_as_it_is_may_be_written() {
    let mut store = server(&own());
    let path = format!("{ROLES}/big");
    let big = role("big", &[rule("", &["secrets"], &["*"])]);
    store.put(now(), "roles", Some("team"), big);
    let rules = json!({"rules": [rule("", &["secrets"], &["*"]), rule("", &["pods"], &["get"])]});
    let (status, refusal) = ask(&mut store, jane(), "PATCH", &path, &rules);
    assert_eq!(status, 403, "{refusal}");
    assert!(
        refusal["message"].as_str().unwrap().ends_with("{APIGroups:[\"\"], Resources:[\"secrets\"], Verbs:[\"*\"]}")
    );
    let finalizers = json!({"metadata": {"finalizers": ["example.com/hold"]}});
    assert_eq!(ask(&mut store, jane(), "PATCH", &path, &finalizers).0, 200, "it gives nothing");
    let labels = json!({"metadata": {"labels": {"a": "b"}}});
    assert_eq!(ask(&mut store, jane(), "PATCH", &path, &labels).0, 403, "whoever else changes it gives it anew");
    assert_eq!(ask(&mut store, jane(), "PATCH", &path, &json!({"rules": []})).0, 200, "less is no more");
}

#[test]
fn a_binding_gives_only_what_its_writer_holds() {
    let mut store = server(&own());
    store.put(now(), "roles", Some("team"), role("held", &[rule("", &["pods"], &["list"])]));
    assert_eq!(ask(&mut store, jane(), "POST", BINDINGS, &binding("a", "Role", "held")).0, 201);
    let (status, refusal) = ask(&mut store, jane(), "POST", BINDINGS, &binding("b", "ClusterRole", "cluster-admin"));
    assert_eq!(status, 403, "{refusal}");
    let said = refusal["message"].as_str().unwrap();
    assert!(said.starts_with("rolebindings.rbac.authorization.k8s.io \"b\" is forbidden: user \"jane\""), "{said}");
    assert!(
        said.ends_with(
            "{APIGroups:[\"*\"], Resources:[\"*\"], Verbs:[\"*\"]}\n{NonResourceURLs:[\"*\"], Verbs:[\"*\"]}"
        ),
        "{said}"
    );
    let (status, refusal) = ask(&mut store, jane(), "POST", CLUSTER_BINDINGS, &binding("c", "ClusterRole", "nosuch"));
    assert_eq!(
        (status, refusal["message"].as_str()),
        (404, Some("clusterroles.rbac.authorization.k8s.io \"nosuch\" not found"))
    );
    // Who may change a binding gives nobody else what it gives.
    store.put(now(), "rolebindings", Some("team"), binding("masters", "ClusterRole", "cluster-admin"));
    let joined = json!({"subjects": [{"kind": "User", "name": "jane", "apiGroup": GROUP}]});
    assert_eq!(ask(&mut store, jane(), "PATCH", &format!("{BINDINGS}/masters"), &joined).0, 403);
}

#[test]
fn escalate_and_bind_lift_the_fence() {
    let with = |verb: &str, resource: &str| [own(), vec![rule(GROUP, &[resource], &[verb])]].concat();
    let big = role("big", &[rule("*", &["*"], &["*"])]);
    let admin = binding("b", "ClusterRole", "cluster-admin");
    let mut store = server(&with("escalate", "roles"));
    assert_eq!(ask(&mut store, jane(), "POST", ROLES, &big).0, 201);
    assert_eq!(ask(&mut store, jane(), "POST", CLUSTER_ROLES, &big).0, 403, "of roles of namespaces only");
    assert_eq!(ask(&mut store, jane(), "POST", BINDINGS, &admin).0, 403);
    let mut store = server(&with("bind", "clusterroles"));
    assert_eq!(ask(&mut store, jane(), "POST", BINDINGS, &admin).0, 201);
    assert_eq!(ask(&mut store, jane(), "POST", BINDINGS, &binding("c", "ClusterRole", "nosuch")).0, 201);
    assert_eq!(ask(&mut store, jane(), "POST", ROLES, &big).0, 403);
}

#[test]
fn roles_that_gather_others_take_an_administrator() {
    let mut store = server(&own());
    let mut gathering = role("all", &[]);
    gathering["aggregationRule"] = json!({"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]});
    let (status, refusal) = ask(&mut store, jane(), "POST", CLUSTER_ROLES, &gathering);
    assert_eq!(status, 403, "{refusal}");
    assert_eq!(
        refusal["message"],
        "clusterroles.rbac.authorization.k8s.io \"all\" is forbidden: must have cluster-admin privileges to use an aggregationRule"
    );
    let paths = [json!({"verbs": ["get"], "nonResourceURLs": ["/metrics/a", "/logs"]})];
    let (_, refusal) = ask(&mut store, jane(), "POST", CLUSTER_ROLES, &role("paths", &paths));
    let said = refusal["message"].as_str().unwrap();
    assert!(said.ends_with("held:\n{NonResourceURLs:[\"/logs\"], Verbs:[\"get\"]}"), "{said}");
}

#[test]
fn what_a_cloud_allows_is_not_held_in_the_cluster() {
    let mut store = server(&[rule("", &["pods"], &["get"])]);
    let User::Bound { name, groups } = jane() else { unreachable!() };
    let admitted = User::Admitted { name, groups };
    let pods = role("pods", &[rule("", &["pods"], &["get"])]);
    assert_eq!(ask(&mut store, jane(), "POST", ROLES, &pods).0, 403, "no role lets her write roles");
    assert_eq!(ask(&mut store, admitted.clone(), "POST", ROLES, &pods).0, 201, "her cloud does");
    let more = role("more", &[rule("", &["nodes"], &["get"])]);
    assert_eq!(ask(&mut store, admitted, "POST", ROLES, &more).0, 403, "what it allows her she cannot give");
    let masters = User::Bound { name: "root".to_owned(), groups: vec!["system:masters".to_owned()] };
    assert_eq!(ask(&mut store, masters, "POST", ROLES, &more).0, 201);
}
