//! The policies that are in force, what was asked under them, and which part of them nothing has needed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::document::{self, Ask, Statement, Verdict};

/// The most different things that are remembered.
const MOST_REMEMBERED: usize = 20_000;

/// What is in force. A cloud without a policy lets everybody known do everything.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Policies {
    google: Option<BTreeSet<String>>,
    aws: Option<Vec<Statement>>,
    /// Permissions of Google Cloud that allowed calls have needed, and how many calls each.
    used: BTreeMap<String, u64>,
    /// Things AWS was asked for and that were allowed, each once.
    asked: BTreeSet<Ask>,
    /// What was refused, in words.
    refused: BTreeSet<String>,
}

impl Policies {
    /// Sets what a list of documents says, in place of what was in force for the clouds they are about. A custom role of Google
    /// Cloud has `includedPermissions`, a policy of AWS has `Statement`; several policies of AWS add up, as attached ones do.
    ///
    /// # Errors
    /// A document is neither, or the cloud would not take it. Nothing is set then.
    pub(crate) fn set(&mut self, documents: &[Value]) -> Result<(), String> {
        let (mut google, mut aws): (Option<BTreeSet<String>>, Option<Vec<Statement>>) = (None, None);
        for document in documents {
            if let Some(permissions) = document["includedPermissions"].as_array() {
                let names = permissions.iter().map(|name| {
                    let name = name.as_str().filter(|name| name.split('.').count() >= 3);
                    name.map(str::to_owned).ok_or_else(|| "a permission is named SERVICE.RESOURCE.VERB".to_owned())
                });
                google.get_or_insert_default().extend(names.collect::<Result<Vec<_>, _>>()?);
            } else if document.get("Statement").is_some() {
                aws.get_or_insert_default().extend(document::read(document)?);
            } else {
                return Err("a policy has includedPermissions (Google Cloud) or Statement (AWS)".to_owned());
            }
        }
        if google.is_none() && aws.is_none() {
            return Err("there is no policy in the list".to_owned());
        }
        self.google = google.or(self.google.take());
        self.aws = aws.or(self.aws.take());
        self.used.clear();
        self.asked.clear();
        self.refused.clear();
        Ok(())
    }

    /// Whether a policy of AWS is in force.
    pub(super) fn limits_aws(&self) -> bool {
        self.aws.is_some()
    }

    /// The first permission of Google Cloud that a call needs and has not.
    pub(crate) fn lacks<'a>(&mut self, needed: &[&'a str], about: &str) -> Option<&'a str> {
        let google = self.google.as_ref()?;
        let missing = needed.iter().find(|name| !google.contains(**name)).copied();
        match missing {
            Some(name) => {
                self.refused.insert(format!("{name} on {about}"));
            }
            None => needed.iter().for_each(|name| *self.used.entry((*name).to_owned()).or_default() += 1),
        }
        missing
    }

    /// The first thing a call to AWS wants that is not allowed.
    pub(super) fn refusal(&mut self, asks: Vec<Ask>) -> Option<(Ask, Verdict)> {
        let statements = self.aws.as_ref()?;
        let refused = asks.iter().map(|ask| (ask, document::judge(statements, ask)));
        let refused = refused.into_iter().find(|(_, verdict)| *verdict != Verdict::Allowed);
        let refused = refused.map(|(ask, verdict)| (ask.clone(), verdict));
        match &refused {
            Some((ask, _)) => {
                self.refused.insert(format!("{} on {}", ask.action, ask.resource));
            }
            None if self.asked.len() < MOST_REMEMBERED => self.asked.extend(asks),
            None => {}
        }
        refused
    }

    /// What is in force, what was refused, and what of the policies could go without a refusal of any call so far.
    ///
    /// `missed` tells for each right how much of what was allowed so far would be refused without it: calls on Google Cloud, different
    /// things asked for on AWS.
    pub(crate) fn report(&self) -> Value {
        let google = self.google.as_ref().map(|names| {
            let unused: Vec<&String> = names.iter().filter(|name| !self.used.contains_key(*name)).collect();
            json!({"includedPermissions": names, "unused": unused, "missed": self.used})
        });
        let aws = self.aws.as_ref().map(|statements| {
            let needed = self.needed(statements);
            let (used, unused) = split(statements, &needed, |statement| &statement.actions);
            let (_, resources) = split(statements, &needed, |statement| &statement.resources);
            json!({
                "statements": statements.len(),
                "usedActions": used, "unusedActions": unused, "unusedResources": resources,
                "missed": self.missed(statements),
            })
        });
        json!({"google": google, "aws": aws, "refused": self.refused})
    }

    /// How many of the things asked for would be refused if an action stood in no statement any more.
    fn missed<'a>(&self, statements: &'a [Statement]) -> BTreeMap<&'a str, u64> {
        let mut missed = BTreeMap::new();
        for ask in &self.asked {
            let about = statements.iter().filter(|statement| statement.is_about(ask));
            let patterns: Option<BTreeSet<&str>> = about.map(|statement| statement.only_action(ask)).collect();
            // Where another action, or a statement of all but some, allows it as well, it can do without any single one.
            if let Some(&[only]) = patterns.map(Vec::from_iter).as_deref() {
                *missed.entry(only).or_default() += 1;
            }
        }
        missed
    }

    /// Actions and resources that something so far has needed, with the number of their statement: without one of these, a call that
    /// was allowed would be refused.
    fn needed<'a>(&self, statements: &'a [Statement]) -> BTreeSet<(usize, &'a str)> {
        let mut needed = BTreeSet::new();
        for ask in &self.asked {
            let mut about = statements.iter().enumerate().filter(|(_, statement)| statement.is_about(ask));
            let (Some((index, statement)), None) = (about.next(), about.next()) else { continue };
            needed.extend(statement.only_action(ask).map(|pattern| (index, pattern)));
            needed.extend(statement.only_resource(ask).map(|pattern| (index, pattern)));
        }
        needed
    }
}

