//! The pairs of manifests in the folder.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use berth_core::lint::{self, Finding, ManifestFile};
use berth_core::spec::{self, ClusterSpec, Source};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lint")
}

fn read(path: &str) -> String {
    fs::read_to_string(folder().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A cluster of the folder `clusters/`.
pub(crate) fn cluster(name: &str) -> ClusterSpec {
    let file = format!("clusters/{name}.yaml");
    let read_beside = |path: &str| fs::read_to_string(folder().join(path)).map_err(|error| error.to_string());
    match spec::check(&Source { file: &file, text: &read(&file), provider: None, read: &read_beside }) {
        Ok(checked) => checked.spec,
        Err(problems) => panic!("{}", problems.iter().map(|problem| format!("{problem}\n")).collect::<String>()),
    }
}

fn manifests(end: &str) -> Vec<String> {
    let entries = fs::read_dir(folder().join("manifests")).expect("the folder is there");
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a UTF-8 name"));
    let mut names: Vec<String> = names.filter(|name| name.ends_with(end)).collect();
    names.sort();
    names
}

pub(crate) fn lines(findings: &[Finding]) -> String {
    findings.iter().map(|finding| format!("{finding}\n")).collect()
}

fn lint(name: &str) -> (String, Vec<Finding>) {
    let text = read(&format!("manifests/{name}"));
    let first = text.lines().next().unwrap_or_default();
    let named = first.strip_prefix("# cluster: ").unwrap_or_else(|| panic!("{name} names no cluster"));
    let file = ManifestFile { path: name.to_owned(), text: text.clone() };
    (text.clone(), lint::check(&cluster(named), &[file]))
}

/// The lines of a text that are marked, each with its rules.
fn marked(text: &str) -> Vec<(usize, String)> {
    let lines = text.lines().enumerate();
    let marked = lines.filter_map(|(index, line)| Some((index + 1, line.split_once("# <- ")?.1)));
    marked.flat_map(|(line, rules)| rules.split(", ").map(move |rule| (line, rule.to_owned()))).collect()
}

#[test]
fn bad_manifests_are_told_at_exactly_their_lines() {
    let mut snapshots = insta::Settings::clone_current();
    snapshots.set_snapshot_path("manifests");
    snapshots.set_prepend_module_to_snapshot(false);
    snapshots.set_omit_expression(true);
    let mut seen = BTreeSet::new();
    let mut wrong = String::new();
    for name in manifests(".bad.yaml") {
        let (text, findings) = lint(&name);
        let mut found: Vec<(usize, String)> =
            findings.iter().map(|finding| (finding.line, finding.rule.to_owned())).collect();
        let mut wanted = marked(&text);
        found.sort();
        wanted.sort();
        if found != wanted {
            wrong.push_str(&format!("{name} marks {wanted:?}, and found is\n{}", lines(&findings)));
        }
        assert!(findings.is_sorted(), "{name}");
        seen.extend(findings.iter().map(|finding| finding.rule));
        snapshots.bind(|| insta::assert_snapshot!(name.trim_end_matches(".yaml"), lines(&findings)));
    }
    assert_eq!(wrong, "");
    assert_eq!(seen, lint::RULES.into_iter().collect(), "every rule has a bad manifest");
}

#[test]
fn their_good_twins_are_not_spoken_of() {
    let good = manifests(".good.yaml");
    let twins: Vec<String> = manifests(".bad.yaml").iter().map(|name| name.replace(".bad.", ".good.")).collect();
    assert_eq!(good, twins);
    let said: String = good.iter().map(|name| lines(&lint(name).1)).collect();
    assert_eq!(said, "");
}

#[test]
fn the_readme_names_every_rule() {
    let readme = read("../../../../README.md");
    let (_, after) = readme.split_once("## What lint finds").expect("the chapter is there");
    let chapter = after.split("\n## ").next().expect("its text");
    let named: BTreeSet<&str> = chapter.split('`').skip(1).step_by(2).collect();
    for rule in lint::RULES {
        assert!(named.contains(rule), "{rule}");
    }
}
