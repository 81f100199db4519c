//! Names, labels, tags, policies and tokens fit AWS's and Kubernetes' limits for the longest legal names.

use std::collections::BTreeMap;

use berth_core::actions::Action;
use berth_core::actions::eks::{EksAction, EksClusterRef, EksGroup};
use berth_core::actions::kube::{KubeAction, Manifest};
use berth_core::rules::eks::names;
use berth_core::spec::{Capacity, ClusterSpec, Taint, TaintEffect};
use serde_json::Value;

use crate::read::{present, shipped};
use crate::world::World;

/// The longest names, the most labels and the longest values a file can have.
fn longest() -> ClusterSpec {
    let mut spec = shipped("clusters/ai-dubbing-eks.yaml", None);
    spec.name = format!("N_{}", "n".repeat(98));
    spec.labels = (0..46).map(|index| (format!("{index:0>63}").replacen('0', "k", 1), "v".repeat(63))).collect();
    for (pool, letter) in spec.pools.iter_mut().zip(["a", "b", "c"]) {
        pool.name = letter.repeat(40);
        pool.capacity = Capacity::SpotThenOnDemand;
        pool.group_per_zone = true;
        pool.labels = (0..60).map(|index| (format!("{index:0>63}"), "v".repeat(63))).collect();
        let key = "t".repeat(63);
        pool.taints.push(Taint { key, value: "v".repeat(63), effect: TaintEffect::PreferNoSchedule });
    }
    spec
}

#[test]
fn everything_fits_the_longest_names() {
    let plan = present(&longest(), &World::new().observed).expect("a plan");
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for step in &plan.steps {
        let kind = match &step.action {
            Action::Eks(action) => assert_action_fits(action),
            Action::Kube(KubeAction::ApplyObjects { objects, .. }) => {
                objects.iter().map(Manifest::value).for_each(assert_object_fits);
                "objects"
            }
            other => panic!("nothing is known of the limits of {other:?}"),
        };
        *seen.entry(kind).or_default() += 1;
    }
    let seen: Vec<String> = seen.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    insta::assert_snapshot!(seen.join(", "));
}

/// Every action a create can have; gives its kind.
fn assert_action_fits(action: &EksAction) -> &'static str {
    match action {
        EksAction::CreateRole(role) => {
            assert!(role.name.len() <= 64 && is_of(&role.name, "+=,.@-_"), "{}", role.name);
            // A role takes ten managed policies.
            assert!(role.policies.len() <= 10);
            // And 10240 characters of policies of its own.
            assert!(role.own_policy.as_ref().is_none_or(|policy| policy.len() <= 10_240));
            assert!(role.policies.iter().all(|policy| is_of(policy, "/-_")));
            assert_tags_fit(&role.tags);
            "role"
        }
        EksAction::CreateTemplate(template) => {
            assert!((3..=128).contains(&template.name.len()) && is_of(&template.name, "().-/_"), "{}", template.name);
            assert_tags_fit(&template.machine_tags);
            assert_tags_fit(&template.tags);
            "launch template"
        }
        EksAction::CreateGroup(group) => {
            assert_group_fits(group);
            "node group"
        }
        EksAction::TagAutoscaling { tags, .. } => {
            // EKS puts some of its own there too.
            assert!(tags.len() <= 40, "{}", tags.len());
            assert_tags_fit(tags);
            "autoscaling tags"
        }
        EksAction::CreateCluster(cluster) => {
            assert!(cluster.cluster.name.len() <= 100 && is_of(&cluster.cluster.name, "-_"));
            assert_tags_fit(&cluster.tags);
            "cluster"
        }
        EksAction::CreateVpc(vpc) => part(&vpc.tags),
        EksAction::CreateSubnet(subnet) => part(&subnet.tags),
        EksAction::CreateInternetGateway(gateway) => part(&gateway.tags),
        EksAction::AllocateAddress(address) => part(&address.tags),
        EksAction::CreateNatGateway(nat) => part(&nat.tags),
        EksAction::CreateRouteTable(table) => part(&table.tags),
        EksAction::GrantAdmin { tags, .. } => part(tags),
        EksAction::CreateAddon(addon) => part(&addon.tags),
        EksAction::CreatePodIdentity(identity) => part(&identity.tags),
        EksAction::ChangeGroup { .. } => "size",
        EksAction::Await { .. } => "wait",
        other => panic!("nothing is known of the limits of {other:?}"),
    }
}

