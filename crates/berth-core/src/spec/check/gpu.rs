//! GPUs of a pool: model, number, machine, place, driver and sharing.

use super::pool::{Frame, built_in};
use super::report::Report;
use super::sharing;
use crate::actions::gke::GkeDriver;
use crate::catalog::{self, Gpu, Machine, MachineGpus, MachineLookup};
use crate::spec::file::pool::{DriverWord, GpuFile, PoolFile};
use crate::spec::problem::{Finding, Path, nearest};
use crate::spec::structure::printable;
use crate::spec::{GpuSpec, Provider, Sharing};

/// The pool's machine type, derived from the GPU if the file gives none, and its GPUs.
pub(super) fn gpu(
    pool: &PoolFile,
    path: &Path,
    machine: Option<&Machine>,
    frame: &Frame<'_>,
    report: &mut Report,
) -> (String, Option<GpuSpec>) {
    let given = pool.machine_type.clone().unwrap_or_default();
    let Some(file) = &pool.gpu else {
        if let Some((model, count)) = built_in(machine) {
            let message =
                format!("`{given}` has {count} x {model}; add `gpu: {{type: {model}, count: {count}}}` to the pool");
            report.problem(Finding::at(path.key("machineType"), message));
        }
        return (given, None);
    };
    let path = path.key("gpu");
    let sharing = chosen_sharing(pool, file, &path, frame, report);
    let Some(gpu) = model(&file.model, &path.key("type"), frame.provider, report) else { return (given, None) };
    let (machine_type, count) = match (machine, &pool.machine_type) {
        (Some(machine), _) => (given, on_machine(gpu, file, machine, &path, report)),
        (None, Some(_)) => {
            let is_unlisted = catalog::machine(frame.provider, &given) == MachineLookup::NotListed;
            if file.count.is_none() && is_unlisted {
                let message = format!("how many GPUs `{given}` has is not in berth's catalog; give `count`");
                report.problem(Finding::at(path.clone(), message));
            }
            (given, file.count.unwrap_or(1))
        }
        (None, None) => default_machine(gpu, file, &path, frame.provider, report),
    };
    let driver = driver(file, gpu, &path, frame.provider, report);
    sharing::fits(sharing, gpu, &path.key("sharing"), report);
    (machine_type, Some(GpuSpec { model: gpu.name.to_owned(), count, sharing, driver }))
}

/// The GPUs of nodes that are there: any model, also one no cloud sells.
pub(super) fn found(pool: &PoolFile, path: &Path, frame: &Frame<'_>, report: &mut Report) -> Option<GpuSpec> {
    let file = pool.gpu.as_ref()?;
    let path = path.key("gpu");
    if file.driver.is_some() {
        let message = "the nodes of an existing cluster bring their driver themselves; leave this out";
        report.problem(Finding::at_key(path.key("driver"), message));
    }
    let sharing = chosen_sharing(pool, file, &path, frame, report);
    let known = catalog::gpu(&file.model);
    if let Some(gpu) = known {
        sharing::fits(sharing, gpu, &path.key("sharing"), report);
    }
    let model = known.map_or_else(|| file.model.clone(), |gpu| gpu.name.to_owned());
    Some(GpuSpec { model, count: file.count.unwrap_or(1), sharing, driver: GkeDriver::Default })
}

fn model(written: &str, path: &Path, provider: Provider, report: &mut Report) -> Option<&'static Gpu> {
    let sold = catalog::gpu_names(provider);
    let gpu = catalog::gpu(written).filter(|gpu| gpu.is_sold_by(provider));
    if gpu.is_none() {
        let message = match catalog::gpu(written) {
            Some(gpu) => format!("{} has no {}", provider.as_str(), gpu.name),
            None => format!("unknown GPU `{}`", printable(written)),
        };
        let near = match catalog::gpu(written) {
            Some(_) => None,
            None => {
                let offered = catalog::GPUS.iter().filter(|gpu| gpu.is_sold_by(provider));
                let words = offered.flat_map(|gpu| gpu.aliases.iter().copied().chain([gpu.name]));
                nearest(written, words).and_then(|word| catalog::gpu(&word)).map(|gpu| gpu.name.to_owned())
            }
        };
        report.problem(Finding::at(path.clone(), message).meaning(near).accepting(sold));
    }
    gpu
}

