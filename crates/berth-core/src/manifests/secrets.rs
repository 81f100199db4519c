//! Secrets whose values stand outside the files.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::spec::SecretSpec;

/// The Secret with these values by key, as a whole manifest.
///
/// The values go into `data`, not `stringData`: a key that is dropped from `stringData` later would stay in the cluster for ever,
/// because server-side apply follows the field that was written.
pub fn render(secret: &SecretSpec, values: &BTreeMap<String, Vec<u8>>) -> Value {
    let data: BTreeMap<&str, String> =
        values.iter().map(|(key, value)| (key.as_str(), STANDARD.encode(value))).collect();
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": secret.name, "namespace": secret.namespace},
        "type": secret.kind,
        "data": data,
    })
}

/// The values of a Secret as a cluster shows it; what is no base64 is left out.
pub fn values(secret: &Value) -> BTreeMap<String, Vec<u8>> {
    let data = secret["data"].as_object().into_iter().flatten();
    data.filter_map(|(key, value)| Some((key.clone(), STANDARD.decode(value.as_str()?).ok()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rendered_is_read_back() {
        let secret = SecretSpec {
            name: "postgres".to_owned(),
            namespace: "film".to_owned(),
            kind: "Opaque".to_owned(),
            env: Vec::new(),
            env_file: None,
            files: BTreeMap::new(),
            generate: vec!["PASSWORD".to_owned()],
        };
        let given = BTreeMap::from([("PASSWORD".to_owned(), b"s3\nret\xff".to_vec())]);
        let rendered = render(&secret, &given);
        assert_eq!(rendered["data"], json!({"PASSWORD": "czMKcmV0/w=="}));
        assert_eq!(values(&rendered), given);
        assert_eq!(values(&json!({"data": {"a": "no base64!", "b": ""}})), BTreeMap::from([("b".to_owned(), vec![])]));
    }
}
