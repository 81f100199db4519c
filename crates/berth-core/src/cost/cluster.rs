//! What stands around the pools: control plane, NAT gateways, addresses.

use jiff::civil::Date;

use super::amount::Cases;
use super::eks_support::{Support, support};
use super::item::Item;
use super::quote::{Asked, Line, Quote};
use crate::actions::gke::ReleaseChannel;
use crate::rules::eks::zones::zones;
use crate::spec::{ClusterSpec, EksSpec, GkeSpec, Provider};

/// Lines of the whole cluster, and what has to be said about them.
#[derive(Default)]
pub(super) struct Around {
    pub(super) lines: Vec<Line>,
    pub(super) notes: Vec<String>,
}

/// What stands around the pools of a GKE cluster; `nodes` are those of all pools.
pub(super) fn gke(spec: &ClusterSpec, gke: &GkeSpec, asked: Asked<'_>, nodes: Cases<u64>) -> Around {
    let mut around = Around::default();
    around.lines.push(line("control plane", 1, asked.quote(&Item::ControlPlane)));
    around.notes.push(match &spec.place.zone {
        Some(_) => {
            "GKE credits the fee of one zonal or Autopilot cluster of a billing account [U]; it is counted here in full"
                .to_owned()
        }
        None => {
            "GKE takes the same fee for a regional cluster, and its credit for one zonal cluster does not reach it [U]"
                .to_owned()
        }
    });
    if gke.settings.release_channel == ReleaseChannel::Extended {
        around.lines.push(line("extended support", 1, asked.quote(&Item::ExtendedChannel)));
        around.notes.push(
            "a cluster of the extended channel costs a further fee once its version has left standard support; it is counted as if it had".to_owned(),
        );
    }
    if gke.settings.private_nodes {
        around.notes.push(
            "nodes without public addresses need Cloud NAT, which berth does not make and does not count here"
                .to_owned(),
        );
    } else {
        let quote = asked.quote(&Item::Address);
        around.lines.push(Line { what: "public addresses of nodes".to_owned(), quantity: nodes, quote });
    }
    around
}

/// What stands around the pools of an EKS cluster that is made on that day.
pub(super) fn eks(spec: &ClusterSpec, eks: &EksSpec, asked: Asked<'_>, today: Date) -> Around {
    let mut around = Around::default();
    let (item, note) = eks_fee(eks, today);
    around.lines.push(line(&item.words(Provider::Eks), 1, asked.quote(&item)));
    around.notes.push(note);
    if !eks.subnet_ids.is_empty() {
        around.notes.push("NAT gateways of subnets that are there already are not counted".to_owned());
        return around;
    }
    // Without two zones there is no cluster, and planning says so; one gateway is then as good a guess as any.
    let zones = zones(spec, &[]).map_or(1, |zones| zones.all.len() as u64);
    let gateways = if eks.nat_per_zone { zones } else { 1 };
    around.lines.push(line("NAT gateways", gateways, asked.quote(&Item::NatGateway)));
    around.lines.push(line("addresses of NAT gateways", gateways, asked.quote(&Item::Address)));
    around
}

fn eks_fee(eks: &EksSpec, today: Date) -> (Item, String) {
    let Some(version) = &eks.version else {
        return (
            Item::ControlPlane,
            "the file names no version, so EKS's default is taken, which is in standard support".to_owned(),
        );
    };
    match support(version, today) {
        Support::Standard(until) => {
            let then = if eks.standard_support { "EKS upgrades it" } else { "the control plane costs more" };
            (Item::ControlPlane, format!("version {version} is in standard support until {until} [U]; then {then}"))
        }
        Support::Older => {
            let (item, priced) = if eks.standard_support {
                (Item::ControlPlane, "standard")
            } else {
                (Item::ControlPlaneExtended, "extended")
            };
            let note = format!(
                "version {version} is older than berth's list, and EKS no longer supports it [U]; it is priced as in {priced} support"
            );
            (item, note)
        }
        Support::Extended if eks.standard_support => (
            Item::ControlPlane,
            format!(
                "version {version} has left standard support [U], and EKS upgrades it unless the file says `support: extended`, \
                 which costs more"
            ),
        ),
        Support::Extended => (
            Item::ControlPlaneExtended,
            format!("version {version} is in extended support, which costs more than a newer version [U]"),
        ),
        Support::NotListed => (
            Item::ControlPlane,
            format!("berth does not know until when version {version} is in standard support, and takes it to be"),
        ),
    }
}

fn line(what: &str, count: u64, quote: Quote) -> Line {
    Line { what: what.to_owned(), quantity: Cases::always(count), quote }
}
