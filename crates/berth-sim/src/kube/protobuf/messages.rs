//! The messages kubectl sends, by the numbers of their fields.

/// How the bytes of a field are read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Form {
    Text,
    Number,
    Flag,
    Texts,
    /// A map from text to text.
    Map,
    /// A map from text to bytes.
    Bytes,
    /// A map from text to quantities.
    Quantities,
    Message(Message),
    Messages(Message),
    /// What a client has no say in.
    Ignored,
}

/// Number, name and form of each field.
pub(crate) type Message = &'static [(u64, &'static str, Form)];

/// What stands in front of every object.
pub(crate) const ABOUT: Message = &[(1, "apiVersion", Form::Text), (2, "kind", Form::Text)];

const OWNER: Message = &[
    (1, "kind", Form::Text),
    (3, "name", Form::Text),
    (4, "uid", Form::Text),
    (5, "apiVersion", Form::Text),
    (6, "controller", Form::Flag),
    (7, "blockOwnerDeletion", Form::Flag),
];
const METADATA: Message = &[
    (1, "name", Form::Text),
    (2, "generateName", Form::Text),
    (3, "namespace", Form::Text),
    (4, "selfLink", Form::Ignored),
    (5, "uid", Form::Text),
    (6, "resourceVersion", Form::Text),
    (7, "generation", Form::Ignored),
    (8, "creationTimestamp", Form::Ignored),
    (9, "deletionTimestamp", Form::Ignored),
    (10, "deletionGracePeriodSeconds", Form::Ignored),
    (11, "labels", Form::Map),
    (12, "annotations", Form::Map),
    (13, "ownerReferences", Form::Messages(OWNER)),
    (14, "finalizers", Form::Texts),
    (17, "managedFields", Form::Ignored),
];
const DELETE_OPTIONS: Message = &[
    (1, "gracePeriodSeconds", Form::Number),
    (2, "preconditions", Form::Message(&[(1, "uid", Form::Text), (2, "resourceVersion", Form::Text)])),
    (3, "orphanDependents", Form::Flag),
    (4, "propagationPolicy", Form::Text),
    (5, "dryRun", Form::Texts),
];
const RESOURCE: Message = &[
    (1, "namespace", Form::Text),
    (2, "verb", Form::Text),
    (3, "group", Form::Text),
    (4, "version", Form::Text),
    (5, "resource", Form::Text),
    (6, "subresource", Form::Text),
    (7, "name", Form::Text),
];
const ACCESS: Message = &[
    (1, "resourceAttributes", Form::Message(RESOURCE)),
    (2, "nonResourceAttributes", Form::Message(&[(1, "path", Form::Text), (2, "verb", Form::Text)])),
];
const REFERENCE: Message = &[
    (1, "kind", Form::Text),
    (2, "namespace", Form::Text),
    (3, "name", Form::Text),
    (4, "uid", Form::Text),
    (5, "apiVersion", Form::Text),
];
const TOKEN: Message = &[
    (1, "audiences", Form::Texts),
    (
        3,
        "boundObjectRef",
        Form::Message(&[
            (1, "kind", Form::Text),
            (2, "apiVersion", Form::Text),
            (3, "name", Form::Text),
            (4, "uid", Form::Text),
        ]),
    ),
    (4, "expirationSeconds", Form::Number),
];
const RULE: Message = &[
    (1, "verbs", Form::Texts),
    (2, "apiGroups", Form::Texts),
    (3, "resources", Form::Texts),
    (4, "resourceNames", Form::Texts),
    (5, "nonResourceURLs", Form::Texts),
];
const SUBJECT: Message =
    &[(1, "kind", Form::Text), (2, "apiGroup", Form::Text), (3, "name", Form::Text), (4, "namespace", Form::Text)];
const ROLE_REFERENCE: Message = &[(1, "apiGroup", Form::Text), (2, "kind", Form::Text), (3, "name", Form::Text)];
const BINDING: Message = &[
    (1, "metadata", Form::Message(METADATA)),
    (2, "subjects", Form::Messages(SUBJECT)),
    (3, "roleRef", Form::Message(ROLE_REFERENCE)),
];
const ROLE: Message = &[(1, "metadata", Form::Message(METADATA)), (2, "rules", Form::Messages(RULE))];

/// The kinds that are understood: those a command of kubectl makes without a file, but for the ones with pods inside.
pub(crate) const KINDS: &[(&str, Message)] = &[
    (
        "Namespace",
        &[
            (1, "metadata", Form::Message(METADATA)),
            (2, "spec", Form::Message(&[(1, "finalizers", Form::Texts)])),
            (3, "status", Form::Ignored),
        ],
    ),
    ("SelfSubjectReview", &[(1, "metadata", Form::Message(METADATA)), (2, "status", Form::Ignored)]),
    (
        "SelfSubjectAccessReview",
        &[(1, "metadata", Form::Message(METADATA)), (2, "spec", Form::Message(ACCESS)), (3, "status", Form::Ignored)],
    ),
    (
        "SelfSubjectRulesReview",
        &[
            (1, "metadata", Form::Message(METADATA)),
            (2, "spec", Form::Message(&[(1, "namespace", Form::Text)])),
            (3, "status", Form::Ignored),
        ],
    ),
    (
        "TokenRequest",
        &[(1, "metadata", Form::Message(METADATA)), (2, "spec", Form::Message(TOKEN)), (3, "status", Form::Ignored)],
    ),
    ("DeleteOptions", DELETE_OPTIONS),
    ("Eviction", &[(1, "metadata", Form::Message(METADATA)), (2, "deleteOptions", Form::Message(DELETE_OPTIONS))]),
    ("Binding", &[(1, "metadata", Form::Message(METADATA)), (2, "target", Form::Message(REFERENCE))]),
    (
        "ConfigMap",
        &[
            (1, "metadata", Form::Message(METADATA)),
            (2, "data", Form::Map),
            (3, "binaryData", Form::Bytes),
            (4, "immutable", Form::Flag),
        ],
    ),
    (
        "Secret",
        &[
            (1, "metadata", Form::Message(METADATA)),
            (2, "data", Form::Bytes),
            (3, "type", Form::Text),
            (4, "stringData", Form::Map),
            (5, "immutable", Form::Flag),
        ],
    ),
    (
        "ServiceAccount",
        &[
            (1, "metadata", Form::Message(METADATA)),
            (2, "secrets", Form::Messages(REFERENCE)),
            (3, "imagePullSecrets", Form::Messages(&[(1, "name", Form::Text)])),
            (4, "automountServiceAccountToken", Form::Flag),
        ],
    ),
    (
        "ResourceQuota",
        &[
            (1, "metadata", Form::Message(METADATA)),
            (2, "spec", Form::Message(&[(1, "hard", Form::Quantities), (2, "scopes", Form::Texts)])),
            (3, "status", Form::Ignored),
        ],
    ),
    (
        "PriorityClass",
        &[
            (1, "metadata", Form::Message(METADATA)),
            (2, "value", Form::Number),
            (3, "globalDefault", Form::Flag),
            (4, "description", Form::Text),
            (5, "preemptionPolicy", Form::Text),
        ],
    ),
    ("Role", ROLE),
    ("ClusterRole", ROLE),
    ("RoleBinding", BINDING),
    ("ClusterRoleBinding", BINDING),
];
