//! The collections of Compute Engine that clusters leave things in: their names, scopes and methods, as data.

/// Where things of a collection can stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// In a zone.
    Zone,
    /// In a region.
    Region,
    /// In the whole project.
    Global,
}

/// One collection.
#[derive(Debug)]
pub(crate) struct Collection {
    /// As it stands in paths, `forwardingRules`.
    pub(crate) plural: &'static str,
    /// One of it, as `kind` says it: `forwardingRule`.
    pub(crate) singular: &'static str,
    /// The scopes it has, each with the front of its service's name: `compute.globalForwardingRules.delete`.
    pub(crate) scopes: &'static [(Scope, &'static str)],
    /// Whether one list goes over all scopes.
    pub(crate) aggregated: bool,
    /// Whether its things carry labels.
    pub(crate) labelled: bool,
    /// Whether a thing in use is refused at the call; else its operation fails.
    pub(crate) refused_at_once: bool,
    /// Whether calls make things of it; the others only clusters and plants do.
    pub(crate) insertable: bool,
}

impl Collection {
    const fn of(plural: &'static str, singular: &'static str, scopes: &'static [(Scope, &'static str)]) -> Collection {
        Collection {
            plural,
            singular,
            scopes,
            aggregated: true,
            labelled: false,
            refused_at_once: false,
            insertable: false,
        }
    }

    const fn labelled(self) -> Collection {
        Collection { labelled: true, ..self }
    }

    const fn insertable(self) -> Collection {
        Collection { insertable: true, ..self }
    }

    const fn unaggregated(self) -> Collection {
        Collection { aggregated: false, ..self }
    }

    const fn refused_at_once(self) -> Collection {
        Collection { refused_at_once: true, ..self }
    }

    /// The name of a method on things of a scope, `compute.globalAddresses.delete`.
    pub(crate) fn method(&self, scope: Scope, verb: &str) -> Option<String> {
        let (_, service) = self.scopes.iter().find(|(known, _)| *known == scope)?;
        Some(format!("compute.{service}.{verb}"))
    }

    /// As messages write one of it: `target_pool`.
    pub(crate) fn words(&self) -> String {
        let mut words = String::new();
        for letter in self.singular.chars() {
            if letter.is_ascii_uppercase() {
                words.push('_');
            }
            words.push(letter.to_ascii_lowercase());
        }
        words
    }
}

/// All collections.
pub(crate) const COLLECTIONS: &[Collection] = &[
    Collection::of("disks", "disk", &[(Scope::Zone, "disks"), (Scope::Region, "regionDisks")])
        .labelled()
        .refused_at_once(),
    Collection::of("instances", "instance", &[(Scope::Zone, "instances")]).labelled(),
    Collection::of("addresses", "address", &[(Scope::Region, "addresses"), (Scope::Global, "globalAddresses")])
        .labelled()
        .refused_at_once(),
    Collection::of(
        "forwardingRules",
        "forwardingRule",
        &[(Scope::Region, "forwardingRules"), (Scope::Global, "globalForwardingRules")],
    )
    .labelled(),
    Collection::of("targetPools", "targetPool", &[(Scope::Region, "targetPools")]),
    Collection::of(
        "targetHttpProxies",
        "targetHttpProxy",
        &[(Scope::Global, "targetHttpProxies"), (Scope::Region, "regionTargetHttpProxies")],
    ),
    Collection::of(
        "targetHttpsProxies",
        "targetHttpsProxy",
        &[(Scope::Global, "targetHttpsProxies"), (Scope::Region, "regionTargetHttpsProxies")],
    ),
    Collection::of(
        "sslCertificates",
        "sslCertificate",
        &[(Scope::Global, "sslCertificates"), (Scope::Region, "regionSslCertificates")],
    ),
    Collection::of("urlMaps", "urlMap", &[(Scope::Global, "urlMaps"), (Scope::Region, "regionUrlMaps")]),
    Collection::of(
        "backendServices",
        "backendService",
        &[(Scope::Global, "backendServices"), (Scope::Region, "regionBackendServices")],
    ),
    Collection::of(
        "healthChecks",
        "healthCheck",
        &[(Scope::Global, "healthChecks"), (Scope::Region, "regionHealthChecks")],
    )
    .insertable(),
    Collection::of("httpHealthChecks", "httpHealthCheck", &[(Scope::Global, "httpHealthChecks")]).unaggregated(),
    Collection::of(
        "networkEndpointGroups",
        "networkEndpointGroup",
        &[
            (Scope::Zone, "networkEndpointGroups"),
            (Scope::Region, "regionNetworkEndpointGroups"),
            (Scope::Global, "globalNetworkEndpointGroups"),
        ],
    ),
    Collection::of("firewalls", "firewall", &[(Scope::Global, "firewalls")]).unaggregated(),
];

/// The collection of that name.
pub(crate) fn collection(plural: &str) -> Option<&'static Collection> {
    COLLECTIONS.iter().find(|collection| collection.plural == plural)
}

/// Whether there is a collection of that name.
pub(crate) fn is_collection(plural: &str) -> bool {
    collection(plural).is_some()
}

/// The kind of a collection's things as the control API calls it: `forwarding-rule`.
pub(crate) fn kind_of(plural: &str) -> String {
    collection(plural).map_or_else(|| plural.to_owned(), |collection| collection.words().replace('_', "-"))
}

/// The services of operations. of each scope.
const OPERATIONS: [&str; 3] = ["zoneOperations", "regionOperations", "globalOperations"];

/// The service of a scope's operations.
pub(crate) fn operations(scope: Scope) -> &'static str {
    match scope {
        Scope::Zone => OPERATIONS[0],
        Scope::Region => OPERATIONS[1],
        Scope::Global => OPERATIONS[2],
    }
}

/// The names of all methods on things and on their operations, as ledger and faults know them.
pub(crate) fn methods() -> impl Iterator<Item = String> {
    let things = COLLECTIONS.iter().flat_map(|collection| {
        let every = collection.aggregated.then(|| format!("compute.{}.aggregatedList", collection.plural));
        let each = collection.scopes.iter().flat_map(|(_, service)| {
            let verbs = ["list", "get", "delete"].into_iter().chain(collection.insertable.then_some("insert"));
            verbs.map(move |verb| format!("compute.{service}.{verb}"))
        });
        every.into_iter().chain(each)
    });
    let waits = OPERATIONS.iter().flat_map(|service| ["get", "wait"].map(|verb| format!("compute.{service}.{verb}")));
    things.chain(waits)
}
