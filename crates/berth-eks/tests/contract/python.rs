//! Witnesses that are written in Python: are they here, and what do they say.

use std::io::Write;
use std::process::{Command, Stdio};

/// Whether Python can import this module; a missing one fails where witnesses are required.
pub(crate) fn has(module: &str) -> bool {
    let found = Command::new("python3").args(["-c", &format!("import {module}")]).output();
    let found = found.is_ok_and(|output| output.status.success());
    let required = std::env::var_os("BERTH_REQUIRE_WITNESSES").is_some_and(|value| value == "1");
    assert!(found || !required, "required and missing: Python's {module}");
    if !found {
        eprintln!("skipped: Python's {module} is missing");
    }
    found
}

/// What a script of this folder writes when it is given this text.
pub(crate) async fn run(script: &str, input: String) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract").join(script);
    let run = move || {
        let mut command = Command::new("python3");
        let command = command.arg(path).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // The script reads all before it writes.
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
