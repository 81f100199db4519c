//! Looking: one cluster with all around it, all clusters of the region, and what preflight has to know.

use berth_core::actions::eks::EksClusterRef;
use berth_core::observed::{Fleet, Observed, ObservedCloud, ObservedCluster};
use berth_core::ports::Eyes;
use berth_core::rules::preflight::CloudFacts;
use berth_core::run::Fault;
use berth_core::spec::ClusterSpec;
use futures::{StreamExt, TryStreamExt, stream};

use crate::cloud::EksCloud;
use crate::{classify, facts, read, there};

impl Eyes for EksCloud {
    async fn observe(&self, name: &str, location: &str) -> Result<Observed, Fault> {
        let at = EksClusterRef { region: location.to_owned(), ..self.cluster_at(name) };
        let mut unread = Vec::new();
        // First, because the VPC it stands in says where to look for the rest.
        let found = there::cluster(self, &at).await?;
        let vpc = found.as_ref().and_then(|cluster| cluster.resources_vpc_config.as_ref());
        let vpc = vpc.and_then(|config| config.vpc_id.clone()).filter(|id| !id.is_empty());
        // Boxed, because the futures of the calls are large.
        let (cluster, ground) = futures::join!(
            Box::pin(read::whole(self, &at, found, &mut unread)),
            Box::pin(read::ground(self, &at, vpc.as_deref()))
        );
        let cluster = cluster?;
        let mut around = Box::pin(read::settle(self, &at, ground?, cluster.as_ref().and_then(issuer))).await?;
        around.unread.extend(unread);
        Ok(Observed { cluster, around, ..Observed::default() })
    }

    async fn fleet(&self) -> Result<Fleet, Fault> {
        let call = self.read.eks.list_clusters();
        let names: Result<Vec<String>, _> = call.into_paginator().items().send().collect().await;
        let tried = || format!("list the clusters of account {} in {}", self.account(), self.region());
        let names = names.map_err(|error| classify::of_call(tried(), &error))?;
        let looks = names.into_iter().map(|name| Box::pin(read::brief(self, self.cluster_at(&name))));
        let found: Vec<Option<ObservedCluster>> =
            stream::iter(looks).buffer_unordered(read::AT_A_TIME).try_collect().await?;
        let mut clusters: Vec<ObservedCluster> = found.into_iter().flatten().collect();
        clusters.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Fleet { clusters, unreachable: Vec::new() })
    }

    async fn facts(&self, spec: &ClusterSpec) -> Result<CloudFacts, Fault> {
        Box::pin(facts::facts(self, spec)).await
    }
}

fn issuer(cluster: &ObservedCluster) -> Option<&str> {
    match &cluster.cloud {
        ObservedCloud::Eks(description) => description.issuer.as_deref(),
        ObservedCloud::Gke(_) | ObservedCloud::Existing(_) => None,
    }
}
