//! AWS's policy documents, as `aws iam create-policy --policy-document` takes them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::eks::{EksNeed, When};
use crate::rules::ownership::{OWNER_KEY, OWNER_VALUE};

/// The most characters of a managed policy; white space does not count.
pub const POLICY_LIMIT: usize = 6144;

/// Documents with just these rights, as few as fit IAM's limit. Each right stands in one of them.
pub fn documents(needs: &[EksNeed]) -> Vec<Value> {
    let mut documents: Vec<Vec<Value>> = vec![Vec::new()];
    for statement in statements(needs) {
        let last = documents.len() - 1;
        documents[last].push(statement);
        if size(&document(&documents[last])) > POLICY_LIMIT
            && let Some(statement) = documents[last].pop()
        {
            documents.push(vec![statement]);
        }
    }
    documents.iter().map(|statements| document(statements)).collect()
}

fn document(statements: &[Value]) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn size(document: &Value) -> usize {
    document.to_string().chars().filter(|one| !one.is_whitespace()).count()
}

/// One statement for all rights with the same resources and condition.
fn statements(needs: &[EksNeed]) -> Vec<Value> {
    type Bound = (&'static [&'static str], When);
    let mut order: Vec<(Bound, &str)> = Vec::new();
    let mut actions: BTreeMap<Bound, BTreeSet<&str>> = BTreeMap::new();
    for need in needs {
        let bound = (need.resources, need.when);
        if !actions.contains_key(&bound) {
            order.push((bound, need.sid));
        }
        actions.entry(bound).or_default().extend(need.actions);
    }
    let statement = |(bound, sid): &(Bound, &str)| {
        let mut statement = json!({
            "Sid": sid, "Effect": "Allow", "Action": one_or_many(actions[bound].iter().copied()),
            "Resource": one_or_many(bound.0.iter().copied()),
        });
        let condition = condition(bound.1);
        if !condition.is_empty() {
            statement["Condition"] = Value::Object(condition);
        }
        statement
    };
    order.iter().map(statement).collect()
}

/// AWS takes one text for a list of one.
fn one_or_many<'a>(texts: impl Iterator<Item = &'a str>) -> Value {
    let texts: Vec<&str> = texts.collect();
    if let [only] = texts.as_slice() { Value::from(*only) } else { json!(texts) }
}

fn condition(when: When) -> Map<String, Value> {
    let resource = format!("aws:ResourceTag/{OWNER_KEY}");
    let request = format!("aws:RequestTag/{OWNER_KEY}");
    let value = match when {
        When::Always => json!({}),
        When::Ours => json!({"StringEquals": {resource: OWNER_VALUE}}),
        When::GivingOurs => json!({"StringEquals": {request: OWNER_VALUE}}),
        When::GivingOursInOurs => json!({"StringEquals": {resource: OWNER_VALUE, request: OWNER_VALUE}}),
        When::Making(calls) => json!({"StringEquals": {request: OWNER_VALUE, "ec2:CreateAction": calls}}),
        When::Tagged(key) => json!({"Null": {format!("aws:ResourceTag/{key}"): "false"}}),
        When::Policies(arns) => json!({"ArnLike": {"iam:PolicyARN": arns}}),
        When::Linked(services) => json!({"StringEquals": {"iam:AWSServiceName": services}}),
    };
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
