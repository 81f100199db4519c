//! Names, tags and tokens fit AWS's limits for the longest legal cluster name.

use std::collections::BTreeMap;

use berth_core::actions::Action;
use berth_core::actions::eks::{EksAction, EksClusterRef};
use berth_core::rules::eks::names;

use crate::read::{present, shipped};
use crate::world::World;

#[test]
fn every_name_and_tag_fits_the_longest_cluster_name() {
    let mut spec = shipped("clusters/ai-dubbing-eks.yaml", None);
    spec.name = "n".repeat(100);
    spec.pools[1].name = "p".repeat(40);
    let plan = present(&spec, &World::new().observed).expect("a plan");
    let mut seen = 0;
    for step in &plan.steps {
        let Action::Eks(action) = &step.action else { continue };
        let tags = match action {
            EksAction::CreateRole(role) => {
                assert!(role.name.len() <= 64, "{}", role.name);
                &role.tags
            }
            EksAction::CreateTemplate(template) => {
                assert!((3..=128).contains(&template.name.len()), "{}", template.name);
                assert_fits(&template.machine_tags);
                &template.tags
            }
            EksAction::CreateGroup(group) => {
                assert!(group.name.len() <= 63, "{}", group.name);
                assert!(group.labels.values().all(|value| value.len() <= 63));
                &group.tags
            }
            EksAction::TagAutoscaling { tags, .. } => tags,
            EksAction::CreateCluster(cluster) => &cluster.tags,
            EksAction::CreateVpc(vpc) => &vpc.tags,
            EksAction::CreateSubnet(subnet) => &subnet.tags,
            _ => continue,
        };
        assert_fits(tags);
        seen += 1;
    }
    assert!(seen > 10, "{seen}");
}

fn assert_fits(tags: &BTreeMap<String, String>) {
    assert!(tags.len() <= 50);
    let legal = |c: char| c.is_alphanumeric() || " +-=._:/@".contains(c);
    for (key, value) in tags {
        assert!(key.len() <= 128 && value.len() <= 256, "{key}={value}");
        assert!(key.chars().all(legal) && value.chars().all(legal), "{key}={value}");
    }
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
    assert_eq!(names::client_token(&["a"]).len(), 64);
}
