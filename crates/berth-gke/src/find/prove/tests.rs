use berth_core::actions::gke::GkeAction;
use berth_core::gc::{GcRules, Inventory, decide};
use berth_core::observed::ObservedCluster;
use serde_json::{Value, json};

use super::*;
use crate::find::collections::COLLECTIONS;
use crate::read;

const BASE: &str = "https://www.googleapis.com/compute/v1/projects/p";

/// A thing of Compute Engine by its path after the project.
fn row(path: &str, mut fields: Value) -> Row {
    let name = path.rsplit('/').next().unwrap();
    fields["selfLink"] = json!(format!("{BASE}/{path}"));
    fields["name"] = json!(name);
    let word = path.rsplit('/').nth(1).unwrap();
    let collection = COLLECTIONS.iter().find(|collection| collection.name == word).unwrap();
    Row::of(collection.kind, &fields).unwrap()
}

fn cluster(name: &str, id: &str, ours: bool) -> Standing {
    let mut model = google_cloud_container_v1::model::Cluster::new()
        .set_name(name)
        .set_location("us-central1")
        .set_create_time("2026-11-21T10:00:00Z");
    if ours {
        model = model.set_resource_labels([("managed-by", "berth"), ("berth-cluster", name)]);
    }
    let cluster: ObservedCluster = read::cluster(&model, "p");
    Standing { cluster, id: id.to_owned() }
}

/// What a Service of type LoadBalancer has, for the nodes with this tag.
fn balancer(tag: &str, name: &str) -> Vec<Row> {
    let said = json!({"kubernetes.io/service-name": "default/web"}).to_string();
    vec![
        row(&format!("global/firewalls/k8s-fw-{name}"), json!({"targetTags": [tag], "description": said})),
        row("global/firewalls/k8s-77aa-node-http-hc", json!({"targetTags": [tag]})),
        row("global/httpHealthChecks/k8s-77aa-node", json!({})),
        row(
            &format!("regions/us-central1/forwardingRules/{name}"),
            json!({"description": said, "target": format!("{BASE}/regions/us-central1/targetPools/{name}")}),
        ),
        row(
            &format!("regions/us-central1/targetPools/{name}"),
            json!({"description": said, "healthChecks": [format!("{BASE}/global/httpHealthChecks/k8s-77aa-node")]}),
        ),
    ]
}

/// Each finding as `name: cluster, what it hangs on`.
fn told(seen: &Seen) -> Vec<String> {
    let found = leftovers("p", seen);
    let mut told: Vec<String> = found
        .iter()
        .map(|thing| match &thing.claim {
            Claim::Mark => format!("{} {}: {} by its mark", thing.kind, thing.name, thing.cluster),
            Claim::MadeFor { anchor, .. } if anchor.is_empty() => {
                format!("{} {}: {} unproven", thing.kind, thing.name, thing.cluster)
            }
            Claim::MadeFor { anchor, .. } => format!("{} {}: {} by {anchor}", thing.kind, thing.name, thing.cluster),
        })
        .collect();
    told.sort();
    told
}

#[test]
fn the_parts_of_a_service_hang_on_the_tag_of_its_clusters_nodes() {
    let mut rows = balancer("gke-c-0a1b2c3d-node", "a1");
    // Alike in everything but the tag: another cluster of that name, in another project's hands.
    rows.extend(balancer("gke-c-99999999-node", "a2").into_iter().filter(|row| row.name.contains("a2")));
    // A firewall rule of a person's for the same nodes.
    rows.push(row("global/firewalls/allow-debug", json!({"targetTags": ["gke-c-0a1b2c3d-node"]})));
    // The name fits, and nothing says that Kubernetes made it.
    rows.push(row("regions/europe-west1/targetPools/a1", json!({"description": "kubernetes.io/"})));
    let seen = Seen { rows, standing: vec![cluster("c", "0a1b2c3d4e5f", true)] };
    assert_eq!(
        told(&seen),
        [
            "cluster c: c by its mark",
            "firewall rule k8s-77aa-node-http-hc: c by c",
            "firewall rule k8s-fw-a1: c by c",
            "forwarding rule a1: c by c",
            "health check k8s-77aa-node: c by c",
            "target pool a1: c by c",
        ]
    );
    let pool = leftovers("p", &seen).into_iter().find(|thing| thing.kind == LeftoverKind::TargetPool).unwrap();
    let words = "firewall rule k8s-fw-a1 names it, and lets traffic in to the nodes of cluster c, which is berth's";
    assert_eq!(pool.why(), words);
}

