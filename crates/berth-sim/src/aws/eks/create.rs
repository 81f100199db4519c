//! `CreateCluster`: what is checked, and what begins.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::serve::{copy, made_before, remember, spoil};
use super::{clusters, versions};
use crate::aws::failure::Failure;
use crate::aws::iam::{assumable, unassumable};
use crate::aws::places::{ACCOUNT, caller_arn, zone, zones};
use crate::aws::serve::{Asked, texts};
use crate::aws::state::{Cluster, Entry, Happening, Spoil, fields, seconds};
use crate::kube::Store;
use crate::ledger::{Span, SpanKind};
use crate::lifecycle::after;
use crate::world::{Step, World};

/// The quota of clusters in a region.
const MOST_CLUSTERS: f64 = 100.0;

/// `CreateCluster`.
pub(crate) fn create(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let name = asked.text("name");
    let key = format!("{}/{name}", asked.region);
    if let Some(answer) = made_before(world, asked)? {
        return if world.aws.clusters.contains_key(&key) { clusters::describe(world, asked) } else { Ok(answer) };
    }
    if world.aws.clusters.contains_key(&key) {
        let text = format!("Cluster already exists with name: {name}");
        return Err(Failure::in_use(text).with("clusterName", name));
    }
    let here = world.aws.clusters.values().filter(|cluster| cluster.region == asked.region).count();
    if here as f64 >= world.aws.quotas.get("L-1194D53C").copied().unwrap_or(MOST_CLUSTERS) {
        return Err(Failure::bad("ResourceLimitExceededException", "Cluster limit exceeded for account."));
    }
    let role = asked.text("roleArn");
    assumable(world, role, "eks.amazonaws.com", asked.now)
        .map_err(|_problem| unassumable(role).with("clusterName", name))?;
    let (version, patch) = versions::resolve(asked.text("version"), asked.now)?;
    let network = check_network(world, asked)?;
    check_rest(asked)?;
    let uid = world.number().to_string();
    let digits = world.hex(&format!("cluster/{uid}"), 32).to_uppercase();
    let fields = shown(asked, version, &digits, &network);
    let cluster = Cluster {
        region: asked.region.to_owned(),
        uid: format!("eks-{uid}"),
        entries: creator(asked, &fields),
        fields,
        groups: BTreeMap::new(),
        addons: BTreeMap::new(),
        identities: BTreeMap::new(),
        updates: BTreeMap::new(),
        up: false,
        tls: None,
        kube: Store::new(asked.now, &format!("v{patch}-eks-{}", digits[..7].to_lowercase())),
    };
    begin(world, asked, key, cluster);
    let answer = clusters::describe(world, asked)?;
    remember(world, asked, &answer);
    Ok(answer)
}

fn begin(world: &mut World, asked: &Asked<'_>, key: String, mut cluster: Cluster) {
    let spoil = spoil(asked);
    if let Some(Spoil::Issue { code, message }) = &spoil {
        // The issue shows when the creation ends.
        let issue = json!({"code": code, "message": message, "resourceIds": [cluster.name()]});
        cluster.fields.insert("spoiled".to_owned(), issue);
    }
    world.ledger.spans.push(Span {
        kind: SpanKind::ControlPlane,
        cluster: cluster.arn().to_owned(),
        pool: String::new(),
        name: cluster.name().to_owned(),
        machine_type: String::new(),
        gpu: String::new(),
        size_gb: None,
        spot: false,
        zone: asked.region.to_owned(),
        from: asked.now,
        to: None,
    });
    let uid = cluster.uid.clone();
    // The one class EKS gives a new cluster; the EBS driver serves it where it is installed.
    let class = json!({
        "metadata": {"name": "gp2"}, "provisioner": "kubernetes.io/aws-ebs",
        "parameters": {"type": "gp2", "fsType": "ext4"}, "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
    });
    cluster.kube.put(asked.now, "storageclasses", None, class);
    world.aws.clusters.insert(key, cluster);
    if spoil != Some(Spoil::Stuck) {
        let at = asked.now + after("eks-control-plane", "requested", "up", "");
        world.plan(at, Step::Aws(Happening::Cluster(uid)));
    }
}

