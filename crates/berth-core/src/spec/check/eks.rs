//! EKS's own settings.

use std::net::Ipv4Addr;

use super::report::Report;
use crate::spec::EksSpec;
use crate::spec::file::eks::{AddonWord, EksFile, EksLoggingWord, NatWord, SupportWord};
use crate::spec::problem::{Finding, Path};
use crate::spec::structure::printable;

/// Address range of the VPC berth makes, when the file gives none.
const DEFAULT_CIDR: &str = "10.0.0.0/16";
/// Add-ons without which nodes never become ready, and the agent that pod identity needs.
const DEFAULT_ADDONS: [AddonWord; 4] =
    [AddonWord::VpcCni, AddonWord::KubeProxy, AddonWord::Coredns, AddonWord::EksPodIdentityAgent];

/// The settings of a file, or the defaults.
pub(super) fn settings(file: Option<&EksFile>, report: &mut Report) -> EksSpec {
    let file = file.cloned().unwrap_or_default();
    let path = Path::of(&["spec", "eks"]);
    let vpc = file.vpc.unwrap_or_default();
    let vpc_path = path.key("vpc");
    if let Some(cidr) = &vpc.cidr {
        vpc_range(cidr, &vpc_path.key("cidr"), report);
        if vpc.subnet_ids.is_some() {
            let message = "give `cidr` for a VPC of berth's own or `subnetIds` of yours, not both";
            report.problem(Finding::at_key(vpc_path.key("subnetIds"), message));
        }
    }
    // EKS wants subnets in two zones; which zone a subnet is in only the cloud knows.
    if vpc.subnet_ids.as_ref().is_some_and(|ids| ids.len() < 2) {
        report.problem(Finding::at(vpc_path.key("subnetIds"), "EKS needs at least two subnets, in different zones"));
    }
    let access = file.access.unwrap_or_default();
    for (index, cidr) in access.public_cidrs.iter().flatten().enumerate() {
        if range(cidr).is_none() {
            let message = format!("`{}` is not an address range such as `203.0.113.0/24`", printable(cidr));
            report.problem(Finding::at(path.key("access").key("publicCidrs").index(index), message));
        }
    }
    let roles = file.roles.unwrap_or_default();
    let mut addons = DEFAULT_ADDONS.to_vec();
    addons.extend(file.addons.into_iter().flatten());
    addons.sort();
    addons.dedup();
    EksSpec {
        version: file.version,
        standard_support: file.support != Some(SupportWord::Extended),
        vpc_cidr: vpc.cidr.unwrap_or_else(|| DEFAULT_CIDR.to_owned()),
        nat_per_zone: vpc.nat == Some(NatWord::PerZone),
        subnet_ids: vpc.subnet_ids.into_iter().flatten().map(|id| id.0).collect(),
        addons: addons.into_iter().map(|addon| addon.as_str().to_owned()).collect(),
        logging: logging(file.logging.unwrap_or_default()),
        cluster_role_arn: roles.cluster,
        node_role_arn: roles.node,
        public_access_cidrs: access.public_cidrs.unwrap_or_default(),
        private_access: access.private.unwrap_or(true),
        admin_arns: access.admins.into_iter().flatten().map(|arn| arn.0).collect(),
    }
}

fn logging(mut words: Vec<EksLoggingWord>) -> Vec<String> {
    words.sort();
    words.dedup();
    words.into_iter().map(|word| word.as_str().to_owned()).collect()
}

/// AWS takes /16 to /28 for a VPC; below /24 there is no room for subnets in three zones, public and private.
fn vpc_range(cidr: &str, path: &Path, report: &mut Report) {
    let shown = printable(cidr);
    let message = match range(cidr) {
        None => format!("`{shown}` is not an address range such as `{DEFAULT_CIDR}`"),
        Some((_, bits)) if !(16..=24).contains(&bits) => format!("`{shown}` must be from /16 to /24"),
        Some((address, bits)) => {
            let host = u32::MAX.checked_shr(bits).unwrap_or(0);
            if address & host == 0 {
                return;
            }
            let network = Ipv4Addr::from(address & !host);
            report.problem(
                Finding::at(path.clone(), format!("`{shown}` is an address inside a range"))
                    .meaning(Some(format!("{network}/{bits}"))),
            );
            return;
        }
    };
    report.problem(Finding::at(path.clone(), message));
}

/// Address and length of an IPv4 range.
fn range(cidr: &str) -> Option<(u32, u32)> {
    let (address, bits) = cidr.split_once('/')?;
    let bits: u32 = bits.parse().ok().filter(|bits| *bits <= 32)?;
    Some((u32::from(address.parse::<Ipv4Addr>().ok()?), bits))
}
