//! Policy documents of AWS: how they are read, and whether they allow one thing.
//!
//! Source: AWS's reference of IAM's policy elements and of how a request is judged: what is denied anywhere is denied, what is
//! allowed nowhere is denied too.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::wildcard::{arn_fits, fits, fits_any_case};

/// The most characters of a managed policy, white space not counted.
const MOST_CHARACTERS: usize = 6144;

/// Operators of conditions, without `IfExists` and the words for many values.
const OPERATORS: [&str; 11] = [
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
    "Bool",
    "Null",
];

/// One thing a call wants to do. A call can want several, and needs all.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Ask {
    /// The action, as `ec2:CreateVpc`.
    pub(super) action: String,
    /// The resource's ARN; `*` when the action is about none.
    pub(super) resource: String,
    /// What conditions can ask for.
    pub(super) keys: BTreeMap<String, Vec<String>>,
}

/// Whether something is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A statement allows it and none denies it.
    Allowed,
    /// No statement allows it.
    Unmentioned,
    /// A statement denies it.
    Denied,
}

/// A statement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Statement {
    /// Its name; empty when it has none.
    pub(super) sid: String,
    allows: bool,
    /// The patterns of its actions.
    pub(super) actions: Vec<String>,
    actions_negated: bool,
    /// The patterns of its resources.
    pub(super) resources: Vec<String>,
    resources_negated: bool,
    conditions: Vec<Condition>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Condition {
    /// One of [`OPERATORS`].
    operator: String,
    /// Also true when the key is absent.
    if_exists: bool,
    /// Nothing, `ForAllValues` or `ForAnyValue`.
    many: String,
    key: String,
    values: Vec<String>,
}

/// Reads a document; the text says what IAM would refuse.
pub(super) fn read(document: &Value) -> Result<Vec<Statement>, String> {
    let size = document.to_string().chars().filter(|one| !one.is_whitespace()).count();
    if size > MOST_CHARACTERS {
        return Err(format!("LimitExceeded: Cannot exceed quota for PolicySize: {MOST_CHARACTERS} (it has {size})"));
    }
    if document["Version"] != "2012-10-17" {
        return Err(malformed("The policy must contain the version 2012-10-17"));
    }
    let statements = match &document["Statement"] {
        Value::Array(all) => all.clone(),
        one @ Value::Object(_) => vec![one.clone()],
        _ => Vec::new(),
    };
    if statements.is_empty() {
        return Err(malformed("Missing required field Statement"));
    }
    statements.iter().map(statement).collect()
}

fn malformed(text: &str) -> String {
    format!("MalformedPolicyDocument: {text}")
}

fn statement(value: &Value) -> Result<Statement, String> {
    const MEMBERS: [&str; 7] = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];
    let members = value.as_object().ok_or_else(|| malformed("Syntax errors in policy."))?;
    if let Some(unknown) = members.keys().find(|key| !MEMBERS.contains(&key.as_str())) {
        return Err(malformed(&format!("Syntax errors in policy: {unknown}")));
    }
    let allows = match value["Effect"].as_str() {
        Some("Allow") => true,
        Some("Deny") => false,
        _ => return Err(malformed("Invalid effect")),
    };
    let sid = value["Sid"].as_str().unwrap_or_default().to_owned();
    if !sid.chars().all(|one| one.is_ascii_alphanumeric()) {
        return Err(malformed("Statement IDs (SID) must be alpha-numeric."));
    }
    let (actions, actions_negated) = either(members, "Action", "NotAction")?;
    let (resources, resources_negated) = either(members, "Resource", "NotResource")?;
    if actions.iter().any(|action| action != "*" && !action.contains(':')) {
        return Err(malformed("Actions/Conditions must be prefaced by a vendor"));
    }
    if resources.iter().any(|arn| arn != "*" && arn.splitn(6, ':').count() != 6) {
        return Err(malformed("Resource must be in ARN format or \"*\"."));
    }
    let conditions = conditions(members.get("Condition"))?;
    Ok(Statement { sid, allows, actions, actions_negated, resources, resources_negated, conditions })
}

/// The patterns under one of two names, and whether it is the second.
fn either(members: &Map<String, Value>, plain: &str, negated: &str) -> Result<(Vec<String>, bool), String> {
    match (members.get(plain), members.get(negated)) {
        (Some(given), None) => Ok((texts(given), false)),
        (None, Some(given)) => Ok((texts(given), true)),
        _ => Err(malformed(&format!("Policy statement must contain {}s.", plain.to_lowercase()))),
    }
}