#[test]
fn parts_of_inner_balancers_of_both_kinds_are_named_by_their_firewall_rules() {
    let said = json!({"kubernetes.io/service-name": "default/web"}).to_string();
    let tags = json!({"targetTags": ["gke-c-0a1b2c3d-node"], "description": said});
    let told_of = json!({"description": said});
    let rows = vec![
        row("global/firewalls/k8s-fw-a1", tags.clone()),
        row("global/firewalls/a1-hc", tags.clone()),
        row("regions/us-central1/forwardingRules/a1", told_of.clone()),
        row("regions/us-central1/backendServices/a1", told_of.clone()),
        row("global/healthChecks/a1", told_of.clone()),
        row("global/firewalls/k8s2-77aabbcc-default-web-x", tags.clone()),
        row("global/firewalls/k8s2-77aabbcc-l4-shared-hc-fw", tags),
        row("regions/us-central1/forwardingRules/k8s2-77aabbcc-default-web-x", json!({})),
        row("regions/us-central1/backendServices/k8s2-77aabbcc-default-web-x", json!({})),
        row("zones/us-central1-a/networkEndpointGroups/k8s2-77aabbcc-default-web-x", json!({})),
        row("global/healthChecks/k8s2-77aabbcc-l4-shared-hc", json!({})),
        row("global/healthChecks/a2", told_of),
    ];
    let seen = Seen { rows, standing: vec![cluster("c", "0a1b2c3d4e5f", true)] };
    let told = told(&seen);
    assert_eq!(told.len(), 12, "{told:#?}");
    assert!(!told.iter().any(|line| line.contains("a2")), "{told:#?}");
}

#[test]
fn a_chain_of_an_ingress_is_followed_from_its_endpoint_groups_up() {
    let link = |path: &str| format!("{BASE}/{path}");
    let rows = vec![
        row("global/firewalls/k8s-fw-l7--77aabbccddeeff00", json!({"targetTags": ["gke-c-0a1b2c3d-node"]})),
        row("zones/us-central1-a/networkEndpointGroups/k8s1-77aabbcc-default-web-80-1", json!({})),
        row(
            "global/backendServices/k8s1-77aabbcc-default-web-80-1",
            json!({
                "healthChecks": [link("global/healthChecks/k8s1-77aabbcc-default-web-80-1")],
                "backends": [{"group": link("zones/us-central1-a/networkEndpointGroups/k8s1-77aabbcc-default-web-80-1")}],
            }),
        ),
        row("global/healthChecks/k8s1-77aabbcc-default-web-80-1", json!({})),
        row(
            "global/urlMaps/k8s2-um-x",
            json!({"defaultService": link("global/backendServices/k8s1-77aabbcc-default-web-80-1")}),
        ),
        // It leads elsewhere too: not for this cluster alone.
        row(
            "global/urlMaps/k8s2-um-mixed",
            json!({
                "defaultService": link("global/backendServices/k8s1-77aabbcc-default-web-80-1"),
                "other": link("global/backendServices/by-hand"),
            }),
        ),
        row("global/backendServices/by-hand", json!({})),
        row("global/targetHttpProxies/k8s2-tp-x", json!({"urlMap": link("global/urlMaps/k8s2-um-x")})),
        row("global/forwardingRules/k8s2-fr-x", json!({"target": link("global/targetHttpProxies/k8s2-tp-x")})),
    ];
    let seen = Seen { rows, standing: vec![cluster("c", "0a1b2c3d4e5f", true)] };
    let told = told(&seen);
    assert_eq!(told.len(), 8, "{told:#?}");
    assert!(!told.iter().any(|line| line.contains("mixed") || line.contains("by-hand")), "{told:#?}");
    assert!(told.contains(&"forwarding rule k8s2-fr-x: c by c".to_owned()));
}

