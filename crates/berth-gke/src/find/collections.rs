//! The collections of Compute Engine that are looked through, as data.

use berth_core::gc::LeftoverKind;

/// One collection.
#[derive(Debug)]
pub(super) struct Collection {
    /// Its word in paths.
    pub(super) name: &'static str,
    pub(super) kind: LeftoverKind,
    /// Whether one list goes over all zones and regions; else it is the project's own.
    pub(super) aggregated: bool,
    /// What the service leaves out by itself; empty where things bear no labels, or where parts of load balancers without our mark
    /// have to be seen.
    pub(super) filter: &'static str,
}

impl Collection {
    const fn of(name: &'static str, kind: LeftoverKind) -> Self {
        Self { name, kind, aggregated: true, filter: "" }
    }

    const fn filtered(self, filter: &'static str) -> Self {
        Self { filter, ..self }
    }

    const fn unaggregated(self) -> Self {
        Self { aggregated: false, ..self }
    }

    /// The path of its list in a project.
    pub(super) fn path(&self, project: &str) -> String {
        let scope = if self.aggregated { "aggregated" } else { "global" };
        format!("projects/{project}/{scope}/{}", self.name)
    }

    /// The permission that its list takes.
    pub(super) fn permission(&self) -> String {
        format!("compute.{}.list", self.name)
    }
}

/// Disks of volume claims bear the mark of their cluster: GKE copies a cluster's labels to them. Those it has not come to yet bear
/// the driver's own label.
const MARKED_OR_CLAIMED: &str = r#"(labels.managed-by = "berth") OR (labels.goog-gke-volume:*)"#;
const MARKED: &str = r#"labels.managed-by = "berth""#;

/// All collections.
pub(super) const COLLECTIONS: [Collection; 14] = [
    Collection::of("disks", LeftoverKind::Disk).filtered(MARKED_OR_CLAIMED),
    Collection::of("instances", LeftoverKind::Instance).filtered(MARKED),
    Collection::of("addresses", LeftoverKind::Address),
    Collection::of("forwardingRules", LeftoverKind::ForwardingRule),
    Collection::of("targetPools", LeftoverKind::TargetPool),
    Collection::of("targetHttpProxies", LeftoverKind::TargetProxy),
    Collection::of("targetHttpsProxies", LeftoverKind::TargetProxy),
    Collection::of("sslCertificates", LeftoverKind::SslCertificate),
    Collection::of("urlMaps", LeftoverKind::UrlMap),
    Collection::of("backendServices", LeftoverKind::BackendService),
    Collection::of("healthChecks", LeftoverKind::HealthCheck),
    Collection::of("httpHealthChecks", LeftoverKind::HealthCheck).unaggregated(),
    Collection::of("networkEndpointGroups", LeftoverKind::NetworkEndpointGroup),
    Collection::of("firewalls", LeftoverKind::Firewall).unaggregated(),
];
