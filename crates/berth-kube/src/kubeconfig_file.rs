//! Kubeconfig files: found as `kubectl` finds them, written whole or not at all, readable by their owner only.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::NamedTempFile;

use crate::kubeconfig::{self, Entry, Malformed};

/// Tries to take the lock that `kubectl config` takes, and the pause between two.
const LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// A kubeconfig file could not be changed; it is as it was.
#[derive(Debug, thiserror::Error)]
pub enum KubeconfigError {
    /// It could not be read.
    #[error("cannot read the kubeconfig {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not a kubeconfig.
    #[error("{path} is not a kubeconfig")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Malformed,
    },
    /// It could not be written.
    #[error("cannot write the kubeconfig {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another program changes it, or died while it did.
    #[error("the kubeconfig is locked by another program: {lock} is there; delete it if nothing uses it")]
    Locked {
        /// The lock file.
        lock: PathBuf,
    },
}

/// The file that takes new entries: the first one of `KUBECONFIG`, else `~/.kube/config`.
pub fn target_path(kubeconfig: Option<&OsStr>, home: &Path) -> PathBuf {
    search_paths(kubeconfig, home).swap_remove(0)
}

/// The files that may hold entries: all of `KUBECONFIG`, else `~/.kube/config`; never empty.
pub fn search_paths(kubeconfig: Option<&OsStr>, home: &Path) -> Vec<PathBuf> {
    let named: Vec<PathBuf> = kubeconfig
        .map(std::env::split_paths)
        .into_iter()
        .flatten()
        .filter(|path| !path.as_os_str().is_empty())
        .collect();
    if named.is_empty() { vec![home.join(".kube").join("config")] } else { named }
}

/// The current context, as kubectl finds it: that of the first file that names one. A file that cannot be read names none.
pub fn current_context(files: &[PathBuf]) -> Option<String> {
    files.iter().find_map(|path| kubeconfig::current(&read(path).ok()??).ok()?)
}

/// Whether a file is a kubeconfig with this context and no other.
pub fn holds_only(path: &Path, context: &str) -> bool {
    let text = read(path).ok().flatten();
    text.is_some_and(|text| kubeconfig::is_only(&text, context).unwrap_or(false))
}

/// Writes a kubeconfig of berth's own with nothing but the entry; whatever was in the file is replaced.
pub fn write_own(path: &Path, entry: &Entry) -> Result<(), KubeconfigError> {
    let text =
        kubeconfig::alone(entry).map_err(|source| KubeconfigError::Malformed { path: path.to_owned(), source })?;
    write(path, &text)
}

/// Adds the entry to a kubeconfig that others use too, and makes it current; the file is made if it is not there.
pub fn merge_into(path: &Path, entry: &Entry) -> Result<(), KubeconfigError> {
    let path = &real_path(path)?;
    make_folder(path)?;
    let _lock = Lock::take(path)?;
    let existing = read(path)?.unwrap_or_default();
    let merged = kubeconfig::merge(&existing, entry)
        .map_err(|source| KubeconfigError::Malformed { path: path.clone(), source })?;
    write(path, &merged)
}

/// Takes the entry with this context out of a kubeconfig that others use too; says whether there was one.
pub fn remove_from(path: &Path, context: &str) -> Result<bool, KubeconfigError> {
    let path = &real_path(path)?;
    if read(path)?.is_none() {
        return Ok(false);
    }
    let _lock = Lock::take(path)?;
    let Some(existing) = read(path)? else { return Ok(false) };
    let removed = kubeconfig::remove(&existing, context)
        .map_err(|source| KubeconfigError::Malformed { path: path.clone(), source })?;
    match removed {
        Some(text) => write(path, &text).map(|()| true),
        None => Ok(false),
    }
}

/// Where the text really stands: a rename onto a link would replace the link, not the file.
fn real_path(path: &Path) -> Result<PathBuf, KubeconfigError> {
    match fs::canonicalize(path) {
        Ok(real) => Ok(real),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(match fs::read_link(path) {
            // A link to a file that is yet to be made.
            Ok(target) => folder(path).join(target),
            Err(_) => path.to_owned(),
        }),
        Err(source) => Err(KubeconfigError::Read { path: path.to_owned(), source }),
    }
}

fn read(path: &Path) -> Result<Option<String>, KubeconfigError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(KubeconfigError::Read { path: path.to_owned(), source }),
    }
}

/// Writes beside the file, then renames: a crash leaves the old text or the new one, never half of it.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), KubeconfigError> {
    make_folder(path)?;
    let beside = || -> io::Result<()> {
        // Made with mode 0600, which the rename keeps.
        let mut file = NamedTempFile::with_prefix_in(".berth-kubeconfig-", folder(path))?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    beside().map_err(|source| KubeconfigError::Write { path: path.to_owned(), source })
}

fn make_folder(path: &Path) -> Result<(), KubeconfigError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder(path));
    made.map_err(|source| KubeconfigError::Write { path: path.to_owned(), source })
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The lock `kubectl config` knows, so that neither loses the other's change.
struct Lock(PathBuf);

impl Lock {
    fn take(path: &Path) -> Result<Self, KubeconfigError> {
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let lock = PathBuf::from(name);
        for _ in 0..LOCK_TRIES {
            match OpenOptions::new().write(true).create_new(true).open(&lock) {
                Ok(_) => return Ok(Self(lock)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => std::thread::sleep(LOCK_PAUSE),
                Err(source) => return Err(KubeconfigError::Write { path: path.to_owned(), source }),
            }
        }
        Err(KubeconfigError::Locked { lock })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // If it cannot be removed, the next one to take it says so with its name.
        let _ = fs::remove_file(&self.0);
    }
}
