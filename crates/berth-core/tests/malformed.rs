//! Every file in `malformed/` is refused with exactly these messages, at exactly these places.
//!
//! Beside each `x.yaml` stands `x.snap` with what berth says about it; `malformed/beside/` holds files that others name.

use std::fs;
use std::path::{Path, PathBuf};

use berth_core::spec::{self, Problem, Source};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/malformed")
}

fn read(path: &str) -> Result<String, String> {
    // The error text of the system differs between systems, so it stays out of the snapshots.
    fs::read_to_string(folder().join(path)).map_err(|_| "no such file".to_owned())
}

fn problems(file: &str, text: &str) -> Vec<Problem> {
    match spec::check(&Source { file, text, provider: None, read: &read }) {
        Ok(_) => Vec::new(),
        Err(problems) => problems,
    }
}

#[test]
fn malformed_files_are_refused_with_exact_messages() {
    let entries = fs::read_dir(folder()).expect("the folder is there");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("a readable entry").file_name().into_string().expect("a UTF-8 name"))
        .filter(|name| name.ends_with(".yaml"))
        .collect();
    names.sort();
    assert!(names.len() >= 45, "only {} malformed files", names.len());
    let mut snapshots = insta::Settings::clone_current();
    snapshots.set_snapshot_path("malformed");
    snapshots.set_prepend_module_to_snapshot(false);
    snapshots.set_omit_expression(true);
    for name in names {
        let text = read(&name).expect("a readable file");
        let problems = problems(&name, &text);
        assert!(!problems.is_empty(), "{name} is not refused");
        for problem in &problems {
            let file = &problem.file;
            let lines = read(file).expect("problems name files that exist").lines().count().max(1);
            assert!((1..=lines).contains(&problem.line) && problem.column >= 1, "{problem} points outside of {file}");
        }
        let said: String = problems.iter().map(|problem| format!("{problem}\n")).collect();
        let stem = name.trim_end_matches(".yaml");
        snapshots.bind(|| insta::assert_snapshot!(stem, said));
    }
}