fn texts(value: &Value) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match value {
        Value::Array(all) => all.iter().map(text).collect(),
        one => vec![text(one)],
    }
}

fn conditions(value: Option<&Value>) -> Result<Vec<Condition>, String> {
    let mut conditions = Vec::new();
    for (words, keys) in value.and_then(Value::as_object).into_iter().flatten() {
        let (many, rest) = words.split_once(':').unwrap_or(("", words));
        let (operator, if_exists) = rest.strip_suffix("IfExists").map_or((rest, false), |operator| (operator, true));
        if !OPERATORS.contains(&operator) || !["", "ForAllValues", "ForAnyValue"].contains(&many) {
            return Err(malformed(&format!("Invalid Condition type : {words}.")));
        }
        for (key, values) in keys.as_object().into_iter().flatten() {
            let values = texts(values);
            if values.iter().any(|value| value.contains("${")) {
                return Err("the simulator knows no policy variables".to_owned());
            }
            let (operator, many, key) = (operator.to_owned(), many.to_owned(), key.clone());
            conditions.push(Condition { operator, if_exists, many, key, values });
        }
    }
    Ok(conditions)
}

/// What all statements together say of one thing.
pub(super) fn judge(statements: &[Statement], ask: &Ask) -> Verdict {
    let about: Vec<&Statement> = statements.iter().filter(|statement| statement.is_about(ask)).collect();
    match about.as_slice() {
        [] => Verdict::Unmentioned,
        all if all.iter().any(|statement| !statement.allows) => Verdict::Denied,
        _ => Verdict::Allowed,
    }
}

impl Statement {
    /// Whether the statement speaks of it.
    pub(super) fn is_about(&self, ask: &Ask) -> bool {
        let action = self.actions.iter().any(|pattern| fits_any_case(pattern, &ask.action));
        let resource = self.resources.iter().any(|pattern| arn_fits(pattern, &ask.resource));
        action != self.actions_negated
            && resource != self.resources_negated
            && self.conditions.iter().all(|condition| condition.holds(ask))
    }

    /// The only pattern of its actions that allows it, if there is just one.
    pub(super) fn only_action(&self, ask: &Ask) -> Option<&str> {
        if self.actions_negated {
            return None;
        }
        only(self.actions.iter().filter(|pattern| fits_any_case(pattern, &ask.action)))
    }

    /// The only pattern of its resources that allows it, if there is just one.
    pub(super) fn only_resource(&self, ask: &Ask) -> Option<&str> {
        if self.resources_negated {
            return None;
        }
        only(self.resources.iter().filter(|pattern| arn_fits(pattern, &ask.resource)))
    }
}

fn only<'a>(mut patterns: impl Iterator<Item = &'a String>) -> Option<&'a str> {
    let first = patterns.next()?;
    patterns.next().is_none().then_some(first.as_str())
}

impl Condition {
    fn holds(&self, ask: &Ask) -> bool {
        let found = ask.keys.iter().find(|(key, _)| key.eq_ignore_ascii_case(&self.key)).map(|(_, values)| values);
        if self.operator == "Null" {
            return self.values.iter().any(|value| (value == "true") == found.is_none());
        }
        let Some(given) = found else {
            return self.if_exists || self.many == "ForAllValues" || self.operator.contains("Not");
        };
        match self.many.as_str() {
            "ForAllValues" => given.iter().all(|one| self.fits(one)),
            _ => given.iter().any(|one| self.fits(one)),
        }
    }