/// The network a cluster will have: `resourcesVpcConfig` as it is shown.
fn check_network(world: &World, asked: &Asked<'_>) -> Result<Map<String, Value>, Failure> {
    let config = asked.input.get("resourcesVpcConfig").cloned().unwrap_or_default();
    let wrong = |text: String| Failure::parameter(text).with("clusterName", asked.text("name"));
    let subnets = texts(config.get("subnetIds"));
    if subnets.is_empty() {
        return Err(wrong("subnetIds cannot be null or empty.".to_owned()));
    }
    let mut vpcs = BTreeSet::new();
    let mut named = BTreeSet::new();
    for id in &subnets {
        let found = world.aws.things.get(*id).filter(|thing| thing.region == asked.region && id.starts_with("subnet-"));
        let subnet = found.ok_or_else(|| wrong(format!("The subnet ID '{id}' does not exist")))?;
        if subnet.fields["availableIpAddressCount"].as_i64().unwrap_or(0) < 6 {
            return Err(wrong(format!("Subnet {id} does not have enough free addresses: at least 6 are needed")));
        }
        vpcs.insert(subnet.text("vpcId").to_owned());
        named.insert(subnet.text("availabilityZone").to_owned());
    }
    let refused = named.iter().find(|name| zone(asked.region, name).is_some_and(|zone| !zone.takes_control_planes()));
    if let Some(name) = refused {
        return Err(unsupported_zone(asked, name));
    }
    if vpcs.len() > 1 {
        return Err(wrong("Subnets specified must belong to the same VPC".to_owned()));
    }
    if named.len() < 2 {
        return Err(wrong("Subnets specified must be in at least two different AZs".to_owned()));
    }
    let groups = texts(config.get("securityGroupIds"));
    if let Some(id) = groups.iter().find(|id| !world.aws.things.contains_key(**id)) {
        return Err(wrong(format!("The security group '{id}' does not exist")));
    }
    let flag = |member: &str, default: bool| config.get(member).and_then(Value::as_bool).unwrap_or(default);
    let (public, private) = (flag("endpointPublicAccess", true), flag("endpointPrivateAccess", false));
    if !public && !private {
        return Err(wrong("Private and public endpoint access cannot be false".to_owned()));
    }
    let cidrs = texts(config.get("publicAccessCidrs"));
    let everywhere = if public { vec!["0.0.0.0/0"] } else { Vec::new() };
    Ok(fields(json!({
        "subnetIds": subnets,
        "securityGroupIds": groups,
        "vpcId": vpcs.first(),
        "endpointPublicAccess": public,
        "endpointPrivateAccess": private,
        "publicAccessCidrs": if cidrs.is_empty() { everywhere } else { cidrs },
    })))
}

fn unsupported_zone(asked: &Asked<'_>, name: &str) -> Failure {
    let valid: Vec<String> =
        zones(asked.region).into_iter().filter(|zone| zone.takes_control_planes()).map(|zone| zone.name).collect();
    let cluster = asked.text("name");
    let text = format!(
        "Cannot create cluster '{cluster}' because {name}, the targeted availability zone, does not currently have \
         sufficient capacity to support the cluster. Retry and choose from these availability zones: {}",
        valid.join(", ")
    );
    Failure::bad("UnsupportedAvailabilityZoneException", text).with("clusterName", cluster).with("validZones", valid)
}

fn check_rest(asked: &Asked<'_>) -> Result<(), Failure> {
    let wrong = |text: &str| Err(Failure::parameter(text).with("clusterName", asked.text("name")));
    let tags = asked.input.get("tags").and_then(Value::as_object);
    if tags.is_some_and(|tags| tags.keys().any(|key| key.is_empty() || key.len() > 128 || key.starts_with("aws:"))) {
        return wrong("a tag key is 1 to 128 characters long and does not start with aws:");
    }
    let mode = asked.input.pointer("/accessConfig/authenticationMode").and_then(Value::as_str);
    let bootstrap = asked.input.pointer("/accessConfig/bootstrapClusterCreatorAdminPermissions");
    if mode.unwrap_or("CONFIG_MAP") == "CONFIG_MAP" && bootstrap == Some(&Value::Bool(false)) {
        return wrong(
            "bootstrapClusterCreatorAdminPermissions must be true if cluster authentication mode is set to CONFIG_MAP",
        );
    }
    if let Some(cidr) = asked.input.pointer("/kubernetesNetworkConfig/serviceIpv4Cidr").and_then(Value::as_str) {
        let bits = cidr.rsplit('/').next().and_then(|bits| bits.parse::<u8>().ok());
        if !bits.is_some_and(|bits| (12..=24).contains(&bits)) {
            return wrong("serviceIpv4Cidr must be between /24 and /12");
        }
    }
    Ok(())
}

