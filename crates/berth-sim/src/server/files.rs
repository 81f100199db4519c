//! The state directory: the world, its lock, and the files other programs read.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::endpoints::{Endpoints, PROJECT};
use crate::world::World;

/// The file with the world.
pub(crate) const WORLD: &str = "world.json";
/// The file whose lock the serving process holds.
const LOCK: &str = "lock";
/// Where the running server says where it is.
const SERVING: &str = "serving.json";
/// A kubeconfig for plain kubectl.
pub(crate) const KUBECONFIG: &str = "kubeconfig";
/// Application-default credentials.
pub(crate) const ADC: &str = "adc.json";

/// Makes the directory, readable by its owner alone, and takes its lock; nothing when another process has it.
pub(crate) fn lock(dir: &Path) -> io::Result<Option<File>> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(dir.join(LOCK))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// The saved world; nothing when there is none yet.
pub(crate) fn read_world(dir: &Path) -> io::Result<Option<World>> {
    match fs::read(dir.join(WORLD)) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(io::Error::from),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Saves the world whole or not at all.
pub(crate) fn write_world(dir: &Path, world: &World) -> io::Result<()> {
    let bytes = serde_json::to_vec(world)?;
    write(dir, WORLD, &bytes)
}

/// Says where the server is.
pub(crate) fn write_serving(dir: &Path, endpoints: &Endpoints) -> io::Result<()> {
    write(dir, SERVING, &serde_json::to_vec_pretty(endpoints)?)
}

/// Where the server that wrote the file was.
pub(crate) fn read_serving(dir: &Path) -> Option<Endpoints> {
    serde_json::from_slice(&fs::read(dir.join(SERVING)).ok()?).ok()
}

/// Takes the file away again.
pub(crate) fn remove_serving(dir: &Path) -> io::Result<()> {
    fs::remove_file(dir.join(SERVING))
}

/// Writes credentials of the authorized-user kind, whose token endpoint clients take from the file.
pub(crate) fn write_adc(dir: &Path, endpoints: &Endpoints, seed: &str) -> io::Result<()> {
    let credentials = json!({
        "type": "authorized_user",
        "client_id": "berth-sim.apps.example",
        "client_secret": format!("simulated-{seed}"),
        "refresh_token": format!("1//simulated-{seed}"),
        "token_uri": endpoints.token_url,
        "quota_project_id": PROJECT,
        "universe_domain": "googleapis.com",
    });
    write(dir, ADC, &serde_json::to_vec_pretty(&credentials)?)
}

/// Writes a kubeconfig with every cluster whose API answers. JSON is YAML, so kubectl reads it.
pub(crate) fn write_kubeconfig(dir: &Path, world: &World) -> io::Result<()> {
    let live = world.reachable();
    let clusters: Vec<Value> = live
        .iter()
        .map(|(name, port, ca)| {
            json!({"name": name, "cluster": {
                "server": format!("https://127.0.0.1:{port}"),
                "certificate-authority-data": STANDARD.encode(ca),
            }})
        })
        .collect();
    let contexts: Vec<Value> = live
        .iter()
        .map(|(name, ..)| json!({"name": name, "context": {"cluster": name, "user": "berth-sim"}}))
        .collect();
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "preferences": {},
        "clusters": clusters,
        "contexts": contexts,
        "users": [{"name": "berth-sim", "user": {"token": world.static_token()}}],
        "current-context": live.last().map(|(name, ..)| name.as_str()).unwrap_or_default(),
    });
    write(dir, KUBECONFIG, &serde_json::to_vec_pretty(&config)?)
}

/// Writes a file beside its place, readable by its owner alone, and moves it there.
fn write(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let beside = dir.join(format!(".{name}.new"));
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&beside)?;
    file.write_all(bytes)?;
    drop(file);
    fs::rename(beside, dir.join(name))
}
