//! What clusters leave in Compute Engine, and how it is listed and deleted.

use serde_json::{Value, json};

use super::script::{Script, ZONE, cluster, plain_pool};
use crate::world::Plant;

const ID: &str = "projects/p/locations/us-central1-a/clusters/c";
const P: &str = "/compute/v1/projects/p";

fn running() -> Script {
    let mut script = Script::new();
    let mut wanted = cluster("c", &[plain_pool("cpu", 1)]);
    wanted["cluster"]["resourceLabels"] = json!({"managed-by": "berth", "berth-cluster": "c"});
    script.call("POST", &format!("{ZONE}/clusters"), wanted);
    script.at(700);
    script
}

impl Script {
    fn put_object(&mut self, resource: &str, name: &str, spec: Value) -> &mut Script {
        let now = self.now();
        let uid = self.world.clusters[ID].uid.clone();
        let object = json!({"metadata": {"name": name, "namespace": "default", "uid": "0-1-2"}, "spec": spec});
        self.world.clusters.get_mut(ID).unwrap().kube.put(now, resource, Some("default"), object);
        self.world.kube_changed(&uid, now);
        self
    }

    fn plant(&mut self, plant: Value) -> &mut Script {
        let plant: Plant = serde_json::from_value(plant).unwrap();
        assert_eq!(plant.slip(), None);
        let now = self.now();
        self.world.plant(plant, now);
        self
    }

    /// The names in a list over all scopes, page by page.
    fn listed(&mut self, plural: &str, query: &str) -> Vec<String> {
        let (mut names, mut token) = (Vec::new(), String::new());
        loop {
            let (status, page, _) =
                self.call("GET", &format!("{P}/aggregated/{plural}?{query}&pageToken={token}"), Value::Null);
            assert_eq!(status, 200, "{page}");
            for scope in page["items"].as_object().unwrap().values() {
                let here = scope[plural].as_array().into_iter().flatten();
                names.extend(here.map(|one| one["name"].as_str().unwrap().to_owned()));
            }
            match page["nextPageToken"].as_str() {
                Some(next) => next.clone_into(&mut token),
                None => return names,
            }
        }
    }