/// The number of GPUs, which the machine decides or limits.
fn on_machine(gpu: &Gpu, file: &GpuFile, machine: &Machine, path: &Path, report: &mut Report) -> u32 {
    let name = &machine.name;
    match machine.gpus {
        MachineGpus::BuiltIn { model, count } => {
            if model != gpu.name {
                let message = format!("machine type {name} has {model}, not {}", gpu.name);
                report.problem(Finding::at(path.key("type"), message).meaning(Some(model.to_owned())));
            } else if file.count.is_some_and(|wanted| wanted != count) {
                let others = catalog::machines_with(machine.provider, model);
                let fitting = others.iter().find(|(_, has)| file.count == Some(*has));
                let way = fitting.map(|(other, has)| format!("; {other} has {has}")).unwrap_or_default();
                let message = format!("machine type {name} always has {count}{way}");
                report.problem(Finding::at(path.key("count"), message).accepting([count.to_string()]));
            }
            count
        }
        MachineGpus::Attachable => {
            let count = file.count.unwrap_or(1);
            attached(gpu, count, machine, path, report);
            count
        }
        MachineGpus::None => {
            let provider = machine.provider;
            let fitting = catalog::default_machine(provider, gpu.name, file.count.unwrap_or(1));
            let message = format!("machine type {name} cannot have GPUs; leave `machineType` out to get a fitting one");
            report.problem(Finding::at(path.clone(), message).meaning(fitting));
            file.count.unwrap_or(1)
        }
    }
}

/// GPUs attached to an N1 machine: certain numbers only, and each number allows a largest machine.
fn attached(gpu: &Gpu, count: u32, machine: &Machine, path: &Path, report: &mut Report) {
    let name = &machine.name;
    let counts = catalog::n1_counts(gpu.name);
    let Some(limit) = catalog::n1_limit(gpu.name, count) else {
        let (at, message) = if counts.is_empty() {
            let fitting = catalog::machines_with(machine.provider, gpu.name);
            let fitting: Vec<&str> = fitting.iter().map(|(name, _)| name.as_str()).collect();
            let message = format!("{} is not attached to {name}; it comes with {}", gpu.name, fitting.join(", "));
            (path.key("type"), message)
        } else {
            (path.key("count"), format!("{count} x {} cannot be attached to a machine", gpu.name))
        };
        report.problem(Finding::at(at, message).accepting(counts.iter().map(u32::to_string)));
        return;
    };
    if machine.vcpus > limit.vcpus || machine.memory_mib > limit.memory_gib * 1024 {
        let enough = counts.iter().find(|more| {
            catalog::n1_limit(gpu.name, **more)
                .is_some_and(|limit| machine.vcpus <= limit.vcpus && machine.memory_mib <= limit.memory_gib * 1024)
        });
        let way = enough.map(|more| format!("; {name} needs {more}")).unwrap_or_default();
        let message = format!(
            "{count} x {} allows at most {} vCPUs and {} GB of memory, and {name} has {} and {}{way}",
            gpu.name,
            limit.vcpus,
            limit.memory_gib,
            machine.vcpus,
            machine.memory_mib / 1024
        );
        report.problem(Finding::at(path.key("count"), message));
    }
}

fn default_machine(gpu: &Gpu, file: &GpuFile, path: &Path, provider: Provider, report: &mut Report) -> (String, u32) {
    let count = file.count.unwrap_or(1);
    let Some(machine_type) = catalog::default_machine(provider, gpu.name, count) else {
        let mut counts: Vec<u32> = catalog::machines_with(provider, gpu.name).iter().map(|(_, has)| *has).collect();
        if provider == Provider::Gke {
            counts.extend(catalog::n1_counts(gpu.name));
        }
        counts.sort_unstable();
        counts.dedup();
        let message = format!("{} has no machine with {count} x {}", provider.as_str(), gpu.name);
        report.problem(Finding::at(path.key("count"), message).accepting(counts.iter().map(u32::to_string)));
        return (String::new(), count);
    };
    (machine_type, count)
}

