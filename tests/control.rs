//! The simulator's control API, spoken over a plain socket, so that tests can ask hundreds of times without a client library.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long anything in a test may take to come about.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

const PUSHES_A_SECOND: u32 = 10;
const PUSH_PAUSE: Duration = Duration::from_millis(1000 / PUSHES_A_SECOND as u64);

/// Simulated time goes faster until this is dropped.
pub(crate) struct Push {
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Push {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(ended.is_none_or(|ended| ended.is_ok()), "the clock could not be pushed");
    }
}

/// A running simulator.
#[derive(Debug, Clone)]
pub(crate) struct Control {
    address: String,
}

impl Control {
    /// Waits until the simulator of this folder answers.
    pub(crate) fn attach(sim_folder: &Path) -> Self {
        let mut found = None;
        eventually("the simulator answers", || {
            let Ok(text) = std::fs::read_to_string(sim_folder.join("serving.json")) else { return false };
            let Ok(endpoints) = serde_json::from_str::<Value>(&text) else { return false };
            let address = endpoints["base_url"].as_str().unwrap().trim_start_matches("http://").to_owned();
            let control = Self { address };
            let answers = control.try_ask("GET", "/_sim/clock", None).is_ok();
            found = answers.then_some(control);
            answers
        });
        found.unwrap()
    }

    /// Calls, open spans and counts.
    pub(crate) fn ledger(&self) -> Value {
        self.ask("GET", "/_sim/ledger", None)
    }

    /// Everything that stands in the simulated clouds and that somebody made or caused, billed or not.
    pub(crate) fn leftovers(&self) -> Value {
        self.ask("GET", "/_sim/leftovers", None)
    }

    /// The whole world, as the simulator keeps it.
    pub(crate) fn state(&self) -> Value {
        self.ask("GET", "/_sim/state", None)
    }

    /// Calls that came in since the ledger had `from` of them, as `METHOD resource`.
    pub(crate) fn calls_since(&self, from: usize) -> Vec<String> {
        let ledger = self.ledger();
        let calls = ledger["calls"].as_array().unwrap();
        let text = |call: &Value, key: &str| call[key].as_str().unwrap().to_owned();
        calls.iter().skip(from).map(|call| format!("{} {}", text(call, "method"), text(call, "resource"))).collect()
    }

    /// Arms a fault and gives its number.
    pub(crate) fn arm(&self, rule: &Value) -> u64 {
        self.ask("POST", "/_sim/faults", Some(rule))["ids"][0].as_u64().unwrap()
    }

    /// Does something to the world at once.
    pub(crate) fn arm_now(&self, effect: &Value) {
        self.ask("POST", "/_sim/faults", Some(&json!({"on": "now", "do": effect})));
    }

    /// One armed fault with its counts.
    pub(crate) fn fault(&self, id: u64) -> Value {
        let report = self.ask("GET", "/_sim/faults", None);
        let faults = report["faults"].as_array().unwrap();
        faults
            .iter()
            .find(|fault| fault["id"] == id)
            .cloned()
            .unwrap_or_else(|| panic!("fault {id} is not armed: {report}"))
    }

    /// Disarms all faults and lets held calls go.
    pub(crate) fn clear_faults(&self) {
        self.ask("DELETE", "/_sim/faults", None);
    }

    /// The call that a fault struck last, as the ledger tells it.
    pub(crate) fn last_struck(&self) -> String {
        self.calls_since(0).pop().unwrap_or_default()
    }

    /// Puts a world back that [`Self::state`] gave; time does not go back with it.
    pub(crate) fn put_back(&self, world: &Value) {
        self.ask("POST", "/_sim/state", Some(world));
    }

    /// Forgets every cluster, call and fault.
    pub(crate) fn reset(&self) {
        self.ask("POST", "/_sim/reset", Some(&json!({})));
    }

    /// Lets this many simulated seconds pass at once.
    pub(crate) fn advance(&self, seconds: u32) {
        self.ask("POST", "/_sim/clock/advance", Some(&json!({"seconds": seconds})));
    }

    /// Goes on letting so many simulated seconds pass in each of ours, beside the clock's own speed.
    pub(crate) fn push(&self, seconds: u32) -> Push {
        let ended = Arc::new(AtomicBool::new(false));
        let (control, end) = (self.clone(), ended.clone());
        let thread = std::thread::spawn(move || {
            while !end.load(Ordering::Relaxed) {
                std::thread::sleep(PUSH_PAUSE);
                let part = json!({"seconds": seconds / PUSHES_A_SECOND});
                // Between two lives of a server nobody answers.
                drop(control.try_ask("POST", "/_sim/clock/advance", Some(&part)));
            }
        });
        Push { ended, thread: Some(thread) }
    }

    /// Puts things into Compute Engine that no cluster made.
    pub(crate) fn plant(&self, things: &Value) {
        self.ask("POST", "/_sim/plant", Some(things));
    }

    /// Sets a quota's limit; without a region, the project-wide one.
    pub(crate) fn quota(&self, metric: &str, region: Option<&str>, limit: f64) {
        self.ask("POST", "/_sim/quota", Some(&json!({"metric": metric, "region": region, "limit": limit})));
    }

    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        self.try_ask(method, path, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    fn try_ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut stream = TcpStream::connect(&self.address).map_err(|error| error.to_string())?;
        stream.set_read_timeout(Some(LIMIT)).map_err(|error| error.to_string())?;
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).map_err(|error| error.to_string())?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply).map_err(|error| error.to_string())?;
        let (head, body) = reply.split_once("\r\n\r\n").ok_or("no head")?;
        if !head.split_whitespace().nth(1).is_some_and(|code| code.starts_with('2')) {
            return Err(reply);
        }
        if body.is_empty() { Ok(Value::Null) } else { serde_json::from_str(body).map_err(|error| error.to_string()) }
    }
}

/// Waits until something is so, and fails with its name when it does not come about in time.
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < LIMIT, "not within {LIMIT:?}: {what}");
        std::thread::sleep(Duration::from_millis(3));
    }
}
