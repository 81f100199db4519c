//! The world while it is served: its clock against the wall, its listeners, its file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::certificates::{self, CertificateError};
use super::endpoints::Endpoints;
use super::{cluster_api, files};
use crate::lifecycle::digest;
use crate::world::{Tls, World};

/// What all connections share.
pub(crate) struct Shared {
    /// The world and what belongs to it.
    live: Mutex<Live>,
    /// Rises with every change, for watches and held requests.
    pub(crate) changed: watch::Sender<u64>,
    /// Turns true when the simulator stops.
    pub(crate) stopping: watch::Sender<bool>,
    /// Where the simulator is.
    pub(crate) endpoints: Endpoints,
}

/// The world with its surroundings.
pub(crate) struct Live {
    /// The world.
    pub(crate) world: World,
    /// The state directory.
    pub(crate) dir: Option<PathBuf>,
    /// The lock on it, held as long as the simulator serves.
    pub(crate) lock: Option<File>,
    /// Whether the file is behind the world.
    pub(crate) dirty: bool,
    /// The listeners of clusters, by uid.
    taps: BTreeMap<String, AbortHandle>,
}

/// Why the served world could not be brought in step with its listeners and files.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A listener or a file.
    #[error("serving a simulated cluster")]
    Io(#[from] io::Error),
}

impl Shared {
    /// Shares a world.
    pub(crate) fn new(world: World, dir: Option<PathBuf>, lock: Option<File>, endpoints: Endpoints) -> Arc<Shared> {
        let live = Live { world, dir, lock, dirty: true, taps: BTreeMap::new() };
        Arc::new(Shared {
            live: Mutex::new(live),
            changed: watch::Sender::new(0),
            stopping: watch::Sender::new(false),
            endpoints,
        })
    }

    /// The world, brought up to now. A panic elsewhere does not take it away.
    pub(crate) fn now(self: &Arc<Self>) -> (MutexGuard<'_, Live>, Timestamp) {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        let now = live.world.clock.at(Timestamp::now());
        if live.world.advance(now) {
            live.dirty = true;
            self.tell();
        }
        // A listener that cannot be opened now is tried again at the next call; the cluster has no endpoint until then.
        if live.follow(self).unwrap_or(false) {
            live.dirty = true;
        }
        (live, now)
    }

    /// Wakes everything that waits for a change.
    pub(crate) fn tell(&self) {
        self.changed.send_modify(|count| *count += 1);
    }
}

impl Live {
    /// Opens and closes listeners so that every cluster whose API is up has one; tells whether anything changed.
    pub(crate) fn follow(&mut self, shared: &Arc<Shared>) -> Result<bool, ServeError> {
        let mut changed = false;
        let alive = self.world.apis_up();
        self.taps.retain(|uid, tap| {
            let keep = alive.contains(uid);
            if !keep {
                tap.abort();
                changed = true;
            }
            keep
        });
        for uid in alive {
            if !self.taps.contains_key(&uid) {
                self.open(shared, &uid)?;
                changed = true;
            }
        }
        if changed && let Some(dir) = &self.dir {
            files::write_kubeconfig(dir, &self.world)?;
        }
        Ok(changed)
    }

    /// Opens the listener of a cluster: on the port it had, or on another.
    fn open(&mut self, shared: &Arc<Shared>, uid: &str) -> Result<(), ServeError> {
        let Some(cluster) = self.world.api(uid) else { return Ok(()) };
        let before = cluster.tls.as_ref().map_or_else(|| first_port(uid), |tls| tls.port);
        let listener = bind(before).or_else(|_taken| bind(0))?;
        let port = listener.local_addr()?.port();
        let tls = match cluster.tls.take() {
            Some(tls) => Tls { port, ..tls },
            None => certificates::make(uid, port)?,
        };
        let config = certificates::server_config(&tls)?;
        *cluster.tls = Some(tls);
        let task = tokio::spawn(cluster_api::listen(
            TcpListener::from_std(listener)?,
            config,
            Arc::clone(shared),
            uid.to_owned(),
        ));
        self.taps.insert(uid.to_owned(), task.abort_handle());
        Ok(())
    }

    /// Saves the world if anything changed since the last time.
    pub(crate) fn save(&mut self) -> io::Result<()> {
        if !self.dirty {
            return Ok(());
        }
        self.world.clock.settle(Timestamp::now());
        if let Some(dir) = &self.dir {
            files::write_world(dir, &self.world)?;
        }
        self.dirty = false;
        Ok(())
    }

    /// Closes all listeners and forgets the world.
    pub(crate) fn replace(&mut self, world: World) {
        for tap in std::mem::take(&mut self.taps).into_values() {
            tap.abort();
        }
        self.world = world;
        self.dirty = true;
    }
}

/// The port a new cluster's API tries first: below those the system hands out by itself, so that nobody is given it
/// between two processes that serve one world.
fn first_port(uid: &str) -> u16 {
    20_000 + (digest(uid) % 10_000) as u16
}

fn bind(port: u16) -> io::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}
