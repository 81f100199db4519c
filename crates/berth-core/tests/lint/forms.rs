//! Files in every form: several documents, JSON, several files, and things that are no manifests.

use berth_core::lint::{self, ManifestFile};

use crate::files::{cluster, lines};

fn lint(files: &[(&str, &str)]) -> String {
    let files: Vec<ManifestFile> =
        files.iter().map(|(path, text)| ManifestFile { path: (*path).to_owned(), text: (*text).to_owned() }).collect();
    lines(&lint::check(&cluster("gke"), &files))
}

/// The places alone.
fn places(text: &str) -> Vec<String> {
    text.lines().map(|line| line.split(": ").next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn json_has_lines_and_columns_too() {
    let pretty = "{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"Pod\",\n\t\"metadata\": {\"name\": \"a\"},\n\t\"spec\": {\n\t\t\"priorityClassName\": \"gone\",\n\t\t\"containers\": []\n\t}\n}\n";
    assert_eq!(places(&lint(&[("a.json", pretty)])), ["a.json:6:24"]);
    let one = "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"NAME\"},\"spec\":{\"priorityClassName\":\"gone\"}}";
    let (a, b) = (one.replace("NAME", "a"), one.replace("NAME", "b"));
    assert_eq!(places(&lint(&[("a.json", &format!("{a}\n  {b}\n"))])), ["a.json:1:85", "a.json:2:87"]);
    let column_of_b = 85 + a.len();
    assert_eq!(
        places(&lint(&[("a.json", &format!("{a}{b}"))])),
        ["a.json:1:85".to_owned(), format!("a.json:1:{column_of_b}")]
    );
}

#[test]
fn documents_are_counted_from_the_start_of_the_file() {
    let pod = |name: &str| {
        format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec: {{priorityClassName: gone}}\n")
    };
    let text = format!("# a comment\n---\n{}--- # with words\n{}---\n\n---\n{}", pod("a"), pod("b"), pod("c"));
    assert_eq!(places(&lint(&[("a.yaml", &text)])), ["a.yaml:6:27", "a.yaml:11:27", "a.yaml:18:27"]);
    let crlf = text.replace('\n', "\r\n");
    assert_eq!(places(&lint(&[("a.yaml", &crlf)])), ["a.yaml:6:27", "a.yaml:11:27", "a.yaml:18:27"]);
}

#[test]
fn a_marker_inside_a_block_begins_no_document() {
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  x: |\n    ---\n    apiVersion: v1\n";
    assert_eq!(lint(&[("a.yaml", text)]), "");
}

#[test]
fn files_are_taken_together() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: film}\nspec: {priorityClassName: gone}\n";
    let rest = "apiVersion: v1\nkind: Namespace\nmetadata: {name: film}\n---\napiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: gone}\nvalue: 1\n";
    assert_eq!(places(&lint(&[("a.yaml", pod)])), ["a.yaml:3:32", "a.yaml:4:27"]);
    assert_eq!(lint(&[("a.yaml", pod), ("b.yaml", rest)]), "");
}

#[test]
fn what_berth_renders_for_services_is_not_spoken_of() {
    let rendered = berth_core::manifests::quotas::render(&cluster("gke-services")).expect("quotas");
    let text: String = rendered.objects.iter().map(|object| format!("---\n{object}\n")).collect();
    assert!(rendered.objects.len() > 4);
    assert_eq!(lint(&[("rendered.yaml", &text)]), "");
}

#[test]
fn nothing_and_nonsense_do_no_harm() {
    assert_eq!(lint(&[]), "");
    assert_eq!(lint(&[("a.yaml", ""), ("b.yaml", "---\n---\n"), ("c.yaml", "\u{feff}# only words\n")]), "");
    for nonsense in [
        "{",
        "[",
        "a: b: c",
        "%",
        "---",
        "kind: Pod\napiVersion: v1\nmetadata: {name: a}\nspec: [1]\n",
        "\u{0}",
        "a:\n\t- b",
    ] {
        let said = lint(&[("a.yaml", nonsense)]);
        assert!(said.lines().all(|line| line.starts_with("a.yaml:1:") || line.starts_with("a.yaml:2:")), "{said}");
    }
    let odd = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers: 4\n  nodeSelector: [a]\n  tolerations: {a: b}\n  volumes: {a: 1}\n";
    assert_eq!(lint(&[("a.yaml", odd)]), "");
}

#[test]
fn findings_name_no_secret_and_no_control_characters() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: \"a\\e[31m\"}\nspec:\n  priorityClassName: \"b\\e[0m\"\n  containers:\n  - {name: a, env: [{name: PASSWORD, value: hunter2}]}\n";
    let said = lint(&[("a.yaml", text)]);
    assert_eq!(said.lines().count(), 2, "{said}");
    assert!(!said.contains("hunter2") && !said.contains('\u{1b}'), "{said}");
}
