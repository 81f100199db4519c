//! A file for both clouds, as it reads on one of them.

use crate::spec::Provider;
use crate::spec::file::cluster::ClusterFile;

/// The file with what its cloud's own sections say in place of what is said for both.
pub(super) fn on_cloud(file: &ClusterFile, provider: Provider) -> ClusterFile {
    let mut file = file.clone();
    let body = &mut file.spec;
    let region = match provider {
        Provider::Gke => body.gke.as_ref().and_then(|gke| gke.region.clone()),
        Provider::Eks => body.eks.as_ref().and_then(|eks| eks.region.clone()),
        Provider::Existing => None,
    };
    if region.is_some() {
        body.region = region;
        body.zone = None;
    }
    for pool in &mut body.node_pools {
        let own = match provider {
            Provider::Gke => pool.gke.clone().map(|own| (own.machine_type, own.zones)),
            Provider::Eks => pool.eks.clone().map(|own| (own.machine_type, own.zones)),
            Provider::Existing => None,
        };
        let Some((machine_type, zones)) = own else { continue };
        pool.machine_type = machine_type.or(pool.machine_type.take());
        pool.zones = zones.or(pool.zones.take());
    }
    file
}
