//! Which resource a path names.

/// A path below `/api/v1` or `/apis/GROUP/VERSION`, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target<'a> {
    pub(crate) group: &'a str,
    pub(crate) version: &'a str,
    /// The deprecated `/watch/` form.
    pub(crate) watch: bool,
    pub(crate) namespace: Option<&'a str>,
    pub(crate) resource: &'a str,
    pub(crate) name: Option<&'a str>,
    pub(crate) subresource: Option<&'a str>,
}

impl<'a> Target<'a> {
    /// Nothing when the path has no resource part or too many parts.
    pub(crate) fn parse(path: &'a str) -> Option<Target<'a>> {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let (group, version, mut rest) = match parts.as_slice() {
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => return None,
        };
        let mut watch = false;
        if let ["watch", more @ ..] = rest {
            watch = true;
            rest = more;
        }
        // `/namespaces/NAME/status` and `/finalize` are parts of the namespace itself.
        let (namespace, rest) = match rest {
            ["namespaces", _, "status" | "finalize"] => (None, rest),
            ["namespaces", namespace, more @ ..] if !more.is_empty() => (Some(*namespace), more),
            _ => (None, rest),
        };
        let (resource, name, subresource) = match rest {
            [resource] if !resource.is_empty() => (*resource, None, None),
            [resource, name] => (*resource, Some(*name), None),
            [resource, name, subresource] => (*resource, Some(*name), Some(*subresource)),
            _ => return None,
        };
        Some(Target { group, version, watch, namespace, resource, name, subresource })
    }
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn a_namespace_is_a_place_and_an_object() {
        let place = Target::parse("/api/v1/namespaces/a/pods/p/status").unwrap();
        assert_eq!((place.namespace, place.resource, place.name), (Some("a"), "pods", Some("p")));
        assert_eq!(place.subresource, Some("status"));
        let object = Target::parse("/api/v1/namespaces/a/finalize").unwrap();
        assert_eq!((object.namespace, object.resource, object.name), (None, "namespaces", Some("a")));
    }

    #[test]
    fn the_old_watch_path_is_understood() {
        let target = Target::parse("/apis/apps/v1/watch/namespaces/n/deployments").unwrap();
        assert!(target.watch);
        assert_eq!((target.group, target.namespace, target.resource), ("apps", Some("n"), "deployments"));
    }

    #[test]
    fn a_group_version_alone_names_nothing() {
        assert_eq!(Target::parse("/api/v1"), None);
        assert_eq!(Target::parse("/apis/apps/v1"), None);
    }
}
