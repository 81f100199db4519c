//! What the systems this is for have in their manifests today.

use berth_core::lint::{self, ManifestFile};
use berth_core::spec::{self, Source};

use crate::files::lines;

const WORKER: &str = include_str!("seeds/gpu-worker.yaml");

#[test]
fn the_image_platform_as_it_is_written_today() {
    let cluster = include_str!("clusters/gke.yaml");
    let read = |_: &str| Err("not named".to_owned());
    let checked = spec::check(&Source { file: "gke.yaml", text: cluster, provider: None, read: &read });
    let spec = checked.expect("a good file").spec;
    let file = ManifestFile { path: "gpu-worker.yaml".to_owned(), text: WORKER.to_owned() };
    insta::assert_snapshot!(lines(&lint::check(&spec, &[file])));
}
