//! Pools on Bottlerocket, whose image brings NVIDIA's device plugin along.

use berth_core::actions::Action;
use berth_core::actions::eks::{EksAction, EksAmiType, EksGroup, EksTemplate};
use berth_core::plan::Plan;
use berth_core::spec::{AmiFamily, ClusterSpec, Sharing};

use crate::read::{present, shipped};
use crate::world::World;

/// The dubbing cluster with these pools on Bottlerocket.
fn dubbing(on_bottlerocket: &[&str]) -> ClusterSpec {
    let mut spec = shipped("clusters/ai-dubbing-eks.yaml", None);
    for pool in spec.pools.iter_mut().filter(|pool| on_bottlerocket.contains(&pool.name.as_str())) {
        pool.ami_family = AmiFamily::Bottlerocket;
    }
    spec
}

fn plan(spec: &ClusterSpec) -> Plan {
    present(spec, &World::new().observed).expect("a plan")
}

fn of_pool(plan: &Plan, pool: &str) -> (EksTemplate, EksGroup) {
    let mut found = (None, None);
    for step in &plan.steps {
        match &step.action {
            Action::Eks(EksAction::CreateGroup(group)) if group.pool == pool => found.1 = Some((**group).clone()),
            Action::Eks(EksAction::CreateTemplate(template))
                if template.machine_tags.values().any(|tag| tag == pool) =>
            {
                found.0 = Some((**template).clone());
            }
            _ => {}
        }
    }
    (found.0.expect("a template"), found.1.expect("a group"))
}

fn has_plugin(plan: &Plan) -> bool {
    format!("{:?}", plan.steps).contains("k8s-device-plugin")
}

#[test]
fn the_image_shares_gpus_by_its_own_settings() {
    let (template, group) = of_pool(&plan(&dubbing(&["gpu-a100-pool"])), "gpu-a100-pool");
    assert_eq!(group.ami_type, EksAmiType::BottlerocketX86Nvidia);
    assert_eq!(template.device, "/dev/xvdb", "the system's volume stays as it is");
    let settings = template.user_data.expect("settings");
    assert!(settings.contains("device-sharing-strategy = \"time-slicing\""), "{settings}");
    assert!(settings.contains("replicas = 4\n"), "{settings}");
    assert!(
        !group.labels.contains_key("nvidia.com/gpu.present"),
        "berth's plugin would find the node: {:?}",
        group.labels
    );
    let (template, group) = of_pool(&plan(&dubbing(&["cpu-pool"])), "cpu-pool");
    assert_eq!((group.ami_type, template.user_data), (EksAmiType::BottlerocketX86, None));
}

#[test]
fn berths_plugin_goes_only_to_nodes_without_one() {
    let spec = dubbing(&[]);
    let gpu_pools: Vec<&str> =
        spec.pools.iter().filter(|pool| pool.gpu.is_some()).map(|pool| pool.name.as_str()).collect();
    assert!(has_plugin(&plan(&spec)));
    assert!(has_plugin(&plan(&dubbing(&gpu_pools[..1]))), "the other pools need it");
    assert!(!has_plugin(&plan(&dubbing(&gpu_pools))));
}

#[test]
fn another_sharing_is_another_template() {
    let names = [2, 3].map(|shares| {
        let mut spec = dubbing(&["gpu-a100-pool"]);
        for gpu in spec.pools.iter_mut().filter_map(|pool| pool.gpu.as_mut()) {
            gpu.sharing = Sharing::TimeSlicing(shares);
        }
        of_pool(&plan(&spec), "gpu-a100-pool").0.name
    });
    assert_ne!(names[0], names[1]);
}

#[test]
fn mps_is_for_bottlerocket_alone() {
    let with_mps = |on: &[&str]| {
        let mut spec = dubbing(on);
        spec.pools.iter_mut().filter(|pool| pool.name == "gpu-a100-pool").for_each(|pool| {
            pool.gpu.as_mut().expect("a GPU").sharing = Sharing::Mps(4);
        });
        spec
    };
    let refusal = present(&with_mps(&[]), &World::new().observed).expect_err("there is no daemon").to_string();
    assert!(refusal.contains("amiFamily: bottlerocket"), "{refusal}");
    let (template, _) = of_pool(&plan(&with_mps(&["gpu-a100-pool"])), "gpu-a100-pool");
    assert!(
        template.user_data.expect("settings").contains("[settings.kubelet-device-plugins.nvidia.mps]\nreplicas = 4")
    );
}
