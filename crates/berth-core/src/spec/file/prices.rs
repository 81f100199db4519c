//! `kind: Prices`: prices and discounts that were agreed with a cloud.
//!
//! ```yaml
//! apiVersion: berth/v1
//! kind: Prices
//! spec:
//!   prices:
//!     - {provider: eks, machineType: p4d.24xlarge, capacity: spot, region: us-east-1, usdPerHour: 9.5}
//!     - {provider: gke, disk: pd-ssd, usdPerGbMonth: 0.15}
//!   discounts:
//!     - {provider: gke, kind: machine, family: a2, percent: 20}
//! ```

use schemars::JsonSchema;
use serde::Deserialize;

use super::cluster::ApiVersion;

/// The word that says a file holds own prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum PricesKind {
    /// Own prices and discounts.
    Prices,
}

/// Prices and discounts that were agreed with a cloud.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PricesFile {
    /// The version of berth's file format.
    pub api_version: ApiVersion,
    /// What this file describes.
    pub kind: PricesKind,
    /// The prices themselves.
    pub spec: PricesBody,
}

/// Own prices, and what is taken off all others.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PricesBody {
    /// Prices that hold instead of all others; the first that fits is taken.
    #[serde(default)]
    pub prices: Vec<OwnPriceFile>,
    /// What is taken off prices that are not among these; the first that fits is taken.
    #[serde(default)]
    pub discounts: Vec<DiscountFile>,
}

/// One price of one thing: a machine, a GPU that is attached to one, a disk, or a fee.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OwnPriceFile {
    /// Whose price.
    pub provider: SellerWord,
    /// The only region it holds in; without it, everywhere.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub region: Option<String>,
    /// The price of a machine of this type, with the GPUs that are built in.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub machine_type: Option<String>,
    /// The price of a GPU that is attached to a machine; only Google sells them so.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub gpu: Option<String>,
    /// The price of a gigabyte of disk, by the cloud's disk type.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub disk: Option<String>,
    /// The price of something else.
    #[serde(default)]
    pub fee: Option<FeeWord>,
    /// How the machine is bought; on demand unless it is said.
    #[serde(default)]
    pub capacity: Option<BoughtWord>,
    /// US dollars for an hour; for all but disks.
    #[serde(default)]
    pub usd_per_hour: Option<UsdFile>,
    /// US dollars for a gigabyte for a month; for disks.
    #[serde(default)]
    pub usd_per_gb_month: Option<UsdFile>,
}

/// A part taken off the prices of some things.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DiscountFile {
    /// Whose prices.
    pub provider: SellerWord,
    /// The only region it is given in; without it, everywhere.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub region: Option<String>,
    /// The only kind of thing it is given on; without it, all kinds.
    #[serde(default)]
    pub kind: Option<ThingWord>,
    /// The only family of machines it is given on, such as `a2` or `g5`.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub family: Option<String>,
    /// The only way of buying it is given on; without it, both.
    #[serde(default)]
    pub capacity: Option<BoughtWord>,
    /// Percent of the price, with at most two digits behind the point.
    #[schemars(range(min = 0.01, max = 99.99))]
    pub percent: f64,
}

/// A cloud that sells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SellerWord {
    /// Google Cloud.
    Gke,
    /// Amazon Web Services.
    Eks,
}

/// How a machine is bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BoughtWord {
    /// At the ordinary price.
    OnDemand,
    /// As spare capacity that may be taken back.
    Spot,
}

/// What is paid besides machines, GPUs and disks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FeeWord {
    /// A control plane of a version in standard support.
    ControlPlane,
    /// A control plane of a version in extended support: all of its fee.
    ControlPlaneExtended,
    /// What GKE takes beside its fee for a version that only the extended channel supports.
    ExtendedChannel,
    /// A NAT gateway.
    NatGateway,
    /// A public IPv4 address.
    Address,
    /// A load balancer.
    LoadBalancer,
}

/// A kind of thing that prices are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ThingWord {
    /// Machines, with what is built in.
    Machine,
    /// GPUs attached to machines.
    Gpu,
    /// Disks.
    Disk,
    /// Control planes.
    ControlPlane,
    /// NAT gateways, addresses and load balancers.
    Network,
}

/// US dollars: a number, or a text such as `"0.526"`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum UsdFile {
    /// As a number.
    Number(#[schemars(range(min = 0.000001))] f64),
    /// As a text.
    Text(
        #[schemars(
            regex(pattern = r"^[0-9]+(\.[0-9]+)?$"),
            extend("patternErrorMessage" = "must be an amount of US dollars such as `0.526`")
        )]
        String,
    ),
}

impl UsdFile {
    /// As it is written, without an exponent.
    pub fn written(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}
