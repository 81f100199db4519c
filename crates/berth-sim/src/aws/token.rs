//! Bearer tokens of EKS: a presigned question to STS who one is, signed for one cluster.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;

use super::call::Scope;
use super::places::{ACCESS_KEY_ID, caller_arn};
use crate::kube::User;
use crate::wire::form;
use crate::world::World;

/// How long a token lives from its date on.
const LIFE_SECONDS: i64 = 15 * 60;
/// How far ahead a client's clock may be.
const SKEW_SECONDS: i64 = 5 * 60;
/// The longest token that is looked at.
const MOST_BYTES: usize = 4096;

/// The parameters a token may have; any other is refused.
const PARAMETERS: &[&str] = &[
    "action",
    "version",
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-security-token",
    "x-amz-signature",
    "x-amz-signedheaders",
    "x-amz-user-agent",
];

/// Whom a bearer stands for in an EKS cluster; nothing when the cluster is none of EKS or the token none of its kind.
///
/// An access entry makes its principal an administrator by the policy of that name over the whole cluster. Without it he may do what
/// roles bound to his name and groups say; what the other policies allow is not simulated.
/// `wall` is the wall's time: clients date their tokens by it, whatever speed simulated time runs at.
pub(crate) fn authenticate(world: &World, uid: &str, bearer: &str, wall: Timestamp) -> Option<User> {
    let cluster = world.aws.clusters.values().find(|cluster| cluster.uid == uid)?;
    if bearer == world.static_token() {
        return Some(User::Named { name: "kubectl@berth-sim.example".to_owned(), groups: groups(&["system:masters"]) });
    }
    if !holds(bearer, wall) {
        return Some(User::Unauthorized);
    }
    let arn = caller_arn();
    let Some(entry) = cluster.entries.get(&arn) else { return Some(User::Unauthorized) };
    let own = super::serve::texts(entry.fields.get("kubernetesGroups"));
    let all = groups(&[own.as_slice(), &["system:authenticated"]].concat());
    let policy = entry.policies.get(&super::eks::admin_policy_arn());
    let is_admin = policy.is_some_and(|own| own["accessScope"]["type"] == "cluster");
    Some(if is_admin { User::Named { name: arn, groups: all } } else { User::Bound { name: arn, groups: all } })
}

fn groups(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Whether a token is well formed, by a known key, and in time.
fn holds(bearer: &str, wall: Timestamp) -> bool {
    let Some(text) = bearer.strip_prefix("k8s-aws-v1.").filter(|_| bearer.len() <= MOST_BYTES) else { return false };
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(text) else { return false };
    let Ok(url) = url::Url::parse(&String::from_utf8_lossy(&bytes)) else { return false };
    let pairs = form(url.query().unwrap_or_default().as_bytes());
    let parameter = |name: &str| {
        let mut found = pairs.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    let known = pairs.iter().all(|(key, _)| PARAMETERS.contains(&key.to_ascii_lowercase().as_str()));
    let signed = parameter("X-Amz-SignedHeaders");
    let by = Scope::parse(parameter("X-Amz-Credential"));
    let dated = parse_date(parameter("X-Amz-Date"));
    let in_time = dated.is_some_and(|date| {
        let age = wall.duration_since(date).as_secs();
        (-SKEW_SECONDS..=LIFE_SECONDS).contains(&age)
    });
    let asks = parameter("Action") == "GetCallerIdentity" && url.path() == "/";
    let at = url.host_str().is_some_and(|host| host.starts_with("sts.") || host == "127.0.0.1" || host == "localhost");
    let expires = parameter("X-Amz-Expires").parse::<i64>().is_ok_and(|seconds| (0..=900).contains(&seconds));
    known
        && asks
        && at
        && expires
        && in_time
        && !parameter("X-Amz-Signature").is_empty()
        && signed.split(';').any(|header| header == "x-k8s-aws-id")
        && by.is_some_and(|scope| scope.key == ACCESS_KEY_ID && scope.service == "sts")
}

/// Reads `20261121T061500Z`.
fn parse_date(text: &str) -> Option<Timestamp> {
    let part = |range: std::ops::Range<usize>| text.get(range);
    let whole = format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0..4)?,
        part(4..6)?,
        part(6..8)?,
        part(9..11)?,
        part(11..13)?,
        part(13..15)?
    );
    whole.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(date: &str, signed: &str, key: &str) -> String {
        let url = format!(
            "https://sts.us-east-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256\
             &X-Amz-Credential={key}%2F20261121%2Fus-east-1%2Fsts%2Faws4_request&X-Amz-Date={date}&X-Amz-Expires=60\
             &X-Amz-SignedHeaders={signed}&X-Amz-Signature=00"
        );
        format!("k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(url))
    }

    #[test]
    fn a_token_holds_for_fifteen_minutes_and_one_cluster_header() {
        let wall: Timestamp = "2026-11-21T06:15:00Z".parse().unwrap();
        let good = "host%3Bx-k8s-aws-id";
        assert!(holds(&token("20261121T060001Z", good, ACCESS_KEY_ID), wall));
        assert!(!holds(&token("20261121T055959Z", good, ACCESS_KEY_ID), wall), "it is too old");
        assert!(!holds(&token("20261121T061400Z", "host", ACCESS_KEY_ID), wall), "the cluster is not signed");
        assert!(!holds(&token("20261121T061400Z", good, "AKIAOTHER"), wall), "the key is unknown");
        assert!(!holds("k8s-aws-v1.!", wall) && !holds("ya29.other", wall));
    }
}
