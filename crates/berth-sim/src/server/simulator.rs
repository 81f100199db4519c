//! Starting and stopping a simulator.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::endpoints::Endpoints;
use super::live::{ServeError, Shared};
use super::{answer, files};
use crate::world::World;

/// The longest the background task sleeps: it also saves what only reads have changed, as the ledger.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// The shortest, so that a busy agenda at high speed does not keep a processor busy.
const SHORTEST_PAUSE: Duration = Duration::from_millis(2);

/// How a simulator is to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where its world is kept; in memory when absent.
    pub dir: Option<PathBuf>,
    /// Simulated seconds per wall second, more than 0.
    pub speed: f64,
    /// Where to listen: a loopback address, port 0 for any.
    pub listen: SocketAddr,
    /// What the ids and durations of a new world follow from; a random text when absent. A world that is there keeps its own.
    pub seed: Option<String>,
}

impl Default for Options {
    fn default() -> Options {
        Options { dir: None, speed: 1.0, listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), seed: None }
    }
}

/// Why a simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another simulator serves the directory.
    #[error("another simulator is serving {}", .dir.display())]
    Locked {
        /// The directory.
        dir: PathBuf,
    },
    /// The saved world cannot be read.
    #[error("reading the simulated world in {}", .dir.display())]
    World {
        /// The directory.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of the directory cannot be written.
    #[error("preparing the state directory {}", .dir.display())]
    Directory {
        /// The directory.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The address cannot be listened on.
    #[error("listening on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The address is not this machine's own.
    #[error("{address} is not a loopback address, and the simulator has no secrets to keep strangers out")]
    NotLoopback {
        /// The address.
        address: SocketAddr,
    },
    /// The speed is not a positive number.
    #[error("speed {speed} is not a number above 0")]
    Speed {
        /// The speed.
        speed: f64,
    },
    /// A cluster of the saved world cannot be served.
    #[error("bringing the saved clusters back")]
    Serve(#[from] ServeError),
}

/// A running simulator. It stops when it is told to; dropping it leaves its tasks to the runtime.
pub struct Simulator {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulator").field("endpoints", &self.shared.endpoints).finish_non_exhaustive()
    }
}

impl Simulator {
    /// Starts serving: reads the world or makes an empty one, opens all listeners, writes the files others read.
    ///
    /// # Errors
    ///
    /// When the directory is served by another process, cannot be used, or holds no readable world, or when the
    /// address cannot be listened on. Nothing is left running then.
    pub async fn start(options: Options) -> Result<Simulator, StartError> {
        let Options { dir, speed, listen, seed } = options;
        if !(speed.is_finite() && speed > 0.0) {
            return Err(StartError::Speed { speed });
        }
        if !listen.ip().is_loopback() {
            return Err(StartError::NotLoopback { address: listen });
        }
        let (world, lock) = open(dir.as_ref(), speed, seed)?;
        let refused = |source| StartError::Listen { address: listen, source };
        let listener = TcpListener::bind(listen).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let endpoints = Endpoints::on(format!("http://{address}"), dir.as_deref(), speed);
        let shared = Shared::new(world, dir.clone(), lock, endpoints);
        {
            let (mut live, _) = shared.now();
            live.follow(&shared)?;
            if let Some(dir) = &dir {
                prepare(dir, &live.world, &shared.endpoints)
                    .and_then(|()| live.save())
                    .map_err(|source| StartError::Directory { dir: dir.clone(), source })?;
            }
        }
        let tasks = vec![
            tokio::spawn(answer::listen(listener, Arc::clone(&shared))),
            tokio::spawn(keep_time(Arc::clone(&shared))),
        ];
        Ok(Simulator { shared, tasks })
    }

    /// Where it is.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.shared.endpoints
    }

    /// Waits until somebody stops it over the control API.
    pub async fn wait(&self) {
        let mut stopping = self.shared.stopping.subscribe();
        // The sender lives in `shared`, so the wait can only end by a stop.
        let _stop = stopping.wait_for(|stop| *stop).await;
    }

    /// Stops serving: closes listeners and connections, saves the world, takes `serving.json` away, frees the lock.
    pub async fn stop(mut self) {
        self.shared.stopping.send_replace(true);
        for task in self.tasks.drain(..) {
            // A task that panicked has stopped as well.
            let _stopped = task.await;
        }
        let (mut live, _) = self.shared.now();
        // Nobody is left to tell: what was answered has been saved already, this adds the last reads.
        let _saved = live.save();
        if let Some(dir) = &live.dir {
            let _removed = files::remove_serving(dir);
        }
        live.lock = None;
    }
}

fn open(dir: Option<&PathBuf>, speed: f64, seed: Option<String>) -> Result<(World, Option<std::fs::File>), StartError> {
    let wall = Timestamp::now();
    let seed = seed.unwrap_or_else(|| uuid::Uuid::new_v4().simple().to_string());
    let mut world = World::new(&seed, wall);
    let mut lock = None;
    if let Some(dir) = dir {
        let directory = |source| StartError::Directory { dir: dir.clone(), source };
        lock = files::lock(dir).map_err(directory)?;
        if lock.is_none() {
            return Err(StartError::Locked { dir: dir.clone() });
        }
        let saved = files::read_world(dir).map_err(|source| StartError::World { dir: dir.clone(), source })?;
        world = saved.unwrap_or(world);
    }
    world.clock.set_speed(wall, speed);
    Ok((world, lock))
}

fn prepare(dir: &std::path::Path, world: &World, endpoints: &Endpoints) -> io::Result<()> {
    files::write_adc(dir, endpoints, &world.seed)?;
    files::write_kubeconfig(dir, world)?;
    files::write_serving(dir, endpoints)
}

/// Lets due things happen though nobody asks, and saves now and then what reads have changed.
async fn keep_time(shared: Arc<Shared>) {
    let mut stopping = shared.stopping.subscribe();
    let mut saved = tokio::time::Instant::now();
    loop {
        let pause = {
            let (mut live, _) = shared.now();
            if saved.elapsed() >= LONGEST_PAUSE {
                // A full disk shows at the next change, which answers 500; reads go on.
                let _saved = live.save();
                saved = tokio::time::Instant::now();
            }
            let wall = Timestamp::now();
            let due = live.world.next_due().map(|due| live.world.clock.wall_until(wall, due));
            due.unwrap_or(LONGEST_PAUSE).clamp(SHORTEST_PAUSE, LONGEST_PAUSE)
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _stopped = stopping.wait_for(|stop| *stop) => return,
        }
    }
}
