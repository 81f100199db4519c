//! What one row of the table of kinds says.

use serde_json::Value;

use super::fields::{FieldKey, FieldText};
use crate::kube::schema::Type;

/// A kind as it is served under one group and version.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) plural: &'static str,
    pub(crate) singular: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) short_names: &'static [&'static str],
    pub(crate) categories: &'static [&'static str],
    pub(crate) namespaced: bool,
    pub(crate) verbs: Verbs,
    pub(crate) subresources: &'static [Subresource],
    /// Where its objects are kept: `group/plural`. Two versions or groups of one kind share it.
    pub(crate) storage: &'static str,
    pub(crate) manners: Manners,
    pub(crate) field_keys: &'static [FieldKey],
    pub(crate) field_text: FieldText,
    /// What a definition says, when the kind is not built in.
    pub(crate) custom: Option<&'static Custom>,
}

/// What the definition of a custom resource says about one version of it.
#[derive(Debug)]
pub(crate) struct Custom {
    pub(crate) root: Type,
    pub(crate) schema: Value,
    /// The columns of its table beside the name.
    pub(crate) columns: Vec<Value>,
    pub(crate) scale: Option<Scale>,
}

/// The habits in which kinds differ without a reason one could derive.
#[derive(Debug)]
pub(crate) struct Manners {
    /// DELETE answers with the object instead of a `Status`.
    pub(crate) delete_shows_object: bool,
    /// A change outside the metadata and the status counts up `metadata.generation`.
    pub(crate) generation: bool,
    /// A PUT on a missing object creates it.
    pub(crate) put_creates: bool,
    /// A PUT must name the resourceVersion it replaces.
    pub(crate) put_needs_version: bool,
    /// Labels and annotations may also be written through `/status`.
    pub(crate) status_writes_metadata: bool,
}

/// The common habits.
pub(crate) const PLAIN: Manners = Manners {
    delete_shows_object: false,
    generation: false,
    put_creates: false,
    put_needs_version: false,
    status_writes_metadata: false,
};

/// Which verbs a kind has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verbs {
    All,
    /// No deletion of a whole collection.
    NoCollectionDelete,
    /// Nothing is kept.
    Create,
    /// All, in the order custom resources have them.
    Custom,
}

impl Verbs {
    /// The verbs in the order of discovery.
    pub(crate) fn names(self) -> &'static [&'static str] {
        match self {
            Verbs::All => &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
            Verbs::NoCollectionDelete => &["create", "delete", "get", "list", "patch", "update", "watch"],
            Verbs::Create => &["create"],
            Verbs::Custom => &["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"],
        }
    }
}

/// A part of an object with a path of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subresource {
    Status,
    Finalize,
    Scale,
    Binding,
    Eviction,
    Log,
    Token,
}

impl Subresource {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Subresource::Status => "status",
            Subresource::Finalize => "finalize",
            Subresource::Scale => "scale",
            Subresource::Binding => "binding",
            Subresource::Eviction => "eviction",
            Subresource::Log => "log",
            Subresource::Token => "token",
        }
    }

    pub(crate) fn verbs(self) -> &'static [&'static str] {
        match self {
            Subresource::Finalize => &["update"],
            Subresource::Binding | Subresource::Eviction | Subresource::Token => &["create"],
            Subresource::Log => &["get"],
            Subresource::Scale | Subresource::Status => &["get", "patch", "update"],
        }
    }

    /// Group, version and kind of what it takes and gives, where that is not the object itself.
    pub(crate) fn own_kind(self) -> Option<(&'static str, &'static str, &'static str)> {
        match self {
            Subresource::Scale => Some(("autoscaling", "v1", "Scale")),
            Subresource::Eviction => Some(("policy", "v1", "Eviction")),
            Subresource::Token => Some(("authentication.k8s.io", "v1", "TokenRequest")),
            Subresource::Binding => Some(("", "", "Binding")),
            _ => None,
        }
    }
}

/// Where the numbers of `/scale` stand in an object, as JSON pointers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scale {
    pub(crate) replicas: &'static str,
    pub(crate) current: &'static str,
    /// A label selector, or one as text.
    pub(crate) selector: &'static str,
}

impl Kind {
    /// `v1` or `apps/v1`.
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }

    /// `configmaps` or `leases.coordination.k8s.io`, as error texts name it.
    pub(crate) fn qualified_plural(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// `configmaps.` or `leases.coordination.k8s.io`, as namespace conditions name it: always with a dot.
    pub(crate) fn qualified_resource(&self) -> String {
        format!("{}.{}", self.plural, self.group)
    }

    /// The key of an object in its storage: `namespace/name` or `name`.
    pub(crate) fn key(&self, namespace: Option<&str>, name: &str) -> String {
        match namespace {
            Some(namespace) if self.namespaced => format!("{namespace}/{name}"),
            _ => name.to_owned(),
        }
    }

    /// Where `/scale` finds its numbers.
    pub(crate) fn scale(&self) -> Scale {
        let usual = Scale { replicas: "/spec/replicas", current: "/status/replicas", selector: "/spec/selector" };
        self.custom.and_then(|custom| custom.scale).unwrap_or(usual)
    }

    pub(crate) fn has(&self, subresource: Subresource) -> bool {
        self.subresources.contains(&subresource)
    }
}

/// The built-in row of a group, version and plural.
pub(crate) fn find(group: &str, version: &str, plural: &str) -> Option<&'static Kind> {
    super::KINDS.iter().find(|kind| kind.group == group && kind.version == version && kind.plural == plural)
}

/// The first row of a plural; core kinds stand first.
pub(crate) fn by_plural(plural: &str) -> Option<&'static Kind> {
    super::KINDS.iter().find(|kind| kind.plural == plural)
}
