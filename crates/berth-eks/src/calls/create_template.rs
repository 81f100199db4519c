//! CreateLaunchTemplate.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use aws_sdk_ec2::types::{
    LaunchTemplate, LaunchTemplateBlockDeviceMappingRequest, LaunchTemplateEbsBlockDeviceRequest,
    LaunchTemplateHttpTokensState, LaunchTemplateInstanceMetadataOptionsRequest, LaunchTemplateTagSpecificationRequest,
    RequestLaunchTemplateData, ResourceType, Tag, VolumeType,
};
use berth_core::actions::eks::EksTemplate;
use berth_core::ports::Started;
use berth_core::rules::ownership;
use berth_core::run::{Fault, FaultKind};

use super::making;
use crate::cloud::EksCloud;
use crate::{classify, find};

/// Pods are one hop further from the metadata server than their node.
const HOP_LIMIT: i32 = 2;

/// Makes the template, or finds that an earlier try has.
///
/// Its name is unique in the region and says what is in it, so the name is what makes a repeated call safe. A fixed client token
/// would be worse: within its life it answers with a template of an earlier life of the cluster, which is deleted.
pub(crate) async fn create_template(cloud: &EksCloud, wanted: &EksTemplate) -> Result<Started, Fault> {
    let tried = format!("create launch template {}", wanted.name);
    if let Some(found) = find_template(cloud, &wanted.name).await? {
        return there_already(&found, wanted, &tried);
    }
    let call = cloud.write.ec2.create_launch_template().launch_template_name(&wanted.name);
    let call = call.launch_template_data(says(wanted));
    let call = call.tag_specifications(find::tagged(ResourceType::LaunchTemplate, &wanted.tags));
    let error = match call.send().await {
        Ok(_) => return Ok(Started::Done),
        Err(error) => error,
    };
    let fault = making::not_made(&tried, &error);
    if fault.kind != FaultKind::AlreadyExists {
        return Err(fault);
    }
    match find_template(cloud, &wanted.name).await? {
        Some(found) => there_already(&found, wanted, &tried),
        None => Err(making::again(fault)),
    }
}

async fn find_template(cloud: &EksCloud, name: &str) -> Result<Option<LaunchTemplate>, Fault> {
    // By a filter, because a name that is not there would be an error.
    let call = cloud.read.ec2.describe_launch_templates().filters(find::filter("launch-template-name", name));
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("look for launch templates", &error))?;
    Ok(found.into_iter().find(|template| template.launch_template_name() == Some(name)))
}

fn there_already(found: &LaunchTemplate, wanted: &EksTemplate, tried: &str) -> Result<Started, Fault> {
    let has =
        |key: &str, value: &str| found.tags().iter().any(|tag| tag.key() == Some(key) && tag.value() == Some(value));
    if has(ownership::OWNER_KEY, ownership::OWNER_VALUE) && has(ownership::CLUSTER_KEY, &wanted.cluster.name) {
        return Ok(Started::Done);
    }
    let said = format!(
        "launch template {} ({}) is there already, and its tags do not say that it is berth's for this cluster; delete it",
        wanted.name,
        found.launch_template_id().unwrap_or_default()
    );
    Err(making::foreign(tried, said))
}

fn says(wanted: &EksTemplate) -> RequestLaunchTemplateData {
    let volume = LaunchTemplateEbsBlockDeviceRequest::builder()
        .volume_type(VolumeType::from(wanted.disk.kind.as_str()))
        .volume_size(i32::try_from(wanted.disk.size_gb).unwrap_or(i32::MAX))
        .encrypted(true)
        .delete_on_termination(true)
        .build();
    let root = LaunchTemplateBlockDeviceMappingRequest::builder().device_name(&wanted.device).ebs(volume).build();
    let metadata = LaunchTemplateInstanceMetadataOptionsRequest::builder()
        .http_tokens(LaunchTemplateHttpTokensState::Required)
        .http_put_response_hop_limit(HOP_LIMIT)
        .build();
    let tags: Vec<Tag> =
        wanted.machine_tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    let tagged = [ResourceType::Instance, ResourceType::Volume, ResourceType::NetworkInterface].map(|kind| {
        LaunchTemplateTagSpecificationRequest::builder().resource_type(kind).set_tags(Some(tags.clone())).build()
    });
    RequestLaunchTemplateData::builder()
        .set_user_data(wanted.user_data.as_ref().map(|text| STANDARD.encode(text)))
        .block_device_mappings(root)
        .metadata_options(metadata)
        .set_tag_specifications(Some(tagged.to_vec()))
        .build()
}
