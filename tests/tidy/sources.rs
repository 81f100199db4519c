//! What Rust files look like.

use std::path::{Path, PathBuf};

use crate::sandbox::ROOT;
use crate::tidy::texts::{files, relative};

/// Words that mean nothing, and so collect everything.
const BANNED: &[&str] =
    &["manager", "handler", "helper", "helpers", "util", "utils", "common", "context", "data", "info"];

/// Longest file.
const MOST_LINES: usize = 500;

/// The subcommands' files that are no subcommand.
const NO_COMMANDS: &[&str] = &["mod", "dispatch"];

fn sources() -> Vec<(PathBuf, String)> {
    let sources: Vec<_> =
        files().into_iter().filter(|(path, _)| path.extension().is_some_and(|end| end == "rs")).collect();
    assert!(sources.len() > 50, "only {} Rust files found", sources.len());
    sources
}

fn report(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

#[test]
fn no_file_is_longer_than_500_lines() {
    let long: Vec<String> = sources()
        .iter()
        .filter(|(_, text)| text.lines().count() > MOST_LINES)
        .map(|(path, text)| format!("{}: {} lines", relative(path), text.lines().count()))
        .collect();
    report("too long", &long);
}

#[test]
fn no_file_module_or_type_has_a_name_that_means_nothing() {
    let mut found = Vec::new();
    for (path, text) in sources() {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        found.extend(banned_word(stem).map(|word| format!("{}: {word}", relative(&path))));
        for (number, line) in text.lines().enumerate() {
            let name = declared_name(line);
            let word = name.and_then(banned_word);
            found.extend(word.map(|word| format!("{}:{}: {word}", relative(&path), number + 1)));
        }
    }
    report("banned names", &found);
}

/// The name a line declares as a module or type.
fn declared_name(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace().skip_while(|word| word.starts_with("pub"));
    let is_declaration = matches!(words.next()?, "mod" | "struct" | "enum" | "trait" | "type" | "union");
    let name = words.next().filter(|_| is_declaration)?;
    Some(name.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or(name))
}

/// The banned word in a snake or camel name.
fn banned_word(name: &str) -> Option<&'static str> {
    let mut words = vec![String::new()];
    for c in name.chars() {
        if c == '_' || c == '-' || c.is_uppercase() {
            words.push(String::new());
        }
        words.last_mut()?.extend(c.to_lowercase().filter(|c| c.is_alphanumeric()));
    }
    BANNED.iter().copied().find(|banned| words.iter().any(|word| word == banned))
}

#[test]
fn the_rule_on_names_sees_what_it_should() {
    let named = |line| declared_name(line).and_then(banned_word);
    assert_eq!(named("pub(crate) struct PoolManager<T> {"), Some("manager"));
    assert_eq!(named("mod util;"), Some("util"));
    assert_eq!(named("pub enum ClusterInfo {"), Some("info"));
    assert_eq!(named("struct Information;"), None);
    assert_eq!(named("let context = 1;"), None);
}

#[test]
fn only_the_screen_prints() {
    let words = ["println!", "eprintln!", "print!(", "eprint!(", "io::stdout", "io::stderr", "dbg!"];
    let mut found = Vec::new();
    for (path, text) in sources() {
        let path = relative(&path);
        if path.starts_with("src/ui/") || path.contains("tests/") || path.contains("examples/") {
            continue;
        }
        let before_tests = text.split("#[cfg(test)]").next().unwrap_or(&text);
        for (number, line) in before_tests.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"))
        {
            found.extend(
                words.iter().filter(|word| line.contains(**word)).map(|word| format!("{path}:{}: {word}", number + 1)),
            );
        }
    }
    report("prints outside src/ui", &found);
}

#[test]
fn only_settings_reads_the_environment() {
    let mut found = Vec::new();
    for (path, text) in sources() {
        let path = relative(&path);
        if path == "src/settings.rs" || path.contains("tests/") {
            continue;
        }
        let before_tests = text.split("#[cfg(test)]").next().unwrap_or(&text);
        for (number, line) in before_tests.lines().enumerate() {
            if line.contains("env::var") || line.contains("env::vars") {
                found.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    report("reads the environment outside src/settings.rs", &found);
}

#[test]
fn mod_files_hold_no_logic() {
    let logic: Vec<String> = sources()
        .iter()
        .filter(|(path, _)| path.file_name().is_some_and(|name| name == "mod.rs"))
        .flat_map(|(path, text)| {
            let lines = text.lines().enumerate();
            lines
                .filter(|(_, line)| line.contains("fn ") && !line.trim_start().starts_with("//"))
                .map(|(number, line)| format!("{}:{}: {}", relative(path), number + 1, line.trim()))
                .collect::<Vec<_>>()
        })
        .collect();
    report("functions in mod.rs", &logic);
}

#[test]
fn lints_are_expected_with_a_reason_and_tests_are_not_ignored() {
    let words =
        [concat!("#[al", "low("), concat!("#![al", "low("), concat!("#[ig", "nore"), concat!("#[should_", "panic")];
    let mut found = Vec::new();
    for (path, text) in sources() {
        found.extend(
            words.iter().filter(|word| text.contains(**word)).map(|word| format!("{}: {word}", relative(&path))),
        );
    }
    report("attributes we do not use", &found);
}

#[test]
fn every_command_is_run_by_a_test() {
    let tests: String =
        sources().into_iter().filter(|(path, _)| relative(path).starts_with("tests/")).map(|(_, text)| text).collect();
    let mut forgotten = Vec::new();
    for entry in std::fs::read_dir(Path::new(ROOT).join("src/commands")).unwrap() {
        let path = entry.unwrap().path();
        let command = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let runs = [format!("(\"{command}\")"), format!("\"{command} ")];
        if !NO_COMMANDS.contains(&command.as_str()) && !runs.iter().any(|run| tests.contains(run)) {
            forgotten.push(command);
        }
    }
    report("commands without a test", &forgotten);
}

#[test]
fn every_test_file_is_part_of_the_test_binary() {
    let main = std::fs::read_to_string(Path::new(ROOT).join("tests/main.rs")).unwrap();
    for entry in std::fs::read_dir(Path::new(ROOT).join("tests")).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let is_module = path.extension().is_some_and(|end| end == "rs") || path.join("mod.rs").exists();
        assert!(
            !is_module || stem == "main" || main.contains(&format!("mod {stem};")),
            "{} is never compiled",
            path.display()
        );
    }
}
