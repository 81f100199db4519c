//! Which zones a cluster's subnets stand in, and which of them the control plane may use.
//!
//! EKS refuses some zones by their ids, which are the same for everyone, while their letters differ from account to account.

use std::collections::BTreeSet;

use crate::catalog;
use crate::observed::ObservedZone;
use crate::plan::Refusal;
use crate::spec::{ClusterSpec, Provider};

/// Ids of zones in which EKS makes no control plane (the EKS user guide's network requirements).
const REFUSED_IDS: [&str; 3] = ["use1-az3", "usw1-az2", "cac1-az3"];
/// Zones a control plane needs.
const CONTROL_PLANE_ZONES: usize = 2;

/// Zones of a cluster, sorted by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zones {
    /// Those that get subnets.
    pub all: Vec<String>,
    /// Those of them whose subnets the control plane gets; two or more.
    pub control_plane: Vec<String>,
}

/// The zones of all pools, and as many more as the control plane needs.
///
/// `known` empty means that the zones could not be read: then the catalog's letters are taken, none refused.
///
/// # Errors
/// The region has not enough zones in which a control plane can stand.
pub fn zones(spec: &ClusterSpec, known: &[ObservedZone]) -> Result<Zones, Refusal> {
    let region = &spec.place.region;
    let mut wanted: BTreeSet<String> = spec.pools.iter().flat_map(|pool| pool.zones.iter().cloned()).collect();
    let there: Vec<ObservedZone> = if known.is_empty() {
        let names =
            catalog::region(Provider::Eks, region).map(|region| region.zones(Provider::Eks)).unwrap_or_default();
        names.into_iter().map(|name| ObservedZone { name, id: String::new() }).collect()
    } else {
        wanted.retain(|zone| known.iter().any(|known| known.name == *zone));
        known.to_vec()
    };
    let mut usable: Vec<&str> =
        there.iter().filter(|zone| !is_refused(&zone.id)).map(|zone| zone.name.as_str()).collect();
    usable.sort_unstable();
    let mut control_plane: BTreeSet<String> =
        wanted.iter().filter(|zone| usable.contains(&zone.as_str())).cloned().collect();
    for zone in usable {
        if control_plane.len() >= CONTROL_PLANE_ZONES {
            break;
        }
        control_plane.insert(zone.to_owned());
    }
    if control_plane.len() < CONTROL_PLANE_ZONES {
        return Err(Refusal::Impossible {
            about: format!("cluster {}", spec.name),
            why: format!("EKS needs two zones for its control plane, and {region} has not that many it accepts"),
        });
    }
    wanted.extend(control_plane.iter().cloned());
    Ok(Zones { all: wanted.into_iter().collect(), control_plane: control_plane.into_iter().collect() })
}

/// Whether EKS makes no control plane in the zone of this id.
pub fn is_refused(id: &str) -> bool {
    REFUSED_IDS.contains(&id)
}
