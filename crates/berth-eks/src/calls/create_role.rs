//! CreateRole, AttachRolePolicy and PutRolePolicy.

use std::collections::BTreeMap;

use aws_sdk_iam::types::{Role, Tag};
use berth_core::actions::eks::{EksRole, EksTrust};
use berth_core::ports::Started;
use berth_core::rules::eks::{roles, tags};
use berth_core::rules::ownership;
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use serde_json::json;

use super::making;
use crate::cloud::EksCloud;
use crate::{classify, find};

/// Tags that say that a role is this cluster's.
const OURS: [&str; 3] = [ownership::OWNER_KEY, ownership::CLUSTER_KEY, tags::REGION_KEY];

/// Makes the role, or completes the one an earlier try has made. Somebody else's role of that name is not touched.
pub(crate) async fn create_role(cloud: &EksCloud, wanted: &EksRole) -> Result<Started, Fault> {
    let tried = format!("create role {}", wanted.name);
    match find_role(cloud, &wanted.name).await? {
        Some(role) => refuse_foreign(&role, wanted, &tried)?,
        None => create(cloud, wanted, &tried).await?,
    }
    let attached = match wanted.policies[..] {
        [] => Vec::new(),
        _ => attached(cloud, &wanted.name, &tried).await?,
    };
    let thing = || format!("role {}", wanted.name);
    for policy in &wanted.policies {
        let arn = format!("arn:{}:iam::aws:policy/{policy}", cloud.identity().partition());
        if attached.contains(&arn) {
            continue;
        }
        let sent = cloud.write.iam.attach_role_policy().role_name(&wanted.name).policy_arn(arn).send().await;
        sent.map_err(|error| making::not_completed(&tried, &error, thing()))?;
    }
    if let Some(policy) = &wanted.own_policy {
        let call = cloud.write.iam.put_role_policy().role_name(&wanted.name).policy_name(roles::OWN_POLICY);
        let sent = call.policy_document(policy).send().await;
        sent.map_err(|error| making::not_completed(&tried, &error, thing()))?;
    }
    Ok(Started::Done)
}

async fn find_role(cloud: &EksCloud, name: &str) -> Result<Option<Role>, Fault> {
    match cloud.read.iam.get_role().role_name(name).send().await {
        Ok(found) => Ok(found.role),
        Err(error) if classify::kind_of(&error) == FaultKind::NotFound => Ok(None),
        Err(error) => Err(classify::of_call(format!("look for role {name}"), &error)),
    }
}

async fn create(cloud: &EksCloud, wanted: &EksRole, tried: &str) -> Result<(), Fault> {
    let call = cloud.write.iam.create_role().role_name(&wanted.name);
    let call = call.assume_role_policy_document(trust(wanted.trust, cloud.identity().partition()));
    let error = match call.set_tags(Some(iam_tags(&wanted.tags, tried)?)).send().await {
        Ok(_) => return Ok(()),
        Err(error) => error,
    };
    let fault = making::not_made(tried, &error);
    if fault.kind != FaultKind::AlreadyExists {
        return Err(fault);
    }
    // An earlier try has made it and IAM did not show it yet, or somebody was faster.
    match find_role(cloud, &wanted.name).await? {
        Some(role) => refuse_foreign(&role, wanted, tried),
        None => Err(making::again(fault)),
    }
}

fn refuse_foreign(role: &Role, wanted: &EksRole, tried: &str) -> Result<(), Fault> {
    let has: BTreeMap<&str, &str> = role.tags().iter().map(|tag| (tag.key(), tag.value())).collect();
    let is_ours = OURS.iter().all(|key| has.get(key).copied() == wanted.tags.get(*key).map(String::as_str));
    if is_ours {
        return Ok(());
    }
    let said = format!(
        "role {} is there already, and its tags do not say that it is berth's for this cluster; rename or delete it, or give \
         roles of your own",
        role.arn()
    );
    Err(Fault {
        kind: FaultKind::AlreadyExists,
        tried: tried.to_owned(),
        said,
        left_behind: LeftBehind::Nothing,
        retry: Retry::Never,
    })
}

/// ARNs of the policies it has.
async fn attached(cloud: &EksCloud, name: &str, tried: &str) -> Result<Vec<String>, Fault> {
    let call = cloud.read.iam.list_attached_role_policies().role_name(name);
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    match found {
        Ok(found) => Ok(found.into_iter().filter_map(|policy| policy.policy_arn).collect()),
        Err(error) if classify::kind_of(&error) == FaultKind::NotFound => {
            let left_behind = LeftBehind::These(vec![format!("role {name}")]);
            Err(Fault { left_behind, ..find::unseen(tried, &format!("role {name}")) })
        }
        Err(error) => Err(classify::of_call(tried, &error)),
    }
}

fn iam_tags(tags: &BTreeMap<String, String>, tried: &str) -> Result<Vec<Tag>, Fault> {
    let built: Result<Vec<Tag>, _> =
        tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    built.map_err(|error| Fault {
        kind: FaultKind::Refused,
        tried: tried.to_owned(),
        said: error.to_string(),
        left_behind: LeftBehind::Nothing,
        retry: Retry::Never,
    })
}

/// The trust policy. In China EC2 takes roles under a name of its own.
fn trust(trust: EksTrust, partition: &str) -> String {
    let (service, actions) = match trust {
        EksTrust::ControlPlane => ("eks.amazonaws.com", &["sts:AssumeRole", "sts:TagSession"][..]),
        EksTrust::Machines if partition == "aws-cn" => ("ec2.amazonaws.com.cn", &["sts:AssumeRole"][..]),
        EksTrust::Machines => ("ec2.amazonaws.com", &["sts:AssumeRole"][..]),
        EksTrust::Pods => ("pods.eks.amazonaws.com", &["sts:AssumeRole", "sts:TagSession"][..]),
    };
    let statement = json!({"Effect": "Allow", "Principal": {"Service": service}, "Action": actions});
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trust_names_its_service_and_what_it_may_do() {
        let read = |text: String| -> serde_json::Value { serde_json::from_str(&text).expect("JSON") };
        let pods = read(trust(EksTrust::Pods, "aws"));
        assert_eq!(pods["Version"], "2012-10-17");
        assert_eq!(pods["Statement"][0]["Principal"]["Service"], "pods.eks.amazonaws.com");
        assert_eq!(pods["Statement"][0]["Action"], json!(["sts:AssumeRole", "sts:TagSession"]));
        let machines = read(trust(EksTrust::Machines, "aws-cn"));
        assert_eq!(machines["Statement"][0]["Principal"]["Service"], "ec2.amazonaws.com.cn");
        assert_eq!(machines["Statement"][0]["Action"], json!(["sts:AssumeRole"]));
    }
}
