//! Region and zones.

use super::report::Report;
use crate::catalog;
use crate::spec::file::cluster::ClusterBody;
use crate::spec::problem::{Finding, Path, nearest};
use crate::spec::structure::printable;
use crate::spec::{Place, Provider};

/// Where the cluster stands; for GKE a region, a zone, or both if they agree, for EKS a region.
pub(super) fn place(body: &ClusterBody, provider: Provider, report: &mut Report) -> Place {
    let path = Path::of(&["spec"]);
    let zone = match (&body.zone, provider) {
        (Some(_), Provider::Eks) => {
            let message = "an EKS cluster stands in a region; give `zones` to its pools instead";
            report.problem(Finding::at(path.key("zone"), message));
            None
        }
        (zone, _) => zone.clone(),
    };
    let of_zone = zone.as_deref().and_then(|zone| catalog::region_of_zone(provider, zone));
    let region = match (&body.region, of_zone) {
        (Some(region), _) => region.clone(),
        (None, Some(region)) => region.to_owned(),
        (None, None) if zone.is_none() => {
            let message = match provider {
                Provider::Gke => "missing field `region` (or `zone` for a zonal cluster)",
                Provider::Eks | Provider::Existing => "missing field `region`",
            };
            report.problem(Finding::at(path, message));
            return Place { region: String::new(), zone };
        }
        (None, None) => String::new(),
    };
    if body.region.is_some() {
        known_region(&region, &path.key("region"), provider, report);
    }
    if let Some(zone) = &zone {
        zone_in(zone, &region, &path.key("zone"), provider, report);
    }
    Place { region, zone }
}

fn known_region(region: &str, path: &Path, provider: Provider, report: &mut Report) -> bool {
    if catalog::region(provider, region).is_some() {
        return true;
    }
    let names = || catalog::regions(provider).iter().map(|region| region.name);
    let other = match provider {
        Provider::Gke => Provider::Eks,
        Provider::Eks | Provider::Existing => Provider::Gke,
    };
    let finding = if catalog::region(other, region).is_some() {
        let message =
            format!("`{region}` is a region of {}, and the provider is {}", other.as_str(), provider.as_str());
        Finding::at(path.clone(), message)
    } else if catalog::region_of_zone(provider, region).is_some_and(|real| names().any(|name| name == real)) {
        Finding::at(path.clone(), format!("`{region}` is a zone, not a region"))
            .meaning(catalog::region_of_zone(provider, region).map(str::to_owned))
    } else {
        let nearest = nearest(region, names());
        Finding::at(path.clone(), format!("unknown {} region `{}`", provider.as_str(), printable(region)))
            .meaning(nearest)
    };
    report.problem(finding);
    false
}

/// A zone must be one of the region's; on AWS only its form is known, because letters differ from account to account.
pub(super) fn zone_in(zone: &str, region: &str, path: &Path, provider: Provider, report: &mut Report) {
    let shown = printable(zone);
    let Some(of_zone) = catalog::region_of_zone(provider, zone) else {
        let zones = catalog::region(provider, region).map(|known| known.zones(provider)).unwrap_or_default();
        let message = format!("`{shown}` is not a zone of {}", provider.as_str());
        report.problem(Finding::at(path.clone(), message).accepting(zones));
        return;
    };
    let Some(known) = catalog::region(provider, region) else {
        if region == of_zone {
            // The region itself is only reported where the file writes it.
            let close = nearest(of_zone, catalog::regions(provider).iter().map(|region| region.name));
            let letter = zone.strip_prefix(of_zone).unwrap_or_default();
            let message = format!("`{shown}` is not in a region of {}", provider.as_str());
            report.problem(Finding::at(path.clone(), message).meaning(close.map(|region| format!("{region}{letter}"))));
        }
        return;
    };
    let zones = known.zones(provider);
    if of_zone != region {
        report.problem(Finding::at(path.clone(), format!("zone `{shown}` is not in region {region}")).accepting(zones));
    } else if provider == Provider::Gke && !zones.iter().any(|known| known == zone) {
        report.problem(Finding::at(path.clone(), format!("region {region} has no zone `{shown}`")).accepting(zones));
    }
}

/// Zones of a pool that names none.
///
/// GPU pools: the zones of the region known to sell the GPU, in the order of their letters.
/// Others: the region's zones in that order, so that pools meet in the same zones and traffic between them stays inside.
/// At most three either way, and never more than the pool's most nodes, because a zone without a node gains nothing.
/// Empty only if the catalog knows none.
pub(super) fn default_zones(place: &Place, provider: Provider, model: Option<&str>, most_nodes: u32) -> Vec<String> {
    if let Some(zone) = &place.zone {
        return vec![zone.clone()];
    }
    let all = || catalog::region(provider, &place.region).map(|region| region.zones(provider)).unwrap_or_default();
    let zones = match model {
        Some(model) => {
            let selling = catalog::gpu_zones(provider, model, &place.region);
            // AWS zone letters differ from account to account: without better knowledge any of them may do.
            if selling.is_empty() && provider == Provider::Eks { all() } else { selling }
        }
        None => all(),
    };
    let most = usize::try_from(most_nodes).unwrap_or(usize::MAX).clamp(1, 3);
    zones.into_iter().take(most).collect()
}
