//! The README promises nothing that is not there.

use crate::sandbox::{ROOT, Sandbox};

fn readme() -> String {
    std::fs::read_to_string(format!("{ROOT}/README.md")).unwrap()
}

/// Lines of the README's shell blocks that call berth, without their comments.
fn commands(readme: &str) -> Vec<String> {
    let blocks = readme.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let lines = blocks.flat_map(str::lines).filter_map(|line| line.split(" # ").next());
    lines.map(str::trim).filter(|line| line.starts_with("berth ")).map(ToOwned::to_owned).collect()
}

#[test]
fn every_command_and_flag_of_the_readme_exists() {
    let sandbox = Sandbox::new(60);
    let commands = commands(&readme());
    assert!(commands.len() > 10, "{commands:?}");
    for command in commands {
        let words: Vec<&str> = command.split_whitespace().skip(1).collect();
        let depth = match words[0] {
            "sim" if words[1] == "fault" => 3,
            "sim" | "ci" => 2,
            _ => 1,
        };
        let help = sandbox.berth(&format!("{} --help", words[..depth].join(" "))).exits(0);
        for flag in words.iter().filter(|word| word.starts_with('-')) {
            assert!(help.stdout.contains(flag), "{command}: no {flag}\n{}", help.text());
        }
    }
}

#[test]
fn the_readmes_fault_strikes() {
    let sandbox = Sandbox::new(600);
    let readme = readme();
    let line = readme.lines().find(|line| line.starts_with("berth sim fault add ")).unwrap();
    let rule = line.split('\'').nth(1).unwrap().replace(' ', "");
    sandbox.berth(&format!("sim fault add {rule}")).exits(0);
    let line = "create -f clusters/ai-dubbing-gke.yaml --simulate --yes";
    sandbox.berth(line).exits(5).says("gpu-v100-pool").says("running and billed");
    sandbox.berth(line).exits(0);
    sandbox.berth("destroy ai-dubbing-production --simulate --yes").exits(0);
}

#[test]
fn every_variable_that_is_read_is_in_the_readme() {
    let readme = readme();
    let settings = std::fs::read_to_string(format!("{ROOT}/src/settings.rs")).unwrap();
    let named = settings.lines().filter(|line| line.contains("const ") && line.contains(": &str = \""));
    let variables: Vec<&str> = named.filter_map(|line| line.split('"').nth(1)).collect();
    assert!(variables.len() > 5, "{variables:?}");
    let missing: Vec<_> = variables.iter().filter(|variable| !readme.contains(&format!("`{variable}`"))).collect();
    assert!(missing.is_empty(), "not in the README: {missing:?}");
}

#[test]
fn every_exit_code_is_in_the_readme() {
    let readme = readme();
    let failure = std::fs::read_to_string(format!("{ROOT}/src/failure.rs")).unwrap();
    let list = failure.split("enum Exit {").nth(1).unwrap().split('}').next().unwrap();
    let codes: Vec<&str> = list.lines().filter_map(|line| line.trim().split(" = ").nth(1)).collect();
    assert!(codes.len() > 5, "{codes:?}");
    for code in codes {
        let code = code.trim_end_matches(',');
        assert!(readme.contains(&format!("\n| {code} | ")), "exit code {code} is not in the README");
    }
}
