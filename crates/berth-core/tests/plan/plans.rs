//! One table for each situation in which a plan is made.

use berth_core::actions::gke::{AutoscalingProfile, GkeAutoscaling, ReleaseChannel};
use berth_core::observed::{ClusterAccess, Observed, Phase};
use berth_core::spec::{Capacity, ClusterSpec, NetworkPolicy, NodeRange, Place, Sharing, Taint, TaintEffect};
use insta::assert_snapshot;

use crate::build::{cluster, cpu, dubbing, gke, gpu, in_phase, made, operation, pool, pool_settings, stockout, zones};
use crate::render::{absent, adopt, present};

#[test]
fn nothing_there() {
    assert_snapshot!(present(&dubbing(), &Observed::default()));
}

#[test]
fn everything_there() {
    let spec = dubbing();
    assert_snapshot!(present(&spec, &made(&spec)), @"nothing to do");
}

#[test]
fn the_autoscaler_has_changed_the_number_of_nodes() {
    let spec = dubbing();
    let mut observed = made(&spec);
    pool_settings(pool(&mut observed, "cpu-pool")).initial_nodes_per_zone = 7;
    assert_snapshot!(present(&spec, &observed), @"nothing to do");
}

#[test]
fn every_setting_of_the_cluster_differs() {
    let observed = made(&dubbing());
    let mut spec = dubbing();
    spec.labels.insert("env".to_owned(), "production".to_owned());
    spec.labels.remove("team");
    let settings = &mut gke(&mut spec).settings;
    settings.release_channel = ReleaseChannel::Stable;
    settings.maintenance = None;
    settings.logging = vec!["SYSTEM_COMPONENTS".to_owned()];
    settings.monitoring = vec!["SYSTEM_COMPONENTS".to_owned(), "DCGM".to_owned()];
    settings.autoscaling_profile = AutoscalingProfile::Balanced;
    settings.workload_identity = false;
    settings.shielded_nodes = false;
    settings.network = Some("studio".to_owned());
    settings.private_nodes = true;
    settings.version = Some("1.33".to_owned());
    assert_snapshot!(present(&spec, &observed));
}

