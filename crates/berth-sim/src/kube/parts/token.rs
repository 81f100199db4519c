//! Tokens of service accounts.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::kube::failure::{Cause, Failure, Outcome};
use crate::kube::request::{Reply, User};
use crate::kube::serving::Asked;
use crate::kube::store::Store;
use crate::kube::{decode, kinds, time};

const AUDIENCE: &str = "https://kubernetes.default.svc";
const USUAL_SECONDS: i64 = 3600;
const LEAST_SECONDS: i64 = 600;

/// POST of a token request: a token for the account the path names.
pub(crate) fn issue(store: &Store, asked: &Asked<'_>) -> Outcome<Reply> {
    let request = decode::plain(asked.request)?;
    let name = asked.name.unwrap_or_default();
    let account = store.object(asked.kind, &asked.key()).ok_or_else(|| Failure::not_found(asked.kind, name))?;
    let seconds = request["spec"]["expirationSeconds"].as_i64().unwrap_or(USUAL_SECONDS);
    if seconds < LEAST_SECONDS {
        let why = "may not specify a duration less than 10 minutes";
        let cause = Cause::invalid("spec.expirationSeconds", &json!(seconds), why);
        return Err(Failure::invalid_as("authentication.k8s.io", "TokenRequest", "", &[cause]));
    }
    let ends = asked.now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(asked.now);
    let metadata = &account["metadata"];
    let given = request["spec"]["audiences"].as_array().filter(|given| !given.is_empty());
    let audiences = given.map_or_else(|| json!([AUDIENCE]), |given| json!(given));
    let claims = json!({
        "aud": audiences,
        "exp": ends.as_second(),
        "iat": asked.now.as_second(),
        "iss": AUDIENCE,
        "sub": format!("system:serviceaccount:{}:{name}", asked.namespace.unwrap_or_default()),
        "kubernetes.io": {
            "namespace": asked.namespace,
            "serviceaccount": {"name": name, "uid": metadata["uid"]},
        },
    });
    let answer = json!({
        "kind": "TokenRequest",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {
            "name": name,
            "namespace": asked.namespace,
            "uid": metadata["uid"],
            "creationTimestamp": time::seconds(asked.now),
        },
        "spec": {
            "audiences": audiences,
            "expirationSeconds": seconds,
            "boundObjectRef": request["spec"]["boundObjectRef"],
        },
        "status": {"token": signed(&claims), "expirationTimestamp": time::seconds(ends)},
    });
    Ok(Reply::of(201, "application/json", answer.to_string()))
}

/// The claims as a web token. Its signature is a word: nothing here is worth forging, and the account's uid, which a
/// token must name, is as hard to guess as a key.
fn signed(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = json!({"alg": "none", "typ": "JWT"});
    format!("{}.{}.{}", part(&header), part(claims), URL_SAFE_NO_PAD.encode("simulated"))
}

/// The service account a token was issued for, while token and account last; nothing when it is no such token.
pub(crate) fn owner(store: &Store, token: &str, now: Timestamp) -> Option<User> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    let about = &claims["kubernetes.io"];
    let (namespace, name) = (about["namespace"].as_str()?, about["serviceaccount"]["name"].as_str()?);
    let account = store.object(kinds::by_plural("serviceaccounts")?, &format!("{namespace}/{name}"))?;
    let lasts = claims["exp"].as_i64()? > now.as_second();
    (lasts && account["metadata"]["uid"] == about["serviceaccount"]["uid"]).then(|| User::Bound {
        name: format!("system:serviceaccount:{namespace}:{name}"),
        groups: vec![
            "system:serviceaccounts".to_owned(),
            format!("system:serviceaccounts:{namespace}"),
            "system:authenticated".to_owned(),
        ],
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use jiff::{SignedDuration, Timestamp};
    use serde_json::{Value, json};

    use crate::kube::{Reply, Request, Store, User};

    fn now() -> Timestamp {
        "2026-11-21T04:00:00Z".parse().unwrap()
    }

    /// The status and the body of the answer.
    fn ask(store: &mut Store, user: User, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: Vec::new(),
            accept: "application/json".to_owned(),
            content_type: Some("application/json".to_owned()),
            user_agent: None,
            if_none_match: None,
            body: if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) },
            user,
        };
        match store.handle(now(), &request) {
            Reply::Once { status, body, .. } => (status, serde_json::from_slice(&body).unwrap()),
            Reply::Watch(_) => panic!("a watch"),
        }
    }

    #[test]
    fn a_token_opens_what_the_accounts_roles_say_while_it_lasts() {
        let mut store = Store::new(now(), "v1.36.0");
        let metadata = json!({"name": "ci"});
        store.put(now(), "serviceaccounts", Some("default"), json!({"metadata": metadata}));
        let rules = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]);
        store.put(now(), "roles", Some("default"), json!({"metadata": metadata, "rules": rules}));
        let subjects = json!([{"kind": "ServiceAccount", "name": "ci", "namespace": "default"}]);
        let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "ci"});
        let binding = json!({"metadata": metadata, "subjects": subjects, "roleRef": role});
        store.put(now(), "rolebindings", Some("default"), binding);
        let admin = User::Named { name: "admin".to_owned(), groups: Vec::new() };
        let path = "/api/v1/namespaces/default/serviceaccounts/ci/token";
        let (status, answer) = ask(&mut store, admin, "POST", path, &json!({"spec": {"expirationSeconds": 600}}));
        assert_eq!(status, 201, "{answer}");
        let token = answer["status"]["token"].as_str().unwrap().to_owned();
        let account = store.whose(&token, now()).unwrap();
        let mut get = |path: &str| ask(&mut store, account.clone(), "GET", path, &Value::Null).0;
        assert_eq!(get("/api/v1/namespaces/default/pods"), 200);
        assert_eq!(get("/api/v1/namespaces/default/secrets"), 403);
        assert_eq!(get("/api/v1/namespaces/kube-system/pods"), 403);
        assert_eq!(get("/api/v1/pods"), 403);
        assert_eq!(store.whose(&token, now() + SignedDuration::from_secs(601)), None);
        store.remove(now(), "serviceaccounts", Some("default"), "ci");
        assert_eq!(store.whose(&token, now()), None);
    }
}
