//! CreateCluster.

use aws_sdk_eks::operation::create_cluster::CreateClusterError;
use aws_sdk_eks::operation::create_cluster::builders::CreateClusterFluentBuilder;
use aws_sdk_eks::types::{
    AuthenticationMode, CreateAccessConfigRequest, LogSetup, Logging, UpgradePolicyRequest, VpcConfigRequest,
};
use berth_core::actions::eks::{EksCluster, EksTarget};
use berth_core::ports::Started;
use berth_core::run::Fault;

use super::change_cluster::support;
use super::under_way::{self, Wish};
use crate::classify::CallError;
use crate::cloud::EksCloud;
use crate::poll::{look, unseen};
use crate::ticket::target_words;
use crate::{find, there};

/// Makes the cluster, or finds that an earlier try has.
pub(crate) async fn create_cluster(cloud: &EksCloud, wanted: &EksCluster) -> Result<Started, Fault> {
    let (at, target) = (&wanted.cluster, EksTarget::Cluster);
    let wish = Wish { cluster: at, target: &target, tags: &wanted.tags };
    if let Some(look) = look::look(cloud, at, &target).await.map_err(unseen)? {
        return under_way::creation(wish, &look);
    }
    let tried = format!("create {}", target_words(at, &target));
    let role = there::role(cloud, &wanted.role, &tried).await?;
    let subnets = find::subnet_ids(cloud, at, &wanted.subnets, &tried).await?;
    // A cluster made again with another wish is another request.
    let settings = serde_json::to_string(wanted).unwrap_or_default();
    let ids = subnets.join(",");
    let token = ["cluster", &at.account, &at.region, &at.name, &ids, &role.identity, &settings];
    for number in 0..under_way::TOKENS {
        let call = request(cloud, wanted, (&role.arn, &subnets)).client_request_token(under_way::token(&token, number));
        match call.send().await {
            Ok(_) if under_way::is_of_old(cloud, at, &target).await => {}
            Ok(_) => return Ok(under_way::made(at, &target)),
            Err(error) => {
                let started = under_way::not_made(cloud, wish, &error).await;
                return started.map_err(|fault| with_valid_zones(fault, &error));
            }
        }
    }
    Err(under_way::only_old(at, &target))
}

/// The call, but for its token.
fn request(cloud: &EksCloud, wanted: &EksCluster, (role, subnets): (&str, &[String])) -> CreateClusterFluentBuilder {
    let settings = &wanted.settings;
    let network = VpcConfigRequest::builder()
        .endpoint_public_access(true)
        .endpoint_private_access(settings.private_access)
        .set_public_access_cidrs(Some(settings.public_access_cidrs.clone()))
        .set_subnet_ids(Some(subnets.to_vec()));
    let access = CreateAccessConfigRequest::builder()
        .authentication_mode(AuthenticationMode::Api)
        .bootstrap_cluster_creator_admin_permissions(true);
    let support = support(settings.standard_support);
    let call = cloud.write.eks.create_cluster().name(&wanted.cluster.name).role_arn(role);
    call.set_version(wanted.version.clone())
        .resources_vpc_config(network.build())
        .access_config(access.build())
        .bootstrap_self_managed_addons(false)
        .upgrade_policy(UpgradePolicyRequest::builder().support_type(support).build())
        .set_logging(logging(&settings.logging))
        .set_tags(Some(wanted.tags.clone().into_iter().collect()))
}

/// These log types on; `None` if there are none, for that is EKS's own default.
fn logging(types: &[String]) -> Option<Logging> {
    if types.is_empty() {
        return None;
    }
    let types = types.iter().map(|word| word.as_str().into()).collect();
    let on = LogSetup::builder().enabled(true).set_types(Some(types)).build();
    Some(Logging::builder().cluster_logging(on).build())
}

/// Some zones take no control plane; EKS names those that do beside its text.
fn with_valid_zones(fault: Fault, error: &CallError<CreateClusterError>) -> Fault {
    let Some(CreateClusterError::UnsupportedAvailabilityZoneException(unsupported)) = error.as_service_error() else {
        return fault;
    };
    if unsupported.valid_zones().is_empty() {
        return fault;
    }
    let said = format!("{}; control planes can stand in {}", fault.said, unsupported.valid_zones().join(", "));
    Fault { said, ..fault }
}