#[test]
fn network_policies_are_a_matter_of_creation() {
    let [from_creation, enforced, unenforced] =
        [NetworkPolicy::FromCreation, NetworkPolicy::Enforced, NetworkPolicy::Unenforced];
    let with = |network_policy: NetworkPolicy| {
        let mut spec = ClusterSpec { network_policy, ..dubbing() };
        gke(&mut spec).settings.network_policy = network_policy.at_creation();
        spec
    };
    for (file, made_by) in [(from_creation, enforced), (enforced, from_creation), (from_creation, unenforced)] {
        assert_eq!(present(&with(file), &made(&with(made_by))), "nothing to do\n");
    }
    assert_snapshot!(present(&with(enforced), &made(&with(unenforced))), @"refused: the enforcement of NetworkPolicies of cluster ai-dubbing-production is off and cannot be changed to on; destroy it first, or use another name");
    assert_snapshot!(present(&with(unenforced), &made(&with(enforced))), @"
    nothing to do
    note: cluster network policy: is enforced, the file says not; it is only for creation, so it stays as it is
    ");
}

#[test]
fn everything_that_changes_in_place_differs_about_a_pool() {
    let observed = made(&dubbing());
    let mut spec = dubbing();
    let v100 = &mut spec.pools[2];
    v100.zones = zones("acf");
    v100.labels.insert("tier".to_owned(), "standard".to_owned());
    v100.taints[0].value = "present".to_owned();
    v100.taints.push(Taint { key: "dedicated".into(), value: String::new(), effect: TaintEffect::NoExecute });
    v100.nodes = NodeRange { min: 0, max: 12 };
    assert_snapshot!(present(&spec, &observed));
}

#[test]
fn a_pool_stops_and_another_starts_scaling() {
    let mut spec = dubbing();
    spec.pools[1].nodes = NodeRange { min: 3, max: 3 };
    let observed = made(&spec);
    spec.pools[1].nodes = NodeRange { min: 0, max: 3 };
    spec.pools[2].nodes = NodeRange { min: 4, max: 4 };
    assert_snapshot!(present(&spec, &observed));
}

#[test]
fn a_fixed_pool_grows() {
    let mut spec = dubbing();
    spec.pools[1].nodes = NodeRange { min: 3, max: 3 };
    let observed = made(&spec);
    spec.pools[1].nodes = NodeRange { min: 6, max: 6 };
    assert_snapshot!(present(&spec, &observed));
}

#[test]
fn a_fixed_pool_spreads_and_gathers() {
    let mut narrow = dubbing();
    narrow.pools[2].nodes = NodeRange { min: 6, max: 6 };
    narrow.pools[2].zones = zones("a");
    let mut wide = narrow.clone();
    wide.pools[2].zones = zones("acf");
    assert_snapshot!("a_fixed_pool_spreads", present(&wide, &made(&narrow)));
    assert_snapshot!("a_fixed_pool_gathers", present(&narrow, &made(&wide)));
}

#[test]
fn limits_per_zone_become_totals() {
    let spec = dubbing();
    let mut observed = made(&spec);
    let nodes = NodeRange { min: 1, max: 8 };
    pool_settings(pool(&mut observed, "gpu-v100-pool")).autoscaling =
        Some(GkeAutoscaling { nodes, per_zone: true, any_zone: false });
    assert_snapshot!(present(&spec, &observed));
}

#[test]
fn a_pool_has_to_be_made_again() {
    let observed = made(&dubbing());
    let mut spec = dubbing();
    let v100 = &mut spec.pools[2];
    v100.machine_type = "n1-standard-4".to_owned();
    v100.gpu.as_mut().unwrap().sharing = Sharing::Mps(3);
    v100.capacity = Capacity::OnDemand;
    v100.disk.size_gb = 200;
    gke(&mut spec).secure_boot = true;
    spec.pools.remove(0);
    spec.pools.remove(0);
    assert_snapshot!(present(&spec, &observed));
}

#[test]
fn pools_come_and_go() {
    let mut spec = dubbing();
    spec.pools.push(cpu("old-cpu", 1, 1));
    spec.pools.push(gpu("old-t4", "n1-standard-4", "t4", Sharing::Exclusive, 1, 1));
    spec.pools.push(cpu("not-ours", 1, 1));
    let mut observed = made(&spec);
    pool_settings(pool(&mut observed, "not-ours")).resource_labels.clear();
    let mut spec = dubbing();
    spec.pools.push(cpu("new-cpu", 1, 2));
    spec.pools.push(gpu("new-t4", "n1-standard-4", "t4", Sharing::Exclusive, 1, 3));
    spec.pools.push(gpu("new-l4", "g2-standard-4", "l4", Sharing::Exclusive, 0, 3));
    assert_snapshot!(present(&spec, &observed));
}

#[test]
fn a_cluster_of_that_name_is_not_ours() {
    let spec = dubbing();
    let mut observed = made(&spec);
    cluster(&mut observed).labels.clear();
    for pool in &mut cluster(&mut observed).pools {
        pool_settings(pool).resource_labels.clear();
    }
    let mut text = format!("create\n{}", present(&spec, &observed));
    text += &format!("destroy\n{}", absent(&spec, &observed, false));
    text += &format!("create, adopting\n{}", adopt(&spec, &observed));
    text += &format!("destroy, adopting\n{}", absent(&spec, &observed, true));
    cluster(&mut observed).labels.insert("managed-by".to_owned(), "terraform".to_owned());
    text += &format!("create, made by another tool\n{}", present(&spec, &observed));
    assert_snapshot!(text);
}

#[test]
fn a_pool_of_that_name_is_not_ours_and_would_be_deleted() {
    let mut spec = dubbing();
    let mut observed = made(&spec);
    pool_settings(pool(&mut observed, "gpu-v100-pool")).resource_labels.clear();
    spec.pools[2].machine_type = "n1-standard-4".to_owned();
    let refused = present(&spec, &observed);
    assert_snapshot!(format!("{refused}adopting\n{}", adopt(&spec, &observed)));
}

#[test]
fn pools_ended_badly() {
    let spec = dubbing();
    let mut observed = made(&spec);
    in_phase(&mut observed, "gpu-v100-pool", Phase::Degraded, vec![stockout()]);
    in_phase(&mut observed, "gpu-a100-pool", Phase::Failed, vec![stockout()]);
    in_phase(&mut observed, "cpu-pool", Phase::Degraded, Vec::new());
    assert_snapshot!(present(&spec, &observed));
}

#[test]
fn the_cluster_failed() {
    let spec = dubbing();
    let mut observed = made(&spec);
    cluster(&mut observed).phase = Phase::Failed;
    cluster(&mut observed).issues = vec![stockout()];
    assert_snapshot!(present(&spec, &observed));
}

#[test]
fn the_cluster_failed_before_a_pool_worked() {
    let spec = dubbing();
    let mut observed = made(&spec);
    cluster(&mut observed).phase = Phase::Failed;
    for pool in &mut cluster(&mut observed).pools {
        pool.phase = Phase::Failed;
    }
    let decided = present(&spec, &observed);
    assert!(!decided.contains("Recreate"), "{decided}");
    assert!(
        present(&spec, &{
            cluster(&mut observed).pools[0].phase = Phase::Running;
            observed
        })
        .contains("Recreate")
    );
}

#[test]
fn killed_right_after_the_create_call() {
    let spec = dubbing();
    let mut observed = Observed { operations: vec![operation("CREATE_CLUSTER", None)], ..Observed::default() };
    assert_snapshot!("create_call_before_the_cluster_shows", present(&spec, &observed));
    assert_snapshot!("create_call_destroy_before_the_cluster_shows", absent(&spec, &observed, false));
    observed.cluster = made(&spec).cluster;
    cluster(&mut observed).phase = Phase::Creating;
    assert_snapshot!("create_call_while_it_is_made", present(&spec, &observed));
    assert_snapshot!("create_call_destroy_while_it_is_made", absent(&spec, &observed, false));
    let mut changed = spec.clone();
    changed.pools[0].nodes.max = 20;
    gke(&mut changed).settings.maintenance = None;
    assert_snapshot!("create_call_while_it_is_made_and_the_file_changed", present(&changed, &observed));
    observed.operations.clear();
    assert_snapshot!("create_call_while_it_is_made_and_no_operation_shows", present(&spec, &observed));
}

#[test]
fn killed_while_a_pool_was_made() {
    let spec = dubbing();
    let mut observed = made(&spec);
    in_phase(&mut observed, "gpu-v100-pool", Phase::Creating, Vec::new());
    observed.operations = vec![operation("CREATE_NODE_POOL", Some("gpu-v100-pool"))];
    assert_snapshot!("pool_made_pool_shows", present(&spec, &observed));
    cluster(&mut observed).pools.retain(|pool| pool.name != "gpu-v100-pool");
    assert_snapshot!("pool_made_pool_does_not_show", present(&spec, &observed));
}

#[test]
fn killed_while_a_pool_was_made_again() {
    let spec = dubbing();
    let mut observed = made(&spec);
    in_phase(&mut observed, "gpu-v100-pool", Phase::Deleting, Vec::new());
    assert_snapshot!("pool_made_again_no_operation_shows", present(&spec, &observed));
    observed.operations = vec![operation("DELETE_NODE_POOL", Some("gpu-v100-pool"))];
    assert_snapshot!("pool_made_again_operation_shows", present(&spec, &observed));
}

#[test]
fn killed_while_the_cluster_was_deleted() {
    let spec = dubbing();
    let mut observed = made(&spec);
    cluster(&mut observed).phase = Phase::Deleting;
    assert_snapshot!("cluster_deleted_create_no_operation_shows", present(&spec, &observed));
    assert_snapshot!("cluster_deleted_destroy_no_operation_shows", absent(&spec, &observed, false));
    observed.operations = vec![operation("DELETE_CLUSTER", None)];
    assert_snapshot!("cluster_deleted_create_operation_shows", present(&spec, &observed));
    assert_snapshot!("cluster_deleted_destroy_operation_shows", absent(&spec, &observed, false));
}

#[test]
fn a_pool_that_is_not_ours_keeps_workload_identity_on() {
    let mut spec = dubbing();
    spec.pools.push(cpu("not-ours", 1, 1));
    let mut observed = made(&spec);
    pool_settings(pool(&mut observed, "not-ours")).resource_labels.clear();
    spec.pools.pop();
    spec.pools.drain(1..);
    gke(&mut spec).settings.workload_identity = false;
    assert_snapshot!(present(&spec, &observed));
}

#[test]
fn gke_is_upgrading_nodes() {
    let mut spec = dubbing();
    let mut observed = made(&spec);
    observed.operations = vec![operation("UPGRADE_NODES", Some("cpu-pool"))];
    assert_snapshot!("upgrade_nothing_to_do", present(&spec, &observed));
    spec.pools[0].nodes.max = 11;
    assert_snapshot!("upgrade_something_to_do", present(&spec, &observed));
    assert_snapshot!("upgrade_destroy", absent(&spec, &observed, false));
}

#[test]
fn destroy() {
    let spec = dubbing();
    assert_snapshot!("destroy_nothing", absent(&spec, &Observed::default(), false));
    let mut observed = made(&spec);
    assert_snapshot!("destroy_a_cluster", absent(&spec, &observed, false));
    pool_settings(pool(&mut observed, "cpu-pool")).resource_labels.clear();
    assert_snapshot!("destroy_a_cluster_with_a_pool_of_somebody_else", absent(&spec, &observed, false));
}

#[test]
fn a_cluster_that_can_be_reached_gives_back_what_its_workloads_hold_before_it_goes() {
    let spec = dubbing();
    let mut observed = made(&spec);
    let access = ClusterAccess { server: "https://192.0.2.1".to_owned(), ca_pem: None };
    observed.cluster.as_mut().unwrap().access = Some(access);
    assert_snapshot!(absent(&spec, &observed, false));
    // A cluster that failed has no controllers that could.
    observed.cluster.as_mut().unwrap().phase = Phase::Failed;
    assert!(!absent(&spec, &observed, false).contains("gke/release"));
}

#[test]
fn what_cannot_be_made() {
    let mut text = String::new();
    let mut spec = dubbing();
    let observed = made(&spec);
    spec.place = Place { region: "europe-west4".to_owned(), zone: None };
    text += &present(&spec, &observed);
    let mut spec = dubbing();
    spec.pools[1].gpu.as_mut().unwrap().model = "a10g".to_owned();
    text += &present(&spec, &observed);
    let mut spec = dubbing();
    spec.pools[1].capacity = Capacity::SpotThenOnDemand;
    text += &present(&spec, &observed);
    let mut spec = dubbing();
    spec.pools.clear();
    text += &present(&spec, &observed);
    assert_snapshot!(text);
}
