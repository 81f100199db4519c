//! Performs a recorded scenario against a store, with a clock that only moves when something waits.

use std::collections::BTreeMap;

use berth_sim::kube::{Reply, Request, Store, User, Watch};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::compare::{Answer, Answers, differences, resolve, resolve_text};

/// What came of a scenario: the steps in order, each with its differences.
pub(crate) type Outcome = Vec<(String, Vec<String>)>;

/// A scenario in progress.
struct Replay {
    store: Store,
    now: Timestamp,
    answers: Answers,
    background: BTreeMap<String, (Watch, Value)>,
}

/// Performs all steps.
pub(crate) fn replay(steps: &[Value]) -> Outcome {
    let now = "2026-11-21T04:00:00Z".parse().unwrap();
    let mut store = Store::new(now, "v1.36.0");
    // What the recorded server had before the first step.
    for class in classes() {
        store.put(now, "priorityclasses", None, class);
    }
    let mut replay = Replay { store, now, answers: Answers::new(), background: BTreeMap::new() };
    steps.iter().filter_map(|step| replay.step(step)).collect()
}

fn classes() -> [Value; 3] {
    let class = |name: &str, value: u32, description: &str| {
        json!({
            "metadata": {"name": name, "generation": 1},
            "value": value,
            "description": description,
            "preemptionPolicy": "PreemptLowerPriority",
        })
    };
    let mut medium = class("medium-priority", 100_000, "Medium priority for standard model inference workloads");
    medium["globalDefault"] = json!(true);
    [
        class("high-priority", 1_000_000, "High priority for critical model inference workloads"),
        medium,
        class("low-priority", 10_000, "Low priority for batch processing and non-critical workloads"),
    ]
}

impl Replay {
    fn advance(&mut self, milliseconds: i64) {
        self.now = self.now.checked_add(SignedDuration::from_millis(milliseconds)).unwrap();
    }

    fn step(&mut self, step: &Value) -> Option<(String, Vec<String>)> {
        let name = step["name"].as_str().unwrap().to_owned();
        if let Some(started) = step["collect"].as_str() {
            let Some((watch, recorded)) = self.background.remove(started) else {
                return Some((name, vec!["the watch was not opened".to_owned()]));
            };
            let answer = self.finish(watch);
            self.answers.insert(started.to_owned(), answer.body.clone());
            return Some((name, differences(&recorded, &answer, &self.answers)));
        }
        self.advance(20);
        if step["background"] == true {
            return match self.send(step) {
                Reply::Watch(watch) => {
                    self.background.insert(name, (watch, step.clone()));
                    None
                }
                Reply::Once { status, .. } => Some((name, vec![format!("status {status} instead of a watch")])),
            };
        }
        let ends = step["poll"]["max_seconds"].as_i64().map(|seconds| self.now + SignedDuration::from_secs(seconds));
        loop {
            let answer = self.answer(step);
            self.answers.insert(name.clone(), answer.body.clone());
            let found = differences(step, &answer, &self.answers);
            if step["settle"] == true && found.is_empty() {
                self.advance(1200);
            }
            if found.is_empty() || ends.is_none_or(|ends| self.now > ends) {
                return Some((name, found));
            }
            self.advance(500);
        }
    }

    fn answer(&mut self, step: &Value) -> Answer {
        match self.send(step) {
            Reply::Watch(watch) => self.finish(watch),
            Reply::Once { status, headers, body } => {
                let mut answered: Map<String, Value> = Map::new();
                for (name, value) in headers {
                    if name == "warning" {
                        let warnings = answered.entry(name).or_insert_with(|| Value::Array(Vec::new()));
                        warnings.as_array_mut().unwrap().push(Value::String(value));
                    } else {
                        answered.insert(name, Value::String(value));
                    }
                }
                let text = String::from_utf8(body.to_vec()).unwrap();
                let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
                Answer { status, headers: answered, body }
            }
        }
    }

    /// Lets a watch run to its end.
    fn finish(&mut self, mut watch: Watch) -> Answer {
        let mut text = Vec::new();
        loop {
            let said = self.store.poll_watch(&mut watch, self.now);
            text.extend_from_slice(&said.bytes);
            if said.done {
                break;
            }
            self.now = self.now.max(watch.deadline());
        }
        let events = String::from_utf8(text).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let headers = [("content-type".to_owned(), Value::String(watch.content_type().to_owned()))];
        Answer { status: 200, headers: headers.into_iter().collect(), body: Value::Array(events) }
    }

    fn send(&mut self, step: &Value) -> Reply {
        let recorded = &step["request"];
        let header = |name: &str| recorded["headers"][name].as_str().map(str::to_owned);
        let query = recorded["query"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), resolve_text(value.as_str().unwrap_or_default(), &self.answers)))
            .collect();
        let body = match recorded.get("body") {
            None => String::new(),
            Some(Value::String(text)) => resolve_text(text, &self.answers),
            Some(value) => spaced(&resolve(value, &self.answers)),
        };
        let user = match step["auth"].as_str() {
            None => match header("impersonate-user") {
                Some(name) => User::Bound { name, groups: header("impersonate-group").into_iter().collect() },
                None => User::Named { name: "admin".to_owned(), groups: vec!["system:masters".to_owned()] },
            },
            Some("none") => User::Anonymous,
            Some(_) => User::Unauthorized,
        };
        let request = Request {
            method: recorded["method"].as_str().unwrap().to_owned(),
            path: resolve_text(recorded["path"].as_str().unwrap(), &self.answers),
            query,
            accept: header("accept").unwrap_or_default(),
            content_type: header("content-type"),
            user_agent: Some("transcripts-recorder/1.0".to_owned()),
            if_none_match: header("if-none-match"),
            body: Bytes::from(body),
            user,
        };
        self.store.handle(self.now, &request)
    }
}

/// JSON as the recorder sent it: error texts quote the bytes of the body.
fn spaced(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(spaced).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let parts: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("{}: {}", Value::from(name.as_str()), spaced(value)))
                .collect();
            format!("{{{}}}", parts.join(", "))
        }
        other => other.to_string(),
    }
}
