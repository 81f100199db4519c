//! What all text files look like.

use std::fs;
use std::path::{Path, PathBuf};

use crate::sandbox::ROOT;

/// Folders that are not ours.
const NOT_OURS: &[&str] = &[".git", ".jj", "target", "artifacts", "node_modules"];

/// All text files of the repository with their texts.
pub(super) fn files() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(ROOT)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                if !NOT_OURS.contains(&name) {
                    folders.push(path);
                }
            } else if let Ok(text) = fs::read_to_string(&path) {
                found.push((path, text));
            }
        }
    }
    found.sort();
    found
}

/// A path as seen from the repository's root.
pub(super) fn relative(path: &Path) -> String {
    path.strip_prefix(ROOT).unwrap().display().to_string()
}

/// Asserts that no file has a line with one of these.
fn assert_nowhere(what: &str, is_wrong: impl Fn(&str, &str) -> bool) {
    let mut found = Vec::new();
    for (path, text) in files() {
        let path = relative(&path);
        for (number, line) in text.lines().enumerate().filter(|(_, line)| is_wrong(&path, line)) {
            found.push(format!("{path}:{}: {line}", number + 1));
        }
    }
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

#[test]
fn no_text_names_a_machine() {
    // Put together here, so that this file does not name them either.
    let words = ["work", "root", "home", "Users"].map(|folder| format!("/{folder}/"));
    // `me` is nobody in particular, and a container has folders of its own.
    let nobodys = ["/home/me", concat!("/ro", "ot/ComfyUI")];
    let names_one = |line: &str| {
        let line = nobodys.iter().fold(line.to_owned(), |line, path| line.replace(path, ""));
        words.iter().any(|word| line.contains(word))
    };
    assert_nowhere("paths of one machine", |path, line| path != "Cargo.lock" && names_one(line));
}

#[test]
fn no_line_ends_in_spaces() {
    let is_ours = |path: &str| [".rs", ".md", ".toml", ".yaml", ".py", "run"].iter().any(|end| path.ends_with(end));
    assert_nowhere("spaces at the end", |path, line| is_ours(path) && line.ends_with([' ', '\t']));
}

#[test]
fn every_rust_file_says_what_it_is_for() {
    let silent: Vec<String> = files()
        .into_iter()
        .filter(|(path, text)| path.extension().is_some_and(|end| end == "rs") && !text.starts_with("//!"))
        .map(|(path, _)| relative(&path))
        // A part of a test speaks through the names of its cases.
        .filter(|path| !path.contains("/tests/") && !path.ends_with("tests.rs"))
        .collect();
    assert!(silent.is_empty(), "no `//!` at the top: {silent:#?}");
}

#[test]
fn every_link_between_the_documents_leads_somewhere() {
    for (path, text) in files() {
        if path.extension().is_none_or(|end| end != "md") {
            continue;
        }
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let is_file = !target.contains("://") && !target.starts_with('#');
            assert!(!is_file || path.with_file_name(target).exists(), "{}: {target}", relative(&path));
        }
    }
}

#[test]
fn every_sharing_and_quota_file_is_used_by_a_cluster() {
    let texts: String =
        files().into_iter().filter(|(path, _)| relative(path).starts_with("clusters/")).map(|(_, text)| text).collect();
    for (path, _) in files() {
        let path = relative(&path);
        if path.starts_with("quotas/") || path.starts_with("gpu-sharing/") {
            assert!(texts.contains(&path), "no file in clusters/ names {path}");
        }
    }
}
