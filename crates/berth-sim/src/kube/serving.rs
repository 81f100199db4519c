//! From a request to the operation it asks for.

use std::cell::RefCell;

use jiff::Timestamp;
use serde_json::json;

use super::accept;
use super::failure::{Failure, Outcome};
use super::kinds::{Kind, Subresource, Verbs};
use super::output::Writer;
use super::request::{Reply, Request};
use super::store::Store;
use super::target::Target;
use super::{access, discovery, openapi, parts, read, validation, write};

/// What an operation needs to know about the request it serves.
pub(crate) struct Asked<'a> {
    pub(crate) request: &'a Request,
    pub(crate) kind: &'static Kind,
    pub(crate) namespace: Option<&'a str>,
    pub(crate) name: Option<&'a str>,
    pub(crate) subresource: Option<Subresource>,
    pub(crate) writer: Writer,
    pub(crate) now: Timestamp,
    /// What is to be warned of.
    pub(crate) findings: RefCell<Vec<String>>,
}

impl Asked<'_> {
    /// The key of the object the path names.
    pub(crate) fn key(&self) -> String {
        self.kind.key(self.namespace, self.name.unwrap_or_default())
    }
}

/// Answers one request.
pub(crate) fn serve(store: &mut Store, now: Timestamp, request: &Request) -> Reply {
    match route(store, now, request) {
        Ok(reply) => reply,
        Err(failure) if request.method == "HEAD" => Reply::of(failure.code, "application/json", ""),
        Err(failure) => failure.reply(),
    }
}

fn route(store: &mut Store, now: Timestamp, request: &Request) -> Outcome<Reply> {
    access::authorize(store, request)?;
    let path = request.path.trim_end_matches('/');
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    match parts.as_slice() {
        [] => Ok(paths(store)),
        ["version"] => Ok(version(store)),
        [probe @ ("healthz" | "livez" | "readyz")] => Ok(health(probe, request)),
        ["openapi", "v2"] => Ok(openapi::old()),
        ["openapi", "v3"] => Ok(openapi::index(store, request)),
        ["openapi", "v3", "api", version] => Ok(openapi::version(store, "", version).unwrap_or_else(page_not_found)),
        ["openapi", "v3", "apis", group, version] => {
            Ok(openapi::version(store, group, version).unwrap_or_else(page_not_found))
        }
        ["api"] => discovery::api(store, request),
        ["apis"] => discovery::apis(store, request),
        ["api", version] => discovery::resources(store, request, "", version),
        ["apis", group, ..] if !store.serves(group) => Ok(page_not_found()),
        ["apis", group] => discovery::group(store, request, group),
        ["apis", group, version] => discovery::resources(store, request, group, version),
        ["api" | "apis", ..] => resource(store, now, request),
        _ => Ok(page_not_found()),
    }
}

fn page_not_found() -> Reply {
    Reply::of(404, "text/plain; charset=utf-8", "404 page not found\n")
}

fn resource(store: &mut Store, now: Timestamp, request: &Request) -> Outcome<Reply> {
    let target = Target::parse(&request.path).ok_or_else(Failure::no_resource)?;
    let kind = store.find(target.group, target.version, target.resource).ok_or_else(Failure::no_resource)?;
    if target.namespace.is_some() && !kind.namespaced {
        return Err(Failure::no_resource());
    }
    let subresource = match target.subresource {
        None => None,
        Some(name) => {
            let known = kind.subresources.iter().find(|part| part.name() == name);
            Some(*known.ok_or_else(Failure::no_resource)?)
        }
    };
    if kind.namespaced && target.namespace.is_none() && target.name.is_some() && !target.watch {
        return Err(Failure::no_resource());
    }
    if kind.custom.is_some() && kind.namespaced && target.namespace.is_none() && request.method == "POST" {
        return Ok(page_not_found());
    }
    let form = accept::for_objects(&request.accept)?;
    let writer = Writer::new(kind, form, request, now);
    let asked = Asked {
        request,
        kind,
        namespace: target.namespace,
        name: target.name,
        subresource,
        writer,
        now,
        findings: RefCell::default(),
    };
    if kind.storage == "/endpoints" {
        let warning = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice";
        asked.findings.borrow_mut().push(warning.to_owned());
    }
    validation::check_mode(request)?;
    let reply = perform(store, &asked, target.watch)?;
    Ok(validation::warned(&asked, reply))
}

