//! Until when EKS supports a version at the ordinary price.

use aws_sdk_eks::types::ClusterVersionInformation;
use berth_core::run::Fault;
use jiff::Timestamp;

use crate::classify;
use crate::cloud::EksCloud;
use crate::read;

impl EksCloud {
    /// When standard support of a version such as `1.34` ends; `None` if EKS does not say.
    ///
    /// # Errors
    /// EKS cannot be asked.
    pub async fn standard_support_until(&self, version: &str) -> Result<Option<Timestamp>, Fault> {
        let call = self.read.eks.describe_cluster_versions().cluster_versions(version).include_all(true);
        let told: Result<Vec<ClusterVersionInformation>, _> = call.into_paginator().items().send().collect().await;
        let told = told.map_err(|error| classify::of_call("see until when EKS supports a version", &error))?;
        let it = told.into_iter().find(|one| one.cluster_version.as_deref() == Some(version));
        Ok(it.and_then(|one| one.end_of_standard_support_date).and_then(read::time))
    }
}
