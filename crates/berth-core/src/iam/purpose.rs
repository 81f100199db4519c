//! What rights are wanted for.

use std::collections::BTreeSet;
use std::str::FromStr;

/// A command, as far as rights are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// `plan`, and every look before something is changed.
    Plan,
    /// `create`.
    Create,
    /// `verify`.
    Verify,
    /// `verify --probe`.
    Probe,
    /// `status`.
    Status,
    /// `list`, and finding a cluster by its name alone.
    List,
    /// `kubeconfig`; the tokens themselves take no right.
    Kubeconfig,
    /// `cost`.
    Cost,
    /// `destroy`.
    Destroy,
    /// `ci`.
    Ci,
    /// `gc`.
    Gc,
}

/// No command has this word.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no command `{0}` takes rights")]
pub struct UnknownPurpose(String);

impl FromStr for Purpose {
    type Err = UnknownPurpose;

    fn from_str(word: &str) -> Result<Self, UnknownPurpose> {
        let found = Self::ALL.into_iter().find(|purpose| purpose.word() == word);
        found.ok_or_else(|| UnknownPurpose(word.to_owned()))
    }
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Plan,
        Self::Create,
        Self::Verify,
        Self::Probe,
        Self::Status,
        Self::List,
        Self::Kubeconfig,
        Self::Cost,
        Self::Destroy,
        Self::Ci,
        Self::Gc,
    ];

    /// The word for it, as on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Create => "create",
            Self::Verify => "verify",
            Self::Probe => "probe",
            Self::Status => "status",
            Self::List => "list",
            Self::Kubeconfig => "kubeconfig",
            Self::Cost => "cost",
            Self::Destroy => "destroy",
            Self::Ci => "ci",
            Self::Gc => "gc",
        }
    }

    /// What it does, for whoever grants the rights.
    pub fn about(self) -> &'static str {
        match self {
            Self::Plan => "Show what `create` would do",
            Self::Create => "Make and change clusters",
            Self::Verify => "Compare promised GPUs with allocatable ones",
            Self::Probe => "The same, with a pod on every free share",
            Self::Status => "Show one cluster",
            Self::List => "List clusters, and find one by its name",
            Self::Kubeconfig => "Write kubeconfigs",
            Self::Cost => "Tell prices, and what clusters have cost",
            Self::Destroy => "Take clusters away",
            Self::Ci => "Environments of pipelines: make, verify, extend, list, destroy",
            Self::Gc => "Take away what is left behind",
        }
    }

    /// Purposes with what each comprises: `create` begins with a plan and ends with a verification, `ci` makes and destroys.
    pub fn with_parts(purposes: &BTreeSet<Self>) -> BTreeSet<Self> {
        let parts = |purpose: &Self| match purpose {
            Self::Create => vec![Self::Create, Self::Plan, Self::Verify],
            Self::Probe => vec![Self::Probe, Self::Verify],
            Self::Ci => {
                vec![Self::Ci, Self::Create, Self::Plan, Self::Verify, Self::List, Self::Destroy]
            }
            Self::Gc => vec![Self::Gc, Self::List, Self::Destroy],
            other => vec![*other],
        };
        purposes.iter().flat_map(parts).collect()
    }
}
