//! What preflight has to know: who we are, quotas, zones, accelerators, versions.
//!
//! What the identity may not read becomes a line in `unread`, because a cluster can be made without it.

use std::collections::{BTreeMap, BTreeSet};

use berth_core::rules::preflight::{CloudFacts, QuotaFact};
use berth_core::run::{Fault, FaultKind};
use berth_core::spec::ClusterSpec;
use google_cloud_compute_v1::model::Quota;
use google_cloud_gax::error::Error;

use crate::client::reading;
use crate::cloud::GkeCloud;
use crate::{classify, read};

type Accelerators = BTreeMap<String, BTreeSet<String>>;

/// Lists are read page by page; more pages than this mean that the service goes in circles.
const MOST_PAGES: usize = 1000;

/// Reads everything at once; each part on its own may be refused.
pub(crate) async fn read(gke: &GkeCloud, spec: &ClusterSpec) -> Result<CloudFacts, Fault> {
    let region = &spec.place.region;
    let (identity, regional, global, zones, accelerators, versions) = futures::join!(
        gke.clients.tokens.identity(),
        regional_quotas(gke, region),
        global_quotas(gke),
        zones(gke, region),
        accelerators(gke, region),
        versions(gke, spec.place.location()),
    );
    let mut unread = Vec::new();
    let identity = match identity {
        Ok(identity) => identity,
        Err(fault) => {
            unread.push(format!("who we are: {}", fault.said));
            None
        }
    };
    let regional = allowed(regional, "compute.regions.get", &mut unread)?;
    let global = allowed(global, "compute.projects.get", &mut unread)?;
    let zones = allowed(zones, "compute.zones.list", &mut unread)?;
    let accelerators = allowed(accelerators, "compute.acceleratorTypes.list", &mut unread)?;
    let versions = allowed(versions, "container.clusters.list", &mut unread)?;
    let quotas = match (regional, global) {
        (None, None) => None,
        (regional, global) => Some(regional.into_iter().chain(global).flatten().collect()),
    };
    Ok(CloudFacts {
        identity,
        account: gke.project().to_owned(),
        zones: zones.unwrap_or_default(),
        accelerators,
        quotas,
        versions: versions.unwrap_or_default(),
        unread,
        ..CloudFacts::default()
    })
}

/// Turns a refused permission into a line; any other fault stays one.
fn allowed<T>(part: Result<T, Fault>, permission: &str, unread: &mut Vec<String>) -> Result<Option<T>, Fault> {
    match part {
        Ok(part) => Ok(Some(part)),
        Err(fault) if fault.kind == FaultKind::Denied => {
            unread.push(format!("{}: {} (takes {permission})", fault.tried, fault.said));
            Ok(None)
        }
        Err(fault) => Err(fault),
    }
}

async fn regional_quotas(gke: &GkeCloud, region: &str) -> Result<Vec<QuotaFact>, Fault> {
    let call = reading(gke.clients.regions.get()).set_project(gke.project()).set_region(region);
    let read = gke.clients.call(|| call.clone().send()).await;
    let read = read.map_err(|error| refused(format!("read the quotas of {region}"), &error))?;
    Ok(read.quotas.iter().filter_map(|quota| fact(quota, Some(region))).collect())
}

async fn global_quotas(gke: &GkeCloud) -> Result<Vec<QuotaFact>, Fault> {
    let call = reading(gke.clients.projects.get()).set_project(gke.project());
    let read = gke.clients.call(|| call.clone().send()).await;
    let read = read.map_err(|error| refused(format!("read the quotas of project {}", gke.project()), &error))?;
    Ok(read.quotas.iter().filter_map(|quota| fact(quota, None)).collect())
}

fn fact(quota: &Quota, region: Option<&str>) -> Option<QuotaFact> {
    Some(QuotaFact {
        metric: quota.metric.as_ref()?.name()?.to_owned(),
        region: region.map(ToOwned::to_owned),
        limit: quota.limit?,
        usage: quota.usage.unwrap_or_default(),
    })
}

/// Zones of the region that are up.
async fn zones(gke: &GkeCloud, region: &str) -> Result<BTreeSet<String>, Fault> {
    let mut zones = BTreeSet::new();
    let mut token = String::new();
    for _ in 0..MOST_PAGES {
        let call = reading(gke.clients.zones.list()).set_project(gke.project());
        let call = if token.is_empty() { call } else { call.set_page_token(&token) };
        let page = gke.clients.call(|| call.clone().send()).await;
        let page = page.map_err(|error| refused(format!("list the zones of {region}"), &error))?;
        zones.extend(page.items.iter().filter_map(|zone| {
            let up = zone.status.as_ref().and_then(|status| status.name()) == Some("UP");
            let here = zone.region.as_deref().and_then(read::name_of).as_deref() == Some(region);
            zone.name.clone().filter(|_| up && here)
        }));
        token = page.next_page_token.unwrap_or_default();
        if token.is_empty() {
            break;
        }
    }
    Ok(zones)
}

/// GPU types by zone of the region.
async fn accelerators(gke: &GkeCloud, region: &str) -> Result<Accelerators, Fault> {
    let mut sold = Accelerators::new();
    let mut token = String::new();
    for _ in 0..MOST_PAGES {
        let call = reading(gke.clients.accelerator_types.aggregated_list()).set_project(gke.project());
        let call = if token.is_empty() { call } else { call.set_page_token(&token) };
        let page = gke.clients.call(|| call.clone().send()).await;
        let page = page.map_err(|error| refused(format!("list the accelerator types of {region}"), &error))?;
        for (scope, list) in &page.items {
            let Some(zone) = scope.strip_prefix("zones/").filter(|zone| is_zone_of(zone, region)) else { continue };
            let names = list.accelerator_types.iter().filter_map(|kind| kind.name.clone());
            sold.entry(zone.to_owned()).or_default().extend(names);
        }
        token = page.next_page_token.unwrap_or_default();
        if token.is_empty() {
            break;
        }
    }
    Ok(sold)
}

fn is_zone_of(zone: &str, region: &str) -> bool {
    zone.strip_prefix(region).is_some_and(|rest| rest.starts_with('-'))
}

async fn versions(gke: &GkeCloud, location: &str) -> Result<Vec<String>, Fault> {
    let name = format!("projects/{}/locations/{location}", gke.project());
    let call = reading(gke.clients.container.get_server_config()).set_name(name);
    let read = gke.clients.call(|| call.clone().send()).await;
    let read = read.map_err(|error| refused(format!("read the Kubernetes versions of {location}"), &error))?;
    Ok(read.valid_master_versions)
}

fn refused(tried: String, error: &Error) -> Fault {
    classify::of_call(tried, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_belong_to_the_region_they_begin_with() {
        assert!(is_zone_of("us-east1-b", "us-east1"));
        assert!(!is_zone_of("us-east10-b", "us-east1"));
    }
}
