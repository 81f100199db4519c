use insta::assert_snapshot;

use super::*;
use crate::manifests::waves::waves;

fn lease() -> Lease {
    let end: Timestamp = "2026-11-21T16:30:00Z".parse().expect("a time");
    let id = LeaseId::new("pr-123").expect("an id");
    Lease::new(id, "acme/App", Some("https://ci/7"), end).expect("a lease")
}

const LIMITS: NamespaceLimits = NamespaceLimits { cpu_millis: 8500, memory_mib: 512, pods: 20, gpus: 2 };

/// Rules of the account as lines `group/resource: verbs`.
fn rights() -> Vec<(String, String, Vec<String>)> {
    let all = objects(&lease(), LIMITS, &[GPU_RESOURCE]);
    let role = all.iter().find(|object| object["kind"] == "Role").expect("a role");
    let words = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(|word| word.as_str().map(str::to_owned)).collect()
    };
    let rules = role["rules"].as_array().expect("rules").iter();
    let each = rules.flat_map(|rule| {
        let (group, verbs) = (words(&rule["apiGroups"]).concat(), words(&rule["verbs"]));
        words(&rule["resources"]).into_iter().map(move |resource| (group.clone(), resource, verbs.clone()))
    });
    each.collect()
}

#[test]
fn the_objects_of_a_leased_namespace() {
    let objects = objects(&lease(), LIMITS, &[GPU_RESOURCE]);
    let text: Vec<String> = objects.iter().map(|object| serde_json::to_string_pretty(object).expect("json")).collect();
    assert_snapshot!(text.join("\n---\n"));
}

#[test]
fn the_namespace_bears_the_lease_and_gives_it_back() {
    let object = namespace(&lease());
    assert_eq!(read(&object), Some(Ok(lease())));
    let broken = |change: &dyn Fn(&mut Value)| {
        let mut object = object.clone();
        change(&mut object);
        read(&object)
    };
    assert_eq!(broken(&|object| object["metadata"]["labels"][OWNER_KEY] = json!("other")), None);
    assert_eq!(broken(&|object| object["metadata"]["labels"] = json!({})), None);
    let copied = broken(&|object| object["metadata"]["name"] = json!("production"));
    assert!(matches!(copied, Some(Err(LeaseError::Unreadable { .. }))), "{copied:?}");
    let endless = broken(&|object| object["metadata"]["annotations"][EXPIRES_ANNOTATION] = json!("never"));
    assert!(matches!(endless, Some(Err(LeaseError::Unreadable { .. }))), "{endless:?}");
    let nobodys =
        broken(&|object| object["metadata"]["annotations"] = json!({EXPIRES_ANNOTATION: "2026-11-21T16:30:00Z"}));
    assert_eq!(nobodys, Some(Err(LeaseError::Missing { key: OWNER_ANNOTATION })));
}

#[test]
fn the_account_changes_neither_its_limits_nor_its_fence_nor_its_rights() {
    let reads = ["get", "list", "watch"];
    for (group, resource, verbs) in rights() {
        let is_fence =
            ["resourcequotas", "limitranges", "networkpolicies", "namespaces", "endpoints", "endpointslices"];
        if is_fence.contains(&resource.as_str()) {
            assert!(verbs.iter().all(|verb| reads.contains(&verb.as_str())), "{group}/{resource}: {verbs:?}");
        }
        for verb in ["escalate", "bind", "impersonate", "*"] {
            assert!(!verbs.iter().any(|known| known == verb), "{group}/{resource}: {verbs:?}");
        }
        assert!(
            group != "*" && !resource.starts_with('*') && resource != "serviceaccounts/token",
            "{group}/{resource}"
        );
    }
    let can = |group: &str, resource: &str, verb: &str| {
        rights().iter().any(|(g, r, verbs)| g == group && r == resource && verbs.iter().any(|known| known == verb))
    };
    for (group, resource) in [("", "pods"), ("", "secrets"), ("apps", "deployments"), ("batch", "jobs")] {
        assert!(can(group, resource, "create") && can(group, resource, "deletecollection"), "{group}/{resource}");
    }
    assert!(can("", "pods/log", "get") && can("", "pods/exec", "create"));
}

#[test]
fn all_but_the_namespace_stand_in_it_and_are_applied_after_it() {
    let objects = objects(&lease(), LIMITS, &[GPU_RESOURCE]);
    assert!(objects[1..].iter().all(|object| object["metadata"]["namespace"] == "berth-pr-123"));
    let manifests: Vec<_> = objects.into_iter().map(crate::actions::kube::Manifest::new).collect();
    let first = &waves(&manifests)[0];
    assert!(first.objects.iter().all(|manifest| manifest.kind() == "Namespace"), "{:?}", first.objects);
}

#[test]
fn gpus_are_limited_under_each_name_they_have_and_closed_under_others() {
    let hard = |resources: &[&str]| objects(&lease(), LIMITS, resources)[1]["spec"]["hard"].clone();
    let shared = hard(&[SHARED_GPU_RESOURCE]);
    assert_eq!(shared["requests.nvidia.com/gpu.shared"], "2");
    assert_eq!(shared["requests.nvidia.com/gpu"], "0");
    assert_eq!(hard(&[GPU_RESOURCE])["requests.nvidia.com/gpu"], "2");
}
