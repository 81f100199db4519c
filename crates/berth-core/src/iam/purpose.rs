//! What rights are wanted for.

use std::collections::BTreeSet;

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
