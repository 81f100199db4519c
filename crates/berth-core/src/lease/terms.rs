//! What a lease says: which environment, whose, made by which run, until when.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::labels::{escaped, run_parts};

/// Most characters of an id: with a cluster's own name before it, it still fits into the names of both clouds.
const ID_LIMIT: usize = 40;
/// Longest value of a label, on the stricter of both clouds.
pub(super) const VALUE_LIMIT: usize = 63;

/// The terms of an environment with a time to live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lease {
    /// Which environment.
    pub id: LeaseId,
    /// Whose it is: a repository, a project, or a person at a machine. Only the same owner may join it.
    pub owner: String,
    /// URL of the run that last made or joined it.
    pub run: Option<String>,
    /// When it is over, in whole seconds.
    pub expires: Timestamp,
}

impl Lease {
    /// A lease whose labels both clouds take; the end is cut to whole seconds.
    ///
    /// # Errors
    /// The owner is empty, or owner or run are longer than labels can hold.
    pub fn new(id: LeaseId, owner: &str, run: Option<&str>, expires: Timestamp) -> Result<Self, LeaseError> {
        if owner.is_empty() {
            return Err(LeaseError::NoOwner);
        }
        let characters = escaped(owner).len();
        if characters > VALUE_LIMIT {
            return Err(LeaseError::OwnerTooLong { owner: owner.to_owned(), characters });
        }
        let run = run.filter(|run| !run.is_empty());
        if let Some(run) = run {
            run_parts(run)?;
        }
        let expires = whole_seconds(expires);
        Ok(Self { id, owner: owner.to_owned(), run: run.map(str::to_owned), expires })
    }

    /// Whether it is over: its end is not later than now. There is no other mark of an environment that is to go.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.expires <= now
    }

    /// The same lease until another time, in whole seconds.
    #[must_use]
    pub fn until(&self, expires: Timestamp) -> Self {
        Self { expires: whole_seconds(expires), ..self.clone() }
    }
}

impl fmt::Display for Lease {
    /// `lease pr-123 of acme/app until 2026-11-21T16:30:00Z`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lease {} of {} until {}", self.id, self.owner, self.expires)
    }
}

fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// The name of an environment, for example `pr-123`: lowercase letters, digits and `-`, 40 characters at most.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LeaseId(String);

impl LeaseId {
    /// Takes an id that both clouds and Kubernetes take as part of a name.
    ///
    /// # Errors
    /// It is empty, too long, or holds something else than lowercase letters, digits and `-` between two of the former.
    pub fn new(id: &str) -> Result<Self, LeaseError> {
        let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let bytes = id.as_bytes();
        let edges = bytes.first().copied().is_some_and(is_word) && bytes.last().copied().is_some_and(is_word);
        if edges && id.len() <= ID_LIMIT && bytes.iter().all(|byte| is_word(*byte) || *byte == b'-') {
            Ok(Self(id.to_owned()))
        } else {
            Err(LeaseError::Id { id: id.to_owned() })
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for LeaseId {
    type Error = LeaseError;

    fn try_from(id: String) -> Result<Self, LeaseError> {
        Self::new(&id)
    }
}

impl From<LeaseId> for String {
    fn from(id: LeaseId) -> Self {
        id.0
    }
}

/// Why something is no lease.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeaseError {
    /// No name for an environment.
    #[error(
        "`{id}` is no id of a lease: begin and end with a lowercase letter or digit, with lowercase letters, digits and `-` between, {ID_LIMIT} characters at most"
    )]
    Id {
        /// What was given.
        id: String,
    },
    /// Nobody owns it.
    #[error("a lease needs an owner")]
    NoOwner,
    /// The owner does not fit into a label.
    #[error(
        "the owner `{owner}` takes {characters} characters as a label, in which each character but a-z, 0-9 and `-` counts for three; the clouds take {VALUE_LIMIT}"
    )]
    OwnerTooLong {
        /// The owner.
        owner: String,
        /// Characters it takes.
        characters: usize,
    },
    /// The URL of the run does not fit into the labels it has.
    #[error("the run `{run}` takes {characters} characters in labels; there is room for {room}")]
    RunTooLong {
        /// The run's URL.
        run: String,
        /// Characters it takes.
        characters: usize,
        /// Characters there is room for.
        room: usize,
    },
    /// A lease's label is missing although others of it are there.
    #[error("its label {key} is missing")]
    Missing {
        /// The label's key.
        key: &'static str,
    },
    /// A lease's label does not hold what berth writes.
    #[error("its label {key} is `{value}`, which berth does not write")]
    Unreadable {
        /// The label's key.
        key: String,
        /// What it holds.
        value: String,
    },
    /// With those of the lease there are more labels than the cloud takes.
    #[error("the file's {labels} labels and those of the lease are more than the {most} the cloud takes on a cluster")]
    TooManyLabels {
        /// Labels of the file.
        labels: usize,
        /// Labels the cloud takes in all.
        most: usize,
    },
    /// An environment of its own is made on a cloud only.
    #[error("a cluster that stands already cannot be leased as a whole; lease a namespace of it")]
    Standing,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_what_both_clouds_take_within_names() {
        for good in ["pr-123", "a", "7", &"x".repeat(40)] {
            assert_eq!(LeaseId::new(good).map(|id| id.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "-a", "a-", "PR-1", "a_b", "a.b", "ä", "a b", &"x".repeat(41)] {
            assert!(LeaseId::new(bad).is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<LeaseId>("\"PR\"").is_err());
    }

    #[test]
    fn an_end_has_whole_seconds_and_is_over_when_it_is_reached() {
        let end: Timestamp = "2026-11-21T16:30:00.999Z".parse().expect("a time");
        let id = LeaseId::new("pr-1").expect("an id");
        let lease = Lease::new(id, "acme/app", Some(""), end).expect("a lease");
        assert_eq!(lease.to_string(), "lease pr-1 of acme/app until 2026-11-21T16:30:00Z");
        assert_eq!(lease.run, None);
        assert!(lease.is_over(lease.expires));
        assert!(!lease.is_over("2026-11-21T16:29:59Z".parse().expect("a time")));
    }

    #[test]
    fn owners_that_do_not_fit_are_refused_with_their_length() {
        let id = || LeaseId::new("pr-1").expect("an id");
        let fits = "A".repeat(21);
        assert!(Lease::new(id(), &fits, None, Timestamp::UNIX_EPOCH).is_ok());
        let error = Lease::new(id(), &"A".repeat(22), None, Timestamp::UNIX_EPOCH).expect_err("too long");
        assert!(error.to_string().contains("takes 66 characters"), "{error}");
        assert_eq!(Lease::new(id(), "", None, Timestamp::UNIX_EPOCH), Err(LeaseError::NoOwner));
    }
}
