//! IAM, Auto Scaling, load balancing, logs, quotas and what else is asked: which resource each operation is about.

use serde_json::Value;

use super::aws::{Wanted, ask, list_of};
use super::document::Ask;
use crate::aws::ACCOUNT;

/// Everything a call to one of these services asks for; `prefix` is what its actions begin with.
pub(super) fn asks(wanted: &Wanted<'_>, prefix: &str) -> Vec<Ask> {
    let action = format!("{prefix}:{}", wanted.action);
    match prefix {
        "iam" => iam(wanted, &action),
        "autoscaling" if !wanted.action.starts_with("Describe") => scaling_groups(wanted, &action),
        "elasticloadbalancing" if wanted.action.starts_with("Delete") => balancer(wanted, &action),
        "logs" if !wanted.text("logGroupName").is_empty() => vec![log_group(wanted, &action)],
        _ => vec![ask(&action, "*".to_owned())],
    }
}

/// IAM is one for all regions, so its ARNs name none.
fn iam(wanted: &Wanted<'_>, action: &str) -> Vec<Ask> {
    let given = list_of(wanted.input.get("Tags"));
    let service = wanted.text("AWSServiceName");
    if !service.is_empty() {
        let arn = format!("arn:aws:iam::{ACCOUNT}:role/aws-service-role/{service}/*");
        return vec![ask(action, arn).with("iam:AWSServiceName", service)];
    }
    let profile = wanted.text("InstanceProfileName");
    if !profile.is_empty() {
        return vec![ask(action, format!("arn:aws:iam::{ACCOUNT}:instance-profile/{profile}")).giving(&given)];
    }
    let role = wanted.text("RoleName");
    if !role.is_empty() {
        return of_role(wanted, action, role);
    }
    let provider = wanted.text("OpenIDConnectProviderArn");
    if !provider.is_empty() {
        let tags = wanted.world.aws.providers.get(provider).map(|fields| list_of(fields.get("Tags")));
        return vec![ask(action, provider.to_owned()).tagged(&tags.unwrap_or_default(), "iam").giving(&given)];
    }
    let policy = wanted.text("PolicyArn");
    vec![ask(action, if policy.is_empty() { "*".to_owned() } else { policy.to_owned() }).giving(&given)]
}

/// A role with its tags; making one with tags takes tagging too.
fn of_role(wanted: &Wanted<'_>, action: &str, name: &str) -> Vec<Ask> {
    let role = wanted.world.aws.roles.get(name);
    let known = role.and_then(|role| role.fields.get("Arn")).and_then(Value::as_str).map(str::to_owned);
    let arn = known.unwrap_or_else(|| format!("arn:aws:iam::{ACCOUNT}:role/{name}"));
    let given = list_of(wanted.input.get("Tags"));
    let tags = role.map(|role| role.tags.clone()).unwrap_or_default();
    let mut wish = ask(action, arn.clone()).tagged(&tags, "iam").giving(&given);
    let policy = wanted.text("PolicyArn");
    if !policy.is_empty() {
        wish = wish.with("iam:PolicyARN", policy);
    }
    let tagging = (wanted.action == "CreateRole" && !given.is_empty()).then(|| ask("iam:TagRole", arn).giving(&given));
    std::iter::once(wish).chain(tagging).collect()
}

/// The groups that tags are put on.
fn scaling_groups(wanted: &Wanted<'_>, action: &str) -> Vec<Ask> {
    let all = wanted.input.get("Tags").and_then(Value::as_array).into_iter().flatten();
    let mut names: Vec<&str> = all.filter_map(|tag| tag["ResourceId"].as_str()).collect();
    names.dedup();
    let given = list_of(wanted.input.get("Tags"));
    let groups = || wanted.world.aws.clusters.values().flat_map(|cluster| cluster.groups.values());
    let asks = names.iter().map(|name| {
        let arn = wanted.arn("autoscaling", &format!("autoScalingGroup:*:autoScalingGroupName/{name}"));
        let known = groups().find(|group| group.scaling_group == *name);
        let tags = known.map(|group| group.scaling_tags.clone()).unwrap_or_default();
        ask(action, arn).tagged(&tags, "autoscaling").giving(&given)
    });
    asks.collect()
}

/// A load balancer of either generation, or a target group.
fn balancer(wanted: &Wanted<'_>, action: &str) -> Vec<Ask> {
    let aws = &wanted.world.aws;
    let name = wanted.text("LoadBalancerName");
    let (arn, thing) = if !name.is_empty() {
        let arn = wanted.arn("elasticloadbalancing", &format!("loadbalancer/{name}"));
        (arn, aws.balancers.get(&format!("{}/{name}", wanted.region)))
    } else if wanted.text("TargetGroupArn").is_empty() {
        (wanted.text("LoadBalancerArn").to_owned(), aws.balancers.get(wanted.text("LoadBalancerArn")))
    } else {
        (wanted.text("TargetGroupArn").to_owned(), aws.targets.get(wanted.text("TargetGroupArn")))
    };
    let tags = thing.map(|thing| thing.tags.clone()).unwrap_or_default();
    vec![ask(action, arn).tagged(&tags, "elasticloadbalancing")]
}

fn log_group(wanted: &Wanted<'_>, action: &str) -> Ask {
    let name = wanted.text("logGroupName");
    let tags = wanted.world.aws.logs.get(&format!("{}/{name}", wanted.region)).map(|group| group.tags.clone());
    ask(action, wanted.arn("logs", &format!("log-group:{name}"))).tagged(&tags.unwrap_or_default(), "logs")
}
