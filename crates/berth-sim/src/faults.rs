//! Faults by rule: which call goes wrong, when, how often and how.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A rule as a test or a user writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// An API method (`CreateNodePool`), a family (`kube`, `compute`, `oauth`), `*` for every call, or `now` for at once.
    pub(crate) on: String,
    /// Only calls whose resource contains this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) matches: Option<String>,
    /// The first matching call it strikes, counted from 1.
    #[serde(default = "one")]
    pub(crate) nth: u64,
    /// How many matching calls it strikes in a row.
    #[serde(default = "one")]
    pub(crate) times: u64,
    /// What goes wrong.
    #[serde(rename = "do")]
    pub(crate) effect: Effect,
}

fn one() -> u64 {
    1
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Effect {
    /// This error is answered and nothing is done.
    Answer {
        /// The HTTP status code.
        code: u16,
        /// The canonical status, as `PERMISSION_DENIED`.
        status: String,
        /// The message.
        message: String,
    },
    /// The connection closes and nothing is done.
    DropBefore,
    /// The call is carried out and the connection closes without an answer.
    DropAfter,
    /// The call waits, undone, until the fault is cleared.
    HangBefore,
    /// The call is carried out and its answer waits until the fault is cleared.
    HangAfter,
    /// Matching calls are refused for a while.
    Throttle {
        /// Simulated seconds from the first strike on.
        seconds: i64,
        /// 429 or 503.
        #[serde(default = "too_many")]
        code: u16,
    },
    /// A zone has no machines for the pool.
    Stockout {
        /// The zone; all zones of the pool when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        zone: Option<String>,
        /// Nodes that came up all the same, in that zone or in all.
        #[serde(default)]
        created: u32,
    },
    /// The operation ends with this error.
    OperationError {
        /// The google.rpc code.
        code: i32,
        /// The message.
        message: String,
    },
    /// The operation never ends.
    Stuck,
    /// All tokens issued so far stop being valid.
    ExpireTokens,
    /// A quota's limit changes.
    Quota {
        /// The metric, as `NVIDIA_T4_GPUS`.
        metric: String,
        /// The region; all regions or the project-wide metric when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        region: Option<String>,
        /// The new limit.
        limit: f64,
    },
    /// A node group, a cluster or an add-on of EKS ends with this health issue.
    Issue {
        /// The code, as `NodeCreationFailure`.
        code: String,
        /// The message.
        message: String,
    },
    /// EC2 has no such machines from now on; an absent member stands for all.
    NoCapacity {
        /// The zone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        zone: Option<String>,
        /// The instance type.
        #[serde(rename = "instanceType", default, skip_serializing_if = "Option::is_none")]
        instance_type: Option<String>,
        /// Only spot machines, or only on-demand ones.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        spot: Option<bool>,
        /// EC2's code.
        #[serde(default = "insufficient")]
        code: String,
    },
    /// EC2 has all machines again.
    CapacityBack,
    /// A deleted node group leaves so many network interfaces behind, if the CNI still ran on its nodes.
    LeaveInterfaces {
        /// How many.
        count: u32,
    },
    /// The last lines of a deleted control plane that wrote logs arrive late, which makes its log group again if that is gone.
    LateLogs {
        /// Simulated seconds after the control plane is gone.
        seconds: i64,
    },
    /// Lists leave out this zone and name it in `missingZones`.
    MissingZone {
        /// The zone.
        zone: String,
    },
    /// Spot nodes of a pool are taken away.
    Preempt {
        /// The pool's name.
        pool: String,
        /// How many nodes.
        count: u32,
    },
}

fn too_many() -> u16 {
    429
}

fn insufficient() -> String {
    "InsufficientInstanceCapacity".to_owned()
}

impl Effect {
    /// Whether it changes what an AWS call begins, rather than the call's answer or the world.
    pub(crate) fn spoils_aws(&self) -> bool {
        let of_groups = matches!(self, Effect::Stockout { .. } | Effect::LeaveInterfaces { .. });
        of_groups || matches!(self, Effect::Issue { .. } | Effect::Stuck | Effect::LateLogs { .. })
    }
}

/// A rule with its count.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Armed {
    /// The fault's number.
    pub(crate) id: u64,
    /// The rule.
    pub(crate) rule: Rule,
    /// Matching calls seen.
    pub(crate) seen: u64,
    /// Calls struck.
    pub(crate) fired: u64,
    /// Until when a throttle goes on.
    pub(crate) until: Option<Timestamp>,
    /// Requests being held right now.
    #[serde(skip)]
    pub(crate) held: u32,
}

/// All armed faults.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Faults {
    last_id: u64,
    armed: Vec<Armed>,
}

impl Faults {
    /// Arms a rule and gives its number.
    pub(crate) fn arm(&mut self, rule: Rule) -> u64 {
        self.last_id += 1;
        self.armed.push(Armed { id: self.last_id, rule, seen: 0, fired: 0, until: None, held: 0 });
        self.last_id
    }

    /// Whether an effect is still armed, struck or not.
    pub(crate) fn any(&self, holds: impl Fn(&Rule) -> bool) -> bool {
        self.armed.iter().any(|armed| holds(&armed.rule))
    }

    /// Whether a stockout of a pool is still armed; stock comes back when it is cleared.
    pub(crate) fn out_of_stock(&self, pool: &str) -> bool {
        self.any(|rule| {
            matches!(rule.effect, Effect::Stockout { .. })
                && rule.matches.as_deref().is_none_or(|text| pool.contains(text))
        })
    }

