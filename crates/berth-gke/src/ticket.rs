//! What a ticket says: which operation works on what, so that any later process can ask about it.

use berth_core::actions::gke::GkeClusterRef;
use berth_core::ports::{Started, Ticket};
use google_cloud_container_v1::model;

/// A cluster, or one of its pools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) cluster: GkeClusterRef,
    pub(crate) pool: Option<String>,
}

impl Target {
    /// The whole cluster.
    pub(crate) fn cluster(cluster: &GkeClusterRef) -> Self {
        Self { cluster: cluster.clone(), pool: None }
    }

    /// One pool of it.
    pub(crate) fn pool(cluster: &GkeClusterRef, pool: &str) -> Self {
        Self { cluster: cluster.clone(), pool: Some(pool.to_owned()) }
    }

    /// `cluster x`, `pool y`.
    pub(crate) fn words(&self) -> String {
        match &self.pool {
            Some(pool) => format!("pool {pool}"),
            None => format!("cluster {}", self.cluster.name),
        }
    }

    fn path(&self) -> String {
        match &self.pool {
            Some(pool) => self.cluster.pool_path(pool),
            None => self.cluster.path(),
        }
    }

    fn from_path(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.split('/').collect();
        let (cluster, pool) = match parts.as_slice() {
            ["projects", project, "locations", location, "clusters", name] => ((project, location, name), None),
            ["projects", project, "locations", location, "clusters", name, "nodePools", pool] => {
                ((project, location, name), Some((*pool).to_owned()))
            }
            _ => return None,
        };
        let (project, location, name) = cluster;
        let cluster = GkeClusterRef {
            project: (*project).to_owned(),
            location: (*location).to_owned(),
            name: (*name).to_owned(),
        };
        Some(Self { cluster, pool })
    }
}

/// Stands in a ticket in place of what the operation does when its outcome does not matter.
pub(crate) const ONLY_AWAITED: &str = "AWAITED";

/// An operation and what it works on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Work {
    /// GKE's word for what it does, for example `CREATE_CLUSTER`.
    pub(crate) kind: String,
    /// Its short name.
    pub(crate) operation: String,
    pub(crate) target: Target,
}

impl Work {
    /// An operation that somebody else started, on this cluster: it is over when it has ended, well or not.
    pub(crate) fn only_awaited(operation: &model::Operation, cluster: &GkeClusterRef) -> Self {
        Self { kind: ONLY_AWAITED.to_owned(), ..Self::of(operation, cluster) }
    }

    /// What an operation the API gave does to this cluster.
    fn of(operation: &model::Operation, cluster: &GkeClusterRef) -> Self {
        Self {
            kind: kind(operation),
            operation: operation.name.clone(),
            target: Target { cluster: cluster.clone(), pool: linked(operation).and_then(|link| link.pool) },
        }
    }

    /// Whether it makes its target.
    pub(crate) fn creates(&self) -> bool {
        matches!(self.kind.as_str(), "CREATE_CLUSTER" | "CREATE_NODE_POOL")
    }

    /// Whether it removes its target.
    pub(crate) fn removes(&self) -> bool {
        matches!(self.kind.as_str(), "DELETE_CLUSTER" | "DELETE_NODE_POOL")
    }

    /// `projects/P/locations/L/operations/OP`
    pub(crate) fn path(&self) -> String {
        operation_path(&self.target.cluster, &self.operation)
    }

    /// The ticket that says all this.
    pub(crate) fn ticket(&self) -> Ticket {
        Ticket {
            operation: format!("{} {} {}", self.kind, self.operation, self.target.path()),
            target: self.target.words(),
        }
    }

    /// Reads a ticket back; `None` if this crate did not write it.
    pub(crate) fn from_ticket(ticket: &Ticket) -> Option<Self> {
        let mut parts = ticket.operation.split(' ');
        let (kind, operation, target) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { kind: kind.to_owned(), operation: operation.to_owned(), target: Target::from_path(target)? })
    }
}

/// An operation that goes on.
pub(crate) fn waiting(operation: &model::Operation, target: &Target) -> Started {
    let work = Work { kind: kind(operation), operation: operation.name.clone(), target: target.clone() };
    Started::Waiting(work.ticket())
}

/// `projects/P/locations/L/operations/OP`
pub(crate) fn operation_path(cluster: &GkeClusterRef, operation: &str) -> String {
    format!("{}/operations/{operation}", cluster.parent())
}

/// GKE's word for what an operation does.
pub(crate) fn kind(operation: &model::Operation) -> String {
    operation.operation_type.name().map_or_else(|| operation.operation_type.to_string(), ToOwned::to_owned)
}

/// What an operation's target link names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Linked {
    pub(crate) cluster: String,
    pub(crate) pool: Option<String>,
}

/// The cluster and pool of an operation's `targetLink`, by names alone: links write the project as a number, and old ones
/// say `zones` for `locations`.
pub(crate) fn linked(operation: &model::Operation) -> Option<Linked> {
    let mut parts = operation.target_link.split('/').skip_while(|part| *part != "clusters").skip(1);
    let cluster = parts.next().filter(|name| !name.is_empty())?.to_owned();
    let pool = match (parts.next(), parts.next()) {
        (Some("nodePools"), Some(pool)) => Some(pool.to_owned()),
        _ => None,
    };
    Some(Linked { cluster, pool })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster() -> GkeClusterRef {
        GkeClusterRef { project: "p".to_owned(), location: "us-central1".to_owned(), name: "c".to_owned() }
    }

    #[test]
    fn a_ticket_is_read_back_as_it_was_written() {
        for target in [Target::cluster(&cluster()), Target::pool(&cluster(), "gpu")] {
            let work = Work { kind: "CREATE_NODE_POOL".to_owned(), operation: "operation-1".to_owned(), target };
            assert_eq!(Work::from_ticket(&work.ticket()), Some(work));
        }
        let foreign = Ticket { operation: "i-123".to_owned(), target: "x".to_owned() };
        assert_eq!(Work::from_ticket(&foreign), None);
    }

    #[test]
    fn links_are_understood_with_project_numbers_and_zones() {
        let link = |text: &str| linked(&model::Operation::new().set_target_link(text));
        let base = "https://container.googleapis.com/v1/projects/123";
        let named = |pool: Option<&str>| Some(Linked { cluster: "c".to_owned(), pool: pool.map(ToOwned::to_owned) });
        assert_eq!(link(&format!("{base}/zones/us-central1-a/clusters/c")), named(None));
        assert_eq!(link(&format!("{base}/locations/us-central1/clusters/c/nodePools/gpu")), named(Some("gpu")));
        assert_eq!(link(&format!("{base}/locations/us-central1")), None);
    }
}
