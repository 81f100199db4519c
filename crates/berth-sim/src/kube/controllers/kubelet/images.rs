//! Images: which cannot be pulled, and in what words.

use crate::lifecycle::digest;

/// Why an image cannot be pulled: names under `.invalid` never resolve.
pub(super) fn refusal(image: &str) -> Option<String> {
    let (host, path) = image.split_once('/')?;
    let name = host.split(':').next().unwrap_or_default();
    if !(name == "invalid" || name.ends_with(".invalid")) {
        return None;
    }
    let full = full(image);
    let (repository, tag) = path.rsplit_once(':').unwrap_or((path, "latest"));
    Some(format!(
        "failed to pull and unpack image \"{full}\": failed to resolve reference \"{full}\": failed to do request: Head \
         \"https://{host}/v2/{repository}/manifests/{tag}\": dial tcp: lookup {name} on 10.0.0.2:53: no such host"
    ))
}

/// An image's name with registry and tag.
pub(super) fn full(image: &str) -> String {
    let registry = image.split_once('/').is_some_and(|(host, _)| host.contains(['.', ':']) || host == "localhost");
    let named = if registry {
        image.to_owned()
    } else if image.contains('/') {
        format!("docker.io/{image}")
    } else {
        format!("docker.io/library/{image}")
    };
    let last = named.rsplit('/').next().unwrap_or_default();
    if last.contains([':', '@']) { named } else { format!("{named}:latest") }
}

/// The image as the runtime knows it by its content.
pub(super) fn id(image: &str) -> String {
    let full = full(image);
    let repository = full.rsplit_once(':').map_or(full.as_str(), |(repository, _)| repository);
    format!("{repository}@sha256:{}", letters(&full))
}

/// Sixty-four hexadecimal digits that stand for a text.
pub(super) fn letters(text: &str) -> String {
    (0..4).map(|part| format!("{:016x}", digest(&format!("{part}/{text}")))).collect()
}

#[cfg(test)]
mod tests {
    use super::{full, refusal};

    #[test]
    fn only_names_that_never_resolve_are_refused() {
        assert!(refusal("registry.invalid/app:1").unwrap().contains("lookup registry.invalid on"));
        assert!(refusal("registry.invalid:5000/team/app").unwrap().contains("/v2/team/app/manifests/latest"));
        assert_eq!((refusal("nginx"), refusal("ghcr.io/a/b:1")), (None, None));
        assert_eq!(
            (full("nginx"), full("a/b:2")),
            ("docker.io/library/nginx:latest".to_owned(), "docker.io/a/b:2".to_owned())
        );
    }
}
