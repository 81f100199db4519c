//! A small file, and what berth's rules make of it: the actions that tests start.

use berth_core::actions::eks::{EksAction, EksClusterRef};
use berth_core::observed::{Observed, ObservedZone};
use berth_core::rules::eks::cluster::{self, Wanted};
use berth_core::spec::{self, CloudSpec, ClusterSpec, Source};

pub(crate) const NAME: &str = "dubbing";
pub(crate) const REGION: &str = "us-east-1";
pub(crate) const ACCOUNT: &str = "123456789012";

/// Zones of the simulated account; `us-east-1e` takes no control plane.
const ZONES: [(&str, &str); 6] = [
    ("us-east-1a", "use1-az4"),
    ("us-east-1b", "use1-az6"),
    ("us-east-1c", "use1-az1"),
    ("us-east-1d", "use1-az2"),
    ("us-east-1e", "use1-az3"),
    ("us-east-1f", "use1-az5"),
];

/// A pool of CPUs and one of spot GPUs in two zones, with a network of their own.
const FILE: &str = "
apiVersion: berth/v1
kind: Cluster
metadata:
  name: dubbing
  labels: {team: dubbing}
spec:
  provider: eks
  region: us-east-1
  eks:
    vpc: {cidr: 10.0.0.0/16, nat: one}
    addons: [vpc-cni, coredns, kube-proxy, aws-ebs-csi-driver]
    logging: [api, audit]
  nodePools:
    - name: cpu-pool
      machineType: m5.xlarge
      zones: [us-east-1a, us-east-1b]
      nodes: {min: 1, max: 4}
      disk: {sizeGb: 100, type: gp3}
    - name: gpu-pool
      machineType: g4dn.xlarge
      gpu: {type: t4, count: 1}
      capacity: spot
      zones: [us-east-1a, us-east-1b]
      nodes: {min: 1, max: 8}
      labels: {tier: premium}
      taints:
        - {key: nvidia.com/gpu, value: 'true', effect: NoSchedule}
      disk: {sizeGb: 200, type: gp3}
";

/// The small file.
pub(crate) fn file() -> ClusterSpec {
    of_text(FILE)
}

/// A file made of the small one, with these pieces of text replaced.
pub(crate) fn file_with(changes: &[(&str, &str)]) -> ClusterSpec {
    let mut text = FILE.to_owned();
    for (old, new) in changes {
        assert!(text.contains(old), "the file does not say {old}");
        text = text.replace(old, new);
    }
    of_text(&text)
}

fn of_text(text: &str) -> ClusterSpec {
    let read = |path: &str| Err(format!("{path} is not read here"));
    spec::check(&Source { file: "small.yaml", text, provider: None, read: &read }).unwrap().spec
}

/// What the rules make of a file when nothing is there yet.
pub(crate) fn wanted_by(spec: &ClusterSpec) -> Wanted {
    let CloudSpec::Eks(eks) = &spec.cloud else { panic!("a file for EKS") };
    let mut observed = Observed::default();
    observed.around.zones = ZONES.map(|(name, id)| ObservedZone { name: name.to_owned(), id: id.to_owned() }).to_vec();
    cluster::wanted(spec, eks, ACCOUNT, &observed).unwrap()
}

/// What the rules make of the small file.
pub(crate) fn wanted() -> Wanted {
    wanted_by(&file())
}

pub(crate) fn reference() -> EksClusterRef {
    EksClusterRef { account: ACCOUNT.to_owned(), region: REGION.to_owned(), name: NAME.to_owned() }
}

/// All that makes the network, in an order that works.
pub(crate) fn network(wanted: &Wanted) -> Vec<EksAction> {
    let network = wanted.network.clone().unwrap();
    let mut actions = vec![EksAction::CreateVpc(network.vpc), EksAction::CreateInternetGateway(network.gateway)];
    actions.extend(network.subnets.into_iter().map(EksAction::CreateSubnet));
    actions.extend(network.addresses.into_iter().map(EksAction::AllocateAddress));
    actions.extend(network.nats.into_iter().map(EksAction::CreateNatGateway));
    actions.extend(network.tables.into_iter().map(EksAction::CreateRouteTable));
    actions
}

/// All that makes the roles.
pub(crate) fn roles(wanted: &Wanted) -> Vec<EksAction> {
    wanted.roles.iter().map(|(_, role)| EksAction::CreateRole(Box::new(role.clone()))).collect()
}

/// What makes the cluster itself; roles and network have to be there.
pub(crate) fn cluster(wanted: &Wanted) -> EksAction {
    EksAction::CreateCluster(Box::new(wanted.cluster.clone()))
}

/// What makes a node group: its template, then the group.
pub(crate) fn group(wanted: &Wanted, name: &str) -> [EksAction; 2] {
    let wanted = wanted.groups.iter().find(|wanted| wanted.group.name == name).unwrap();
    let (template, group) = (Box::new(wanted.template.clone()), Box::new(wanted.group.clone()));
    [EksAction::CreateTemplate(template), EksAction::CreateGroup(group)]
}

/// What makes an add-on.
pub(crate) fn addon(wanted: &Wanted, name: &str) -> EksAction {
    EksAction::CreateAddon(wanted.addons.iter().find(|addon| addon.name == name).unwrap().clone())
}
