//! Requests of the query protocols: flattened names to a tree.

use serde_json::{Map, Value};

/// Reads `Filter.1.Value.2=x` and `Tags.member.1.Key=y` into a tree of objects, lists and texts.
///
/// `Action` and `Version` are left out, and `member` between a list and its number is dropped.
pub(crate) fn tree(pairs: &[(String, String)]) -> Value {
    let mut root = Node::default();
    for (name, value) in pairs {
        if matches!(name.as_str(), "Action" | "Version") || name.starts_with("X-Amz-") {
            continue;
        }
        let path: Vec<&str> = name.split('.').filter(|part| *part != "member").collect();
        root.put(&path, value);
    }
    root.value()
}

/// A place in the tree; members keep the order they came in, items the order of their numbers.
#[derive(Default)]
struct Node {
    text: Option<String>,
    members: Vec<(String, Node)>,
}

impl Node {
    fn put(&mut self, path: &[&str], value: &str) {
        let Some((first, rest)) = path.split_first() else {
            self.text = Some(value.to_owned());
            return;
        };
        if !self.members.iter().any(|(name, _)| name == first) {
            self.members.push(((*first).to_owned(), Node::default()));
        }
        if let Some((_, member)) = self.members.iter_mut().find(|(name, _)| name == first) {
            member.put(rest, value);
        }
    }

    fn value(self) -> Value {
        if let Some(text) = self.text {
            return Value::String(text);
        }
        let numbered = !self.members.is_empty() && self.members.iter().all(|(name, _)| name.parse::<u32>().is_ok());
        if numbered {
            let mut items = self.members;
            items.sort_by_key(|(name, _)| name.parse::<u32>().unwrap_or(u32::MAX));
            return items.into_iter().map(|(_, node)| node.value()).collect();
        }
        let members: Map<String, Value> = self.members.into_iter().map(|(name, node)| (name, node.value())).collect();
        Value::Object(members)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn numbers_make_lists_in_their_order() {
        let pairs = crate::wire::form(
            b"Action=X&Version=1&Filter.2.Name=b&Filter.1.Name=a&Filter.1.Value.1=x&Filter.1.Value.10=z&Filter.1.Value.2=y\
              &Tags.member.1.Key=k&Tags.member.1.Value=",
        );
        assert_eq!(
            super::tree(&pairs),
            json!({
                "Filter": [{"Name": "a", "Value": ["x", "y", "z"]}, {"Name": "b"}],
                "Tags": [{"Key": "k", "Value": ""}],
            })
        );
    }
}
