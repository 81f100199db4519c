//! The `eks` section of a cluster file; words follow EKS's API.

use schemars::JsonSchema;
use serde::Deserialize;

/// Settings only EKS understands.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EksFile {
    /// Region on AWS, instead of `spec.region`, for a file that is used on both clouds.
    #[serde(default)]
    pub region: Option<String>,
    /// Kubernetes minor version in quotes, for example `"1.34"`; EKS's default if left out.
    #[serde(default)]
    #[schemars(regex(pattern = r"^1\.[0-9]+$"))]
    #[schemars(extend("patternErrorMessage" = "must be a minor version such as `1.34`"))]
    pub version: Option<String>,
    /// What becomes of a cluster whose version leaves standard support; `standard` if left out.
    #[serde(default)]
    pub support: Option<SupportWord>,
    /// The network: a range for a VPC berth makes, or subnets that exist.
    #[serde(default)]
    pub vpc: Option<VpcFile>,
    /// Roles that exist already; berth makes those left out.
    #[serde(default)]
    pub roles: Option<RolesFile>,
    /// Managed add-ons; `vpc-cni`, `kube-proxy` and `coredns` are always there.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub addons: Option<Vec<AddonWord>>,
    /// Control-plane logs sent to CloudWatch, which bills them; none if left out.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub logging: Option<Vec<EksLoggingWord>>,
    /// Who reaches the cluster's API.
    #[serde(default)]
    pub access: Option<AccessFile>,
}

/// What EKS does with a cluster whose version leaves standard support: its `upgradePolicy.supportType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SupportWord {
    /// EKS upgrades it to a newer version.
    Standard,
    /// It keeps its version for a year more, and costs six times as much.
    Extended,
}

/// The network of an EKS cluster: give `cidr` or `subnetIds`, not both.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VpcFile {
    /// Address range of the VPC berth makes, /16 to /24; `10.0.0.0/16` if left out.
    #[serde(default)]
    pub cidr: Option<String>,
    /// NAT gateways of the VPC berth makes; `one` if left out.
    #[serde(default)]
    pub nat: Option<NatWord>,
    /// Subnets to use instead of a VPC of berth's own: at least two, in different zones.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub subnet_ids: Option<Vec<SubnetId>>,
}

/// How many NAT gateways a VPC gets; each is billed by the hour and by the gigabyte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NatWord {
    /// One for all zones: cheap, but its zone's failure cuts all nodes off.
    One,
    /// One in each zone.
    PerZone,
}

/// The id of a subnet.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(extend("patternErrorMessage" = "must be a subnet id such as `subnet-0123456789abcdef0`"))]
pub struct SubnetId(#[schemars(regex(pattern = r"^subnet-([0-9a-f]{8}|[0-9a-f]{17})$"))] pub String);

/// IAM roles that exist already.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RolesFile {
    /// ARN of the role the control plane takes.
    #[serde(default)]
    #[schemars(regex(pattern = r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$"))]
    #[schemars(extend("patternErrorMessage" = "must be a role's ARN such as `arn:aws:iam::123456789012:role/name`"))]
    pub cluster: Option<String>,
    /// ARN of the role the nodes take.
    #[serde(default)]
    #[schemars(regex(pattern = r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$"))]
    #[schemars(extend("patternErrorMessage" = "must be a role's ARN such as `arn:aws:iam::123456789012:role/name`"))]
    pub node: Option<String>,
}

/// Managed add-ons berth can install.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AddonWord {
    /// The network plugin.
    VpcCni,
    /// Service addresses on every node.
    KubeProxy,
    /// Cluster DNS.
    Coredns,
    /// Pod identity.
    EksPodIdentityAgent,
    /// Volumes on EBS; with it the cluster gets a default storage class, unless the workloads bring one or it has one.
    AwsEbsCsiDriver,
    /// CPU and memory use of pods and nodes.
    MetricsServer,
}

impl AddonWord {
    /// EKS's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VpcCni => "vpc-cni",
            Self::KubeProxy => "kube-proxy",
            Self::Coredns => "coredns",
            Self::EksPodIdentityAgent => "eks-pod-identity-agent",
            Self::AwsEbsCsiDriver => "aws-ebs-csi-driver",
            Self::MetricsServer => "metrics-server",
        }
    }
}

/// Control-plane log types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum EksLoggingWord {
    /// The API server.
    Api,
    /// The audit log.
    Audit,
    /// The IAM authenticator.
    Authenticator,
    /// The controller manager.
    ControllerManager,
    /// The scheduler.
    Scheduler,
}

impl EksLoggingWord {
    /// EKS's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Audit => "audit",
            Self::Authenticator => "authenticator",
            Self::ControllerManager => "controllerManager",
            Self::Scheduler => "scheduler",
        }
    }
}

/// Who reaches an EKS cluster's API.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessFile {
    /// Address ranges that may reach the public endpoint; everyone if left out.
    #[serde(default)]
    pub public_cidrs: Option<Vec<String>>,
    /// Whether the endpoint is also reachable inside the VPC; yes if left out.
    #[serde(default)]
    pub private: Option<bool>,
    /// ARNs of IAM users or roles that become cluster administrators beside the creator.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub admins: Option<Vec<PrincipalArn>>,
}

/// The ARN of an IAM user or role.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(extend("patternErrorMessage" = "must be a user's or role's ARN such as `arn:aws:iam::123456789012:role/name`"))]
pub struct PrincipalArn(#[schemars(regex(pattern = r"^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/.+$"))] pub String);
