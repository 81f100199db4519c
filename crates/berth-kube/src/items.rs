//! The items of a list, told apart while the list still comes in, so that no page of large objects is ever held whole.

use serde::Deserialize;

/// The name of the list's field with the items.
const ITEMS: &[u8] = b"items";

/// Splits the text of a list into its items and the rest.
#[derive(Default)]
pub(crate) struct Splitter {
    /// All but the items, which is a document of its own: `{"kind":"NodeList","metadata":{},"items":[]}`.
    rest: Vec<u8>,
    /// Where the text after the beginning of the items begins in it.
    begun: Option<usize>,
    around: Scan,
    expected: Expected,
    /// Where the last string of the rest begins.
    string: usize,
    inside: Inside,
    /// The first part of an item whose end has not come yet.
    part: Vec<u8>,
    item: Scan,
}

/// Where the text is with respect to the items.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Inside {
    #[default]
    Rest,
    /// Between two items.
    Items,
    Item,
}

/// What has to come next if this is to be the field with the items.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Expected {
    #[default]
    Nothing,
    Colon,
    Items,
}

/// How deep in objects and arrays the text is, and whether it is in a string.
#[derive(Default, Clone, Copy)]
struct Scan {
    depth: u32,
    in_string: bool,
    is_escaped: bool,
}

impl Scan {
    fn next(&mut self, byte: u8) {
        if self.in_string {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }
}

impl Splitter {
    /// Takes the next piece of the text; each item that is complete with it is given to `keep`.
    pub(crate) fn push<E>(&mut self, text: &[u8], keep: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut begin = 0;
        for (at, byte) in text.iter().copied().enumerate() {
            match self.inside {
                Inside::Item => {
                    self.item.next(byte);
                    if self.item.depth > 0 {
                        continue;
                    }
                    self.inside = Inside::Items;
                    let end = text.get(begin..=at).unwrap_or_default();
                    if self.part.is_empty() {
                        keep(end)?;
                    } else {
                        self.part.extend_from_slice(end);
                        keep(&self.part)?;
                        self.part.clear();
                    }
                }
                Inside::Items if byte == b'{' => {
                    (self.inside, begin) = (Inside::Item, at);
                    self.item.next(byte);
                }
                Inside::Items if byte == b',' || byte.is_ascii_whitespace() => {}
                // The end of the items; or no object, of which the rest is then no list any more.
                Inside::Items | Inside::Rest => self.rest(byte),
            }
        }
        if self.inside == Inside::Item {
            self.part.extend_from_slice(text.get(begin..).unwrap_or_default());
        }
        Ok(())
    }

    fn rest(&mut self, byte: u8) {
        self.inside = Inside::Rest;
        let was_in_string = self.around.in_string;
        self.around.next(byte);
        self.rest.push(byte);
        if self.around.in_string {
            if !was_in_string {
                self.string = self.rest.len();
            }
            return;
        }
        let is_name =
            was_in_string && self.around.depth == 1 && self.rest.get(self.string..self.rest.len() - 1) == Some(ITEMS);
        self.expected = match (self.expected, byte) {
            _ if is_name => Expected::Colon,
            (expected, _) if byte.is_ascii_whitespace() => expected,
            (Expected::Colon, b':') => Expected::Items,
            (Expected::Items, b'[') if self.begun.is_none() => {
                self.begun = Some(self.rest.len());
                self.inside = Inside::Items;
                Expected::Nothing
            }
            _ => Expected::Nothing,
        };
    }

    /// Where the list goes on, told as soon as its text has come to the items; `None` if that does not stand before them.
    pub(crate) fn next_page(&self) -> Option<String> {
        let before = self.rest.get(..self.begun?)?;
        let document = [before, b"]}"].concat();
        serde_json::from_slice::<Rest>(&document).ok()?.next()
    }

    /// Where the list goes on, when all of its text has come.
    ///
    /// # Errors
    /// It was no list.
    pub(crate) fn end(self) -> Result<Option<String>, serde_json::Error> {
        if self.inside != Inside::Rest {
            return Err(serde::de::Error::custom("the list ends within its items"));
        }
        serde_json::from_slice::<Rest>(&self.rest).map(Rest::next)
    }
}

/// A list without its items.
#[derive(Deserialize)]
struct Rest {
    #[serde(default)]
    metadata: PageMeta,
    /// May be written as `null`, but not be left out.
    #[serde(deserialize_with = "Option::deserialize")]
    #[expect(dead_code, reason = "only has to be there")]
    items: Option<[(); 0]>,
}

/// Where the list goes on.
#[derive(Deserialize, Default)]
struct PageMeta {
    /// Empty or absent on the last page.
    #[serde(default, rename = "continue")]
    next: Option<String>,
}

impl Rest {
    fn next(self) -> Option<String> {
        self.metadata.next.filter(|token| !token.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The items of a text that comes in pieces of this size, and where it goes on.
    fn split(text: &str, size: usize) -> Result<(Vec<String>, Option<String>), String> {
        let mut splitter = Splitter::default();
        let mut items = Vec::new();
        for piece in text.as_bytes().chunks(size) {
            let mut keep = |item: &[u8]| {
                items.push(String::from_utf8(item.to_vec()).unwrap());
                Ok::<(), String>(())
            };
            splitter.push(piece, &mut keep).unwrap();
        }
        splitter.end().map(|next| (items, next)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_list_is_split_wherever_its_pieces_end() {
        let text = r#"{"kind":"items","items2":[{"a":1}],"metadata":{"items":["x"],"continue":"to\"k"},
            "items" : [ {"a":"}]\\\"{"} , {"b":{"items":[{}]}},{} ],"after":[{"items":[1]}]}"#;
        for size in [1, 2, 3, 7, 1000] {
            let (items, next) = split(text, size).unwrap();
            assert_eq!(items, [r#"{"a":"}]\\\"{"}"#, r#"{"b":{"items":[{}]}}"#, "{}"], "{size}");
            assert_eq!(next.as_deref(), Some("to\"k"));
        }
    }

    #[test]
    fn lists_without_items_are_lists() {
        for text in [r#"{"items":null}"#, r#"{"items":[]}"#, r#"{"items":[ ],"metadata":{"continue":""}}"#] {
            assert_eq!(split(text, 3), Ok((Vec::new(), None)), "{text}");
        }
    }

    #[test]
    fn what_is_no_list_is_an_error() {
        let texts = ["", "{}", "[]", r#"{"items":[1]}"#, r#"{"items":["x"]}"#, r#"{"items":[{}"#, r#"{"items":[{"a":"#];
        for text in texts.into_iter().chain([r#"{"items":[{}]"#, r#"{"items":[[]]}"#, r#"{"items":{}}"#]) {
            assert!(split(text, 2).is_err(), "{text}");
        }
    }

    #[test]
    fn where_it_goes_on_is_known_before_the_items_if_it_stands_there() {
        let known = |text: &str| {
            let mut splitter = Splitter::default();
            splitter.push(text.as_bytes(), &mut |_| Ok::<(), ()>(())).unwrap();
            splitter.next_page()
        };
        assert_eq!(known(r#"{"metadata":{"continue":"x"},"items":[{"#).as_deref(), Some("x"));
        assert_eq!(known(r#"{"metadata":{"continue":"x"},"items":[{}]}"#).as_deref(), Some("x"));
        assert_eq!(known(r#"{"metadata":{"continue":"x"},"ite"#), None);
        assert_eq!(known(r#"{"items":[{}],"metadata":{"continue":"x"}}"#), None);
    }
}
