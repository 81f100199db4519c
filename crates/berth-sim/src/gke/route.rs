//! Which container method a path means.

use crate::wire::Request;

/// A call: the method and what it is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Target {
    /// The method, as `CreateCluster`.
    pub(crate) method: &'static str,
    /// The message of the request's body; empty when there is none.
    pub(crate) message: &'static str,
    /// The project.
    pub(crate) project: String,
    /// The zone, the region, or `-` for all.
    pub(crate) location: String,
    /// The cluster's name.
    pub(crate) cluster: String,
    /// The pool's name.
    pub(crate) pool: String,
    /// The operation's name.
    pub(crate) operation: String,
}

impl Target {
    /// `projects/P/locations/L`.
    pub(crate) fn parent(&self) -> String {
        format!("projects/{}/locations/{}", self.project, self.location)
    }

    /// `projects/P/locations/L/clusters/C`.
    pub(crate) fn cluster_id(&self) -> String {
        format!("{}/clusters/{}", self.parent(), self.cluster)
    }

    /// What ledger and faults call it.
    pub(crate) fn resource(&self) -> String {
        let mut resource = self.parent();
        for (word, name) in [("clusters", &self.cluster), ("nodePools", &self.pool), ("operations", &self.operation)] {
            if !name.is_empty() {
                resource = format!("{resource}/{word}/{name}");
            }
        }
        resource
    }
}

/// Methods by HTTP method, shape of the path and verb: `C`, `N` and `O` stand for names.
const METHODS: &[(&str, &str, &str, &str, &str)] = &[
    ("GET", "clusters", "", "ListClusters", ""),
    ("POST", "clusters", "", "CreateCluster", "CreateClusterRequest"),
    ("GET", "clusters/C", "", "GetCluster", ""),
    ("GET", "clusters/C", "fetchClusterUpgradeInfo", "FetchClusterUpgradeInfo", ""),
    ("DELETE", "clusters/C", "", "DeleteCluster", ""),
    ("PUT", "clusters/C", "", "UpdateCluster", "UpdateClusterRequest"),
    ("POST", "clusters/C", "setResourceLabels", "SetLabels", "SetLabelsRequest"),
    ("POST", "clusters/C", "setMaintenancePolicy", "SetMaintenancePolicy", "SetMaintenancePolicyRequest"),
    ("POST", "clusters/C", "setLocations", "SetLocations", "SetLocationsRequest"),
    ("POST", "clusters/C", "setAddons", "SetAddonsConfig", "SetAddonsConfigRequest"),
    ("POST", "clusters/C", "setLogging", "SetLoggingService", "SetLoggingServiceRequest"),
    ("POST", "clusters/C", "setMonitoring", "SetMonitoringService", "SetMonitoringServiceRequest"),
    ("POST", "clusters/C", "updateMaster", "UpdateMaster", "UpdateMasterRequest"),
    ("GET", "clusters/C/nodePools", "", "ListNodePools", ""),
    ("POST", "clusters/C/nodePools", "", "CreateNodePool", "CreateNodePoolRequest"),
    ("GET", "clusters/C/nodePools/N", "", "GetNodePool", ""),
    ("DELETE", "clusters/C/nodePools/N", "", "DeleteNodePool", ""),
    ("PUT", "clusters/C/nodePools/N", "", "UpdateNodePool", "UpdateNodePoolRequest"),
    ("POST", "clusters/C/nodePools/N", "setSize", "SetNodePoolSize", "SetNodePoolSizeRequest"),
    ("POST", "clusters/C/nodePools/N", "setAutoscaling", "SetNodePoolAutoscaling", "SetNodePoolAutoscalingRequest"),
    ("POST", "clusters/C/nodePools/N", "setManagement", "SetNodePoolManagement", "SetNodePoolManagementRequest"),
    ("GET", "operations", "", "ListOperations", ""),
    ("GET", "operations/O", "", "GetOperation", ""),
    ("POST", "operations/O", "cancel", "CancelOperation", "CancelOperationRequest"),
    ("GET", "serverConfig", "", "GetServerConfig", ""),
    // The older zonal paths say the verb as one more segment.
    ("GET", "serverconfig", "", "GetServerConfig", ""),
    ("POST", "clusters/C/resourceLabels", "", "SetLabels", "SetLabelsRequest"),
    ("POST", "clusters/C/locations", "", "SetLocations", "SetLocationsRequest"),
    ("POST", "clusters/C/addons", "", "SetAddonsConfig", "SetAddonsConfigRequest"),
    ("POST", "clusters/C/master", "", "UpdateMaster", "UpdateMasterRequest"),
    ("POST", "clusters/C/nodePools/N/setSize", "", "SetNodePoolSize", "SetNodePoolSizeRequest"),
    ("POST", "clusters/C/nodePools/N/autoscaling", "", "SetNodePoolAutoscaling", "SetNodePoolAutoscalingRequest"),
    ("POST", "clusters/C/nodePools/N/setManagement", "", "SetNodePoolManagement", "SetNodePoolManagementRequest"),
    ("POST", "clusters/C/nodePools/N/update", "", "UpdateNodePool", "UpdateNodePoolRequest"),
];

