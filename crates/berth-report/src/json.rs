//! JSON for eyes: two spaces for each level.
//!
//! As serde_json's own, which writes the spaces of a line one level at a time: in a document of many figures that is half of the work.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// Spaces of sixteen levels.
const SPACES: &[u8] = &[b' '; 32];

/// A value as one indented document; empty for what is no JSON, such as a map whose keys are no strings.
pub fn to_string(value: &impl Serialize) -> String {
    let mut out = Vec::with_capacity(1024);
    match value.serialize(&mut Serializer::with_formatter(&mut out, Indented::default())) {
        Ok(()) => String::from_utf8(out).unwrap_or_default(),
        Err(_) => String::new(),
    }
}

#[derive(Default)]
struct Indented {
    depth: usize,
    /// Something stands in the innermost list or map.
    is_filled: bool,
}

impl Indented {
    fn open<W: Write + ?Sized>(&mut self, sign: &[u8], out: &mut W) -> io::Result<()> {
        self.depth += 1;
        self.is_filled = false;
        out.write_all(sign)
    }

    fn close<W: Write + ?Sized>(&mut self, sign: &[u8], out: &mut W) -> io::Result<()> {
        self.depth -= 1;
        if self.is_filled {
            self.line(b"\n", out)?;
        }
        out.write_all(sign)
    }

    /// What stands before an element or a key.
    fn next<W: Write + ?Sized>(&self, first: bool, out: &mut W) -> io::Result<()> {
        self.line(if first { b"\n" } else { b",\n" }, out)
    }

    /// The end of a line, and the spaces of the next one.
    fn line<W: Write + ?Sized>(&self, end: &[u8], out: &mut W) -> io::Result<()> {
        out.write_all(end)?;
        let mut spaces = 2 * self.depth;
        while spaces > 0 {
            let some = spaces.min(SPACES.len());
            out.write_all(&SPACES[..some])?;
            spaces -= some;
        }
        Ok(())
    }
}

impl Formatter for Indented {
    fn begin_array<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(b"[", out)
    }

    fn end_array<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(b"]", out)
    }

    fn begin_array_value<W: Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.next(first, out)
    }

    fn end_array_value<W: Write + ?Sized>(&mut self, _: &mut W) -> io::Result<()> {
        self.is_filled = true;
        Ok(())
    }

    fn begin_object<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(b"{", out)
    }

    fn end_object<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(b"}", out)
    }

    fn begin_object_key<W: Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.next(first, out)
    }

    fn begin_object_value<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    fn end_object_value<W: Write + ?Sized>(&mut self, _: &mut W) -> io::Result<()> {
        self.is_filled = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::to_string;

    #[test]
    fn it_reads_as_the_librarys_own() {
        let mut deep = json!([]);
        for depth in 0..70 {
            deep = if depth % 2 == 0 { json!({"in": deep, "beside": {}}) } else { json!([1, deep, "a\"\n"]) };
        }
        for value in [Value::Null, json!({}), json!([[], [null]]), json!({"a": {"b": []}, "c": 1.5}), deep] {
            assert_eq!(to_string(&value), serde_json::to_string_pretty(&value).expect("JSON"));
        }
    }
}
