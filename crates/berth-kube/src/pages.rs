//! Lists, page by page: the next page is asked for while the one before it still comes in, and of neither more than one object is
//! held whole.

use std::pin::Pin;

use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use futures::future::{self, BoxFuture, Either};
use futures::{AsyncBufRead, AsyncBufReadExt};
use http::Request;
use kube::Client;
use serde::de::DeserializeOwned;

use crate::classify;
use crate::items::Splitter;
use crate::wire::reading;

/// Objects per page.
const PAGE: u32 = 500;
/// How often a list may begin again because its continue token ran out.
const RESTARTS: u32 = 3;
/// Asks for objects of which only the metadata is told.
const ONLY_METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

/// Which objects of a collection, and how much of them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Choice<'a> {
    /// Their labels.
    pub(crate) labels: Option<&'a str>,
    /// Their fields.
    pub(crate) fields: Option<&'a str>,
    /// Leave out all but the metadata.
    pub(crate) only_metadata: bool,
}

/// All objects of a collection, page by page: each is reduced by `keep` before the next one is read, so that memory stays small.
pub(crate) async fn list<T, U>(
    client: &Client,
    path: &str,
    choice: Choice<'_>,
    tried: &str,
    keep: impl Fn(T) -> Result<U, Fault>,
) -> Result<Vec<U>, Fault>
where
    T: DeserializeOwned,
{
    for _ in 0..RESTARTS {
        if let Some(found) = all_pages(client, path, choice, tried, &keep).await? {
            return Ok(found);
        }
    }
    Err(Fault {
        kind: FaultKind::Unavailable,
        tried: tried.to_owned(),
        said: format!("410 Expired: the list ran out between two pages {RESTARTS} times"),
        left_behind: LeftBehind::Nothing,
        retry: Retry::Backoff,
    })
}

/// All objects of a collection as they are; a kind the server does not have has none.
pub(crate) async fn list_whole<T: DeserializeOwned>(
    client: &Client,
    path: &str,
    choice: Choice<'_>,
    tried: &str,
) -> Result<Vec<T>, Fault> {
    match list(client, path, choice, tried, Ok).await {
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(Vec::new()),
        other => other,
    }
}

/// The text of a page as it comes in.
type Text = Pin<Box<dyn AsyncBufRead + Send>>;
/// A page that was asked for.
type Asked<'a> = BoxFuture<'a, Result<Text, kube::Error>>;

/// One pass over all pages; `None` if the server forgot the list in between.
async fn all_pages<T, U>(
    client: &Client,
    path: &str,
    choice: Choice<'_>,
    tried: &str,
    keep: &impl Fn(T) -> Result<U, Fault>,
) -> Result<Option<Vec<U>>, Fault>
where
    T: DeserializeOwned,
{
    let ask =
        |next: Option<&str>| -> Asked<'_> { Box::pin(ask(client, page_of(path, choice, next), choice.only_metadata)) };
    let mut found = Vec::new();
    let mut keep_text = |item: &[u8]| {
        let item = serde_json::from_slice(item).map_err(|error| reading(tried, kube::Error::SerdeError(error)))?;
        found.push(keep(item)?);
        Ok(())
    };
    let mut token: Option<String> = None;
    let mut coming = ask(None);
    loop {
        let text = match coming.await {
            Ok(text) => text,
            Err(error) if token.is_some() && classify::is_expired(&error) => return Ok(None),
            Err(error) => return Err(reading(tried, error)),
        };
        let page = read_page(text, tried, token.as_deref(), &ask, &mut keep_text).await?;
        let Some(next) = page.next else { return Ok(Some(found)) };
        // A server that gives the same token for ever would keep us here for ever.
        if token.as_ref() == Some(&next) {
            let said = "the server gives the same page again and again".to_owned();
            return Err(classify::strange_answer(tried, said));
        }
        coming = page.ahead.unwrap_or_else(|| ask(Some(&next)));
        token = Some(next);
    }
}

async fn ask(client: &Client, path: String, only_metadata: bool) -> Result<Text, kube::Error> {
    let mut request = Request::get(path);
    if only_metadata {
        request = request.header(http::header::ACCEPT, ONLY_METADATA);
    }
    let request = request.body(Vec::new()).map_err(kube::Error::HttpError)?;
    Ok(Box::pin(client.request_stream(request).await?))
}

/// A page that has been read.
struct Page<'a> {
    /// Where the list goes on.
    next: Option<String>,
    /// What was asked for there meanwhile.
    ahead: Option<Asked<'a>>,
}

/// The page after one that is being read.
enum Ahead<'a> {
    /// The text has not told yet where it is.
    Unknown,
    Nothing,
    Going(Asked<'a>),
    /// It was there first, and waits.
    Come(Result<Text, kube::Error>),
}

/// Reads a page, and asks for the next one as soon as the text tells where that is; `token` is what led to this page.
async fn read_page<'a>(
    mut text: Text,
    tried: &str,
    token: Option<&str>,
    ask: &impl Fn(Option<&str>) -> Asked<'a>,
    keep: &mut impl FnMut(&[u8]) -> Result<(), Fault>,
) -> Result<Page<'a>, Fault> {
    let mut splitter = Splitter::default();
    let mut ahead = Ahead::Unknown;
    loop {
        let piece = match ahead {
            Ahead::Going(asked) => match future::select(text.fill_buf(), asked).await {
                Either::Left((piece, asked)) => {
                    ahead = Ahead::Going(asked);
                    piece
                }
                Either::Right((answer, _)) => {
                    ahead = Ahead::Come(answer);
                    continue;
                }
            },
            _ => text.fill_buf().await,
        };
        let piece = piece.map_err(|error| reading(tried, kube::Error::ReadEvents(error)))?;
        if piece.is_empty() {
            break;
        }
        splitter.push(piece, keep)?;
        let length = piece.len();
        text.consume_unpin(length);
        if matches!(ahead, Ahead::Unknown)
            && let Some(next) = splitter.next_page()
        {
            // One that leads here again is no way on.
            ahead = if Some(next.as_str()) == token { Ahead::Nothing } else { Ahead::Going(ask(Some(&next))) };
        }
    }
    let next = splitter.end().map_err(|error| reading(tried, kube::Error::SerdeError(error)))?;
    let ahead = match ahead {
        Ahead::Unknown | Ahead::Nothing => None,
        Ahead::Going(asked) => Some(asked),
        Ahead::Come(answer) => Some(Box::pin(future::ready(answer)) as Asked<'a>),
    };
    Ok(Page { next, ahead })
}

fn page_of(path: &str, choice: Choice<'_>, next: Option<&str>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("limit", &PAGE.to_string());
    for (key, value) in [("labelSelector", choice.labels), ("fieldSelector", choice.fields), ("continue", next)] {
        if let Some(value) = value {
            query.append_pair(key, value);
        }
    }
    format!("{path}?{}", query.finish())
}
