//! `kind: GpuSharing`: how pools share their GPUs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::cluster::ApiVersion;
use super::pool::SharingFile;

/// The word that says a file describes GPU sharing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum GpuSharingKind {
    /// GPU sharing per pool.
    GpuSharing,
}

/// How the pools of a cluster share their GPUs.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GpuSharingFile {
    /// The version of berth's file format.
    pub api_version: ApiVersion,
    /// What this file describes.
    pub kind: GpuSharingKind,
    /// The sharing itself.
    pub spec: GpuSharingBody,
}

/// Sharing per pool.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GpuSharingBody {
    /// Pool name to how each of its GPUs is shared.
    #[schemars(extend("minProperties" = 1))]
    pub pools: BTreeMap<String, SharingFile>,
}

/// The path of a GpuSharing file, relative to this file, or the sharing itself.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum SharingRef {
    /// Path of a GpuSharing file.
    Path(#[schemars(length(min = 1))] String),
    /// Written in place.
    Inline(GpuSharingBody),
}