/// The patterns of statements that are needed, and those that are not, each with its statement's name.
fn split(
    statements: &[Statement],
    needed: &BTreeSet<(usize, &str)>,
    patterns: impl Fn(&Statement) -> &Vec<String>,
) -> (Vec<String>, Vec<String>) {
    let (mut used, mut unused) = (Vec::new(), Vec::new());
    for (index, statement) in statements.iter().enumerate() {
        for pattern in patterns(statement) {
            let list = if needed.contains(&(index, pattern.as_str())) { &mut used } else { &mut unused };
            list.push(format!("{}: {pattern}", statement.sid));
        }
    }
    (used, unused)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(documents: Value) -> Policies {
        let mut policies = Policies::default();
        policies.set(documents.as_array().unwrap()).unwrap();
        policies
    }

    fn ask(action: &str, resource: &str) -> Ask {
        Ask { action: action.to_owned(), resource: resource.to_owned(), ..Ask::default() }
    }

    #[test]
    fn a_role_lacks_what_it_does_not_name_and_says_what_was_not_needed() {
        let mut policies = set(json!([{"includedPermissions": ["container.clusters.get", "container.clusters.list"]}]));
        assert_eq!(policies.lacks(&["container.clusters.get"], "c"), None);
        let both = ["container.clusters.get", "container.clusters.create"];
        assert_eq!(policies.lacks(&both, "c"), Some("container.clusters.create"));
        let report = policies.report();
        assert_eq!(report["google"]["unused"], json!(["container.clusters.list"]));
        assert_eq!(report["google"]["missed"], json!({"container.clusters.get": 1}));
        assert_eq!(report["refused"], json!(["container.clusters.create on c"]));
    }

    #[test]
    fn an_action_is_needed_when_nothing_else_allows_what_it_allowed() {
        let twice = json!([{"Version": "2012-10-17", "Statement": [
            {"Sid": "A", "Effect": "Allow", "Action": ["ec2:DescribeVpcs", "ec2:CreateVpc"], "Resource": "*"},
            {"Sid": "B", "Effect": "Allow", "Action": ["ec2:Describe*"], "Resource": "*"},
        ]}]);
        let mut policies = set(twice);
        assert!(policies.refusal(vec![ask("ec2:DescribeVpcs", "*"), ask("ec2:CreateVpc", "*")]).is_none());
        let report = policies.report();
        assert_eq!(report["aws"]["unusedActions"], json!(["A: ec2:DescribeVpcs", "B: ec2:Describe*"]));
        assert_eq!(report["aws"]["missed"], json!({"ec2:CreateVpc": 1}));
        let (refused, verdict) = policies.refusal(vec![ask("iam:GetRole", "*")]).unwrap();
        assert_eq!((refused.action.as_str(), verdict), ("iam:GetRole", Verdict::Unmentioned));
    }

    #[test]
    fn an_action_of_two_statements_is_missed_when_it_goes_from_both() {
        let twice = json!([{"Version": "2012-10-17", "Statement": [
            {"Sid": "A", "Effect": "Allow", "Action": "ec2:DescribeVpcs", "Resource": "*"},
            {"Sid": "B", "Effect": "Allow", "Action": ["ec2:DescribeVpcs", "ec2:CreateVpc"], "Resource": "*"},
        ]}]);
        let mut policies = set(twice);
        for _ in 0..2 {
            assert!(policies.refusal(vec![ask("ec2:DescribeVpcs", "*")]).is_none());
        }
        assert!(policies.refusal(vec![ask("ec2:DescribeVpcs", "arn:aws:ec2:::vpc/1")]).is_none());
        let report = policies.report();
        assert_eq!(report["aws"]["usedActions"], json!([]), "either statement would do");
        assert_eq!(report["aws"]["missed"], json!({"ec2:DescribeVpcs": 2}), "two different things");
        let others =
            json!([{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}}]);
        let mut policies = set(others);
        assert!(policies.refusal(vec![ask("ec2:DescribeVpcs", "*")]).is_none());
        assert_eq!(policies.report()["aws"]["missed"], json!({}), "no single action allows it");
    }

    #[test]
    fn a_policy_of_one_cloud_leaves_the_other_alone() {
        let mut policies = set(json!([{"includedPermissions": ["a.b.c"]}]));
        assert!(!policies.limits_aws());
        let allow = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
        policies.set(&[allow]).unwrap();
        assert!(policies.limits_aws());
        assert_eq!(policies.lacks(&["a.b.d"], "x"), Some("a.b.d"), "the role is still in force");
        assert!(policies.set(&[json!({})]).is_err() && policies.set(&[]).is_err());
    }
}
