//! The types of the built-in kinds.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::shape::{Fields, Merge, Type};
use crate::kube::kinds::Kind;

/// In `types.json` a type is its fields; of a field `s` is text, `i` and `I` are whole numbers, `f` is a number, `b` a
/// flag, `y` bytes, `q` a quantity, `o` a number or text, `t` and `m` are times, `j` is anything; `{x}` is a map and
/// `{x}!` an atomic one, `[x]` an atomic list, `[x]=` a set and `[x]a,b` a list keyed by fields; any other word names a
/// type. A type with an empty field is atomic.
static TYPES: LazyLock<BTreeMap<String, Fields>> = LazyLock::new(|| {
    let table: BTreeMap<String, BTreeMap<String, String>> =
        serde_json::from_str(include_str!("types.json")).expect("the shipped table of types is JSON");
    table
        .into_iter()
        .map(|(name, mut fields)| {
            let atomic = fields.remove("").is_some();
            let by_name = fields.into_iter().map(|(field, text)| (field, read(&text))).collect();
            (name, Fields { by_name, atomic, open: false })
        })
        .collect()
});

/// The root of each built-in kind that is served.
static ROOTS: LazyLock<BTreeMap<&'static str, Type>> = LazyLock::new(|| {
    crate::kube::kinds::KINDS.iter().map(|kind| (kind.kind, Type::Named(kind.kind.to_owned()))).collect()
});

static ANY: Type = Type::Any;

/// The fields of a built-in type.
pub(crate) fn fields(name: &str) -> Option<&'static Fields> {
    TYPES.get(name)
}

/// The type of a kind's objects.
pub(crate) fn of(kind: &Kind) -> &'static Type {
    match kind.custom {
        Some(custom) => &custom.root,
        None => root(kind.kind),
    }
}

/// The type of the objects of a built-in kind.
pub(crate) fn root(kind: &str) -> &'static Type {
    ROOTS.get(kind).unwrap_or(&ANY)
}

fn read(text: &str) -> Type {
    if let Some(rest) = text.strip_prefix('{') {
        let (inner, end) = rest.rsplit_once('}').unwrap_or((rest, ""));
        return Type::Map { of: Box::new(read(inner)), atomic: end == "!" };
    }
    if let Some(rest) = text.strip_prefix('[') {
        let (inner, end) = rest.rsplit_once(']').unwrap_or((rest, ""));
        let merge = match end {
            "" => Merge::Atomic,
            "=" => Merge::Set,
            keys => Merge::Keyed(keys.split(',').map(str::to_owned).collect()),
        };
        return Type::List { of: Box::new(read(inner)), merge };
    }
    match text {
        "s" | "t" | "m" => Type::Text,
        "i" => Type::Whole("int32"),
        "I" => Type::Whole("int64"),
        "f" => Type::Number,
        "b" => Type::Flag,
        "y" => Type::Bytes,
        "q" => Type::Quantity,
        "o" => Type::IntOrText,
        "j" => Type::Any,
        name => Type::Named(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{TYPES, Type, fields};
    use crate::kube::kinds::KINDS;
    use crate::kube::schema::Merge;

    /// Every name a type may lead to.
    fn named(found: &Type, names: &mut Vec<String>) {
        match found {
            Type::Named(name) => names.push(name.clone()),
            Type::Map { of, .. } | Type::List { of, .. } => named(of, names),
            _ => {}
        }
    }

    #[test]
    fn no_type_leads_nowhere_and_every_kind_has_one() {
        let mut names: Vec<String> = KINDS.iter().map(|kind| kind.kind.to_owned()).collect();
        for fields in TYPES.values() {
            fields.by_name.values().for_each(|found| named(found, &mut names));
        }
        let missing: Vec<&String> = names.iter().filter(|name| fields(name).is_none()).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn ports_are_told_apart_by_number_and_protocol() {
        let ports = fields("Container").unwrap().by_name["ports"].clone();
        let Type::List { merge: Merge::Keyed(keys), .. } = ports else { panic!("{ports:?}") };
        assert_eq!(keys, ["containerPort", "protocol"]);
    }
}
