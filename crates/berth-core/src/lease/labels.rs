//! How a lease stands in the labels of cloud objects, within the charset and length of both clouds.
//!
//! GCP takes lowercase letters, digits, `_` and `-`, 63 at most; AWS takes the same strings. Of other texts every byte that is not a
//! lowercase letter, digit or `-` is written as `_` and its two hexadecimal digits, so that reading gives back exactly what was written.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::terms::{Lease, LeaseError, LeaseId, VALUE_LIMIT};

/// Label key with the id.
pub const LEASE_KEY: &str = "berth-lease";
/// Label key with the owner of the lease, escaped.
pub const OWNER_OF_LEASE_KEY: &str = "berth-owner";
/// Label key with the end, as `2026-11-21t16-30-00z`.
pub const EXPIRES_KEY: &str = "berth-expires";
/// Label keys with the run's URL, escaped and cut into parts of 63 characters.
pub const RUN_KEYS: [&str; 6] =
    ["berth-run", "berth-run-2", "berth-run-3", "berth-run-4", "berth-run-5", "berth-run-6"];
/// All keys of a lease.
pub const KEYS: [&str; 9] = [
    LEASE_KEY,
    OWNER_OF_LEASE_KEY,
    EXPIRES_KEY,
    RUN_KEYS[0],
    RUN_KEYS[1],
    RUN_KEYS[2],
    RUN_KEYS[3],
    RUN_KEYS[4],
    RUN_KEYS[5],
];

/// How the end is written: the characters of labels only, UTC, whole seconds.
const EXPIRES_FORM: &str = "%Y-%m-%dt%H-%M-%Sz";

/// Whether a label's key is one of a lease's.
pub fn is_lease_key(key: &str) -> bool {
    KEYS.contains(&key)
}

/// A lease's labels out of all labels of a thing; empty if it has none.
pub fn marks(labels: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    labels.iter().filter(|(key, _)| is_lease_key(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// How an end is written in a label: `2026-11-21t16-30-00z`.
pub fn expires_word(expires: Timestamp) -> String {
    expires.strftime(EXPIRES_FORM).to_string()
}

impl Lease {
    /// The labels or tags that everything of the environment carries from its first create call, beside those of
    /// [`crate::rules::ownership`].
    pub fn labels(&self) -> BTreeMap<String, String> {
        let mut labels = BTreeMap::from([
            (LEASE_KEY.to_owned(), self.id.to_string()),
            (OWNER_OF_LEASE_KEY.to_owned(), escaped(&self.owner)),
            (EXPIRES_KEY.to_owned(), expires_word(self.expires)),
        ]);
        let run = self.run.as_deref().map(escaped).unwrap_or_default();
        labels.extend(RUN_KEYS.iter().zip(cut(&run)).map(|(key, part)| ((*key).to_owned(), part)));
        labels
    }

    /// Reads the lease a thing bears; `None` if it bears none.
    ///
    /// Something of a lease that is not whole, or holds what berth does not write, is an error: whoever finds it must not guess its end.
    pub fn read(labels: &BTreeMap<String, String>) -> Option<Result<Self, LeaseError>> {
        labels.keys().any(|key| is_lease_key(key)).then(|| read(labels))
    }
}

fn read(labels: &BTreeMap<String, String>) -> Result<Lease, LeaseError> {
    let value = |key: &'static str| labels.get(key).ok_or(LeaseError::Missing { key });
    let unreadable = |key: &str, value: &str| LeaseError::Unreadable { key: key.to_owned(), value: value.to_owned() };
    let id = value(LEASE_KEY)?;
    let owner = value(OWNER_OF_LEASE_KEY)?;
    let expires = value(EXPIRES_KEY)?;
    let owner_read = unescaped(owner).filter(|owner| !owner.is_empty());
    Ok(Lease {
        id: LeaseId::new(id).map_err(|_| unreadable(LEASE_KEY, id))?,
        owner: owner_read.ok_or_else(|| unreadable(OWNER_OF_LEASE_KEY, owner))?,
        run: run(labels)?,
        expires: end(expires).ok_or_else(|| unreadable(EXPIRES_KEY, expires))?,
    })
}

/// Joins the parts of the run; a part that is not full is the last one, whatever an older, longer run has left behind it.
fn run(labels: &BTreeMap<String, String>) -> Result<Option<String>, LeaseError> {
    let mut whole = String::new();
    for part in RUN_KEYS.iter().map_while(|key| labels.get(*key)) {
        whole.push_str(part);
        if part.len() < VALUE_LIMIT {
            break;
        }
    }
    if whole.is_empty() {
        return Ok(None);
    }
    let unreadable = || LeaseError::Unreadable { key: RUN_KEYS[0].to_owned(), value: whole.clone() };
    unescaped(&whole).ok_or_else(unreadable).map(Some)
}

fn end(word: &str) -> Option<Timestamp> {
    let time = DateTime::strptime(EXPIRES_FORM, word).ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
    // Only what is written exactly so is an end: no blanks, no missing zeros.
    (expires_word(time) == word).then_some(time)
}

/// A run's URL as the values of its labels.
///
/// # Errors
/// It does not fit into them.
pub(super) fn run_parts(run: &str) -> Result<Vec<String>, LeaseError> {
    let parts: Vec<String> = cut(&escaped(run)).collect();
    if parts.len() > RUN_KEYS.len() {
        let room = RUN_KEYS.len() * VALUE_LIMIT;
        return Err(LeaseError::RunTooLong { run: run.to_owned(), characters: escaped(run).len(), room });
    }
    Ok(parts)
}

/// Cuts an escaped text into values of full length and a rest.
fn cut(escaped: &str) -> impl Iterator<Item = String> {
    escaped.as_bytes().chunks(VALUE_LIMIT).map(|part| String::from_utf8_lossy(part).into_owned())
}

/// Writes a text in the characters of labels.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("_{byte:02x}"));
        }
    }
    out
}

