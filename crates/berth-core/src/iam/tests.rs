//! What must hold of all rights, whatever they are wanted for.

use std::collections::{BTreeMap, BTreeSet};

use super::{KindUse, POLICY_LIMIT, Purpose, documents, eks_needs, gke_needs, role};

fn only(purpose: Purpose) -> BTreeSet<Purpose> {
    BTreeSet::from([purpose])
}

fn permissions(purpose: Purpose) -> Vec<String> {
    gke_needs(&only(purpose), &KindUse::usual()).into_iter().map(|need| need.permission).collect()
}

#[test]
fn every_right_says_what_it_is_for_and_none_is_a_wildcard() {
    for need in gke_needs(&Purpose::ALL.into(), &KindUse::usual()) {
        assert!(need.why.iter().all(|why| !why.is_empty()) && !need.why.is_empty(), "{need:?}");
        assert!(need.permission.split('.').count() == 3 && !need.permission.contains('*'), "{need:?}");
    }
    for need in eks_needs(&Purpose::ALL.into()) {
        assert!(!need.why.is_empty() && !need.actions.is_empty() && !need.resources.is_empty(), "{need:?}");
        assert!(need.sid.chars().all(|one| one.is_ascii_alphanumeric()), "{need:?}");
        assert!(need.actions.iter().all(|action| action.contains(':') && !action.contains('*')), "{need:?}");
    }
}

#[test]
fn policies_fit_iams_limit_and_hold_each_right_once() {
    let mut wishes: Vec<BTreeSet<Purpose>> = Purpose::ALL.into_iter().map(only).collect();
    wishes.push(Purpose::ALL.into());
    for wish in wishes {
        let policies = documents(&eks_needs(&wish));
        let mut sids = BTreeSet::new();
        let mut seen = BTreeMap::new();
        for policy in &policies {
            let size = policy.to_string().chars().filter(|one| !one.is_whitespace()).count();
            assert!(size <= POLICY_LIMIT, "{wish:?}: {size}");
            for statement in policy["Statement"].as_array().unwrap() {
                assert!(
                    sids.insert(statement["Sid"].clone().to_string()),
                    "{wish:?}: {} stands twice",
                    statement["Sid"]
                );
                let bound = format!("{} {}", statement["Resource"], statement["Condition"]);
                assert!(seen.insert(bound, &statement["Sid"]).is_none(), "{wish:?}: two statements for one");
            }
        }
        assert!(!policies.is_empty(), "{wish:?}");
    }
}

#[test]
fn what_only_reads_gets_no_right_to_change() {
    let reads = ["Describe", "Get", "List"];
    for purpose in [Purpose::Plan, Purpose::Verify, Purpose::Status, Purpose::List, Purpose::Kubeconfig, Purpose::Cost]
    {
        for need in eks_needs(&only(purpose)) {
            for action in need.actions {
                let verb = action.split(':').nth(1).unwrap();
                assert!(reads.iter().any(|read| verb.starts_with(read)), "{purpose:?} may {action}");
            }
        }
        // A plan asks a cluster's server what an apply would change, which takes the rights of an apply.
        for permission in permissions(purpose).iter().filter(|_| purpose != Purpose::Plan) {
            let verb = permission.rsplit('.').next().unwrap();
            assert!(matches!(verb, "get" | "list" | "connect"), "{purpose:?} may {permission}");
        }
    }
}

#[test]
fn a_plan_may_not_touch_the_cloud() {
    let cloud =
        permissions(Purpose::Plan).into_iter().filter(|name| name.contains(".clusters.") || name.contains("compute"));
    for permission in cloud {
        let verb = permission.rsplit('.').next().unwrap();
        assert!(matches!(verb, "get" | "list" | "connect"), "{permission}");
    }
}

#[test]
fn a_command_has_all_that_its_parts_have() {
    let create: BTreeSet<String> = permissions(Purpose::Create).into_iter().collect();
    for part in [Purpose::Plan, Purpose::Verify] {
        let missing: Vec<String> = permissions(part).into_iter().filter(|name| !create.contains(name)).collect();
        assert!(missing.is_empty(), "{part:?}: {missing:?}");
    }
    assert!(permissions(Purpose::Ci).contains(&"container.clusters.delete".to_owned()));
}

#[test]
fn whatever_remembers_a_bill_may_ask_until_when_a_version_is_supported() {
    for purpose in [Purpose::Cost, Purpose::Ci, Purpose::Destroy, Purpose::Gc] {
        let may = |action: &str| eks_needs(&only(purpose)).iter().any(|need| need.actions.contains(&action));
        assert!(may("eks:DescribeClusterVersions"), "{purpose:?}");
        assert!(permissions(purpose).contains(&"container.clusters.get".to_owned()), "{purpose:?}");
    }
}

#[test]
fn kinds_of_a_file_are_all_there_is() {
    let kinds = BTreeSet::from([KindUse::of("apps/v1", "Deployment"), KindUse::of("example.com/v1", "Widget")]);
    let names: BTreeSet<String> =
        gke_needs(&only(Purpose::Create), &kinds).into_iter().map(|need| need.permission).collect();
    assert!(names.contains("container.deployments.update") && names.contains("container.thirdPartyObjects.create"));
    assert!(!names.contains("container.jobs.create"), "nobody has jobs");
    let roles = BTreeSet::from([KindUse::of("rbac.authorization.k8s.io/v1", "ClusterRoleBinding")]);
    let needs = gke_needs(&only(Purpose::Create), &roles);
    assert!(needs.iter().any(|need| need.permission == "container.clusterRoles.bind"));
}

#[test]
fn a_role_is_what_gcloud_takes() {
    let needs = gke_needs(&only(Purpose::List), &BTreeSet::new());
    insta::assert_snapshot!(role(&only(Purpose::List), &needs), @r"
    title: berth
    description: What berth needs for list
    stage: GA
    includedPermissions:
    - container.clusters.list # list clusters
    ");
    let cost = gke_needs(&only(Purpose::Cost), &BTreeSet::new());
    assert!(cost.iter().all(|need| need.road.is_some()), "prices are everybody's, bills are not: {cost:?}");
}
