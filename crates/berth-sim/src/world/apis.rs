//! The Kubernetes APIs of both clouds' clusters, by uid: what the listeners need of a cluster.

use super::model::{Tls, World};
use crate::kube::Store;

/// One cluster's Kubernetes API.
pub(crate) struct Api<'a> {
    /// What ledger and faults call the cluster.
    pub(crate) id: String,
    /// Its certificate authority and port.
    pub(crate) tls: &'a mut Option<Tls>,
    /// Its objects.
    pub(crate) kube: &'a mut Store,
}

impl World {
    /// The uids of clusters whose API answers.
    pub(crate) fn apis_up(&self) -> Vec<String> {
        let gke = self.clusters.values().filter(|cluster| cluster.up).map(|cluster| cluster.uid.clone());
        let eks = self.aws.clusters.values().filter(|cluster| cluster.up).map(|cluster| cluster.uid.clone());
        gke.chain(eks).collect()
    }

    /// The API of the cluster with that uid.
    pub(crate) fn api(&mut self, uid: &str) -> Option<Api<'_>> {
        if let Some(cluster) = self.clusters.values_mut().find(|cluster| cluster.uid == uid) {
            return Some(Api { id: cluster.id.clone(), tls: &mut cluster.tls, kube: &mut cluster.kube });
        }
        let cluster = self.aws.by_uid(uid)?;
        Some(Api { id: cluster.arn().to_owned(), tls: &mut cluster.tls, kube: &mut cluster.kube })
    }

    /// The name in a kubeconfig, the port and the authority of every cluster whose API answers.
    pub(crate) fn reachable(&self) -> Vec<(String, u16, &str)> {
        let gke = self.clusters.values().filter(|cluster| cluster.up).filter_map(|cluster| {
            let tls = cluster.tls.as_ref()?;
            let name = format!("gke_{}_{}_{}", cluster.project(), cluster.location(), cluster.name());
            Some((name, tls.port, tls.ca_pem.as_str()))
        });
        let eks = self.aws.clusters.values().filter(|cluster| cluster.up).filter_map(|cluster| {
            let tls = cluster.tls.as_ref()?;
            Some((cluster.arn().to_owned(), tls.port, tls.ca_pem.as_str()))
        });
        gke.chain(eks).collect()
    }
}