fn driver(file: &GpuFile, gpu: &Gpu, path: &Path, provider: Provider, report: &mut Report) -> GkeDriver {
    let path = path.key("driver");
    if provider == Provider::Eks && file.driver.is_some() {
        report.problem(Finding::at(path, "on EKS the node image decides the driver; leave this out"));
        return GkeDriver::Default;
    }
    match file.driver {
        None | Some(DriverWord::Default) => GkeDriver::Default,
        Some(DriverWord::Disabled) => {
            report.warning(Finding::at(path, "nobody installs a driver, so no GPU is allocatable until you do"));
            GkeDriver::Disabled
        }
        Some(DriverWord::Latest) => {
            if gpu.needs_old_driver() {
                let message = format!("the newest driver no longer knows the {}", gpu.name);
                report.problem(Finding::at(path, message).accepting(["default", "disabled"]));
            }
            GkeDriver::Latest
        }
    }
}

/// Sharing stands in the pool or in `spec.gpuSharing`, not in both.
fn chosen_sharing(pool: &PoolFile, file: &GpuFile, path: &Path, frame: &Frame<'_>, report: &mut Report) -> Sharing {
    match (file.sharing, frame.sharing.get(&pool.name)) {
        (None, None) => Sharing::Exclusive,
        (Some(own), None) => sharing::of_file(own),
        (None, Some(named)) => *named,
        (Some(_), Some(named)) => {
            let message = "`spec.gpuSharing` says how this pool shares its GPUs already";
            report.problem(Finding::at_key(path.key("sharing"), message));
            *named
        }
    }
}

/// The region of a pool that names no zones must sell its GPU.
pub(super) fn sold_in_region(model: &str, pool: &Path, frame: &Frame<'_>, report: &mut Report) {
    let (provider, region) = (frame.provider, &frame.place.region);
    if let Some(zone) = &frame.place.zone {
        return sold_in_zones(model, std::slice::from_ref(zone), &pool.key("gpu").key("type"), frame, report);
    }
    if sold_here(model, &pool.key("gpu").key("type"), frame, report)
        && provider == Provider::Gke
        && catalog::gpu_zones(provider, model, region).is_empty()
    {
        let message = format!("which zones of {region} sell {model} is not in berth's catalog; give `zones`");
        report.problem(Finding::at(pool.clone(), message));
    }
}

/// Each zone a pool names must sell its GPU; a list of zones known to be partial only gives warnings.
pub(super) fn sold_in_zones(model: &str, zones: &[String], path: &Path, frame: &Frame<'_>, report: &mut Report) {
    let (provider, region) = (frame.provider, &frame.place.region);
    if !sold_here(model, path, frame, report) {
        return;
    }
    // AWS zone letters are another account's, so they say nothing here.
    let selling = catalog::gpu_zones(provider, model, region);
    if selling.is_empty() || provider == Provider::Eks {
        return;
    }
    let complete = catalog::gpu_offers(provider, model).iter().any(|offer| offer.region == *region && offer.complete);
    let in_region = |zone: &&String| catalog::region_of_zone(provider, zone) == Some(region);
    for (index, zone) in zones.iter().enumerate().filter(|(_, zone)| in_region(zone) && !selling.contains(zone)) {
        let at = if zones.len() == 1 && frame.place.zone.is_some() { path.clone() } else { path.index(index) };
        let finding = Finding::at(at, format!("zone {zone} does not sell {model}")).accepting(selling.iter().cloned());
        if complete {
            report.problem(finding);
        } else {
            report.warning(Finding { message: format!("zone {zone} is not known to sell {model}"), ..finding });
        }
    }
}

/// Whether the region sells the GPU; if not, says where it is sold.
fn sold_here(model: &str, path: &Path, frame: &Frame<'_>, report: &mut Report) -> bool {
    let (provider, region) = (frame.provider, &frame.place.region);
    let offers = catalog::gpu_offers(provider, model);
    if offers.is_empty() || offers.iter().any(|offer| offer.region == *region) {
        return true;
    }
    let elsewhere = || offers.iter().map(|offer| offer.region);
    // The tables for T4 and for AWS are known to be cut short, so they cannot refuse a region.
    let refuse = provider == Provider::Gke && model != "t4";
    if refuse {
        let message = format!("region {region} does not sell {model}");
        report.problem(Finding::at(path.clone(), message).accepting(elsewhere()));
    } else {
        let message = format!("region {region} is not known to sell {model}");
        report.warning(Finding::at(path.clone(), message).accepting(elsewhere()));
    }
    !refuse
}
