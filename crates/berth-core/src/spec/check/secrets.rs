//! Secrets: names Kubernetes takes, and one source for each key.

use std::collections::BTreeSet;

use super::names::is_dns_label;
use super::report::Report;
use super::source::Source;
use crate::spec::file::secrets::SecretFile;
use crate::spec::problem::{Finding, Path};
use crate::spec::structure::printable;
use crate::spec::{SecretSpec, is_secret_key};

/// What Kubernetes takes as a Secret without further meaning.
const OPAQUE: &str = "Opaque";

/// All Secrets of a cluster file.
pub(super) fn secrets(files: &[SecretFile], source: &Source<'_>, report: &mut Report) -> Vec<SecretSpec> {
    let mut seen = BTreeSet::new();
    let mut secrets = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let path = Path::of(&["spec", "secrets"]).index(index);
        let secret = secret(file, source);
        names(&secret, &path, report);
        keys(file, &path, report);
        if !seen.insert((secret.namespace.clone(), secret.name.clone())) {
            let message = format!("the secret `{}` of namespace {} stands twice", secret.name, secret.namespace);
            report.problem(Finding::at(path.key("name"), message));
        }
        secrets.push(secret);
    }
    secrets
}

fn secret(file: &SecretFile, source: &Source<'_>) -> SecretSpec {
    SecretSpec {
        name: file.name.clone(),
        namespace: file.namespace.clone().unwrap_or_else(|| "default".to_owned()),
        kind: file.kind.clone().unwrap_or_else(|| OPAQUE.to_owned()),
        env: file.env.iter().map(|name| name.0.clone()).collect(),
        env_file: file.env_file.as_deref().map(|path| source.beside(path)),
        files: file.files.iter().map(|(key, path)| (key.clone(), source.beside(path))).collect(),
        generate: file.generate.clone(),
    }
}

fn names(secret: &SecretSpec, path: &Path, report: &mut Report) {
    if !secret.name.split('.').all(is_dns_label) {
        let message = format!(
            "`{}` is no name of a Secret: lowercase letters, digits, `-` and `.`, with a letter or digit at both ends",
            printable(&secret.name)
        );
        report.problem(Finding::at(path.key("name"), message));
    }
    if !is_dns_label(&secret.namespace) {
        let message = format!(
            "`{}` is no name of a namespace: lowercase letters, digits and `-`, at most 63, with a letter or digit at both ends",
            printable(&secret.namespace)
        );
        report.problem(Finding::at(path.key("namespace"), message));
    }
}

fn keys(file: &SecretFile, path: &Path, report: &mut Report) {
    if file.env.is_empty() && file.env_file.is_none() && file.files.is_empty() && file.generate.is_empty() {
        let message = format!("the secret `{}` has no keys", printable(&file.name));
        let ways = ["env", "envFile", "files", "generate"];
        report.problem(Finding::at(path.clone(), message).accepting(ways));
    }
    let env = file.env.iter().enumerate().map(|(index, name)| (&name.0, path.key("env").index(index)));
    let files = file.files.keys().map(|key| (key, path.key("files").key(key)));
    let generate = file.generate.iter().enumerate().map(|(index, key)| (key, path.key("generate").index(index)));
    let mut seen = BTreeSet::new();
    for (key, at) in env.chain(files).chain(generate) {
        if !is_secret_key(key) {
            let message =
                format!("`{}` is no key of a Secret: letters, digits, `-`, `_` and `.`, at most 253", printable(key));
            report.problem(Finding::at(at, message));
        } else if !seen.insert(key) {
            report.problem(Finding::at(at, format!("the key `{key}` has two sources")));
        }
    }
}