fn shown(asked: &Asked<'_>, version: &str, digits: &str, network: &Map<String, Value>) -> Map<String, Value> {
    let given = |pointer: &str, default: Value| asked.input.pointer(pointer).cloned().unwrap_or(default);
    let (region, name) = (asked.region, asked.text("name"));
    let mut shown = fields(json!({
        "name": name,
        "arn": format!("arn:aws:eks:{region}:{ACCOUNT}:cluster/{name}"),
        "createdAt": seconds(asked.now),
        "version": version,
        "roleArn": asked.text("roleArn"),
        "resourcesVpcConfig": network,
        "kubernetesNetworkConfig": {
            "serviceIpv4Cidr": given("/kubernetesNetworkConfig/serviceIpv4Cidr", json!("172.20.0.0/16")),
            "ipFamily": given("/kubernetesNetworkConfig/ipFamily", json!("ipv4")),
            "elasticLoadBalancing": {"enabled": false},
        },
        "logging": logging(asked.input.get("logging")),
        "identity": {"oidc": {"issuer": format!("https://oidc.eks.{region}.amazonaws.com/id/{digits}")}},
        "status": "CREATING",
        "certificateAuthority": {},
        "platformVersion": "eks.5",
        "tags": given("/tags", json!({})),
        "health": {"issues": []},
        "accessConfig": {
            "bootstrapClusterCreatorAdminPermissions":
                given("/accessConfig/bootstrapClusterCreatorAdminPermissions", json!(true)),
            "authenticationMode": given("/accessConfig/authenticationMode", json!("CONFIG_MAP")),
        },
        "upgradePolicy": {"supportType": given("/upgradePolicy/supportType", json!("EXTENDED"))},
        "deletionProtection": given("/deletionProtection", json!(false)),
        "bootstrapSelfManagedAddons": given("/bootstrapSelfManagedAddons", json!(true)),
    }));
    copy(asked, &["encryptionConfig", "zonalShiftConfig", "controlPlaneScalingConfig"], &mut shown);
    shown
}

/// Which log types are on and off.
pub(crate) fn logging(asked: Option<&Value>) -> Value {
    const ALL: [&str; 5] = ["api", "audit", "authenticator", "controllerManager", "scheduler"];
    let setups = asked.and_then(|logging| logging["clusterLogging"].as_array());
    let on: BTreeSet<&str> = setups
        .into_iter()
        .flatten()
        .filter(|setup| setup["enabled"] == true)
        .flat_map(|setup| texts(setup.get("types")))
        .collect();
    let (on, off): (Vec<&str>, Vec<&str>) = ALL.iter().partition(|kind| on.contains(*kind));
    let mut shown = Vec::new();
    if !on.is_empty() {
        shown.push(json!({"types": on, "enabled": true}));
    }
    if !off.is_empty() {
        shown.push(json!({"types": off, "enabled": false}));
    }
    json!({ "clusterLogging": shown })
}

/// The entry of the caller, if the cluster lets its creator in.
fn creator(asked: &Asked<'_>, shown: &Map<String, Value>) -> BTreeMap<String, Entry> {
    if shown["accessConfig"]["bootstrapClusterCreatorAdminPermissions"] != true {
        return BTreeMap::new();
    }
    let arn = caller_arn();
    let entry = super::access::entry(asked, &arn, "STANDARD");
    let policy = super::access::admin_policy(asked.now);
    BTreeMap::from([(arn, Entry { fields: entry, policies: BTreeMap::from([policy]) })])
}