#[test]
fn what_nothing_proves_any_more_is_told_of_and_stays() {
    let mut rows = balancer("gke-c-0a1b2c3d-node", "a1");
    let marked =
        json!({"labels": {"managed-by": "berth", "berth-cluster": "c"}, "creationTimestamp": "2026-11-21T11:00:00Z"});
    rows.push(row("zones/us-central1-a/disks/pvc-1", marked));
    let seen = Seen { rows, standing: Vec::new() };
    let told = told(&seen);
    assert_eq!(told.iter().filter(|line| line.ends_with("unproven")).count(), 5, "{told:#?}");
    let inventory = Inventory { found: leftovers("p", &seen), unread: Vec::new() };
    let plan = decide(&inventory, &GcRules::at("2026-11-21T20:00:00Z".parse().unwrap()));
    assert_eq!(plan.unproven.len(), 5);
    assert_eq!(plan.doomed.iter().map(|gone| gone.things.len()).collect::<Vec<_>>(), [1]);
    // A cluster of another's that has the name now is what the tag is of: nothing to tell.
    let seen = Seen { standing: vec![cluster("c", "0a1b2c3d4e5f", false)], ..seen };
    assert_eq!(leftovers("p", &seen).len(), 1);
}

/// What a run leaves before it deletes cluster `c`.
fn reminder() -> Row {
    let labels = [("managed-by", "berth"), ("berth-cluster", "c"), ("goog-other", "x")];
    let labels = labels.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    let going = crate::reminder::Going {
        labels: &labels,
        location: "us-central1",
        tag: "gke-c-0a1b2c3d-node".to_owned(),
        made: Some("2026-11-21T10:00:00Z".parse().unwrap()),
    };
    let mut body = crate::reminder::body("berth-reminder-1", &going);
    body["creationTimestamp"] = json!("2026-11-21T12:00:00Z");
    row("global/healthChecks/berth-reminder-1", body)
}

#[test]
fn a_reminder_proves_what_a_cluster_left_at_every_moment_until_all_is_gone() {
    let claimed = |name: &str, made: &str| {
        let labels =
            json!({"goog-k8s-cluster-name": "c", "goog-k8s-cluster-location": "us-central1", "goog-gke-volume": ""});
        row(&format!("zones/us-central1-a/disks/{name}"), json!({"labels": labels, "creationTimestamp": made}))
    };
    let mut rows = balancer("gke-c-0a1b2c3d-node", "a1");
    rows.extend([reminder(), claimed("pvc-1", "2026-11-21T11:00:00Z")]);
    let strangers = [claimed("pvc-0", "2026-11-21T09:00:00Z"), claimed("pvc-2", "2026-11-21T13:00:00Z")];
    rows.extend(strangers);
    rows.extend(balancer("gke-c-99999999-node", "a2").into_iter().filter(|row| row.name.contains("a2")));
    let rules = GcRules::at("2026-11-21T20:00:00Z".parse().unwrap());
    let mut gone = 0;
    loop {
        let found = leftovers("p", &Seen { rows: rows.clone(), standing: Vec::new() });
        let doomed = decide(&Inventory { found, unread: Vec::new() }, &rules).doomed;
        let Some(environment) = doomed.first() else { break };
        assert_eq!((doomed.len(), environment.things.len()), (1, 7 - gone), "{doomed:#?}");
        // Only the first step is carried out, then the run is killed.
        let plan = berth_core::gc::plan(environment, &berth_core::observed::Observed::default()).unwrap();
        let step = plan.steps.iter().find(|step| step.after.is_empty()).unwrap();
        let berth_core::actions::Action::Gke(GkeAction::DeleteLeftover(thing)) = &step.action else {
            panic!("{step:?}")
        };
        rows.retain(|row| row.id != thing.path);
        gone += 1;
    }
    assert_eq!(gone, 7);
    // Those of another cluster of that name, before, after or beside it.
    let mut left: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    left.sort_unstable();
    assert_eq!(left, ["a2", "a2", "k8s-fw-a2", "pvc-0", "pvc-2"]);
}

#[test]
fn the_text_of_a_reminder_has_room_for_the_longest_lease() {
    let labels = (0..8).map(|number| (format!("berth-run-{number}"), "x".repeat(63))).collect();
    let going = crate::reminder::Going { labels: &labels, location: "us-central1-a", tag: "t".repeat(63), made: None };
    let body = crate::reminder::body("berth-reminder-1", &going);
    assert!(body["description"].as_str().unwrap().len() < 2048);
}

