//! Objects inside a cluster, held against what the files want of them.

use serde::{Deserialize, Serialize};

use crate::actions::kube::KubeObjectRef;

/// One object of the workloads and how it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObservedObject {
    /// Which.
    pub object: KubeObjectRef,
    /// How it stands.
    pub state: ObjectState,
}

/// How far something is that brings up pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rollout {
    /// All that was asked for is there and ready.
    Complete,
    /// So far, and why not further.
    Going(String),
    /// It will not go on by itself.
    Failed(String),
}

/// How an object stands to the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectState {
    /// Wanted and not there.
    Missing,
    /// There, and an apply would change nothing.
    AsWanted,
    /// As wanted, but its rollout is not complete.
    Unready,
    /// There; an apply would change these fields: `.spec.template.spec.containers[name=stt].image`. None where the server does
    /// not take the object as it is; an apply says why.
    Differs(Vec<String>),
    /// There; an apply would change fields that the server never lets be changed.
    Immutable {
        /// Which, as the server names them: `spec.template`.
        fields: Vec<String>,
        /// A Job that has finished: it can go, and be made again.
        finished: bool,
    },
    /// Wanted and not there, because the cluster does not know its kind and nothing that is wanted defines it.
    Undefined,
    /// There; an apply would change fields that somebody else owns, so the server refuses it without force.
    Contested(Vec<Contest>),
    /// Not in the files any more, but berth's label is on it.
    Unwanted,
    /// Like [`ObjectState::Unwanted`], a namespace or a definition of custom resources; what berth did not put there lives in it
    /// and would go with it, for example `Deployment film/their-own`.
    Holding(Vec<String>),
    /// Like [`ObjectState::Unwanted`], but somebody else made it or has changed it: who. Only what berth put on it is berth's.
    Theirs(String),
}

/// Fields of an object that somebody else owns with another value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contest {
    /// Who, as the server writes it: `kubectl` using apps/v1.
    pub manager: String,
    /// Which fields, as the server writes them: `.spec.replicas`.
    pub fields: Vec<String>,
}
