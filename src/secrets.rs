//! Values of the Secrets a spec names: from the environment, from files, and made up once.

use std::collections::BTreeMap;
use std::fs;

use berth_core::spec::{SecretSpec, is_secret_key};
use rand::distr::{Alphanumeric, SampleString};

use crate::failure::Failure;
use crate::settings::named_by_file;

/// Length of a value that is made up: letters and digits, about 190 bits.
const GENERATED_CHARACTERS: usize = 32;

/// Values of a Secret by key.
pub(crate) type Values = BTreeMap<String, Vec<u8>>;

/// All values of a Secret; of those that are made up, what the cluster has already is kept.
///
/// Everything that is missing is said at once, and no value ever.
pub(crate) fn values(secret: &SecretSpec, there: &Values) -> Result<Values, Failure> {
    let mut values = Values::new();
    let mut missing = Vec::new();
    for name in &secret.env {
        match named_by_file(name) {
            Some(value) => drop(values.insert(name.clone(), value)),
            None => missing.push(format!("the environment variable {name} is not set")),
        }
    }
    for (key, path) in &secret.files {
        match fs::read(path) {
            Ok(value) => drop(values.insert(key.clone(), value)),
            Err(error) => missing.push(format!("cannot read {path}: {error}")),
        }
    }
    if let Some(path) = &secret.env_file {
        match fs::read_to_string(path) {
            Ok(text) => match lines(&text) {
                Ok(lines) => values.extend(lines),
                Err(wrong) => missing.extend(wrong.into_iter().map(|wrong| format!("{path}:{wrong}"))),
            },
            Err(error) => missing.push(format!("cannot read {path}: {error}")),
        }
    }
    for key in &secret.generate {
        let generated = || Alphanumeric.sample_string(&mut rand::rng(), GENERATED_CHARACTERS).into_bytes();
        values.insert(key.clone(), there.get(key).cloned().unwrap_or_else(generated));
    }
    if missing.is_empty() {
        return Ok(values);
    }
    let failure =
        Failure::refused(format!("the secret {} of namespace {} lacks values", secret.name, secret.namespace));
    Err(missing.into_iter().fold(failure, Failure::detail).leaving("nothing was changed"))
}

/// Reads lines `KEY=VALUE` as `kubectl create secret --from-env-file` does: values are taken literally, quotes included; a key alone
/// takes its value from the environment; empty lines and those that begin with `#` are left out.
fn lines(text: &str) -> Result<Values, Vec<String>> {
    let mut values = Values::new();
    let mut wrong = Vec::new();
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let number = index + 1;
        let (key, value) = match line.split_once('=') {
            Some((key, value)) => (key, Some(value.to_owned().into_bytes())),
            None => (line, named_by_file(line)),
        };
        match value {
            // What is wrong is not repeated: it may be a value.
            _ if !is_secret_key(key) => wrong.push(format!("{number}: this line is not KEY=VALUE")),
            None => {
                wrong.push(format!("{number}: the key has no value, and no environment variable of its name is set"))
            }
            Some(_) if values.contains_key(key) => wrong.push(format!("{number}: `{key}` stands twice")),
            Some(value) => drop(values.insert(key.to_owned(), value)),
        }
    }
    if wrong.is_empty() { Ok(values) } else { Err(wrong) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> SecretSpec {
        SecretSpec {
            name: "keys".to_owned(),
            namespace: "film".to_owned(),
            kind: "Opaque".to_owned(),
            env: Vec::new(),
            env_file: None,
            files: BTreeMap::new(),
            generate: Vec::new(),
        }
    }

    #[test]
    fn what_is_made_up_is_kept() {
        let secret = SecretSpec { generate: vec!["password".to_owned()], ..secret() };
        let first = values(&secret, &Values::new()).unwrap();
        assert_eq!(first["password"].len(), GENERATED_CHARACTERS);
        assert_ne!(values(&secret, &Values::new()).unwrap(), first);
        assert_eq!(values(&secret, &first).unwrap(), first);
    }

    #[test]
    fn everything_that_is_missing_is_said_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.env");
        fs::write(&path, "GOOD=1\nhunter 2\n\n# note\nGOOD=2\n").unwrap();
        let secret = SecretSpec {
            env: vec!["BERTH_TEST_NOT_SET".to_owned()],
            env_file: Some(path.display().to_string()),
            ..secret()
        };
        let failure = values(&secret, &Values::new()).unwrap_err();
        let causes = failure.causes.join("\n").replace(&path.display().to_string(), "keys.env");
        insta::assert_snapshot!(causes, @r"
        the environment variable BERTH_TEST_NOT_SET is not set
        keys.env:2: this line is not KEY=VALUE
        keys.env:5: `GOOD` stands twice
        ");
    }

    #[test]
    fn values_are_taken_as_they_stand() {
        let read = lines("\u{feff}A=\"x\"\n  B=a=b \nC=\n").unwrap();
        let expected = [("A", "\"x\""), ("B", "a=b "), ("C", "")].map(|(k, v)| (k.to_owned(), v.as_bytes().to_vec()));
        assert_eq!(read, Values::from(expected));
    }
}
