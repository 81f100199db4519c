//! The parameters of lists and watches, and what is refused about them.

use serde_json::json;

use crate::kube::failure::{Cause, Failure, Outcome};
use crate::kube::request::{Request, truth};

/// Which state a list may show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Match {
    /// This version and no other.
    Exact,
    /// This version or a newer one.
    NotOlderThan,
}

/// The checked parameters.
#[derive(Debug, Clone)]
pub(crate) struct ListOptions {
    /// Not given and empty are the same.
    pub(crate) version: Option<u64>,
    pub(crate) matching: Option<Match>,
    /// Nothing when there is no limit.
    pub(crate) limit: Option<usize>,
    pub(crate) token: Option<String>,
    pub(crate) send_initial_events: Option<bool>,
    pub(crate) bookmarks: bool,
    pub(crate) timeout_seconds: Option<i64>,
}

impl ListOptions {
    pub(crate) fn of(request: &Request, watch: bool) -> Outcome<ListOptions> {
        let limit = match request.filled("limit") {
            Some(text) => usize::try_from(number(text)?).ok().filter(|limit| *limit > 0),
            None => None,
        };
        let timeout_seconds = request.filled("timeoutSeconds").map(number).transpose()?;
        let send_initial_events = request.filled("sendInitialEvents").map(truth);
        check_matching(request, watch, send_initial_events)?;
        let version = match request.filled("resourceVersion") {
            Some(text) if watch => {
                Some(text.parse().map_err(|_| Failure::internal(format!("resourceVersion: {}", unparsable(text))))?)
            }
            Some(text) => Some(version_number(text)?),
            None => None,
        };
        let matching = match request.filled("resourceVersionMatch") {
            Some("Exact") => Some(Match::Exact),
            Some("NotOlderThan") => Some(Match::NotOlderThan),
            _ => None,
        };
        Ok(ListOptions {
            version,
            matching,
            limit,
            token: request.filled("continue").map(str::to_owned),
            send_initial_events,
            bookmarks: request.flag("allowWatchBookmarks"),
            timeout_seconds,
        })
    }
}

/// A resourceVersion given to a list or a get.
pub(crate) fn version_number(text: &str) -> Outcome<u64> {
    text.parse()
        .map_err(|_| Failure::bad_request(format!("invalid resource version: resourceVersion: {}", unparsable(text))))
}

fn unparsable(text: &str) -> String {
    format!("Invalid value: {}: strconv.ParseUint: parsing {}: invalid syntax", json!(text), json!(text))
}

fn number(text: &str) -> Outcome<i64> {
    text.parse().map_err(|_| Failure::bad_request(format!("strconv.ParseInt: parsing {}: invalid syntax", json!(text))))
}

/// How `resourceVersionMatch` may go with the rest.
fn check_matching(request: &Request, watch: bool, send_initial_events: Option<bool>) -> Outcome<()> {
    const FIELD: &str = "resourceVersionMatch";
    let matching = request.filled(FIELD);
    let version = request.filled("resourceVersion");
    let mut causes = Vec::new();
    if watch {
        match (send_initial_events, matching) {
            (None, Some(_)) => {
                let why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
                causes.push(Cause::forbidden(FIELD, why));
            }
            (Some(_), matching) if matching != Some("NotOlderThan") => {
                let why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
                causes.push(Cause::forbidden(FIELD, why));
                if let Some(matching) = matching {
                    causes.push(Cause::unsupported(FIELD, matching, &["NotOlderThan"]));
                }
            }
            _ => {}
        }
    } else {
        if let Some(matching) = matching {
            let exact = matching == "Exact";
            if version.is_none() {
                let why = "resourceVersionMatch is forbidden unless resourceVersion is provided";
                causes.push(Cause::forbidden(FIELD, why));
            } else if exact && version == Some("0") {
                let why = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
                causes.push(Cause::forbidden(FIELD, why));
            }
            if request.filled("continue").is_some() {
                causes.push(Cause::forbidden(FIELD, "resourceVersionMatch is forbidden when continue is provided"));
            }
            if !exact && matching != "NotOlderThan" {
                causes.push(Cause::unsupported(FIELD, matching, &["Exact", "NotOlderThan", ""]));
            }
        }
        if send_initial_events.is_some() {
            causes.push(Cause::forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
        }
    }
    if causes.is_empty() {
        return Ok(());
    }
    Err(Failure::invalid_as("meta.k8s.io", "ListOptions", "", &causes))
}
