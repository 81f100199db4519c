//! berth's own folder: journals, kubeconfigs and the simulated clouds. All of it may be deleted; the cloud is the truth.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use crate::failure::Failure;

/// The folder and the places in it.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    root: PathBuf,
}

impl Home {
    /// The folder that is given, or the platform's place for it. Makes nothing yet.
    pub(crate) fn find(given: Option<PathBuf>) -> Result<Self, Failure> {
        if let Some(root) = given {
            return Ok(Self { root });
        }
        let strategy = etcetera::choose_base_strategy()
            .map_err(|error| Failure::refused(format!("cannot find the home folder: {error}")))?;
        let base = strategy.state_dir().unwrap_or_else(|| strategy.data_dir());
        Ok(Self { root: base.join("berth") })
    }

    /// World of the simulated clouds.
    pub(crate) fn sim(&self) -> PathBuf {
        self.root.join("sim")
    }

    /// Journals, one file per run.
    pub(crate) fn runs(&self) -> PathBuf {
        self.root.join("runs")
    }

    /// The kubeconfig berth writes for one cluster.
    pub(crate) fn kubeconfig(&self, cluster: &crate::wiring::ClusterAt) -> PathBuf {
        let crate::wiring::ClusterAt { provider, account, location, name } = cluster;
        self.root.join("kubeconfig").join(format!("{}_{account}_{location}_{name}.yaml", provider.as_str()))
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
