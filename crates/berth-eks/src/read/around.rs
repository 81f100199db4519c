//! Everything around a cluster, whether or not there is one. Each kind is asked for once, and EC2 filters on its side.

use berth_core::actions::eks::{EksClusterRef, EksPart, EksPartKind};
use berth_core::observed::Surroundings;
use berth_core::run::Fault;
use futures::future;

use super::left::Place;
use super::{identity, left, logs, network};
use crate::cloud::EksCloud;
use crate::facts;
use crate::unread::allowed;

/// Kinds that are found in the VPCs of ours, once these are known.
const IN_VPC: [EksPartKind; 3] = [EksPartKind::LoadBalancer, EksPartKind::NetworkInterface, EksPartKind::SecurityGroup];

/// What was found around a cluster, but for what only the cluster itself tells.
pub(crate) struct Ground {
    found: Surroundings,
    /// OIDC providers of all clusters; `None` if they may not be listed.
    providers: Option<Vec<String>>,
}

/// Looks for all of it at once; `near` is the VPC the cluster stands in, if there is one.
///
/// # Errors
/// AWS did not answer as it should; a call that is not allowed is no error.
pub(crate) async fn ground(cloud: &EksCloud, cluster: &EksClusterRef, near: Option<&str>) -> Result<Ground, Fault> {
    let anywhere = Place { cluster, vpcs: &[], near };
    // Boxed, because the futures of the calls are large.
    let (in_vpcs, network, roles, providers, logs, volumes, zones) = futures::join!(
        Box::pin(in_vpcs(cloud, anywhere)),
        Box::pin(network_parts(cloud, cluster)),
        Box::pin(identity::roles(cloud, cluster)),
        Box::pin(identity::providers(cloud)),
        Box::pin(logs::groups(cloud, cluster)),
        Box::pin(left::of_kind(cloud, anywhere, EksPartKind::Volume)),
        Box::pin(facts::zones(cloud)),
    );
    let mut unread = Vec::new();
    let zones = allowed(zones, "ec2:DescribeAvailabilityZones", &mut unread)?.unwrap_or_default();
    let (in_vpcs, lines) = in_vpcs?;
    unread.extend(lines);
    let mut found = Surroundings { zones, unread, ..Surroundings::default() };
    for (kind, read) in in_vpcs.into_iter().chain(network) {
        add(&mut found, kind, read)?;
    }
    let roles = roles.map(|(roles, lines)| {
        found.unread.extend(lines);
        roles
    });
    add(&mut found, EksPartKind::Role, roles)?;
    add(&mut found, EksPartKind::LogGroup, logs)?;
    add(&mut found, EksPartKind::Volume, volumes)?;
    let providers = allowed(providers, permission(EksPartKind::OidcProvider), &mut found.unread)?;
    Ok(Ground { found, providers })
}

/// Adds what only the cluster tells: its issuer. Without a cluster providers are known by their tags.
///
/// # Errors
/// AWS did not answer as it should.
pub(crate) async fn settle(
    cloud: &EksCloud,
    cluster: &EksClusterRef,
    ground: Ground,
    issuer: Option<&str>,
) -> Result<Surroundings, Fault> {
    let Ground { mut found, providers } = ground;
    if let Some(providers) = providers {
        let read = match issuer {
            Some(issuer) => Ok(identity::of_issuer(&providers, issuer).into_iter().collect()),
            None => identity::by_tags(cloud, cluster, providers).await,
        };
        add(&mut found, EksPartKind::OidcProvider, read)?;
    }
    found.parts.sort_by(|a, b| a.thing.cmp(&b.thing));
    Ok(found)
}

/// What was read of one kind.
type Read = (EksPartKind, Result<Vec<EksPart>, Fault>);

/// The VPCs of ours, then what stands in them, whoever made it; without one, what has the cluster's tags. Also what could not be
/// read about the VPCs.
async fn in_vpcs(cloud: &EksCloud, anywhere: Place<'_>) -> Result<(Vec<Read>, Vec<String>), Fault> {
    let mut vpcs = network::vpcs(cloud, anywhere.cluster).await;
    let ids: Vec<String> = vpcs.iter().flatten().map(|vpc| vpc.thing.id.clone()).collect();
    let place = Place { vpcs: &ids, ..anywhere };
    let looks = IN_VPC.map(|kind| Box::pin(async move { (kind, left::of_kind(cloud, place, kind).await) }));
    let names = ids.iter().map(|id| Box::pin(network::has_names(cloud, id)));
    let (mut found, names) = futures::join!(future::join_all(looks), future::join_all(names));
    let mut unread = Vec::new();
    for (vpc, has_names) in vpcs.iter_mut().flatten().zip(names) {
        // What cannot be seen is not taken for missing.
        vpc.complete = allowed(has_names, "ec2:DescribeVpcAttribute", &mut unread)?.unwrap_or(true);
    }
    found.push((EksPartKind::Vpc, vpcs));
    Ok((found, unread))
}

async fn network_parts(cloud: &EksCloud, cluster: &EksClusterRef) -> Vec<Read> {
    let (subnets, tables, gateways, addresses, nats, templates) = futures::join!(
        network::subnets(cloud, cluster),
        network::tables(cloud, cluster),
        network::gateways(cloud, cluster),
        network::addresses(cloud, cluster),
        network::nats(cloud, cluster),
        network::templates(cloud, cluster),
    );
    let known = subnets.as_deref().ok();
    let tables = tables.map(|tables| tables.iter().filter_map(|table| network::table(table, known)).collect());
    vec![
        (EksPartKind::Subnet, subnets.map(|subnets| subnets.iter().map(network::subnet).collect())),
        (EksPartKind::RouteTable, tables),
        (EksPartKind::InternetGateway, gateways),
        (EksPartKind::Address, addresses),
        (EksPartKind::NatGateway, nats),
        (EksPartKind::LaunchTemplate, templates),
    ]
}

fn add(found: &mut Surroundings, kind: EksPartKind, read: Result<Vec<EksPart>, Fault>) -> Result<(), Fault> {
    if let Some(parts) = allowed(read, permission(kind), &mut found.unread)? {
        found.parts.extend(parts);
        found.checked.insert(kind);
    }
    Ok(())
}

/// What it takes to look for a kind.
fn permission(kind: EksPartKind) -> &'static str {
    match kind {
        EksPartKind::LoadBalancer => "elasticloadbalancing:DescribeLoadBalancers and elasticloadbalancing:DescribeTags",
        EksPartKind::Instance => "ec2:DescribeInstances",
        EksPartKind::Volume => "ec2:DescribeVolumes",
        EksPartKind::NetworkInterface => "ec2:DescribeNetworkInterfaces",
        EksPartKind::LaunchTemplate => "ec2:DescribeLaunchTemplates",
        EksPartKind::LogGroup => "logs:DescribeLogGroups",
        EksPartKind::OidcProvider => "iam:ListOpenIDConnectProviders and iam:ListOpenIDConnectProviderTags",
        EksPartKind::Role => "iam:GetRole",
        EksPartKind::NatGateway => "ec2:DescribeNatGateways",
        EksPartKind::Address => "ec2:DescribeAddresses",
        EksPartKind::RouteTable => "ec2:DescribeRouteTables",
        EksPartKind::SecurityGroup => "ec2:DescribeSecurityGroups",
        EksPartKind::Subnet => "ec2:DescribeSubnets",
        EksPartKind::InternetGateway => "ec2:DescribeInternetGateways",
        EksPartKind::Vpc => "ec2:DescribeVpcs",
    }
}