    fn left(&self) -> Vec<String> {
        let all = self.world.leftovers();
        all.iter().map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn a_balanced_service_leaves_its_parts_when_the_cluster_goes_first() {
    let mut script = running();
    script.put_object("services", "web", json!({"type": "LoadBalancer", "ports": [{"port": 80}]})).at(800);
    let service = script.world.clusters[ID].kube.get("services", Some("default"), "web").unwrap().clone();
    assert!(service["status"]["loadBalancer"]["ingress"][0]["ip"].as_str().unwrap().starts_with("34."), "{service}");
    script.call("DELETE", &format!("/v1/{ID}"), Value::Null);
    script.at(2000);
    assert_eq!(
        script.left(),
        ["firewall", "firewall", "http-health-check", "forwarding-rule", "target-pool"],
        "{:?}",
        script.world.things.keys()
    );
    assert_eq!(script.world.ledger.billed().map(|span| span.name.clone()).collect::<Vec<_>>(), ["a012"]);
}

#[test]
fn an_inner_service_has_a_backend_service_instead_of_a_pool() {
    let mut script = running();
    let now = script.now();
    let uid = script.world.clusters[ID].uid.clone();
    let service = json!({
        "metadata": {"name": "in", "namespace": "default", "uid": "7-8-9", "annotations": {"networking.gke.io/load-balancer-type": "Internal"}},
        "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]},
    });
    script.world.clusters.get_mut(ID).unwrap().kube.put(now, "services", Some("default"), service);
    script.world.kube_changed(&uid, now);
    script.at(800);
    assert_eq!(script.left()[3..], ["firewall", "firewall", "health-check", "backend-service", "forwarding-rule"]);
    let shown = script.world.clusters[ID].kube.get("services", Some("default"), "in").unwrap();
    assert!(shown["status"]["loadBalancer"]["ingress"][0]["ip"].as_str().unwrap().starts_with("10.128."));
}

#[test]
fn a_released_service_takes_its_parts_along() {
    let mut script = running();
    script.put_object("services", "web", json!({"type": "LoadBalancer", "ports": [{"port": 80}]})).at(800);
    assert_eq!(script.world.things.len(), 5);
    // What a user changes keeps the finalizer that the controller waits to take off.
    let now = script.now();
    let mut service =
        json!({"metadata": {"name": "web", "namespace": "default", "uid": "0-1-2"}, "spec": {"type": "ClusterIP"}});
    service["metadata"]["finalizers"] = json!(["service.kubernetes.io/load-balancer-cleanup"]);
    let uid = script.world.clusters[ID].uid.clone();
    script.world.clusters.get_mut(ID).unwrap().kube.put(now, "services", Some("default"), service);
    script.world.kube_changed(&uid, now);
    script.at(1000);
    assert!(script.world.things.is_empty(), "{:?}", script.world.things.keys());
    assert_eq!(
        script.world.clusters[ID].kube.get("services", Some("default"), "web").unwrap()["metadata"]["finalizers"],
        Value::Null
    );
}

#[test]
fn an_ingress_has_a_chain_of_parts() {
    let mut script = running();
    let backend = json!({"service": {"name": "web", "port": {"number": 80}}});
    script.put_object("ingresses", "front", json!({"defaultBackend": backend})).at(800);
    let (_, rules, _) = script.call("GET", &format!("{P}/global/forwardingRules"), Value::Null);
    let rule = &rules["items"][0];
    assert_eq!(rule["kind"], "compute#forwardingRule");
    let mut at = rule["target"].as_str().unwrap().to_owned();
    for next in ["urlMap", "defaultService", "healthChecks"] {
        let (status, part, _) = script.call("GET", at.strip_prefix("http://base").unwrap(), Value::Null);
        assert_eq!(status, 200, "{at}: {part}");
        let link = if next == "healthChecks" { &part[next][0] } else { &part[next] };
        link.as_str().unwrap().clone_into(&mut at);
    }
    assert_eq!(script.listed("networkEndpointGroups", "").len(), 1);
}

#[test]
fn lists_are_paged_and_filtered_and_say_which_scopes_are_empty() {
    let mut script = running();
    for number in 0..7 {
        let labels = if number < 5 { json!({"managed-by": "berth"}) } else { json!({"managed-by": "other"}) };
        let id = format!("projects/p/zones/us-east1-{}/disks/d{number}", if number % 2 == 0 { "b" } else { "c" });
        script.plant(json!({"id": id, "fields": {"sizeGb": "10", "labels": labels}}));
    }
    assert_eq!(script.listed("disks", "maxResults=3").len(), 8, "seven and a boot disk");
    let ours = script.listed("disks", "maxResults=2&filter=labels.managed-by%3Dberth");
    assert_eq!(ours.len(), 6);
    let (_, page, _) = script.call("GET", &format!("{P}/aggregated/disks?filter=name%3Dd1"), Value::Null);
    assert_eq!(page["items"]["zones/us-east1-b"]["warning"]["code"], "NO_RESULTS_ON_PAGE");
    assert_eq!(
        page["items"]["zones/us-east1-c"]["disks"][0]["zone"],
        "http://base/compute/v1/projects/p/zones/us-east1-c"
    );
    let (status, refused, _) = script.call("GET", &format!("{P}/aggregated/disks?filter=name"), Value::Null);
    assert_eq!((status, refused["error"]["errors"][0]["reason"].as_str()), (400, Some("invalid")));
    script.world.missing_zones.insert("us-east1-c".to_owned());
    assert_eq!(script.listed("disks", "filter=name+eq+%22d.*%22").len(), 4);
}

#[test]
fn what_is_in_use_cannot_go_and_what_is_not_is_gone_when_the_operation_ends() {
    let mut script = running();
    let rule = "projects/p/regions/us-east1/forwardingRules/r";
    let pool = "projects/p/regions/us-east1/targetPools/r";
    script.plant(json!({"id": rule, "fields": {"target": format!("https://x/compute/v1/{pool}")}, "billed": true}));
    script.plant(json!({"id": pool}));
    let delete = |script: &mut Script, id: &str| script.call("DELETE", &format!("/compute/v1/{id}"), Value::Null);
    let (status, operation, _) = delete(&mut script, pool);
    assert_eq!((status, operation["status"].as_str()), (200, Some("RUNNING")));
    let name = operation["name"].as_str().unwrap().to_owned();
    assert_eq!(delete(&mut script, pool).1["error"]["errors"][0]["reason"], "resourceNotReady");
    script.at(800);
    let (_, over, _) = script.call("GET", &format!("{P}/regions/us-east1/operations/{name}"), Value::Null);
    assert_eq!(over["error"]["errors"][0]["code"], "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE");
    assert_eq!(
        over["error"]["errors"][0]["message"],
        format!("The target_pool resource '{pool}' is already being used by '{rule}'")
    );
    delete(&mut script, rule);
    script.at(820);
    delete(&mut script, pool);
    script.at(840);
    assert!(script.world.things.is_empty());
    assert_eq!(delete(&mut script, pool).0, 404);
    assert!(!script.world.ledger.billed().any(|span| span.name == "r"));
    let boot = script.world.node_things("disks")[0].0.clone();
    let (status, refused, _) = delete(&mut script, &boot);
    assert_eq!(status, 400);
    assert!(refused["error"]["message"].as_str().unwrap().contains("is already being used by 'projects/p/zones/"));
}