    /// Clears one fault, or all; tells how many.
    pub(crate) fn clear(&mut self, id: Option<u64>) -> usize {
        let before = self.armed.len();
        self.armed.retain(|armed| id.is_some_and(|id| armed.id != id));
        before - self.armed.len()
    }

    /// Whether a fault is still armed.
    pub(crate) fn is_armed(&self, id: u64) -> bool {
        self.armed.iter().any(|armed| armed.id == id)
    }

    /// Notes that one more or one fewer request is held by a fault.
    pub(crate) fn hold(&mut self, id: u64, more: bool) {
        if let Some(armed) = self.armed.iter_mut().find(|armed| armed.id == id) {
            armed.held = if more { armed.held + 1 } else { armed.held.saturating_sub(1) };
        }
    }

    /// Counts a call against all rules and gives the effect of the first that strikes.
    pub(crate) fn strike(&mut self, method: &str, resource: &str, now: Timestamp) -> Option<(u64, Effect)> {
        let mut struck = None;
        for armed in &mut self.armed {
            if !armed.rule.covers(method, resource) {
                continue;
            }
            armed.seen += 1;
            if struck.is_none() && armed.strikes(now) {
                armed.fired += 1;
                struck = Some((armed.id, armed.rule.effect.clone()));
            }
        }
        struck
    }

    /// The same for the inline pools of a cluster creation: only rules about creating pools that spoil their outcome.
    pub(crate) fn strike_pool(&mut self, resource: &str, now: Timestamp) -> Option<Effect> {
        for armed in &mut self.armed {
            let spoils = matches!(armed.rule.effect, Effect::Stockout { .. });
            if !spoils || armed.rule.on != "CreateNodePool" || !armed.rule.covers("CreateNodePool", resource) {
                continue;
            }
            armed.seen += 1;
            if armed.strikes(now) {
                armed.fired += 1;
                return Some(armed.rule.effect.clone());
            }
        }
        None
    }

    /// The list as the control API tells it.
    pub(crate) fn report(&self) -> Value {
        let faults: Vec<Value> = self
            .armed
            .iter()
            .map(|armed| {
                json!({"id": armed.id, "rule": armed.rule, "seen": armed.seen, "fired": armed.fired, "held": armed.held})
            })
            .collect();
        json!({ "faults": faults })
    }
}

impl Rule {
    fn covers(&self, method: &str, resource: &str) -> bool {
        let family = match method.split([':', '.']).next().unwrap_or(method) {
            "Token" | "TokenInfo" => "oauth",
            family => family,
        };
        (self.on == "*" || self.on == method || self.on == family)
            && self.matches.as_deref().is_none_or(|text| resource.contains(text))
    }
}

impl Armed {
    fn strikes(&mut self, now: Timestamp) -> bool {
        if let Effect::Throttle { seconds, .. } = self.rule.effect {
            if self.seen < self.rule.nth {
                return false;
            }
            let until =
                *self.until.get_or_insert_with(|| now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(now));
            return now < until;
        }
        self.seen >= self.rule.nth && self.seen - self.rule.nth < self.rule.times
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn armed(rule: &str) -> Faults {
        let mut faults = Faults::default();
        faults.arm(serde_json::from_str(rule).unwrap());
        faults
    }

    fn fired(faults: &mut Faults, calls: &[(&str, &str, &str)]) -> String {
        let strikes = calls.iter().map(|(at, method, resource)| {
            let struck = faults.strike(method, resource, at.parse().unwrap());
            if struck.is_some() { 'x' } else { '.' }
        });
        strikes.collect()
    }

    const T: &str = "2026-01-01T00:00:00Z";

    #[test]
    fn strikes_the_nth_matching_call_and_so_many_after_it() {
        let mut faults = armed(r#"{"on":"CreateNodePool","matches":"v100","nth":2,"times":2,"do":"drop-after"}"#);
        let calls = [
            (T, "CreateNodePool", "pools/v100"),
            (T, "CreateNodePool", "pools/a100"),
            (T, "GetNodePool", "pools/v100"),
            (T, "CreateNodePool", "pools/v100"),
            (T, "CreateNodePool", "pools/v100"),
            (T, "CreateNodePool", "pools/v100"),
        ];
        assert_eq!(fired(&mut faults, &calls), "...xx.");
    }

    #[test]
    fn a_throttle_lasts_its_seconds_whatever_the_number_of_calls() {
        let mut faults = armed(r#"{"on":"*","do":{"throttle":{"seconds":20}}}"#);
        let calls = [
            ("2026-01-01T00:00:00Z", "GetCluster", ""),
            ("2026-01-01T00:00:10Z", "ListClusters", ""),
            ("2026-01-01T00:00:19Z", "kube:GET", ""),
            ("2026-01-01T00:00:20Z", "GetCluster", ""),
        ];
        assert_eq!(fired(&mut faults, &calls), "xxx.");
    }

    #[test]
    fn a_family_covers_its_methods() {
        let mut faults = armed(r#"{"on":"kube","times":9,"do":"hang-before"}"#);
        assert_eq!(fired(&mut faults, &[(T, "kube:GET", ""), (T, "compute.regions.get", "")]), "x.");
    }

    #[test]
    fn an_unknown_effect_is_refused() {
        assert!(serde_json::from_str::<Rule>(r#"{"on":"*","do":"explode"}"#).is_err());
    }
}
