//! What taking away takes.

use super::{ANY, EksNeed, ROLES, When, need};
use crate::iam::purpose::Purpose::Destroy;

/// The rows.
pub(super) const ROWS: &[EksNeed] = &[
    need(
        "OfOurs",
        &[Destroy],
        &[
            "ec2:DeleteInternetGateway",
            "ec2:DeleteLaunchTemplate",
            "ec2:DeleteNatGateway",
            "ec2:DeleteRouteTable",
            "ec2:DeleteSubnet",
            "ec2:DeleteVpc",
            "ec2:DetachInternetGateway",
            "ec2:DisassociateRouteTable",
            "ec2:ReleaseAddress",
            "eks:DeleteAddon",
            "eks:DeleteCluster",
            "eks:DeleteNodegroup",
        ],
        (ANY, When::Ours),
        ("take away what is berth's", ""),
    ),
    need(
        "OfOurs",
        &[Destroy],
        &["eks:DeletePodIdentityAssociation"],
        (ANY, When::Ours),
        ("take away what is berth's", "an association is left"),
    ),
    need(
        "OfOurs",
        &[Destroy],
        &["eks:UpdateClusterConfig"],
        (ANY, When::Ours),
        ("take the protection from deletion off", "the cluster is protected from deletion"),
    ),
    need(
        "DeleteRoles",
        &[Destroy],
        &["iam:DeleteRole", "iam:DetachRolePolicy", "iam:ListInstanceProfilesForRole", "iam:ListRolePolicies"],
        (ROLES, When::Always),
        ("take the roles away", ""),
    ),
    need(
        "DeleteRoles",
        &[Destroy],
        &["iam:DeleteRolePolicy"],
        (ROLES, When::Always),
        ("take the roles away", "a role has a policy of its own"),
    ),
    need(
        "LeaveProfiles",
        &[Destroy],
        &["iam:GetInstanceProfile", "iam:RemoveRoleFromInstanceProfile"],
        (&["arn:*:iam::*:instance-profile/*"], When::Always),
        ("take a role out of instance profiles", "an instance profile has a role of berth's"),
    ),
    need(
        "DeleteProfiles",
        &[Destroy],
        &["iam:DeleteInstanceProfile"],
        (&["arn:*:iam::*:instance-profile/*"], When::Ours),
        ("take such a profile away", "an instance profile that carries berth's tags has a role of berth's"),
    ),
    need(
        "DeleteIssuers",
        &[Destroy],
        &["iam:DeleteOpenIDConnectProvider"],
        (&["arn:*:iam::*:oidc-provider/oidc.eks.*"], When::Ours),
        ("take the cluster's OIDC provider away", "somebody made one for the cluster, with berth's tags"),
    ),
    need(
        "DeleteLogs",
        &[Destroy],
        &["logs:DeleteLogGroup"],
        (&["arn:*:logs:*:*:log-group:/aws/eks/*"], When::Always),
        ("take the control plane's logs away", "the control plane wrote logs"),
    ),
    need(
        "DeleteLoose",
        &[Destroy],
        &["ec2:DeleteNetworkInterface"],
        (&["arn:*:ec2:*:*:network-interface/*"], When::Always),
        ("take away interfaces that nothing uses", "the network plugin left some"),
    ),
    need(
        "DeleteSecurityGroups",
        &[Destroy],
        &["ec2:DeleteSecurityGroup", "ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress"],
        (&["arn:*:ec2:*:*:security-group/*"], When::Always),
        (
            "take away security groups that EKS and controllers left; the key of their tag holds the cluster's name, which no condition can match",
            "EKS or a load balancer left some",
        ),
    ),
    need(
        "DeleteVolumesOfClaims",
        &[Destroy],
        &["ec2:DeleteVolume"],
        (&["arn:*:ec2:*:*:volume/*"], When::Tagged("kubernetes.io/created-for/pvc/name")),
        ("take away volumes that claims left", "claims left volumes"),
    ),
    need(
        "OfOurs",
        &[Destroy],
        &["ec2:DeleteVolume"],
        (ANY, When::Ours),
        ("take away volumes of machines that are gone", "machines left volumes"),
    ),
    need(
        "DeleteBalancersOfServices",
        &[Destroy],
        &["elasticloadbalancing:DeleteLoadBalancer", "elasticloadbalancing:DeleteTargetGroup"],
        (ANY, When::Tagged("kubernetes.io/service-name")),
        ("take away load balancers of Services", "Services left load balancers"),
    ),
    need(
        "DeleteBalancersOfController",
        &[Destroy],
        &["elasticloadbalancing:DeleteLoadBalancer", "elasticloadbalancing:DeleteTargetGroup"],
        (ANY, When::Tagged("elbv2.k8s.aws/cluster")),
        ("take away load balancers of the load balancer controller", "the controller left load balancers"),
    ),
];
