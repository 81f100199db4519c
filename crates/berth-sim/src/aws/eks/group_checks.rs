//! What `CreateNodegroup` refuses.

use serde_json::{Map, Value};

use super::serve::cluster;
use crate::aws::ec2::template_data;
use crate::aws::failure::Failure;
use crate::aws::iam::{RoleProblem, assumable, role_name};
use crate::aws::serve::{Asked, texts};
use crate::aws::types;
use crate::world::World;

/// The quota of node groups in a cluster.
const MOST_GROUPS: usize = 30;

type Checked = Result<(), Failure>;

/// Everything `CreateNodegroup` looks at before it answers; `version` is the cluster's.
pub(crate) fn check(world: &mut World, asked: &Asked<'_>, version: &str) -> Checked {
    let group = asked.text("nodegroupName");
    let legal = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    if group.is_empty() || group.len() > 63 || !group.chars().all(legal) || !group.starts_with(char::is_alphanumeric) {
        return Err(wrong(asked, format!("Nodegroup name {group} is not valid: at most 63 letters, digits, - and _")));
    }
    let cluster = cluster(world, asked)?;
    if cluster.groups.len() >= MOST_GROUPS {
        return Err(Failure::bad("ResourceLimitExceededException", "Nodegroup limit exceeded for the cluster."));
    }
    let vpc = cluster.network("vpcId").to_owned();
    role(world, asked)?;
    subnets(world, asked, &vpc)?;
    sizes(asked)?;
    labels(asked)?;
    let template = template(world, asked)?;
    instance_types(asked, template.as_ref(), version)
}

fn wrong(asked: &Asked<'_>, text: impl Into<String>) -> Failure {
    Failure::parameter(text).with("clusterName", asked.text("name")).with("nodegroupName", asked.text("nodegroupName"))
}

fn role(world: &World, asked: &Asked<'_>) -> Checked {
    let arn = asked.text("nodeRole");
    match assumable(world, arn, "ec2.amazonaws.com", asked.now) {
        Ok(()) => Ok(()),
        Err(RoleProblem::Unknown) => Err(wrong(
            asked,
            format!("The role with name {} cannot be found. (Service: Iam, Status Code: 404)", role_name(arn)),
        )),
        Err(RoleProblem::Untrusted) => Err(wrong(
            asked,
            format!(
                "Following required service principals [ec2.amazonaws.com] were not found in the trust relationships of \
                 nodeRole {arn}"
            ),
        )),
    }
}

fn subnets(world: &World, asked: &Asked<'_>, vpc: &str) -> Checked {
    let ids = asked.texts("subnets");
    if ids.is_empty() {
        return Err(wrong(asked, "Subnets cannot be null or empty."));
    }
    for id in ids {
        let found = world.aws.things.get(id).filter(|thing| thing.region == asked.region);
        let Some(subnet) = found else {
            return Err(wrong(asked, format!("The subnet ID '{id}' does not exist (Service: Ec2, Status Code: 400)")));
        };
        if subnet.text("vpcId") != vpc {
            return Err(wrong(asked, "Subnets are not tagged with the required tag or not in the cluster's VPC."));
        }
    }
    Ok(())
}

fn sizes(asked: &Asked<'_>) -> Checked {
    let Some(config) = asked.input.get("scalingConfig") else { return Ok(()) };
    check_sizes(config).map_err(|text| wrong(asked, text))
}

/// Whether the three sizes of a group go together; the error is EKS's text.
pub(crate) fn check_sizes(config: &Value) -> Result<(), String> {
    let size = |member: &str| config.get(member).and_then(Value::as_i64);
    let (Some(min), Some(max), Some(desired)) = (size("minSize"), size("maxSize"), size("desiredSize")) else {
        return Err("minSize, maxSize and desiredSize must be given together".to_owned());
    };
    if min > desired {
        return Err(format!("Minimum capacity {min} can't be greater than desired size {desired}"));
    }
    if desired > max {
        return Err(format!("desired capacity {desired} can't be greater than max size {max}"));
    }
    if max > 450 {
        return Err(format!("Maximum capacity {max} can't be greater than 450"));
    }
    Ok(())
}

