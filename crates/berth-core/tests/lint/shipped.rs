//! The workloads that are shipped, on the clusters that are shipped with them.

use std::fs;
use std::path::{Path, PathBuf};

use berth_core::lint::{self, ManifestFile};
use berth_core::spec::{self, Source};

use crate::files::lines;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn yaml(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "yaml"));
    files.sort();
    files
}

#[test]
fn nothing_is_said_about_the_shipped_workloads() {
    let clusters = yaml(&root().join("clusters"));
    assert!(clusters.len() > 8);
    for cluster in clusters {
        let file = cluster.display().to_string();
        let beside = |path: &str| fs::read_to_string(path).map_err(|error| error.to_string());
        let source = Source { file: &file, text: &read(&cluster), provider: None, read: &beside };
        let checked = spec::check(&source).expect("a good file");
        let mut files: Vec<PathBuf> = checked.workloads.iter().flat_map(|folder| yaml(Path::new(folder))).collect();
        if file.contains("/vidp-") {
            // What a user adds where there is something to do with it.
            files.extend(yaml(&root().join("workloads/vidp-monitoring")));
        }
        let files = files.iter().map(|file| ManifestFile { path: file.display().to_string(), text: read(file) });
        let files: Vec<ManifestFile> = files.collect();
        assert_eq!(lines(&lint::check(&checked.spec, &files)), "", "{file}");
    }
}
