//! The simulated clouds: served by another process, or by a simulator of this one.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::clock::RunClock;
use crate::failure::Failure;
use crate::settings::{self, Settings};

/// How often, and how long, a world that another process has just begun to serve is waited for.
const ATTACH_TRIES: u32 = 10;
const ATTACH_PAUSE: Duration = Duration::from_millis(100);

/// The simulated clouds: those that are served, or a simulator of this process.
pub(crate) struct Simulated {
    pub(crate) endpoints: berth_sim::Endpoints,
    pub(super) own: Option<berth_sim::Simulator>,
}

impl Simulated {
    /// Meets the served clouds of this state directory, else starts a simulator on their world.
    pub(crate) async fn open(settings: &Settings) -> Result<Self, Failure> {
        let dir = settings.home.sim();
        if let Some(endpoints) = berth_sim::attach(&dir).await {
            return Ok(Self { endpoints, own: None });
        }
        crate::home::make_private(&dir)?;
        let speed = settings::sim_speed()?;
        let options = || berth_sim::Options { dir: Some(dir.clone()), speed, ..berth_sim::Options::default() };
        for _ in 0..ATTACH_TRIES {
            if let Ok(own) = berth_sim::Simulator::start(options()).await {
                return Ok(Self { endpoints: own.endpoints().clone(), own: Some(own) });
            }
            // Another process may have begun to serve this world a moment ago.
            tokio::time::sleep(ATTACH_PAUSE).await;
            if let Some(endpoints) = berth_sim::attach(&dir).await {
                return Ok(Self { endpoints, own: None });
            }
        }
        let own = berth_sim::Simulator::start(options()).await.map_err(|error| {
            Failure::refused("cannot start the simulated clouds")
                .because(error)
                .hint(format!("they stand in {}; an empty world comes from\n    berth sim reset", dir.display()))
        })?;
        Ok(Self { endpoints: own.endpoints().clone(), own: Some(own) })
    }

    /// Only meets the served clouds of this state directory.
    pub(crate) async fn attach(settings: &Settings) -> Result<Self, Failure> {
        match berth_sim::attach(&settings.home.sim()).await {
            Some(endpoints) => Ok(Self { endpoints, own: None }),
            None => Err(Failure::refused("nothing serves the simulated clouds of this state directory")
                .detail(format!("the state directory is {}", settings.home.root().display()))
                .hint("serve them, and leave that running:\n    berth sim serve")),
        }
    }

    /// A clock that runs as the simulator's does.
    pub(super) async fn clock(&self) -> Result<RunClock, Failure> {
        let clock = self.ask(reqwest::Method::GET, "clock", None).await?;
        let now = clock["now"].as_str().and_then(|text| text.parse().ok()).unwrap_or_else(Timestamp::now);
        Ok(RunClock::simulated(now, self.endpoints.speed))
    }

    /// Asks the simulator's control interface.
    pub(crate) async fn ask(&self, method: reqwest::Method, path: &str, body: Option<Value>) -> Result<Value, Failure> {
        let failed = |error: reqwest::Error| Failure::refused("the simulator does not answer").because(error);
        let mut request = reqwest::Client::new().request(method, format!("{}/_sim/{path}", self.endpoints.base_url));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.map_err(failed)?;
        let status = response.status();
        let text = response.text().await.map_err(failed)?;
        if !status.is_success() {
            return Err(Failure::refused("the simulator refuses").detail(text));
        }
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Ends a simulator of this process; its world is kept.
    pub(crate) async fn close(self) {
        if let Some(own) = self.own {
            own.stop().await;
        }
    }
}