fn labels(asked: &Asked<'_>) -> Checked {
    let empty = Map::new();
    let labels = asked.input.get("labels").and_then(Value::as_object).unwrap_or(&empty);
    for key in labels.keys() {
        let prefix = key.split_once('/').map_or("", |(prefix, _)| prefix);
        let reserved = ["kubernetes.io", "k8s.io", "eks.amazonaws.com"];
        let allowed = prefix == "node-restriction.kubernetes.io" || prefix == "node.kubernetes.io";
        if !allowed && reserved.iter().any(|one| prefix == *one || prefix.ends_with(&format!(".{one}"))) {
            return Err(wrong(
                asked,
                "Label cannot contain reserved prefixes [kubernetes.io/, k8s.io/, eks.amazonaws.com/]",
            ));
        }
    }
    Ok(())
}

/// The launch template's data, if there is one that EKS takes.
fn template(world: &World, asked: &Asked<'_>) -> Result<Option<Value>, Failure> {
    let Some(given) = asked.input.get("launchTemplate") else { return Ok(None) };
    let text = |member: &str| given.get(member).and_then(Value::as_str).unwrap_or_default();
    if text("id").is_empty() == text("name").is_empty() {
        return Err(wrong(asked, "Launch template must be specified by either id or name, and not both."));
    }
    let which = if text("id").is_empty() { text("name") } else { text("id") };
    let data = template_data(world, asked.region, which, text("version"))
        .ok_or_else(|| wrong(asked, format!("The launch template {which} or its version does not exist.")))?;
    if asked.input.get("diskSize").is_some() {
        return Err(wrong(asked, "Disk size must be specified within the launch template."));
    }
    if asked.input.get("remoteAccess").is_some() {
        return Err(wrong(asked, "Remote access configuration cannot be specified with a launch template."));
    }
    if data.get("iamInstanceProfile").is_some() {
        return Err(wrong(
            asked,
            "Launch template should not specify an instance profile. The noderole in your request will be used to construct an instance profile.",
        ));
    }
    let networks = data.get("networkInterfaceSet").and_then(Value::as_array);
    if networks.is_some_and(|all| all.iter().any(|one| one.get("subnetId").is_some())) {
        return Err(wrong(asked, "Network interface in the launch template must not specify a subnet."));
    }
    if data.get("instanceMarketOptions").is_some() {
        return Err(wrong(asked, "Launch template should not specify instance market options."));
    }
    Ok(Some(data))
}

fn instance_types(asked: &Asked<'_>, template: Option<&Value>, version: &str) -> Checked {
    let inside = template.and_then(|data| data["instanceType"].as_str());
    let given = texts(asked.input.get("instanceTypes"));
    if inside.is_some() && !given.is_empty() {
        return Err(wrong(asked, "Instance type can be specified either in the launch template or the API request."));
    }
    if given.len() > 20 {
        return Err(wrong(asked, "Instance types list can have at most 20 entries."));
    }
    let all: Vec<&str> = given.into_iter().chain(inside).collect();
    let unknown: Vec<&str> = all.iter().copied().filter(|name| types::named(name).is_none()).collect();
    if !unknown.is_empty() {
        let text = format!("The following supplied instance types do not exist: [{}]", unknown.join(", "));
        return Err(wrong(asked, text));
    }
    let ami = asked.text("amiType");
    let accelerated = ami.contains("NVIDIA") || ami == "AL2_x86_64_GPU";
    let unfit: Vec<&str> =
        all.iter().copied().filter(|name| types::named(name).is_some_and(|one| one.gpus.is_none())).collect();
    if accelerated && !unfit.is_empty() {
        return Err(wrong(
            asked,
            format!("[{}] is not a valid instance type for requested amiType {ami}", unfit.join(", ")),
        ));
    }
    if ami.contains("ARM_64") && !all.is_empty() {
        return Err(wrong(
            asked,
            format!("[{}] is not a valid instance type for requested amiType {ami}", all.join(", ")),
        ));
    }
    let minor = version.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok()).unwrap_or(0);
    if ami.starts_with("AL2_") && minor >= 33 {
        return Err(wrong(asked, format!("AMI Type {ami} is only supported for kubernetes versions 1.32 or earlier")));
    }
    let custom = template.is_some_and(|data| data["imageId"].is_string());
    if custom && !matches!(ami, "" | "CUSTOM") {
        return Err(wrong(
            asked,
            "You cannot specify an AMI Type other than CUSTOM, when specifying an image id in your launch template.",
        ));
    }
    Ok(())
}
