//! The workloads of a spec: read once, and held against the cluster at each look.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use berth_core::actions::kube::KubeObjectRef;
use berth_core::lint::{self, Finding, ManifestFile, Severity};
use berth_core::manifests::secrets as manifests;
use berth_core::manifests::workloads::{Prepared, prepare, selector};
use berth_core::observed::{Observed, Phase};
use berth_core::run::{Fault, FaultKind};
use berth_core::spec::{Checked, Provider, SecretSpec};
use berth_report::words::count;
use serde_json::Value;

use crate::failure::Failure;
use crate::secrets::{self, Values};
use crate::ui::Ui;
use crate::wiring::{Doors, leave_theirs};
use crate::workload_files;

/// What is to run in a cluster, as far as files say.
pub(crate) struct Filling {
    cluster: String,
    files: Vec<ManifestFile>,
    secrets: Vec<SecretSpec>,
    /// Values of Secrets as this run has applied them, so that what is made up is made up once.
    given: Mutex<BTreeMap<KubeObjectRef, Values>>,
}

/// Reads what a spec names and judges it: what cannot work is a failure, what may bite is said.
pub(crate) fn load(checked: &Checked, ui: &Ui) -> Result<Filling, Failure> {
    let files = workload_files::read(&checked.workloads)?;
    let (errors, warnings): (Vec<Finding>, Vec<Finding>) =
        lint::check(&checked.spec, &files).into_iter().partition(|finding| finding.severity == Severity::Error);
    for finding in &warnings {
        ui.note(&finding.to_string());
    }
    if !errors.is_empty() {
        return Err(refused(&errors));
    }
    let secrets = checked.spec.secrets.clone();
    Ok(Filling { cluster: checked.spec.name.clone(), files, secrets, given: Mutex::default() })
}

/// What is wrong with the workloads, as one failure.
pub(crate) fn refused(errors: &[Finding]) -> Failure {
    let failure = Failure::refused(format!("the workloads have {}", count(errors.len(), "error")));
    errors.iter().fold(failure, |failure, finding| failure.detail(finding.to_string())).leaving("nothing was changed")
}

impl Filling {
    /// The files as they were read.
    pub(crate) fn files(&self) -> &[ManifestFile] {
        &self.files
    }

    /// Looks at the workloads inside a cluster that was looked at; gives the objects that are wanted there.
    pub(crate) async fn look(&self, doors: &Doors, observed: &mut Observed) -> Result<Prepared, Failure> {
        let client = doors.inside(&self.cluster, observed).map_err(|fault| doors.reading(&fault))?;
        let rendered = match self.render(client.as_ref()).await {
            Ok(rendered) => rendered?,
            Err(fault) => return Err(doors.reading(&fault)),
        };
        let prepared = prepare(&self.cluster, &self.files, rendered).map_err(|findings| refused(&findings))?;
        let Some(client) = client else { return Ok(prepared) };
        match berth_kube::look_at(&client, &prepared.objects, &selector(&self.cluster)).await {
            Ok(mut workloads) => {
                if doors.provider() == Provider::Existing {
                    let left = leave_theirs(&client, &mut workloads).await;
                    left.map_err(|fault| doors.reading(&fault))?;
                }
                observed.workloads = workloads;
            }
            Err(fault) if self.may_be_unseen(&fault, observed, &prepared) => {}
            Err(fault) => return Err(doors.reading(&fault)),
        }
        Ok(prepared)
    }

    /// Whether a plan can be made without having seen the workloads: there are none, or the API server is away while the cluster
    /// changes, and what is applied again then changes nothing that is as it should be.
    fn may_be_unseen(&self, fault: &Fault, observed: &Observed, prepared: &Prepared) -> bool {
        let is_updating = observed.cluster.as_ref().is_some_and(|cluster| cluster.phase == Phase::Updating);
        let is_away = matches!(fault.kind, FaultKind::Lost | FaultKind::Unavailable);
        prepared.objects.is_empty() || is_updating && is_away
    }

    /// The spec's Secrets with their values: what is made up stays what the cluster has.
    async fn render(&self, client: Option<&kube::Client>) -> Result<Result<Vec<Value>, Failure>, Fault> {
        let mut rendered = Vec::new();
        for secret in &self.secrets {
            let object = KubeObjectRef {
                api_version: "v1".to_owned(),
                kind: "Secret".to_owned(),
                namespace: Some(secret.namespace.clone()),
                name: secret.name.clone(),
            };
            let there = match client.filter(|_| !secret.generate.is_empty()) {
                Some(client) => berth_kube::object(client, &object).await?,
                None => None,
            };
            let there = there.map(|there| manifests::values(&there)).or_else(|| self.given().get(&object).cloned());
            match secrets::values(secret, &there.unwrap_or_default()) {
                Ok(values) => {
                    rendered.push(manifests::render(secret, &values));
                    self.given().insert(object, values);
                }
                Err(failure) => return Ok(Err(failure)),
            }
        }
        Ok(Ok(rendered))
    }

    fn given(&self) -> std::sync::MutexGuard<'_, BTreeMap<KubeObjectRef, Values>> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
