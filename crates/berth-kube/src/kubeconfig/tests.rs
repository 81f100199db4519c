use super::*;

/// A kubeconfig as people have them: an odd order, unknown fields, texts that look like numbers.
const THEIRS: &str = r#"apiVersion: v1
kind: Config
preferences: {colors: true}
current-context: work
x-own-field: {keep: [1, 2.5, yes please]}
clusters:
- name: work
  cluster: {server: "https://10.0.0.1", insecure-skip-tls-verify: true, proxy-url: "http://proxy:3128"}
contexts:
- name: work
  context: {cluster: work, user: me, namespace: "123"}
users:
- name: me
  user: {token: "0123", username: "null"}
"#;

fn entry(cluster: &str) -> Entry {
    Entry {
        context: context_name(cluster),
        access: ClusterAccess { server: "https://34.1.2.3".to_owned(), ca_pem: Some("PEM\n".to_owned()) },
        command: "/usr/local/bin/berth".to_owned(),
        args: ["token", "--provider", "gke", "--cluster", cluster].map(ToOwned::to_owned).into(),
    }
}

fn value(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

#[test]
fn an_own_kubeconfig() {
    insta::assert_snapshot!(alone(&entry("dubbing")).unwrap(), @r"
    apiVersion: v1
    clusters:
    - cluster:
        certificate-authority-data: UEVNCg==
        server: https://34.1.2.3
      name: berth_dubbing
    contexts:
    - context:
        cluster: berth_dubbing
        user: berth_dubbing
      name: berth_dubbing
    current-context: berth_dubbing
    kind: Config
    users:
    - name: berth_dubbing
      user:
        exec:
          apiVersion: client.authentication.k8s.io/v1
          args:
          - token
          - --provider
          - gke
          - --cluster
          - dubbing
          command: /usr/local/bin/berth
          installHint: berth made this entry; install berth, or write it again with `berth kubeconfig`
          interactiveMode: Never
          provideClusterInfo: false
    ");
}

#[test]
fn a_public_authority_needs_no_ca() {
    let mut entry = entry("dubbing");
    entry.access.ca_pem = None;
    assert!(!alone(&entry).unwrap().contains("certificate-authority"));
}

#[test]
fn merging_keeps_what_is_there() {
    insta::assert_snapshot!(merge(THEIRS, &entry("dubbing")).unwrap(), @r#"
    apiVersion: v1
    clusters:
    - cluster:
        insecure-skip-tls-verify: true
        proxy-url: http://proxy:3128
        server: https://10.0.0.1
      name: work
    - cluster:
        certificate-authority-data: UEVNCg==
        server: https://34.1.2.3
      name: berth_dubbing
    contexts:
    - context:
        cluster: work
        namespace: "123"
        user: me
      name: work
    - context:
        cluster: berth_dubbing
        extensions:
        - extension:
            previous-context: work
          name: berth
        user: berth_dubbing
      name: berth_dubbing
    current-context: berth_dubbing
    kind: Config
    preferences:
      colors: true
    users:
    - name: me
      user:
        token: "0123"
        username: "null"
    - name: berth_dubbing
      user:
        exec:
          apiVersion: client.authentication.k8s.io/v1
          args:
          - token
          - --provider
          - gke
          - --cluster
          - dubbing
          command: /usr/local/bin/berth
          installHint: berth made this entry; install berth, or write it again with `berth kubeconfig`
          interactiveMode: Never
          provideClusterInfo: false
    x-own-field:
      keep:
      - 1
      - 2.5
      - yes please
    "#);
}

#[test]
fn removing_after_merging_gives_what_was_there() {
    let merged = merge(THEIRS, &entry("dubbing")).unwrap();
    let removed = remove(&merged, "berth_dubbing").unwrap().unwrap();
    assert_eq!(value(&removed), value(THEIRS));
}

#[test]
fn merging_twice_is_merging_once() {
    let once = merge(THEIRS, &entry("dubbing")).unwrap();
    assert_eq!(merge(&once, &entry("dubbing")).unwrap(), once);
}

#[test]
fn what_people_set_in_our_context_survives_a_second_merge() {
    let merged = merge(THEIRS, &entry("dubbing")).unwrap();
    let mut config = value(&merged);
    let context = &mut config["contexts"][1]["context"];
    context["namespace"] = json!("stt");
    context["extensions"].as_array_mut().unwrap().push(json!({"name": "theirs", "extension": {"a": 1}}));
    let mut moved = entry("dubbing");
    moved.access.server = "https://34.9.9.9".to_owned();
    let again = value(&merge(&serde_saphyr::to_string(&config).unwrap(), &moved).unwrap());
    assert_eq!(again["clusters"][1]["cluster"]["server"], "https://34.9.9.9");
    assert_eq!(again["contexts"][1]["context"]["namespace"], "stt");
    let names: Vec<_> = again["contexts"][1]["context"]["extensions"].as_array().unwrap().iter().map(name_of).collect();
    assert_eq!(names, [Some("theirs"), Some("berth")]);
    assert_eq!(previous_of(&again["contexts"][1]).as_deref(), Some("work"));
}

#[test]
fn a_context_chosen_since_stays_current() {
    let merged = merge(THEIRS, &entry("dubbing")).unwrap();
    let moved = merged.replace("current-context: berth_dubbing", "current-context: other");
    assert_ne!(moved, merged);
    let removed = remove(&moved, "berth_dubbing").unwrap().unwrap();
    assert_eq!(value(&removed)["current-context"], "other");
}

#[test]
fn two_of_ours_removed_in_either_order_return_to_theirs() {
    let both = merge(&merge(THEIRS, &entry("a")).unwrap(), &entry("b")).unwrap();
    for order in [["berth_a", "berth_b"], ["berth_b", "berth_a"]] {
        let removed = order.iter().fold(both.clone(), |text, name| remove(&text, name).unwrap().unwrap());
        assert_eq!(value(&removed), value(THEIRS), "{order:?}");
    }
}

#[test]
fn without_a_context_before_none_is_current_after() {
    let removed = remove(&alone(&entry("a")).unwrap(), "berth_a").unwrap().unwrap();
    assert_eq!(value(&removed)["current-context"], "");
}

#[test]
fn removing_what_is_not_there_changes_nothing() {
    assert_eq!(remove(THEIRS, "berth_dubbing").unwrap(), None);
    assert_eq!(remove("", "berth_dubbing").unwrap(), None);
}

#[test]
fn lists_that_are_null_are_empty() {
    let text = "apiVersion: v1\nclusters: null\ncontexts: null\nusers: null\ncurrent-context: \"\"\n";
    assert_eq!(value(&merge(text, &entry("a")).unwrap())["clusters"][0]["name"], "berth_a");
}

#[test]
fn what_is_no_kubeconfig_is_refused() {
    for (text, why) in [
        ("- a\n", "the top level is not a mapping"),
        ("contexts: {a: b}\n", "contexts is not a list"),
        ("current-context: [a]\n", "current-context is not a text"),
        ("a: [\n", "not valid YAML"),
        ("a: 1\na: 2\n", "not valid YAML"),
        ("a: 1\n---\nb: 2\n", "not valid YAML"),
    ] {
        assert_eq!(merge(text, &entry("a")).unwrap_err().to_string(), why, "{text}");
        assert_eq!(remove(text, "berth_a").unwrap_err().to_string(), why, "{text}");
    }
}