    fn fits(&self, given: &str) -> bool {
        let any = |fits: &dyn Fn(&str) -> bool| self.values.iter().any(|value| fits(value));
        match self.operator.as_str() {
            "StringEquals" => any(&|value| value == given),
            "StringNotEquals" => !any(&|value| value == given),
            "StringEqualsIgnoreCase" | "Bool" => any(&|value| value.eq_ignore_ascii_case(given)),
            "StringLike" => any(&|value| fits(value, given)),
            "StringNotLike" => !any(&|value| fits(value, given)),
            "ArnEquals" | "ArnLike" => any(&|value| arn_fits(value, given)),
            _ => !any(&|value| arn_fits(value, given)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ask(action: &str, resource: &str, keys: &[(&str, &str)]) -> Ask {
        let keys = keys.iter().map(|(key, value)| ((*key).to_owned(), vec![(*value).to_owned()])).collect();
        Ask { action: action.to_owned(), resource: resource.to_owned(), keys }
    }

    fn judged(statements: Value, ask: &Ask) -> Verdict {
        judge(&read(&json!({"Version": "2012-10-17", "Statement": statements})).unwrap(), ask)
    }

    const VPC: &str = "arn:aws:ec2:us-east-1:123456789012:vpc/vpc-1";

    #[test]
    fn an_explicit_deny_goes_before_every_allow() {
        let both = json!([
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "Action": ["ec2:delete*"], "Resource": "*"},
        ]);
        assert_eq!(judged(both.clone(), &ask("ec2:DeleteVpc", VPC, &[])), Verdict::Denied);
        assert_eq!(judged(both, &ask("ec2:CreateVpc", VPC, &[])), Verdict::Allowed);
    }

    #[test]
    fn what_nobody_speaks_of_is_refused() {
        let reads = json!({"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"});
        assert_eq!(judged(reads.clone(), &ask("ec2:DescribeVpcs", "*", &[])), Verdict::Allowed);
        assert_eq!(judged(reads, &ask("eks:DescribeCluster", "*", &[])), Verdict::Unmentioned);
        let others = json!({"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:ec2:*:*:vpc/*"});
        assert_eq!(judged(others.clone(), &ask("iam:GetRole", "*", &[])), Verdict::Unmentioned);
        assert_eq!(judged(others, &ask("ec2:DeleteVpc", VPC, &[])), Verdict::Unmentioned);
    }

    #[test]
    fn conditions_ask_for_tags_and_absent_keys_fail_them() {
        let ours = |condition: Value| json!({"Effect": "Allow", "Action": "ec2:DeleteVpc", "Resource": "*", "Condition": condition});
        let mine = ask("ec2:DeleteVpc", VPC, &[("aws:ResourceTag/managed-by", "berth")]);
        let bare = ask("ec2:DeleteVpc", VPC, &[]);
        let equals = ours(json!({"StringEquals": {"aws:ResourceTag/managed-by": "berth"}}));
        assert_eq!(judged(equals.clone(), &mine), Verdict::Allowed);
        assert_eq!(judged(equals, &bare), Verdict::Unmentioned);
        let exists = ours(json!({"StringEqualsIfExists": {"aws:ResourceTag/managed-by": "other"}}));
        assert_eq!(judged(exists.clone(), &bare), Verdict::Allowed);
        assert_eq!(judged(exists, &mine), Verdict::Unmentioned);
        let absent = ours(json!({"Null": {"aws:ResourceTag/managed-by": "true"}}));
        assert_eq!(judged(absent.clone(), &bare), Verdict::Allowed);
        assert_eq!(judged(absent, &mine), Verdict::Unmentioned);
        let any = ours(json!({"ForAnyValue:StringLike": {"aws:ResourceTag/managed-by": ["x", "be*"]}}));
        assert_eq!(judged(any, &mine), Verdict::Allowed);
    }

    #[test]
    fn what_iam_does_not_take_is_refused() {
        let told = |document: Value| read(&document).unwrap_err();
        let with = |statement: Value| json!({"Version": "2012-10-17", "Statement": [statement]});
        assert!(told(json!({"Version": "2012-10-17"})).contains("Statement"));
        assert!(told(json!({"Statement": []})).contains("version"));
        assert!(told(with(json!({"Effect": "Allow", "Action": "x", "Resource": "*"}))).contains("vendor"));
        assert!(told(with(json!({"Effect": "Allow", "Action": "a:b", "Resource": "vpc"}))).contains("ARN"));
        let odd = json!({"Effect": "Allow", "Action": "a:b", "Resource": "*", "Condition": {"Maybe": {"k": "v"}}});
        assert!(told(with(odd)).contains("Invalid Condition type : Maybe."));
        let long: Vec<String> = (0..400).map(|number| format!("ec2:Action{number:08}")).collect();
        let long = json!({"Effect": "Allow", "Action": long, "Resource": "*"});
        assert!(told(with(long)).starts_with("LimitExceeded: Cannot exceed quota for PolicySize: 6144"));
    }
}
