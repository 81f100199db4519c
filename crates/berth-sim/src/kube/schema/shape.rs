//! Types of values.

use std::collections::BTreeMap;

use super::builtin;

/// What a value may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Type {
    Text,
    /// A whole number, in Go's name for it.
    Whole(&'static str),
    Number,
    Flag,
    /// Bytes in base64.
    Bytes,
    Quantity,
    IntOrText,
    /// Whatever is written, with parts of its own.
    Any,
    /// Free keys; an atomic one is owned as a whole.
    Map {
        of: Box<Type>,
        atomic: bool,
    },
    List {
        of: Box<Type>,
        merge: Merge,
    },
    /// A built-in type by its name.
    Named(String),
    /// A type of its own.
    Inline(Fields),
}

/// How two states of a list become one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Merge {
    /// The newer one counts.
    Atomic,
    /// Plain values without repetition.
    Set,
    /// Elements told apart by these fields.
    Keyed(Vec<String>),
}

/// The fields of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    pub(crate) by_name: BTreeMap<String, Type>,
    /// Owned as a whole.
    pub(crate) atomic: bool,
    /// Keeps fields it does not know.
    pub(crate) open: bool,
}

static ANY: Type = Type::Any;

impl Type {
    /// The fields of a type that has a known set of them.
    pub(crate) fn fields(&self) -> Option<&Fields> {
        match self {
            Type::Named(name) => builtin::fields(name),
            Type::Inline(fields) => Some(fields),
            _ => None,
        }
    }

    /// The type of a field or of the value of a key.
    pub(crate) fn field(&self, name: &str) -> &Type {
        match self {
            Type::Map { of, .. } => of,
            _ => self.fields().and_then(|fields| fields.by_name.get(name)).unwrap_or(&ANY),
        }
    }

    /// The type of a list's elements.
    pub(crate) fn item(&self) -> &Type {
        match self {
            Type::List { of, .. } => of,
            _ => &ANY,
        }
    }

    /// As Go names it.
    pub(crate) fn go(&self) -> String {
        match self {
            Type::Text | Type::Bytes => "string".to_owned(),
            Type::Whole(name) => (*name).to_owned(),
            Type::Number => "float64".to_owned(),
            Type::Flag => "bool".to_owned(),
            Type::Quantity => "resource.Quantity".to_owned(),
            Type::IntOrText => "intstr.IntOrString".to_owned(),
            Type::Any | Type::Inline(_) => "interface {}".to_owned(),
            Type::Map { of, .. } => format!("map[string]{}", of.go()),
            Type::List { of, .. } => format!("[]{}", of.go()),
            Type::Named(name) => format!("v1.{name}"),
        }
    }
}