/// The names of all methods, as ledger and faults know them.
pub(crate) fn methods() -> impl Iterator<Item = &'static str> {
    METHODS.iter().map(|(.., method, _)| *method)
}

/// The target of a request; nothing when no method has that path.
pub(crate) fn target(request: &Request) -> Option<Target> {
    let path = request.path.trim_start_matches('/').trim_end_matches('/');
    let rest = path.strip_prefix("v1/").or_else(|| path.strip_prefix("v1beta1/"))?;
    let (rest, verb) = match rest.rsplit_once(':') {
        Some((rest, verb)) if !verb.contains('/') => (rest, verb),
        _ => (rest, ""),
    };
    let segments: Vec<&str> = rest.split('/').collect();
    let ["projects", project, "locations" | "zones", location, tail @ ..] = segments.as_slice() else { return None };
    METHODS.iter().find_map(|(http, shape, word, method, message)| {
        if *http != request.method || *word != verb {
            return None;
        }
        let mut target = Target {
            method,
            message,
            project: (*project).to_owned(),
            location: (*location).to_owned(),
            ..Target::default()
        };
        fill(&mut target, shape, tail).then_some(target)
    })
}

/// Whether the segments have the shape; the names go into the target.
fn fill(target: &mut Target, shape: &str, tail: &[&str]) -> bool {
    let shape: Vec<&str> = shape.split('/').collect();
    shape.len() == tail.len()
        && shape.iter().zip(tail).all(|(word, segment)| {
            let name = match *word {
                "C" => &mut target.cluster,
                "N" => &mut target.pool,
                "O" => &mut target.operation,
                word => return word == *segment,
            };
            (*segment).clone_into(name);
            !segment.is_empty()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn method(http: &str, path: &str) -> String {
        let request = Request { method: http.to_owned(), path: path.to_owned(), ..Request::default() };
        target(&request).map_or_else(|| "none".to_owned(), |target| format!("{} {}", target.method, target.resource()))
    }

    #[test]
    fn modern_and_zonal_paths_mean_the_same() {
        assert_eq!(
            method("POST", "/v1/projects/p/locations/r/clusters/c/nodePools/n:setSize"),
            "SetNodePoolSize projects/p/locations/r/clusters/c/nodePools/n"
        );
        assert_eq!(
            method("POST", "/v1/projects/p/zones/r/clusters/c/nodePools/n/setSize"),
            "SetNodePoolSize projects/p/locations/r/clusters/c/nodePools/n"
        );
        assert_eq!(method("GET", "/v1beta1/projects/p/locations/-/clusters"), "ListClusters projects/p/locations/-");
        assert_eq!(method("PATCH", "/v1/projects/p/locations/r/clusters/c"), "none");
    }
}
