//! What reading takes.

use super::{ANY, EksNeed, LOOKING, When, need};
use crate::iam::purpose::Purpose::{Ci, Cost, Create, Destroy, Gc, Kubeconfig, List, Plan, Status};

/// What stands around a cluster, and is looked at wherever the cluster is.
const AROUND: &[&str] = &[
    "ec2:DescribeAddresses",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeLaunchTemplates",
    "ec2:DescribeNatGateways",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVolumes",
    "ec2:DescribeVpcs",
    "elasticloadbalancing:DescribeLoadBalancers",
    "logs:DescribeLogGroups",
];

/// Clusters of a region with their node groups.
const CLUSTERS_LISTED: &[&str] =
    &["eks:DescribeCluster", "eks:DescribeNodegroup", "eks:ListClusters", "eks:ListNodegroups"];

/// The rows.
pub(super) const ROWS: &[EksNeed] = &[
    need("Look", LOOKING, AROUND, (ANY, When::Always), ("see what of the cluster is there", "")),
    need(
        "Look",
        LOOKING,
        &["ec2:DescribeAvailabilityZones", "eks:DescribeCluster", "iam:GetRole", "iam:ListOpenIDConnectProviders"],
        (ANY, When::Always),
        ("see what of the cluster is there", ""),
    ),
    need(
        "Look",
        LOOKING,
        &[
            "autoscaling:DescribeAutoScalingGroups",
            "ec2:DescribeVpcAttribute",
            "eks:DescribeAddon",
            "eks:DescribeNodegroup",
            "eks:DescribePodIdentityAssociation",
            "eks:ListAccessEntries",
            "eks:ListAddons",
            "eks:ListAssociatedAccessPolicies",
            "eks:ListNodegroups",
            "eks:ListPodIdentityAssociations",
            "iam:GetRolePolicy",
            "iam:ListAttachedRolePolicies",
        ],
        (ANY, When::Always),
        ("see what of the cluster is there", "the cluster, or a part of it, is there"),
    ),
    need(
        "Look",
        LOOKING,
        &["elasticloadbalancing:DescribeTags"],
        (ANY, When::Always),
        ("see whose a load balancer is", "the region has load balancers"),
    ),
    need(
        "Look",
        LOOKING,
        &["iam:ListOpenIDConnectProviderTags"],
        (ANY, When::Always),
        ("see whose an OIDC provider is", "the account has one for EKS"),
    ),
    need("Look", &[List], CLUSTERS_LISTED, (ANY, When::Always), ("list clusters", "")),
    need(
        "Look",
        &[Status, Kubeconfig, Destroy],
        &["eks:ListClusters"],
        (ANY, When::Always),
        ("find the cluster", "a cluster is named without its file"),
    ),
    need(
        "Look",
        &[Gc],
        &["ec2:DescribeInstances", "ec2:DescribeRegions", "iam:ListRoles", "tag:GetResources"],
        (ANY, When::Always),
        ("find what is berth's in all regions, with or without its cluster", ""),
    ),
    need(
        "Look",
        &[Ci, Cost, Destroy],
        &[
            "ec2:DescribeInstances",
            "ec2:DescribeRegions",
            "elasticloadbalancing:DescribeTargetGroups",
            "iam:GetOpenIDConnectProvider",
            "iam:ListRoleTags",
            "iam:ListRoles",
            "tag:GetResources",
        ],
        (ANY, When::Always),
        ("find what a cluster or an environment is made of", "what it has cost is told or remembered"),
    ),
    need("Look", &[Cost], AROUND, (ANY, When::Always), ("see what else is billed", "what it has cost is told")),
    need(
        "Look",
        &[Cost, Destroy],
        CLUSTERS_LISTED,
        (ANY, When::Always),
        ("see clusters", "what it has cost is told or remembered"),
    ),
    need(
        "Look",
        &[Ci, Cost, Destroy],
        &["eks:DescribeClusterVersions"],
        (ANY, When::Always),
        ("see since when a cluster pays for extended support", "it is made with `support: extended`"),
    ),
    need(
        "Look",
        &[Cost],
        &["elasticloadbalancing:DescribeTags"],
        (ANY, When::Always),
        ("see whose a load balancer is", "what it has cost is told"),
    ),
    need(
        "Look",
        &[Gc],
        &["iam:GetOpenIDConnectProvider", "iam:ListRoleTags"],
        (ANY, When::Always),
        ("see whose an OIDC provider or a role is", "the account has one that may be berth's"),
    ),
    need(
        "Look",
        &[Plan, Create],
        &[
            "ec2:DescribeInstanceTypeOfferings",
            "ec2:DescribeInstances",
            "ec2:GetSpotPlacementScores",
            "ec2:DescribeSpotPriceHistory",
            "eks:DescribeClusterVersions",
            "eks:ListClusters",
            "servicequotas:GetAWSDefaultServiceQuota",
            "servicequotas:GetServiceQuota",
        ],
        (ANY, When::Always),
        ("check quotas, zones, versions and chances of spot before anything is touched", ""),
    ),
    need(
        "Look",
        &[Plan, Create],
        &["ec2:DescribeInstanceTypes"],
        (ANY, When::Always),
        ("count the processors of machines that run", "machines run that berth's catalog does not know"),
    ),
    need(
        "Look",
        &[Create, Destroy],
        &["eks:DescribeUpdate"],
        (ANY, When::Always),
        ("follow a change of the cluster or of a node group", "a cluster is changed, or protected from deletion"),
    ),
    need(
        "Look",
        &[Destroy],
        &["elasticloadbalancing:DescribeTargetGroups"],
        (ANY, When::Always),
        ("find what load balancers left", ""),
    ),
    need(
        "Prices",
        &[Plan, Create, Ci, Cost],
        &["ec2:DescribeSpotPriceHistory", "pricing:GetProducts"],
        (ANY, When::Always),
        ("read prices", "prices are read from the cloud"),
    ),
];
