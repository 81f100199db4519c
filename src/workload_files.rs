//! Reading the workloads a spec names from disk: files, and folders with all that lies in them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use berth_core::lint::ManifestFile;

use crate::failure::Failure;

/// What makes a folder one that kustomize builds.
const KUSTOMIZATIONS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
/// Endings of manifests.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// All manifests of these files and folders, in the order of their paths.
///
/// A folder with a kustomization is built by `kubectl kustomize`, and stands as one manifest named after the folder.
pub(crate) fn read(paths: &[String]) -> Result<Vec<ManifestFile>, Failure> {
    let mut manifests = Vec::new();
    for path in paths {
        collect(Path::new(path), &mut manifests)?;
    }
    Ok(manifests)
}

fn collect(path: &Path, manifests: &mut Vec<ManifestFile>) -> Result<(), Failure> {
    let failed = |error| Failure::refused(format!("cannot read the workload {}", path.display())).because(error);
    if !fs::metadata(path).map_err(failed)?.is_dir() {
        let text = fs::read_to_string(path).map_err(failed)?;
        manifests.push(ManifestFile { path: path.display().to_string(), text });
        return Ok(());
    }
    if KUSTOMIZATIONS.iter().any(|name| path.join(name).is_file()) {
        manifests.push(ManifestFile { path: path.display().to_string(), text: kustomize(path)? });
        return Ok(());
    }
    let entries: Result<Vec<PathBuf>, _> =
        fs::read_dir(path).map_err(failed)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut entries = entries.map_err(failed)?;
    entries.sort();
    for entry in entries {
        let ending = entry.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if entry.is_dir() || ENDINGS.contains(&ending) {
            collect(&entry, manifests)?;
        }
    }
    Ok(())
}

fn kustomize(folder: &Path) -> Result<String, Failure> {
    let failure = || Failure::refused(format!("cannot build the kustomization in {}", folder.display()));
    let output =
        Command::new("kubectl").arg("kustomize").arg(folder).output().map_err(|error| {
            failure().because(error).hint("a folder with a kustomization takes kubectl on the PATH")
        })?;
    if !output.status.success() {
        return Err(failure().detail(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    String::from_utf8(output.stdout).map_err(|error| failure().because(error))
}
