//! NetworkPolicies: the network plugin is told to enforce them when it is made, and later when the file says so.

use berth_core::actions::Action;
use berth_core::actions::eks::EksAction;
use berth_core::rules::network_policy::enforced;
use berth_core::spec::{ClusterSpec, NetworkPolicy};
use serde_json::{Value, json};

use crate::read::{present, shipped, text};
use crate::world::World;

fn file(network_policy: NetworkPolicy) -> ClusterSpec {
    ClusterSpec { network_policy, ..shipped("clusters/ai-dubbing-eks.yaml", None) }
}

fn holds(world: &mut World) -> Option<bool> {
    enforced(world.cluster().expect("a cluster"))
}

#[test]
fn a_cluster_is_made_so_that_they_hold_unless_the_file_says_otherwise() {
    for (wish, want) in
        [(NetworkPolicy::FromCreation, true), (NetworkPolicy::Enforced, true), (NetworkPolicy::Unenforced, false)]
    {
        let mut world = World::new();
        world.bring_about(&file(wish));
        assert_eq!(holds(&mut world), Some(want), "{wish:?}");
    }
}

#[test]
fn one_that_stands_changes_only_when_the_file_says_so() {
    let mut world = World::new();
    world.bring_about(&file(NetworkPolicy::Unenforced));
    assert!(present(&file(NetworkPolicy::FromCreation), &world.observed).expect("a plan").is_empty());
    let plan = present(&file(NetworkPolicy::Enforced), &world.observed).expect("a plan");
    insta::assert_snapshot!(text(&plan), @"
    eks/addon/vpc-cni/network-policy
        change network policy of add-on vpc-cni (the file says otherwise)
        - NetworkPolicies: stored only -> enforced
    ");
    world.bring_about(&file(NetworkPolicy::Enforced));
    assert_eq!(holds(&mut world), Some(true));
    assert!(present(&file(NetworkPolicy::FromCreation), &world.observed).expect("a plan").is_empty());
    world.bring_about(&file(NetworkPolicy::Unenforced));
    assert_eq!(holds(&mut world), Some(false));
}

#[test]
fn other_settings_of_the_plugin_stay() {
    let mut world = World::new();
    world.bring_about(&file(NetworkPolicy::Unenforced));
    world.addon("vpc-cni").configuration = Some("env: {WARM_IP_TARGET: '4'}\n".to_owned());
    let plan = present(&file(NetworkPolicy::Enforced), &world.observed).expect("a plan");
    let Action::Eks(EksAction::ChangeAddon { configuration, .. }) = &plan.steps[0].action else { panic!("{plan:?}") };
    let told: Value = serde_json::from_str(configuration).expect("JSON");
    assert_eq!(told, json!({"enableNetworkPolicy": "true", "env": {"WARM_IP_TARGET": "4"}}));
}

#[test]
fn a_plugin_that_failed_is_made_again_with_its_settings_and_not_changed() {
    let mut world = World::new();
    world.bring_about(&file(NetworkPolicy::Unenforced));
    "CREATE_FAILED".clone_into(&mut world.addon("vpc-cni").status);
    let plan = present(&file(NetworkPolicy::Enforced), &world.observed).expect("a plan");
    assert!(!plan.steps.iter().any(|step| step.id.0.ends_with("/network-policy")), "{}", text(&plan));
    world.run(&plan, usize::MAX, |_| 0).expect("what AWS takes");
    assert_eq!(holds(&mut world), Some(true));
}
