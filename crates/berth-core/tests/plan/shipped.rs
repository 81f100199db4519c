//! What creating the shipped GKE clusters comes to.

use std::fs;
use std::path::Path;

use berth_core::observed::Observed;
use berth_core::spec::{self, ClusterSpec, Source};
use berth_core::verify::{Evidence, verify};
use insta::assert_snapshot;

use crate::build::made;
use crate::render::present;

fn shipped(file: &str) -> ClusterSpec {
    let read = |path: &str| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        fs::read_to_string(root.join(path)).map_err(|error| error.to_string())
    };
    let text = read(file).expect("a readable file");
    spec::check(&Source { file, text: &text, provider: None, read: &read }).expect("a good file").spec
}

#[test]
fn the_dubbing_cluster() {
    let spec = shipped("clusters/ai-dubbing-gke.yaml");
    assert_snapshot!(present(&spec, &Observed::default()));
    assert!(present(&spec, &made(&spec)).starts_with("nothing to do\n"));
}

#[test]
fn the_film_cluster() {
    let spec = shipped("clusters/ai-film-gke.yaml");
    assert_snapshot!(present(&spec, &Observed::default()));
    assert!(present(&spec, &made(&spec)).starts_with("nothing to do\n"));
}

#[test]
fn shares_promised_by_the_dubbing_cluster() {
    let spec = shipped("clusters/ai-dubbing-gke.yaml");
    let report = verify(&spec, &Evidence { cluster: &made(&spec), nodes: &[], running: None });
    let rows = report.pools.iter().filter_map(|row| row.gpus.as_ref().map(|gpus| (&row.pool, gpus)));
    let text: Vec<String> = rows
        .map(|(pool, gpus)| format!("{pool}: {} x {}, at least {}", gpus.per_node, gpus.shares, gpus.expected))
        .collect();
    assert_snapshot!(text.join("\n"));
}