fn part(tags: &BTreeMap<String, String>) -> &'static str {
    assert_tags_fit(tags);
    "part"
}

fn assert_group_fits(group: &EksGroup) {
    assert!(group.name.len() <= 63 && is_of(&group.name, "-_"), "{}", group.name);
    assert!(group.nodes.max >= 1 && group.instance_types.len() <= 20);
    for (key, value) in &group.labels {
        assert!((1..=63).contains(&key.len()) && (1..=63).contains(&value.len()), "{key}={value}");
        assert!(is_of(value, "-_."), "{value}");
    }
    for taint in &group.taints {
        assert!((1..=63).contains(&taint.key.len()) && taint.value.len() <= 63, "{taint:?}");
    }
    assert_tags_fit(&group.tags);
}

fn assert_object_fits(object: &Value) {
    let metadata = &object["metadata"];
    let name = metadata["name"].as_str().expect("a name");
    // A DaemonSet's name becomes a label of its pods.
    assert!(name.len() <= 63 && is_of(name, "-."), "{name}");
    let strings = |value: &Value| -> BTreeMap<String, String> {
        let map = value.as_object().cloned().unwrap_or_default();
        map.into_iter().map(|(key, value)| (key, value.as_str().expect("a string").to_owned())).collect()
    };
    let pod = &object["spec"]["template"];
    for labels in [&metadata["labels"], &pod["metadata"]["labels"], &pod["spec"]["nodeSelector"]] {
        for (key, value) in strings(labels) {
            let short = key.rsplit('/').next().unwrap_or_default();
            assert!(short.len() <= 63 && value.len() <= 63 && is_of(&value, "-_."), "{key}={value}");
        }
    }
    for key in strings(&object["data"]).keys() {
        assert!(key.len() <= 253 && is_of(key, "-_."), "{key}");
    }
}

fn assert_tags_fit(tags: &BTreeMap<String, String>) {
    assert!(tags.len() <= 50, "{}", tags.len());
    for (key, value) in tags {
        assert!((1..=128).contains(&key.chars().count()) && value.chars().count() <= 256, "{key}={value}");
        assert!(!key.starts_with("aws:"), "{key}");
        assert!(is_of(key, " +-=._:/@") && is_of(value, " +-=._:/@"), "{key}={value}");
    }
}

/// Letters, digits and these.
fn is_of(text: &str, others: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
}

#[test]
fn names_of_different_clusters_differ() {
    let at = |region: &str, name: &str| EksClusterRef {
        account: "123456789012".to_owned(),
        region: region.to_owned(),
        name: name.to_owned(),
    };
    let long = "n".repeat(99);
    let one = names::role(&at("us-east-1", &format!("{long}a")), "node");
    assert_ne!(one, names::role(&at("us-east-1", &format!("{long}b")), "node"));
    assert_ne!(one, names::role(&at("us-east-2", &format!("{long}a")), "node"));
    assert_ne!(names::client_token(&["ab", "c"]), names::client_token(&["a", "bc"]));
    // EC2 and EKS take tokens of 64 characters.
    assert_eq!(names::client_token(&["a"]).len(), 64);
}

#[test]
fn a_change_of_sharing_rolls_the_device_plugin() {
    use berth_core::manifests::device_plugin::{HASH_KEY, device_plugin};
    let mut spec = shipped("clusters/ai-dubbing-eks.yaml", None);
    let of_pod = |spec: &ClusterSpec| {
        let plugin = device_plugin(&spec.pools).expect("GPU pools");
        let set = plugin.objects.iter().find(|object| object["kind"] == "DaemonSet").expect("a DaemonSet").clone();
        let hash = set["spec"]["template"]["metadata"]["annotations"][HASH_KEY].as_str().expect("a hash").to_owned();
        assert_eq!((&hash, set["metadata"]["annotations"][HASH_KEY].as_str()), (&plugin.hash, Some(hash.as_str())));
        hash
    };
    let before = of_pod(&spec);
    assert_eq!(before, of_pod(&spec));
    spec.pools[1].gpu.as_mut().expect("GPUs").sharing = berth_core::spec::Sharing::TimeSlicing(3);
    let shared = of_pod(&spec);
    assert_ne!(before, shared);
    spec.pools[1].taints[0].key = "dedicated".to_owned();
    assert_ne!(shared, of_pod(&spec));
}
