//! Requests and answers as the world sees them: off the socket, before any meaning.

use bytes::Bytes;
use serde_json::Value;

/// One HTTP request to the container, compute or token endpoint.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    /// The HTTP method in upper case.
    pub(crate) method: String,
    /// The path, percent-decoded, without the query.
    pub(crate) path: String,
    /// The query parameters, percent-decoded.
    pub(crate) query: Vec<(String, String)>,
    /// The token of an `Authorization: Bearer` header.
    pub(crate) bearer: Option<String>,
    /// The whole `Authorization` header.
    pub(crate) authorization: Option<String>,
    /// The path as it came, percent-encoded.
    pub(crate) raw_path: String,
    /// The `X-Amz-Target` header, empty when there was none.
    pub(crate) target: String,
    /// The `User-Agent` header, empty when there was none.
    pub(crate) agent: String,
    /// The body.
    pub(crate) body: Bytes,
}

impl Request {
    /// The first value of a query parameter.
    pub(crate) fn parameter(&self, key: &str) -> Option<&str> {
        self.query.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}

/// An answer: a status and a JSON body.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    /// The HTTP status code.
    pub(crate) status: u16,
    /// The body.
    pub(crate) body: Value,
}

impl Reply {
    /// A 200 answer.
    pub(crate) fn ok(body: Value) -> Reply {
        Reply { status: 200, body }
    }
}

/// An answer in any form, ready to be sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Answer {
    /// The HTTP status code.
    pub(crate) status: u16,
    /// The headers.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Answer {
        let kind = "application/json; charset=UTF-8".to_owned();
        let headers = vec![("content-type".to_owned(), kind)];
        Answer { status: reply.status, headers, body: reply.body.to_string().into_bytes() }
    }
}

/// What is to become of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// It is sent.
    Send,
    /// The connection is closed instead.
    Drop,
    /// Nothing was done yet: the request waits until the fault is cleared and is then carried out.
    HoldBefore(u64),
    /// It is sent once the fault is cleared.
    HoldAfter(u64),
}

/// Parses a percent-encoded form or query string.
pub(crate) fn form(text: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text).map(|(key, value)| (key.into_owned(), value.into_owned())).collect()
}

/// Decodes a path. A `+` stays a `+`, as in every path.
pub(crate) fn decode_path(path: &str) -> String {
    let kept = path.replace('+', "%2B");
    url::form_urlencoded::parse(format!("p={}", kept.replace('&', "%26").replace('=', "%3D")).as_bytes())
        .next()
        .map_or_else(|| path.to_owned(), |(_, value)| value.into_owned())
}
