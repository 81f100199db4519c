//! Finding everything of ours in an account, and what hangs on it, whether or not its cluster still stands.
//!
//! Each region is read at once with the others, and in it everything is listed page by page: first the index of tags and what
//! Kubernetes makes, which bears no mark of ours; then those kinds of which the index tells, because it goes on showing what was
//! deleted for hours and says of nothing when it was made. Clusters are listed by EKS itself: the index may not know a new one yet,
//! and nothing may be taken for the leftover of a cluster that stands.
//!
//! In reading order: `place` one region, `index` what bears our mark, `clusters` those that stand, `marked` what the index tells of,
//! `loose` what Kubernetes has made, `global` roles and OIDC providers, `claims` whose all of it is.

mod claims;
mod clusters;
mod global;
mod index;
mod loose;
mod machines;
mod marked;
mod place;
mod row;

use berth_core::gc::{Inventory, LeftoverKind, Scope, Unread};
use berth_core::ports::Finder;
use berth_core::run::{Fault, FaultKind};
use berth_core::spec::Provider;
use futures::{StreamExt, stream};

use crate::classify;
use crate::cloud::EksCloud;
use place::{Looked, look};

/// Regions that are read at a time; each has a dozen calls under way.
const REGIONS_AT_A_TIME: usize = 8;

/// All kinds there are on AWS but clusters.
const OTHER_KINDS: [LeftoverKind; 18] = [
    LeftoverKind::NodeGroup,
    LeftoverKind::LoadBalancer,
    LeftoverKind::TargetGroup,
    LeftoverKind::Instance,
    LeftoverKind::LaunchTemplate,
    LeftoverKind::Volume,
    LeftoverKind::NetworkInterface,
    LeftoverKind::NatGateway,
    LeftoverKind::Address,
    LeftoverKind::SecurityGroup,
    LeftoverKind::RouteTable,
    LeftoverKind::Subnet,
    LeftoverKind::InternetGateway,
    LeftoverKind::Vpc,
    LeftoverKind::LogGroup,
    LeftoverKind::OidcProvider,
    LeftoverKind::InstanceProfile,
    LeftoverKind::Role,
];

impl Finder for EksCloud {
    async fn inventory(&self, scope: &Scope) -> Result<Inventory, Fault> {
        if !scope.accounts.is_empty() && !scope.accounts.iter().any(|account| account == self.account()) {
            return Ok(Inventory::default());
        }
        let mut unread = Vec::new();
        let regions = regions(self, scope, &mut unread).await?;
        // Boxed, because the futures of the calls are large.
        let clouds: Vec<EksCloud> = regions.iter().map(|region| self.in_region(region)).collect();
        let looks: Vec<_> = clouds.into_iter().map(|cloud| Box::pin(async move { look(&cloud).await })).collect();
        let regional = stream::iter(looks).buffer_unordered(REGIONS_AT_A_TIME).collect::<Vec<Looked>>();
        let (regional, lists) = futures::join!(regional, Box::pin(global::lists(self)));
        let mut all = Looked::default();
        let mut deaf = None;
        let mut heard = false;
        for looked in regional {
            heard |= looked.deaf.is_none();
            deaf = deaf.or(looked.deaf.clone());
            all.extend(looked);
        }
        if let Some(fault) = deaf.filter(|_| !heard) {
            return Err(fault);
        }
        all.extend(Box::pin(global::look(self, &regions, lists, &all)).await);
        unread.append(&mut all.unread);
        Ok(Inventory { found: claims::settle(self.account(), all), unread })
    }
}

/// The regions to look at: those given, else all that the account has.
async fn regions(cloud: &EksCloud, scope: &Scope, unread: &mut Vec<Unread>) -> Result<Vec<String>, Fault> {
    if !scope.regions.is_empty() {
        let mut regions = scope.regions.clone();
        regions.sort();
        regions.dedup();
        return Ok(regions);
    }
    // Without AllRegions it tells only those that are enabled.
    match cloud.read.ec2.describe_regions().send().await {
        Ok(found) => {
            Ok(found.regions.unwrap_or_default().into_iter().filter_map(|region| region.region_name).collect())
        }
        Err(error) => {
            let fault = classify::of_call("list the regions of the account", &error);
            if fault.kind != FaultKind::Denied {
                return Err(fault);
            }
            let why = format!(
                "{}: {} (takes ec2:DescribeRegions); only {} is looked at",
                fault.tried,
                fault.said,
                cloud.region()
            );
            // Clusters of the one region are listed all the same, and what is elsewhere is not found at all.
            unread.push(Unread {
                provider: Provider::Eks,
                account: cloud.account().to_owned(),
                place: None,
                kinds: OTHER_KINDS.to_vec(),
                why,
            });
            Ok(vec![cloud.region().to_owned()])
        }
    }
}