#[test]
fn a_marked_forwarding_rule_and_a_marked_machine_are_anchors_too() {
    let mut rows = balancer("gke-c-0a1b2c3d-node", "a1");
    rows.retain(|row| row.kind != Some(LeftoverKind::Firewall));
    rows[1].labels = [("managed-by", "berth"), ("berth-cluster", "c")]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    assert_eq!(
        told(&Seen { rows, standing: Vec::new() }),
        [
            "forwarding rule a1: c by its mark",
            "health check k8s-77aa-node: c by projects/p/regions/us-central1/forwardingRules/a1",
            "target pool a1: c by projects/p/regions/us-central1/forwardingRules/a1",
        ]
    );
    let mut rows = balancer("gke-c-0a1b2c3d-node", "a1");
    rows.push(row(
        "zones/us-central1-a/instances/gke-c-cpu-1",
        json!({"labels": {"managed-by": "berth", "berth-cluster": "c"}, "tags": {"items": ["gke-c-0a1b2c3d-node", "gke-other-node"]}}),
    ));
    let told = told(&Seen { rows, standing: Vec::new() });
    let anchor = "by projects/p/zones/us-central1-a/instances/gke-c-cpu-1";
    assert_eq!(told.iter().filter(|line| line.ends_with(anchor)).count(), 5, "{told:#?}");
}

#[test]
fn disks_are_ours_by_mark_or_by_a_cluster_that_stood_when_they_were_made() {
    let claimed = |path: &str, made: &str, owner: Value| {
        let mut labels =
            json!({"goog-gke-volume": "", "goog-k8s-cluster-name": "c", "goog-k8s-cluster-location": "us-central1"});
        if owner.is_string() {
            labels["managed-by"] = owner;
        }
        row(
            path,
            json!({"labels": labels, "creationTimestamp": made, "sizeGb": "20", "type": format!("{BASE}/zones/us-central1-a/diskTypes/pd-ssd")}),
        )
    };
    let rows = vec![
        claimed("zones/us-central1-a/disks/pvc-marked", "2026-11-21T11:00:00Z", json!("berth")),
        claimed("zones/us-central1-a/disks/pvc-fresh", "2026-11-21T11:00:00Z", Value::Null),
        claimed("zones/us-central1-a/disks/pvc-before", "2026-11-20T11:00:00Z", Value::Null),
        claimed("zones/us-central1-a/disks/pvc-anothers", "2026-11-21T11:00:00Z", json!("terraform")),
        row("zones/us-central1-a/disks/gke-c-cpu-1", json!({"labels": {"managed-by": "berth", "berth-cluster": "c"}})),
        row(
            "zones/us-central1-a/instances/gke-c-cpu-1",
            json!({"labels": {"managed-by": "berth", "berth-cluster": "c"}, "machineType": format!("{BASE}/x/machineTypes/n2-standard-4")}),
        ),
    ];
    let mut seen = Seen { rows, standing: vec![cluster("c", "0a1b2c3d4e5f", true)] };
    assert_eq!(
        told(&seen),
        ["cluster c: c by its mark", "disk pvc-fresh: c by c", "disk pvc-marked: c by its mark"],
        "machines and their boot disks go with the cluster"
    );
    let found = leftovers("p", &seen);
    let disk = found.iter().find(|thing| thing.name == "pvc-marked").unwrap();
    assert_eq!(disk.size, Some(LeftoverSize::Disk { kind: "pd-ssd".to_owned(), gigabytes: 20 }));
    let Some(LeftoverSize::Machines(machines)) = &found[0].size else { panic!("the cluster runs a machine") };
    assert_eq!((machines[0].machine_type.as_str(), machines[0].count), ("n2-standard-4", 1));
    seen.standing.clear();
    let left = told(&seen);
    assert_eq!(left.len(), 5, "{left:#?}");
    assert!(left.contains(&"machine gke-c-cpu-1: c by its mark".to_owned()));
    assert!(left.contains(&"disk pvc-before: c unproven".to_owned()));
}