/// The operation that method, name and part ask for.
fn perform(store: &mut Store, asked: &Asked<'_>, old_watch: bool) -> Outcome<Reply> {
    let (request, kind) = (asked.request, asked.kind);
    if old_watch {
        return read::watch::open(store, asked);
    }
    if let Some(part) = asked.subresource.filter(|part| part.own_kind().is_some() || *part == Subresource::Log) {
        return parts::serve(store, asked, part);
    }
    if kind.verbs == Verbs::Create {
        return parts::ask(store, asked);
    }
    match (request.method.as_str(), asked.name, asked.subresource) {
        ("GET", Some(_), part) if part != Some(Subresource::Finalize) => read::get(store, asked),
        ("GET", None, _) if request.flag("watch") => read::watch::open(store, asked),
        ("GET", None, _) => read::list::list(store, asked),
        ("POST", None, _) if !kind.namespaced || asked.namespace.is_some() => write::create::create(store, asked),
        ("PUT", Some(_), _) => write::update::put(store, asked),
        ("PATCH", Some(_), part) if part != Some(Subresource::Finalize) => {
            if media(request) == write::apply::MEDIA {
                write::apply::apply(store, asked)
            } else {
                write::update::patch(store, asked)
            }
        }
        ("DELETE", Some(_), None) => write::delete::delete(store, asked),
        ("DELETE", None, _) if kind.verbs.names().contains(&"deletecollection") => {
            write::delete::collection(store, asked)
        }
        _ => Err(Failure::method_not_allowed()),
    }
}

/// The media type of the body.
pub(crate) fn media(request: &Request) -> &str {
    request.content_type.as_deref().unwrap_or_default().split(';').next().unwrap_or_default()
}

/// `/`: the paths that are served.
fn paths(store: &Store) -> Reply {
    let mut paths = vec!["/api".to_owned(), "/api/v1".to_owned(), "/apis".to_owned()];
    for kind in store.kinds().filter(|kind| !kind.group.is_empty()) {
        for path in [format!("/apis/{}", kind.group), format!("/apis/{}", kind.api_version())] {
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
    }
    paths.extend(["/healthz", "/livez", "/openapi/v3", "/readyz", "/version"].map(str::to_owned));
    Reply::of(200, "application/json", json!({"paths": paths}).to_string())
}

/// `/version`; the git version is the cluster's, major and minor follow from it.
fn version(store: &Store) -> Reply {
    let mut numbers = store.git_version.trim_start_matches('v').split(['.', '-', '+']);
    let major = numbers.next().unwrap_or_default().to_owned();
    let minor = numbers.next().unwrap_or_default().to_owned();
    let previous = minor.parse::<u32>().unwrap_or_default().saturating_sub(1).to_string();
    let body = json!({
        "major": major,
        "minor": minor,
        "emulationMajor": major,
        "emulationMinor": minor,
        "minCompatibilityMajor": major,
        "minCompatibilityMinor": previous,
        "gitVersion": store.git_version,
        "gitCommit": "0000000000000000000000000000000000000000",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "go1.25.0",
        "compiler": "gc",
        "platform": "linux/amd64",
    });
    Reply::of(200, "application/json", body.to_string())
}

fn health(probe: &str, request: &Request) -> Reply {
    let body = if request.parameter("verbose").is_some() {
        format!("[+]ping ok\n[+]log ok\n{probe} check passed\n")
    } else {
        "ok".to_owned()
    };
    Reply::of(200, "text/plain; charset=utf-8", body)
}
