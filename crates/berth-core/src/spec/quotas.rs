//! What the services of a cluster may take.

use std::collections::BTreeMap;

use serde::Serialize;

/// The services of a cluster, each with what it may take and all kept apart in one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceQuotas {
    /// What keeps one service's pods apart from another's.
    pub fence: Fence,
    /// What each service may take, by its name; never empty.
    pub services: BTreeMap<String, ServiceQuota>,
}

/// What keeps the pods of services apart, so that each is counted for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fence {
    /// All services in this namespace, each with a priority class of its own that its pods name.
    PriorityClasses {
        /// The namespace.
        namespace: String,
    },
    /// A namespace for each service, of the service's name.
    Namespaces,
}

/// What one service may take over all its pods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceQuota {
    /// Thousandths of a CPU core.
    pub cpu_millis: u64,
    /// Memory as Kubernetes writes it, for example `256Gi`.
    pub memory: String,
    /// The same in bytes.
    pub memory_bytes: u64,
    /// GPU shares; 0 for a service without GPUs.
    pub gpus: u32,
}

impl ServiceQuotas {
    /// The namespace a service's pods stand in.
    pub fn namespace<'a>(&'a self, service: &'a str) -> &'a str {
        match &self.fence {
            Fence::PriorityClasses { namespace } => namespace,
            Fence::Namespaces => service,
        }
    }

    /// The priority class a service's pods have to name; `None` where a namespace is the fence.
    ///
    /// Priority classes are objects of the whole cluster, hence the namespace in the name.
    pub fn priority_class(&self, service: &str) -> Option<String> {
        match &self.fence {
            Fence::PriorityClasses { namespace } => Some(format!("{namespace}-{service}")),
            Fence::Namespaces => None,
        }
    }

    /// GPU shares of all services together.
    pub fn gpus(&self) -> u64 {
        self.services.values().map(|quota| u64::from(quota.gpus)).sum()
    }
}
