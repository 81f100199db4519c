//! Drivers and CUDA versions that have left a pool's GPUs behind.
//!
//! R580 is the last driver branch for Maxwell, Pascal and Volta, and CUDA 13 has no code for them. Sources: NVIDIA's driver
//! table, CUDA 13's notes.

use crate::catalog;
use crate::lint::finding::{Place, Report, Says};
use crate::lint::object::{Container, Object};
use crate::lint::pools::asks_for_gpu;
use crate::lint::world::World;
use crate::spec::PoolSpec;
use crate::spec::tree::Node;

pub(super) const RULE: &str = "driver-branch";

/// The last driver branch for old GPUs.
const LAST_OLD_BRANCH: u32 = 580;
/// The first CUDA without them.
const FIRST_NEW_CUDA: u32 = 13;

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    let pools = world.pools();
    for pod in world.pods() {
        let selected = pools.selected(&pod);
        for container in pod.containers() {
            let on_gpu = asks_for_gpu(&container);
            if let Some(branch) = driver_of_image(container.image()) {
                branch_fits(branch, &selected, container.image_place(), report);
            } else if let Some(cuda) = cuda_of(&container).filter(|cuda| on_gpu && *cuda >= FIRST_NEW_CUDA) {
                let gpus: Vec<&PoolSpec> = selected.iter().copied().filter(|pool| pool.gpu.is_some()).collect();
                cuda_fits(cuda, &container, &gpus, report);
            }
        }
    }
    let all: Vec<&PoolSpec> = pools.all().collect();
    for object in &world.objects {
        for way in [["spec", "driver", "version"].as_slice(), &["spec", "version"]] {
            let place = object.place_of(way);
            if let Some(branch) = driver_of_object(object, way) {
                branch_fits(branch, &all, place, report);
            }
        }
    }
}

fn is_old(pool: &PoolSpec) -> bool {
    let gpu = pool.gpu.as_ref().and_then(|gpu| catalog::gpu(&gpu.model));
    gpu.is_some_and(catalog::Gpu::needs_old_driver)
}

fn words(pools: &[&PoolSpec]) -> String {
    let named = pools.iter().filter_map(|pool| Some(format!("{} ({})", pool.name, pool.gpu.as_ref()?.model)));
    named.collect::<Vec<_>>().join(", ")
}

fn branch_fits(branch: u32, pools: &[&PoolSpec], place: Place<'_>, report: &mut Report) {
    let old: Vec<&PoolSpec> = pools.iter().copied().filter(|pool| is_old(pool)).collect();
    if branch <= LAST_OLD_BRANCH || old.is_empty() {
        return;
    }
    let what = format!("driver {branch} does not drive the GPUs of {}", words(&old));
    let why = format!("{LAST_OLD_BRANCH} is the last branch for them; their nodes would offer no GPU");
    report.error(RULE, place, &Says::new(what, why, format!("branch {LAST_OLD_BRANCH}")));
}

fn cuda_fits(cuda: u32, container: &Container<'_>, gpus: &[&PoolSpec], report: &mut Report) {
    let old: Vec<&PoolSpec> = gpus.iter().copied().filter(|pool| is_old(pool)).collect();
    if old.is_empty() {
        return;
    }
    let what =
        format!("container {} brings CUDA {cuda}, which has no code for the GPUs of {}", container.name(), words(&old));
    let why = "the first kernel fails with: no kernel image is available for execution on the device";
    if old.len() == gpus.len() {
        report.error(
            RULE,
            container.image_place(),
            &Says::new(what, why, "an image with CUDA 12, or a pool of newer GPUs"),
        );
    } else {
        let fix = "an image with CUDA 12, or select pools of newer GPUs";
        report.warning(RULE, container.image_place(), &Says::new(what, why, fix));
    }
}

/// The branch in the tag of NVIDIA's driver image: `nvcr.io/nvidia/driver:595.71.05-ubuntu22.04`.
fn driver_of_image(image: &str) -> Option<u32> {
    let (name, tag) = image.rsplit_once(':')?;
    name.ends_with("nvidia/driver").then(|| leading(tag)).flatten()
}

/// The branch that an object of the GPU operator asks for.
fn driver_of_object(object: &Object<'_>, way: &[&str]) -> Option<u32> {
    let takes = match object.kind.as_str() {
        "ClusterPolicy" => way.len() == 3,
        "NVIDIADriver" => way.len() == 2,
        _ => false,
    };
    takes.then(|| leading(&object.root.along(way).and_then(Node::scalar)?)).flatten()
}

/// The major version of CUDA an image says it has: `nvidia/cuda:13.0.1-runtime`, `...:2.9-cuda13.0`, `...-cu130`.
fn cuda_of(container: &Container<'_>) -> Option<u32> {
    let (name, tag) = container.image().rsplit_once(':')?;
    if name.ends_with("/cuda") {
        return leading(tag);
    }
    let after = |word: &str| tag.split_once(word).and_then(|(_, rest)| leading(rest));
    after("cuda").or_else(|| after("cu").filter(|joined| (100..200).contains(joined)).map(|joined| joined / 10))
}

/// The number a text begins with.
fn leading(text: &str) -> Option<u32> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..digits].parse().ok()
}
