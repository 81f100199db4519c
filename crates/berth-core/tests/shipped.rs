//! Every file in `clusters/`, `gpu-sharing/` and `quotas/` is good, says so to a validator that is not ours, and means what it should.

use std::fs;
use std::path::{Path, PathBuf};

use berth_core::spec::{self, Checked, Problem, Provider, Source};

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(root().join(path)).map_err(|error| error.to_string())
}

/// The YAML files of a folder of the repository, as paths from its root.
fn files(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).expect("the folder is there");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("a readable entry").file_name().into_string().expect("a UTF-8 name"))
        .filter(|name| name.ends_with(".yaml"))
        .map(|name| format!("{folder}/{name}"))
        .collect();
    names.sort();
    assert!(!names.is_empty(), "{folder} holds no files");
    names
}

fn check(file: &str, provider: Option<Provider>) -> Result<Checked, Vec<Problem>> {
    let text = read(file).expect("a readable file");
    spec::check(&Source { file, text: &text, provider, read: &read })
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

#[test]
fn every_cluster_file_is_good_and_without_warnings() {
    for file in files("clusters") {
        match check(&file, None) {
            Ok(checked) => assert_eq!(lines(&checked.warnings), "", "{file}"),
            Err(problems) => panic!("{}", lines(&problems)),
        }
    }
}

#[test]
fn every_sharing_and_quota_file_is_good() {
    for file in files("gpu-sharing") {
        if let Err(problems) = spec::check_sharing(&file, &read(&file).expect("a readable file")) {
            panic!("{}", lines(&problems));
        }
    }
    for file in files("quotas") {
        if let Err(problems) = spec::check_quotas(&file, &read(&file).expect("a readable file")) {
            panic!("{}", lines(&problems));
        }
    }
}

#[test]
fn shipped_files_validate_against_the_schema() {
    let schema = spec::schema();
    jsonschema::meta::validate(&schema).expect("the schema is itself a valid schema");
    let validator = jsonschema::validator_for(&schema).expect("a usable schema");
    for file in ["clusters", "gpu-sharing", "quotas"].into_iter().flat_map(files) {
        let text = read(&file).expect("a readable file");
        let value: serde_json::Value = serde_saphyr::from_str(&text).expect("valid YAML");
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{file}");
    }
}

#[test]
fn own_prices_are_in_the_schema() {
    let validator = jsonschema::validator_for(&spec::schema()).expect("a usable schema");
    let of = |price: &str| {
        let text = format!("apiVersion: berth/v1\nkind: Prices\nspec: {{prices: [{{provider: gke, {price}}}]}}\n");
        let is_right = spec::check_prices("prices.yaml", &text).is_ok();
        (validator.is_valid(&serde_saphyr::from_str::<serde_json::Value>(&text).expect("valid YAML")), is_right)
    };
    assert_eq!(of("disk: pd-ssd, usdPerGbMonth: 0.15"), (true, true));
    assert_eq!(of("fee: address, usdPerHour: '0.004'"), (true, true));
    assert_eq!(of("fee: adress, usdPerHour: 1"), (false, false));
    assert_eq!(of("disk: pd-ssd, usdPerGbMonth: 0"), (false, false));
    // What a price is of only the check knows.
    assert_eq!(of("disk: pd-ssd, usdPerHour: 1"), (true, false));
}

#[test]
fn the_schema_is_of_use_in_an_editor() {
    let schema = spec::schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let pool = &schema["$defs"]["PoolFile"];
    let names = pool["properties"].as_object().expect("a map of fields");
    assert!(names.values().all(|field| field["description"].is_string()), "every field says what it is for");
    assert_eq!(pool["additionalProperties"], false, "misspelt fields are marked");
    let examples = schema["$defs"]["GpuFile"]["properties"]["type"]["examples"].as_array().expect("a list");
    assert!(examples.iter().any(|name| name == "a100-40gb"));
    assert!(!schema.to_string().contains("\"null\""), "no field takes null");
}

#[test]
fn what_the_shipped_clusters_mean() {
    for file in files("clusters") {
        let Ok(checked) = check(&file, None) else { continue };
        insta::assert_debug_snapshot!(file.replace('/', "-"), checked);
    }
}
