//! What the server hands to the store and gets back: bytes already parsed off the socket.

use bytes::Bytes;

use super::read::watch::Watch;

/// One HTTP request, off the socket and authenticated.
#[derive(Debug, Clone)]
pub struct Request {
    /// The HTTP method in upper case.
    pub method: String,
    /// The path, percent-decoded, without the query.
    pub path: String,
    /// The query parameters in order, percent-decoded.
    pub query: Vec<(String, String)>,
    /// The `Accept` header, empty when there was none.
    pub accept: String,
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// The `User-Agent` header; its part before the `/` names the field owner of a write.
    pub user_agent: Option<String>,
    /// The `If-None-Match` header, used by clients that cache discovery.
    pub if_none_match: Option<String>,
    /// The body, empty when there was none.
    pub body: Bytes,
    /// Who asks.
    pub user: User,
}

impl Request {
    /// The first value of a query parameter; an empty value counts as given.
    pub(crate) fn parameter(&self, key: &str) -> Option<&str> {
        self.query.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// A query parameter that is there and not empty.
    pub(crate) fn filled(&self, key: &str) -> Option<&str> {
        self.parameter(key).filter(|value| !value.is_empty())
    }

    /// A boolean query parameter; as on the real server every value but `0` and `false` is true.
    pub(crate) fn flag(&self, key: &str) -> bool {
        self.parameter(key).is_some_and(truth)
    }

    /// Whether the query asks for a dry run.
    pub(crate) fn dry_run(&self) -> bool {
        self.query.iter().any(|(name, value)| name == "dryRun" && value == "All")
    }
}

/// How the server reads a boolean parameter.
pub(crate) fn truth(value: &str) -> bool {
    !matches!(value.to_ascii_lowercase().as_str(), "0" | "false")
}

/// Who asks, as far as the bearer token told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum User {
    /// No credentials were sent: only the version and the health paths are readable.
    Anonymous,
    /// Credentials were sent and are not valid.
    Unauthorized,
    /// A known user, who may do everything.
    Named {
        /// The user name.
        name: String,
        /// The groups the user is in.
        groups: Vec<String>,
    },
    /// Somebody whom his cloud lets make this request, and who beyond it may do what roles bound to him say.
    Admitted {
        /// The user name.
        name: String,
        /// The groups the user is in.
        groups: Vec<String>,
    },
    /// Somebody who may do what roles bound to him say: a service account, or who somebody else acts for.
    Bound {
        /// The user name.
        name: String,
        /// The groups the user is in.
        groups: Vec<String>,
    },
}

/// The answer to a request.
#[derive(Debug)]
pub enum Reply {
    /// A whole answer.
    Once {
        /// The HTTP status code.
        status: u16,
        /// The headers, names in lower case.
        headers: Vec<(String, String)>,
        /// The body.
        body: Bytes,
    },
    /// A stream: answer 200 with [`Watch::content_type`] and keep polling with [`super::Store::poll_watch`].
    Watch(Watch),
}

impl Reply {
    /// A whole answer of one content type.
    pub(crate) fn of(status: u16, content_type: &str, body: impl Into<Bytes>) -> Reply {
        Reply::Once { status, headers: vec![("content-type".to_owned(), content_type.to_owned())], body: body.into() }
    }

    /// The same answer with one more header.
    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Reply {
        if let Reply::Once { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}
