//! berth's own folder: journals, records for bills, kubeconfigs and the simulated clouds. All of it may be deleted; the cloud is the truth.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use crate::failure::Failure;
use crate::wiring::ClusterAt;

/// The folder and the places in it.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    root: PathBuf,
}

impl Home {
    /// The folder that is given, or the platform's place for it. Makes nothing yet.
    pub(crate) fn find(given: Option<PathBuf>) -> Result<Self, Failure> {
        if let Some(given) = given {
            // kubectl calls berth from other folders, so the place is written in full.
            let root = std::path::absolute(&given).map_err(|error| {
                Failure::refused(format!("cannot use the folder {}", given.display())).because(error)
            })?;
            return Ok(Self { root });
        }
        let strategy = etcetera::choose_base_strategy()
            .map_err(|error| Failure::refused(format!("cannot find the home folder: {error}")))?;
        let base = strategy.state_dir().unwrap_or_else(|| strategy.data_dir());
        Ok(Self { root: base.join("berth") })
    }

    /// The folder itself.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// World of the simulated clouds.
    pub(crate) fn sim(&self) -> PathBuf {
        self.root.join("sim")
    }

    /// Journals, one file per run.
    pub(crate) fn runs(&self) -> PathBuf {
        self.root.join("runs")
    }

    /// Records of what clusters used, one file per cluster; those of simulated clouds go with their world.
    pub(crate) fn usage(&self, simulated: bool) -> PathBuf {
        if simulated { self.sim().join("usage") } else { self.root.join("usage") }
    }

    /// Folder of live prices that are kept for a while.
    pub(crate) fn prices(&self) -> PathBuf {
        self.root.join("prices")
    }

    /// Folder of the kubeconfigs berth writes.
    pub(crate) fn kubeconfigs(&self) -> PathBuf {
        self.root.join("kubeconfig")
    }

    /// The kubeconfig berth writes for a leased namespace of a cluster.
    pub(crate) fn namespace_kubeconfig(&self, cluster: &ClusterAt, namespace: &str) -> PathBuf {
        // A context's name may hold anything, and this is one file.
        let id: String = cluster
            .id()
            .chars()
            .map(|c| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' })
            .collect();
        self.kubeconfigs().join(format!("{id}_namespace_{namespace}.yaml"))
    }

    /// The kubeconfig berth writes for one cluster.
    pub(crate) fn kubeconfig(&self, cluster: &ClusterAt) -> PathBuf {
        self.kubeconfigs().join(format!("{}.yaml", cluster.id()))
    }
}

/// Makes a folder, and those above it, that only this user may enter.
pub(crate) fn make_private(folder: &Path) -> Result<(), Failure> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| Failure::refused(format!("cannot make the folder {}", folder.display())).because(error))
}
