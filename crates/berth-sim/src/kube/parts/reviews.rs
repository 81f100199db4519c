//! Questions about users: who somebody is and what he may do.

use serde_json::{Value, json};

use crate::kube::access::{self, Attributes};
use crate::kube::failure::{Cause, Failure, Outcome};
use crate::kube::request::{Reply, User};
use crate::kube::serving::Asked;
use crate::kube::store::Store;
use crate::kube::write::writer;
use crate::kube::{decode, ownership};

/// POST of a review: the same object with the answer in its status.
pub(crate) fn answer(store: &Store, asked: &Asked<'_>) -> Outcome<Reply> {
    let mut review = decode::object(asked)?;
    if !review["metadata"].is_object() {
        review["metadata"] = json!({});
    }
    ownership::track(asked.kind, None, &mut review, &writer::of(asked));
    let user = &asked.request.user;
    review["status"] = match asked.kind.kind {
        "SelfSubjectReview" => json!({"userInfo": about(user)}),
        "SelfSubjectRulesReview" => rules(store, user, &review)?,
        "SelfSubjectAccessReview" => verdict(store, user, &review["spec"]),
        _ => {
            let spec = &review["spec"];
            let groups = spec["groups"].as_array().into_iter().flatten();
            let other = User::Bound {
                name: spec["user"].as_str().unwrap_or_default().to_owned(),
                groups: groups.filter_map(Value::as_str).map(str::to_owned).collect(),
            };
            verdict(store, &other, spec)
        }
    };
    Ok(asked.writer.reply(201, &review))
}

fn about(user: &User) -> Value {
    match user {
        User::Named { name, groups } | User::Admitted { name, groups } | User::Bound { name, groups } => {
            json!({"username": name, "groups": groups})
        }
        _ => json!({"username": access::NOBODY, "groups": ["system:unauthenticated"]}),
    }
}

fn verdict(store: &Store, user: &User, spec: &Value) -> Value {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let resource = &spec["resourceAttributes"];
    let attributes = if resource.is_object() {
        Attributes {
            verb: text(&resource["verb"]),
            group: text(&resource["group"]),
            resource: text(&resource["resource"]),
            subresource: text(&resource["subresource"]),
            namespace: text(&resource["namespace"]),
            name: text(&resource["name"]),
            path: String::new(),
        }
    } else {
        let other = &spec["nonResourceAttributes"];
        Attributes { verb: text(&other["verb"]), path: text(&other["path"]), ..Attributes::default() }
    };
    json!({"allowed": access::allows(store, user, &attributes)})
}

/// All rules that hold for a user in a namespace.
fn rules(store: &Store, user: &User, review: &Value) -> Outcome<Value> {
    let namespace = review["spec"]["namespace"].as_str().unwrap_or_default();
    if namespace.is_empty() {
        let cause = Cause::required("spec.namespace", "");
        return Err(Failure::invalid_as("authorization.k8s.io", "SelfSubjectRulesReview", "", &[cause]));
    }
    let found = access::rules(store, user, namespace);
    let (paths, resources): (Vec<Value>, Vec<Value>) =
        found.into_iter().partition(|rule| rule["nonResourceURLs"].is_array());
    Ok(json!({"resourceRules": resources, "nonResourceRules": paths, "incomplete": false}))
}
