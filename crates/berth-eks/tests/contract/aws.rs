//! AWS as somebody else sees it, and all that is made around a cluster.

use std::collections::BTreeMap;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_ec2::types::{NatGatewayState, Tag, VpcAttributeName};
use berth_core::actions::eks::{EksAction, EksPartKind, EksPartRef};
use berth_core::rules::eks::{names, roles as purposes};

use crate::bench::Bench;
use crate::wish::{REGION, group, network, reference, roles, wanted};

/// AWS as somebody else sees it.
pub(crate) struct Aws {
    pub(crate) ec2: aws_sdk_ec2::Client,
    pub(crate) iam: aws_sdk_iam::Client,
    pub(crate) logs: aws_sdk_cloudwatchlogs::Client,
}

impl Aws {
    pub(crate) fn of(bench: &Bench) -> Self {
        let config = aws_config::SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::v2026_01_12())
            .region(aws_config::Region::new(REGION))
            .endpoint_url(&bench.base)
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
                "AKIABERTHSIMULATOR00",
                "secret",
                None,
                None,
                "test",
            )))
            .build();
        Self {
            ec2: aws_sdk_ec2::Client::new(&config),
            iam: aws_sdk_iam::Client::new(&config),
            logs: aws_sdk_cloudwatchlogs::Client::new(&config),
        }
    }

    /// Ids of everything there is, by kind.
    pub(crate) async fn all(&self) -> BTreeMap<EksPartKind, Vec<String>> {
        let ec2 = &self.ec2;
        let ids = |ids: Vec<Option<String>>| ids.into_iter().flatten().collect::<Vec<_>>();
        let vpcs = ec2.describe_vpcs().send().await.unwrap().vpcs.unwrap();
        let subnets = ec2.describe_subnets().send().await.unwrap().subnets.unwrap();
        let gateways = ec2.describe_internet_gateways().send().await.unwrap().internet_gateways.unwrap();
        let addresses = ec2.describe_addresses().send().await.unwrap().addresses.unwrap();
        let nats = ec2.describe_nat_gateways().send().await.unwrap().nat_gateways.unwrap();
        let nats = nats.into_iter().filter(|nat| nat.state != Some(NatGatewayState::Deleted));
        let tables = ec2.describe_route_tables().send().await.unwrap().route_tables.unwrap();
        let own = tables.into_iter().filter(|table| !table.associations().iter().any(|one| one.main == Some(true)));
        let groups = ec2.describe_security_groups().send().await.unwrap().security_groups.unwrap();
        let groups = groups.into_iter().filter(|group| group.group_name() != Some("default"));
        let templates = ec2.describe_launch_templates().send().await.unwrap().launch_templates.unwrap();
        let roles = self.iam.list_roles().send().await.unwrap().roles;
        let logs = self.logs.describe_log_groups().send().await.unwrap().log_groups.unwrap();
        let providers = self.iam.list_open_id_connect_providers().send().await.unwrap();
        let providers = providers.open_id_connect_provider_list.unwrap();
        let all = [
            (EksPartKind::Vpc, ids(vpcs.into_iter().map(|one| one.vpc_id).collect())),
            (EksPartKind::Subnet, ids(subnets.into_iter().map(|one| one.subnet_id).collect())),
            (EksPartKind::InternetGateway, ids(gateways.into_iter().map(|one| one.internet_gateway_id).collect())),
            (EksPartKind::Address, ids(addresses.into_iter().map(|one| one.allocation_id).collect())),
            (EksPartKind::NatGateway, ids(nats.map(|one| one.nat_gateway_id).collect())),
            (EksPartKind::RouteTable, ids(own.map(|one| one.route_table_id).collect())),
            (EksPartKind::SecurityGroup, ids(groups.map(|one| one.group_id).collect())),
            (EksPartKind::LaunchTemplate, ids(templates.into_iter().map(|one| one.launch_template_id).collect())),
            (EksPartKind::Role, roles.into_iter().map(|role| role.role_name).collect()),
            (EksPartKind::LogGroup, ids(logs.into_iter().map(|one| one.log_group_name).collect())),
            (EksPartKind::OidcProvider, ids(providers.into_iter().map(|one| one.arn).collect())),
        ];
        all.into_iter().collect()
    }

    /// How many of each kind there are, without those of which there are none.
    pub(crate) async fn counts(&self) -> BTreeMap<EksPartKind, usize> {
        let counts = self.all().await.into_iter().map(|(kind, ids)| (kind, ids.len()));
        counts.filter(|(_, count)| *count > 0).collect()
    }

    /// Asserts that all that was made does its work.
    pub(crate) async fn is_complete(&self) {
        let vpc = self.all().await[&EksPartKind::Vpc][0].clone();
        let attribute = |name| self.ec2.describe_vpc_attribute().vpc_id(&vpc).attribute(name).send();
        let support = attribute(VpcAttributeName::EnableDnsSupport).await.unwrap().enable_dns_support;
        let names = attribute(VpcAttributeName::EnableDnsHostnames).await.unwrap().enable_dns_hostnames;
        assert_eq!((support.and_then(|on| on.value), names.and_then(|on| on.value)), (Some(true), Some(true)));
        for subnet in self.ec2.describe_subnets().send().await.unwrap().subnets() {
            let public = part_of(subnet.tags()).starts_with("subnet-public-");
            assert_eq!(subnet.map_public_ip_on_launch, Some(public), "{subnet:?}");
        }
        let gateways = self.ec2.describe_internet_gateways().send().await.unwrap();
        assert_eq!(gateways.internet_gateways()[0].attachments()[0].vpc_id(), Some(vpc.as_str()));
        self.routes_are_complete().await;
        for (name, policies) in [("cluster", 2), ("node", 4), ("ebs-csi", 1)] {
            let roles = self.all().await[&EksPartKind::Role].clone();
            let role = roles.iter().find(|role| role.contains(&format!("-{name}-"))).unwrap();
            let attached = self.iam.list_attached_role_policies().role_name(role).send().await.unwrap();
            assert_eq!(attached.attached_policies().len(), policies, "{role}");
        }
        let role = names::role(&reference(), purposes::AUTOSCALER);
        let own = self.iam.list_role_policies().role_name(role).send().await.unwrap();
        assert_eq!(own.policy_names(), [purposes::OWN_POLICY]);
    }

    async fn routes_are_complete(&self) {
        let live = &self.all().await[&EksPartKind::NatGateway];
        let tables = self.ec2.describe_route_tables().send().await.unwrap();
        for table in tables.route_tables() {
            let part = part_of(table.tags());
            let routes = table.routes();
            let route = routes.iter().find(|route| route.destination_cidr_block() == Some("0.0.0.0/0"));
            match part.as_str() {
                "" => assert!(route.is_none(), "the main table is left alone"),
                "routes-public" => {
                    assert!(route.unwrap().gateway_id().unwrap().starts_with("igw-"), "{table:?}");
                    assert_eq!(table.associations().len(), 2, "{table:?}");
                }
                _ => {
                    assert_eq!(route.unwrap().nat_gateway_id(), live.first().map(String::as_str), "{table:?}");
                    assert_eq!(table.associations().len(), 1, "{table:?}");
                }
            }
        }
    }
}

