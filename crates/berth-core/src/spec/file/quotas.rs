//! `kind: ServiceQuotas`: what each service may take.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::cluster::ApiVersion;

/// The word that says a file describes service quotas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum ServiceQuotasKind {
    /// Quotas per service.
    ServiceQuotas,
}

/// What each service of a cluster may take.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceQuotasFile {
    /// The version of berth's file format.
    pub api_version: ApiVersion,
    /// What this file describes.
    pub kind: ServiceQuotasKind,
    /// The quotas themselves.
    pub spec: ServiceQuotasBody,
}

/// Quotas per service.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceQuotasBody {
    /// One namespace for all services, in which each is fenced by a priority class `NAMESPACE-SERVICE` that its pods have to name;
    /// without it each service has a namespace of its own name.
    #[serde(default)]
    #[schemars(length(min = 1, max = 63))]
    pub namespace: Option<String>,
    /// Services by name.
    #[schemars(extend("minProperties" = 1))]
    pub services: BTreeMap<String, QuotaFile>,
}

/// What one service may take over all its pods.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QuotaFile {
    /// CPU cores, in Kubernetes' notation: `64`, `"1.5"`, `500m`.
    #[schemars(with = "CpuQuantity")]
    #[serde(deserialize_with = "number_or_text")]
    pub cpu: String,
    /// Memory, in Kubernetes' notation: `256Gi`, `512Mi`.
    #[schemars(regex(pattern = r"^[1-9][0-9]*(\.[0-9]+)?(Ki|Mi|Gi|Ti|k|M|G|T)?$"))]
    #[schemars(extend("patternErrorMessage" = "must be an amount of memory such as `256Gi`"))]
    pub memory: String,
    /// Whole GPU shares, at least 1; leave it out for a service without GPUs.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub gpus: Option<u32>,
}

/// CPU cores: a number, or a text such as `500m`.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its JSON Schema is used")]
enum CpuQuantity {
    /// Whole cores.
    Cores(#[schemars(range(min = 1, max = 1_000_000))] u32),
    /// Cores or thousandths of a core.
    Text(
        #[schemars(
            regex(pattern = r"^([1-9][0-9]*m|[1-9][0-9]*(\.[0-9]+)?|0\.[0-9]*[1-9][0-9]*)$"),
            extend("patternErrorMessage" = "must be an amount of CPU such as `64`, `1.5` or `500m`")
        )]
        String,
    ),
}

fn number_or_text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u32),
        Text(String),
    }
    Ok(match Either::deserialize(deserializer)? {
        Either::Number(number) => number.to_string(),
        Either::Text(text) => text,
    })
}
