//! CreateNodegroup.

use std::collections::HashMap;

use aws_sdk_eks::operation::create_nodegroup::builders::CreateNodegroupFluentBuilder;
use aws_sdk_eks::types::{CapacityTypes, LaunchTemplateSpecification, NodegroupScalingConfig, Taint};
use berth_core::actions::eks::{EksCapacity, EksGroup, EksTarget};
use berth_core::ports::Started;
use berth_core::run::Fault;
use berth_core::spec::{self, NodeRange, TaintEffect};

use super::under_way::{self, Wish};
use crate::cloud::EksCloud;
use crate::poll::{look, unseen};
use crate::ticket::target_words;
use crate::{find, there};

/// Templates are never changed, so there is only one version.
const TEMPLATE_VERSION: &str = "1";

/// Makes the node group, or finds that an earlier try has.
pub(crate) async fn create_group(cloud: &EksCloud, wanted: &EksGroup) -> Result<Started, Fault> {
    let (at, target) = (&wanted.cluster, EksTarget::Group(wanted.name.clone()));
    let wish = Wish { cluster: at, target: &target, tags: &wanted.tags };
    if let Some(look) = look::look(cloud, at, &target).await.map_err(unseen)? {
        return under_way::creation(wish, &look);
    }
    let tried = format!("create {}", target_words(at, &target));
    let cluster = there::cluster(cloud, at).await?.ok_or_else(|| under_way::not_there(&tried))?;
    let life = cluster.created_at.map_or_else(String::new, |created| created.secs().to_string());
    let role = there::role(cloud, &wanted.role, &tried).await?;
    let subnets = find::subnet_ids(cloud, at, &wanted.subnets, &tried).await?;
    // A group made again with another wish is another request.
    let settings = serde_json::to_string(wanted).unwrap_or_default();
    let token = ["group", &at.account, &at.region, &at.name, &wanted.name, &life, &settings];
    for number in 0..under_way::TOKENS {
        let call = request(cloud, wanted, (&role.arn, &subnets)).client_request_token(under_way::token(&token, number));
        match call.send().await {
            Ok(_) if under_way::is_of_old(cloud, at, &target).await => {}
            Ok(_) => return Ok(under_way::made(at, &target)),
            Err(error) => return under_way::not_made(cloud, wish, &error).await,
        }
    }
    Err(under_way::only_old(at, &target))
}

/// The call, but for its token.
fn request(cloud: &EksCloud, wanted: &EksGroup, (role, subnets): (&str, &[String])) -> CreateNodegroupFluentBuilder {
    let capacity = match wanted.capacity {
        EksCapacity::OnDemand => CapacityTypes::OnDemand,
        EksCapacity::Spot => CapacityTypes::Spot,
    };
    let template = wanted.template.as_ref().map(|name| {
        let template = LaunchTemplateSpecification::builder().name(name).version(TEMPLATE_VERSION);
        template.build()
    });
    let call = cloud.write.eks.create_nodegroup().cluster_name(&wanted.cluster.name).nodegroup_name(&wanted.name);
    call.scaling_config(scaling(wanted.nodes, wanted.desired))
        .set_subnets(Some(subnets.to_vec()))
        .set_instance_types(Some(wanted.instance_types.clone()))
        .ami_type(wanted.ami_type.as_str().into())
        .capacity_type(capacity)
        .node_role(role)
        .set_labels(some(wanted.labels.clone().into_iter().collect::<HashMap<_, _>>()))
        .set_taints(Some(wanted.taints.iter().map(taint).collect()).filter(|taints: &Vec<_>| !taints.is_empty()))
        .set_tags(some(wanted.tags.clone().into_iter().collect::<HashMap<_, _>>()))
        .set_launch_template(template)
}

/// EKS takes no group whose most nodes are none.
pub(super) fn scaling(nodes: NodeRange, desired: u32) -> NodegroupScalingConfig {
    let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    NodegroupScalingConfig::builder()
        .min_size(number(nodes.min))
        .max_size(number(nodes.max.max(1)))
        .desired_size(number(desired))
        .build()
}

/// A taint in EKS's spelling.
pub(super) fn taint(taint: &spec::Taint) -> Taint {
    let effect = match taint.effect {
        TaintEffect::NoSchedule => aws_sdk_eks::types::TaintEffect::NoSchedule,
        TaintEffect::PreferNoSchedule => aws_sdk_eks::types::TaintEffect::PreferNoSchedule,
        TaintEffect::NoExecute => aws_sdk_eks::types::TaintEffect::NoExecute,
    };
    Taint::builder().key(&taint.key).value(&taint.value).effect(effect).build()
}

fn some(map: HashMap<String, String>) -> Option<HashMap<String, String>> {
    Some(map).filter(|map| !map.is_empty())
}