pub(crate) fn part_of(tags: &[Tag]) -> String {
    let part = tags.iter().find(|tag| tag.key() == Some("berth-part"));
    part.and_then(|tag| tag.value()).unwrap_or_default().to_owned()
}

/// All that is made around a cluster, in an order that works.
pub(crate) fn making() -> Vec<EksAction> {
    let wanted = wanted();
    let mut actions = roles(&wanted);
    actions.extend(network(&wanted));
    let [template, _] = group(&wanted, &wanted.groups[0].group.name);
    actions.push(template);
    actions
}

/// What [`making`] makes, each once.
pub(crate) fn made() -> BTreeMap<EksPartKind, usize> {
    BTreeMap::from([
        (EksPartKind::LaunchTemplate, 1),
        (EksPartKind::Role, 4),
        (EksPartKind::NatGateway, 1),
        (EksPartKind::Address, 1),
        (EksPartKind::RouteTable, 3),
        (EksPartKind::Subnet, 4),
        (EksPartKind::InternetGateway, 1),
        (EksPartKind::Vpc, 1),
    ])
}

pub(crate) async fn make(bench: &Bench) {
    for action in making() {
        bench.drive(action).await.unwrap();
    }
}

/// The action that takes one thing away.
pub(crate) fn delete(kind: EksPartKind, id: &str) -> EksAction {
    EksAction::DeletePart { cluster: reference(), part: EksPartRef { kind, id: id.to_owned() } }
}