/// Reads what [`escaped`] wrote; `None` if it did not.
fn unescaped(word: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'_' {
            bytes.push(*first);
            continue;
        }
        let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &rest[2..];
    }
    let text = String::from_utf8(bytes).ok()?;
    // Each text has one way to be written, so that two labels that differ are two owners.
    (escaped(&text) == word).then_some(text)
}

/// The labels to want where a lease stands already: what is wanted, but never an earlier end of the same lease of the same owner.
///
/// Two runs may have joined one lease, and the one with the shorter time must not cut that of the other.
pub fn settled(have: &BTreeMap<String, String>, want: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut settled = want.clone();
    if let (Some(Ok(have)), Some(Ok(want))) = (Lease::read(have), Lease::read(want))
        && have.id == want.id
        && have.owner == want.owner
        && have.expires > want.expires
    {
        settled.insert(EXPIRES_KEY.to_owned(), expires_word(have.expires));
    }
    settled
}

/// Whether what stands may be what was wanted: not if a lease is wanted and it bears none, another id's or another owner's.
///
/// For whoever makes something and finds it there already: two runs may have wanted the same name at the same time.
pub fn is_same_environment(have: &BTreeMap<String, String>, want: &BTreeMap<String, String>) -> bool {
    match (Lease::read(have), Lease::read(want)) {
        (_, None) => true,
        (Some(Ok(have)), Some(Ok(want))) => have.id == want.id && have.owner == want.owner,
        (_, Some(_)) => false,
    }
}

/// Keys of an older lease that the wanted one does not have, such as the last parts of a longer run; none if none is wanted.
pub fn stale(have: &BTreeMap<String, String>, want: &BTreeMap<String, String>) -> Vec<String> {
    if !want.contains_key(LEASE_KEY) {
        return Vec::new();
    }
    have.keys().filter(|key| is_lease_key(key) && !want.contains_key(*key)).cloned().collect()
}

#[cfg(test)]
mod tests;
