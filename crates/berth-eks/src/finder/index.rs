//! The index of tags: Resource Groups Tagging, region by region.

use std::collections::BTreeMap;

use aws_sdk_resourcegroupstagging::types::{ResourceTagMapping, TagFilter};
use berth_core::rules::ownership;
use berth_core::run::Fault;

use crate::classify;
use crate::cloud::EksCloud;

/// What it takes to read it.
pub(super) const PERMISSION: &str = "tag:GetResources";
/// The most resources on a page.
const ON_A_PAGE: i32 = 100;

/// A resource the index tells of; it may be gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its ARN.
    pub(super) arn: String,
    /// Its tags.
    pub(super) tags: BTreeMap<String, String>,
}

impl Entry {
    /// The service in its ARN, and its kind there: `ec2` and `volume`.
    pub(super) fn kind(&self) -> (&str, &str) {
        let mut parts = self.arn.splitn(6, ':').skip(2);
        let service = parts.next().unwrap_or_default();
        let kind = parts.nth(2).unwrap_or_default().split(['/', ':']).next().unwrap_or_default();
        (service, kind)
    }

    /// What follows the kind in its ARN: an id, or a name with more behind it.
    pub(super) fn rest(&self) -> &str {
        self.arn.splitn(6, ':').nth(5).and_then(|resource| resource.split_once(['/', ':'])).map_or("", |(_, rest)| rest)
    }
}

/// Everything in the region that bears our mark.
pub(super) async fn ours(cloud: &EksCloud) -> Result<Vec<Entry>, Fault> {
    let mark = TagFilter::builder().key(ownership::OWNER_KEY).values(ownership::OWNER_VALUE).build();
    read(cloud, Some(mark), &[]).await
}

/// Everything of these kinds in the region that has tags, or everything of ours of these kinds.
pub(super) async fn of_kinds(cloud: &EksCloud, kinds: &[&str], marked: bool) -> Result<Vec<Entry>, Fault> {
    let mark = TagFilter::builder().key(ownership::OWNER_KEY).values(ownership::OWNER_VALUE).build();
    read(cloud, marked.then_some(mark), kinds).await
}

async fn read(cloud: &EksCloud, filter: Option<TagFilter>, kinds: &[&str]) -> Result<Vec<Entry>, Fault> {
    let kinds = (!kinds.is_empty()).then(|| kinds.iter().map(|kind| (*kind).to_owned()).collect());
    let call = cloud.read.tagging.get_resources().set_tag_filters(filter.map(|filter| vec![filter]));
    let call = call.set_resource_type_filters(kinds).resources_per_page(ON_A_PAGE);
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let tried = || format!("look in the index of tags of {}", cloud.region());
    let found = found.map_err(|error| classify::of_call(tried(), &error))?;
    Ok(found.into_iter().filter_map(entry).collect())
}

fn entry(found: ResourceTagMapping) -> Option<Entry> {
    let tags = found.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect();
    Some(Entry { arn: found.resource_arn?, tags })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_are_written_in_two_ways() {
        let kind = |arn: &str| {
            let entry = Entry { arn: arn.to_owned(), tags: BTreeMap::new() };
            let (service, kind) = entry.kind();
            format!("{service} {kind} {}", entry.rest())
        };
        assert_eq!(kind("arn:aws:ec2:us-east-1:1:volume/vol-1"), "ec2 volume vol-1");
        assert_eq!(kind("arn:aws:eks:us-east-1:1:nodegroup/c/g/u-1"), "eks nodegroup c/g/u-1");
        assert_eq!(kind("arn:aws:logs:us-east-1:1:log-group:/aws/eks/c/cluster"), "logs log-group /aws/eks/c/cluster");
        assert_eq!(
            kind("arn:aws:iam::1:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/A"),
            "iam oidc-provider oidc.eks.us-east-1.amazonaws.com/id/A"
        );
    }
}
