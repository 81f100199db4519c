//! Who may do what: everything for people, and what their roles say for service accounts and for whoever is named by
//! somebody else.

mod acting;
mod raising;
mod roles;

use serde_json::json;

use super::failure::{Failure, Outcome};
use super::request::{Request, User};
use super::store::Store;
use super::target::Target;

pub(crate) use acting::act_for;
pub(crate) use raising::check as refuse_raising;
pub(crate) use roles::{built_in, rules};

/// The name of who sends no credentials.
pub(crate) const NOBODY: &str = "system:anonymous";

/// What somebody wants to do: with a resource, or with a path when `resource` is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    pub(crate) verb: String,
    pub(crate) group: String,
    pub(crate) resource: String,
    pub(crate) subresource: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) path: String,
}

impl Attributes {
    /// What a request wants.
    pub(crate) fn of(request: &Request) -> Attributes {
        let Some(target) = Target::parse(&request.path) else {
            return Attributes {
                verb: request.method.to_lowercase(),
                path: request.path.clone(),
                ..Attributes::default()
            };
        };
        let verb = match (request.method.as_str(), target.name) {
            ("POST", _) => "create",
            ("PUT", _) => "update",
            ("PATCH", _) => "patch",
            ("DELETE", Some(_)) => "delete",
            ("DELETE", None) => "deletecollection",
            (_, Some(_)) => "get",
            _ if target.watch || request.flag("watch") => "watch",
            _ => "list",
        };
        Attributes {
            verb: verb.to_owned(),
            group: target.group.to_owned(),
            resource: target.resource.to_owned(),
            subresource: target.subresource.unwrap_or_default().to_owned(),
            namespace: target.namespace.unwrap_or_default().to_owned(),
            name: target.name.unwrap_or_default().to_owned(),
            path: String::new(),
        }
    }

    /// `pods` or `pods/log`.
    pub(crate) fn whole_resource(&self) -> String {
        if self.subresource.is_empty() {
            self.resource.clone()
        } else {
            format!("{}/{}", self.resource, self.subresource)
        }
    }
}

/// Everybody may see that the server lives.
pub(crate) fn authorize(store: &Store, request: &Request) -> Outcome<()> {
    const PUBLIC: &[&str] = &["/version", "/healthz", "/livez", "/readyz"];
    let name = match &request.user {
        User::Unauthorized => return Err(Failure::unauthorized()),
        User::Anonymous if PUBLIC.contains(&request.path.as_str()) => return Ok(()),
        User::Anonymous => NOBODY,
        User::Admitted { .. } => return Ok(()),
        User::Named { name, .. } | User::Bound { name, .. } => name,
    };
    let wanted = Attributes::of(request);
    if allows(store, &request.user, &wanted) {
        return Ok(());
    }
    let dangling = roles::dangling(store, &request.user, &wanted.namespace);
    Err(refusal(name, &wanted, &dangling))
}

/// Whether a user may do something.
pub(crate) fn allows(store: &Store, user: &User, wanted: &Attributes) -> bool {
    match user {
        User::Anonymous | User::Unauthorized => false,
        User::Named { .. } => true,
        User::Admitted { .. } | User::Bound { .. } => roles::allow(store, user, wanted),
    }
}

fn refusal(user: &str, wanted: &Attributes, dangling: &[String]) -> Box<Failure> {
    if wanted.resource.is_empty() {
        return Failure::forbidden_path(user, &wanted.verb, &wanted.path);
    }
    let place = if wanted.namespace.is_empty() {
        "at the cluster scope".to_owned()
    } else {
        format!("in the namespace \"{}\"", wanted.namespace)
    };
    let dot = if wanted.group.is_empty() { "" } else { "." };
    let named = if wanted.name.is_empty() { String::new() } else { format!(" \"{}\"", wanted.name) };
    let why = if dangling.is_empty() { String::new() } else { format!(": RBAC: {}", dangling.join(", ")) };
    let message = format!(
        "{}{dot}{}{named} is forbidden: User \"{user}\" cannot {} resource \"{}\" in API group \"{}\" {place}{why}",
        wanted.resource,
        wanted.group,
        wanted.verb,
        wanted.whole_resource(),
        wanted.group,
    );
    let mut failure = Failure::new(403, Some("Forbidden"), message);
    let mut details = json!({"kind": wanted.resource});
    if !wanted.name.is_empty() {
        details["name"] = json!(wanted.name);
    }
    if !wanted.group.is_empty() {
        details["group"] = json!(wanted.group);
    }
    failure.details = Some(details);
    failure
}
