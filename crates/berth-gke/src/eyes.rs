//! Looking: one cluster, the whole project, and what preflight has to know.

use berth_core::actions::gke::GkeClusterRef;
use berth_core::observed::{Fleet, Observed, ObservedCluster, ObservedOperation};
use berth_core::ports::Eyes;
use berth_core::rules::preflight::CloudFacts;
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use berth_core::spec::ClusterSpec;
use google_cloud_container_v1::model;

use crate::client::reading;
use crate::cloud::GkeCloud;
use crate::{classify, facts, read, ticket};

impl Eyes for GkeCloud {
    async fn observe(&self, name: &str, location: &str) -> Result<Observed, Fault> {
        let at = self.cluster_at(name, location);
        let (cluster, operations) = futures::join!(self.find_cluster(&at), self.running(&at));
        let operations: Vec<ObservedOperation> = operations?.iter().map(read::operation).collect();
        let cluster: Option<ObservedCluster> = cluster?.map(|cluster| read::cluster(&cluster, self.project()));
        Ok(Observed { cluster, operations, ..Observed::default() })
    }

    async fn fleet(&self) -> Result<Fleet, Fault> {
        let parent = format!("projects/{}/locations/-", self.project());
        let call = reading(self.clients.container.list_clusters()).set_parent(parent);
        let listed =
            self.clients.call(|| call.clone().send()).await.map_err(|error| {
                classify::of_call(format!("list the clusters of project {}", self.project()), &error)
            })?;
        let mut clusters: Vec<ObservedCluster> =
            listed.clusters.iter().map(|cluster| read::cluster(cluster, self.project())).collect();
        clusters.sort_by(|a, b| (&a.name, &a.place).cmp(&(&b.name, &b.place)));
        let mut unreachable = listed.missing_zones;
        unreachable.sort();
        Ok(Fleet { clusters, unreachable })
    }

    async fn facts(&self, spec: &ClusterSpec) -> Result<CloudFacts, Fault> {
        facts::read(self, spec).await
    }
}

impl GkeCloud {
    /// Gets a cluster; `None` if there is none of that name.
    pub(crate) async fn find_cluster(&self, at: &GkeClusterRef) -> Result<Option<model::Cluster>, Fault> {
        let call = reading(self.clients.container.get_cluster()).set_name(at.path());
        match self.clients.call(|| call.clone().send()).await {
            Ok(cluster) => Ok(Some(cluster)),
            Err(error) if classify::kind_of(&error) == FaultKind::NotFound => Ok(None),
            Err(error) => Err(classify::of_call(format!("read cluster {}", at.name), &error)),
        }
    }

    /// Gets a pool; `None` if it, or its cluster, is not there.
    pub(crate) async fn find_pool(&self, at: &GkeClusterRef, pool: &str) -> Result<Option<model::NodePool>, Fault> {
        let call = reading(self.clients.container.get_node_pool()).set_name(at.pool_path(pool));
        match self.clients.call(|| call.clone().send()).await {
            Ok(pool) => Ok(Some(pool)),
            Err(error) if classify::kind_of(&error) == FaultKind::NotFound => Ok(None),
            Err(error) => Err(classify::of_call(format!("read pool {pool}"), &error)),
        }
    }

    /// Gets an operation by its path; `None` if it is not known any more.
    pub(crate) async fn find_operation(&self, path: &str) -> Result<Option<model::Operation>, Fault> {
        let call = reading(self.clients.container.get_operation()).set_name(path);
        match self.clients.call(|| call.clone().send()).await {
            Ok(operation) => Ok(Some(operation)),
            Err(error) if classify::kind_of(&error) == FaultKind::NotFound => Ok(None),
            Err(error) => {
                let name = read::name_of(path).unwrap_or_default();
                Err(classify::of_call(format!("ask about operation {name}"), &error))
            }
        }
    }

    /// Operations on a cluster and its pools that have not finished.
    pub(crate) async fn running(&self, at: &GkeClusterRef) -> Result<Vec<model::Operation>, Fault> {
        let tried = || format!("list the operations on cluster {}", at.name);
        let call = reading(self.clients.container.list_operations()).set_parent(at.parent());
        let listed =
            self.clients.call(|| call.clone().send()).await.map_err(|error| classify::of_call(tried(), &error))?;
        if !listed.missing_zones.is_empty() {
            // Without its operations a half-made cluster would look like one at rest.
            return Err(Fault {
                kind: FaultKind::Unavailable,
                tried: tried(),
                said: format!("no answer from {}", listed.missing_zones.join(", ")),
                left_behind: LeftBehind::Nothing,
                retry: Retry::Backoff,
            });
        }
        let here = |operation: &model::Operation| {
            !read::is_done(operation) && ticket::linked(operation).is_some_and(|link| link.cluster == at.name)
        };
        Ok(listed.operations.into_iter().filter(here).collect())
    }
}
