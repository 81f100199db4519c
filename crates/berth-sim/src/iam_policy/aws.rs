//! What a call to AWS asks for, and each service's words when it may not.
//!
//! Sources: the service authorization reference (actions, their resources and condition keys), and the errors that the services'
//! users report.

use std::collections::BTreeMap;

use serde_json::Value;

use super::document::{Ask, Verdict};
use super::{ec2, eks, rest};
use crate::aws::{ACCOUNT, Call, Failure, Service, caller_arn};
use crate::world::World;

/// A call whose input is read, and where it is about.
pub(super) struct Wanted<'a> {
    /// The world, to look up what ids and names stand for.
    pub(super) world: &'a World,
    /// The operation.
    pub(super) action: &'a str,
    /// The region.
    pub(super) region: &'a str,
    /// The input.
    pub(super) input: &'a Value,
}

impl Wanted<'_> {
    /// A text of the input; empty when it is not there.
    pub(super) fn text(&self, member: &str) -> &str {
        self.input.get(member).and_then(Value::as_str).unwrap_or_default()
    }

    /// An ARN of this region and account.
    pub(super) fn arn(&self, service: &str, rest: &str) -> String {
        format!("arn:aws:{service}:{}:{ACCOUNT}:{rest}", self.region)
    }
}

impl World {
    /// Refuses a call that the policy in force does not allow.
    pub(crate) fn authorize_aws(&mut self, call: &Call, input: &Value) -> Result<(), Failure> {
        if !self.policies.limits_aws() {
            return Ok(());
        }
        let mut asks = asks(self, call, input);
        for ask in &mut asks {
            ask.keys.insert("aws:RequestedRegion".to_owned(), vec![call.region.clone()]);
        }
        match self.policies.refusal(asks) {
            Some((ask, verdict)) => Err(refused(call, &ask, verdict)),
            None => Ok(()),
        }
    }
}

/// Everything a call asks for.
fn asks(world: &World, call: &Call, input: &Value) -> Vec<Ask> {
    let wanted = Wanted { world, action: &call.action, region: &call.region, input };
    match call.service {
        // Everybody known may ask who he is, whatever policies say.
        Service::Sts => Vec::new(),
        Service::Ec2 => ec2::asks(&wanted),
        Service::Eks => eks::asks(&wanted),
        service => rest::asks(&wanted, prefix(service)),
    }
}

/// What a service's actions begin with.
fn prefix(service: Service) -> &'static str {
    match service.name() {
        "elb" | "elbv2" => "elasticloadbalancing",
        "service-quotas" => "servicequotas",
        "tagging" => "tag",
        name => name,
    }
}

/// An ask about one resource.
pub(super) fn ask(action: &str, resource: String) -> Ask {
    Ask { action: action.to_owned(), resource, keys: BTreeMap::new() }
}

impl Ask {
    /// With the tags the resource has, under the names conditions use.
    pub(super) fn tagged(mut self, tags: &BTreeMap<String, String>, service: &str) -> Ask {
        for (key, value) in tags {
            for front in ["aws", service] {
                self.keys.insert(format!("{front}:ResourceTag/{key}"), vec![value.clone()]);
            }
        }
        self
    }

    /// With the tags the request gives.
    pub(super) fn giving(mut self, tags: &BTreeMap<String, String>) -> Ask {
        for (key, value) in tags {
            self.keys.insert(format!("aws:RequestTag/{key}"), vec![value.clone()]);
        }
        if !tags.is_empty() {
            self.keys.insert("aws:TagKeys".to_owned(), tags.keys().cloned().collect());
        }
        self
    }

    /// With one more key.
    pub(super) fn with(mut self, key: &str, value: &str) -> Ask {
        self.keys.insert(key.to_owned(), vec![value.to_owned()]);
        self
    }
}

/// What it takes to give a role to a service.
pub(super) fn pass_role(arn: &str, service: &str) -> Ask {
    ask("iam:PassRole", arn.to_owned()).with("iam:PassedToService", service)
}

/// What it takes to have the role of a service made, which the first use of the service in an account does. The simulated account
/// never has these roles: it asks for what a new account would.
pub(super) fn linked_role(service: &str, role: &str) -> Ask {
    let arn = format!("arn:aws:iam::{ACCOUNT}:role/aws-service-role/{service}/{role}");
    ask("iam:CreateServiceLinkedRole", arn).with("iam:AWSServiceName", service)
}

/// Tags as JSON services give them.
pub(super) fn map_of(value: Option<&Value>) -> BTreeMap<String, String> {
    let members = value.and_then(Value::as_object).into_iter().flatten();
    members.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

/// Tags as query services give them.
pub(super) fn list_of(value: Option<&Value>) -> BTreeMap<String, String> {
    let text = |tag: &Value, member: &str| tag[member].as_str().unwrap_or_default().to_owned();
    let tags = value.and_then(Value::as_array).into_iter().flatten();
    tags.map(|tag| (text(tag, "Key"), text(tag, "Value"))).collect()
}

fn refused(call: &Call, ask: &Ask, verdict: Verdict) -> Failure {
    let why = match verdict {
        Verdict::Denied => "with an explicit deny in an identity-based policy".to_owned(),
        _ => format!("because no identity-based policy allows the {} action", ask.action),
    };
    let who = caller_arn();
    let text = format!("User: {who} is not authorized to perform: {} on resource: {} {why}", ask.action, ask.resource);
    let instances = matches!(ask.action.as_str(), "ec2:RunInstances" | "ec2:CreateTags");
    match call.service {
        Service::Eks if instances => Failure::request(format!(
            "You are not authorized to launch instances with this launch template. Encoded authorization failure message: {}",
            encoded(&text)
        )),
        Service::Eks => Failure::new(403, "AccessDeniedException", text),
        Service::Ec2 => {
            let words = format!(
                "You are not authorized to perform this operation. {text}. Encoded authorization failure message: {}",
                encoded(&text)
            );
            Failure::new(403, "UnauthorizedOperation", words)
        }
        Service::Iam | Service::Sts | Service::Autoscaling | Service::Elb | Service::ElbV2 => {
            Failure::new(403, "AccessDenied", text)
        }
        // Services that speak JSON 1.1 say it with status 400.
        _ => Failure::bad("AccessDeniedException", text),
    }
}

/// What stands for the message that only `sts:DecodeAuthorizationMessage` can read.
fn encoded(text: &str) -> String {
    format!("{:016x}", crate::lifecycle::digest(text))
}
