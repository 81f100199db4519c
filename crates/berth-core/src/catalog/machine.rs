//! Machine types: their processors, memory and built-in GPUs.

use crate::spec::Provider;

/// A machine type.
#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    /// The cloud's name for it.
    pub name: String,
    /// Which cloud sells it.
    pub provider: Provider,
    /// The series, for example `n1`, `a2`, `p4d`; what disk types and GPU attachment depend on.
    pub family: String,
    /// Virtual processors.
    pub vcpus: u32,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Whether and how it has GPUs.
    pub gpus: MachineGpus,
}

/// Whether and how a machine has GPUs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MachineGpus {
    /// It cannot have any.
    None,
    /// GPUs are attached to it in a number the user chooses; only GCP's N1 series.
    Attachable,
    /// It always has these.
    BuiltIn {
        /// berth's name of the model.
        model: &'static str,
        /// How many.
        count: u32,
    },
}

/// What the catalog knows of a name.
#[derive(Debug, Clone, PartialEq)]
pub enum MachineLookup {
    /// It is in the catalog.
    Known(Machine),
    /// It looks like one of the cloud's, of a series the catalog does not hold.
    NotListed,
    /// It cannot be a machine type of this cloud.
    Wrong {
        /// The machine type that was probably meant.
        nearest: Option<String>,
    },
}

/// A series of GCP machine types: name, class, MiB per vCPU, vCPU counts.
///
/// Sizes: Google's machine type list (general knowledge; those in the price list of 2026-08 agree).
struct Series(&'static str, &'static str, u32, &'static [u32]);

static GCP_SERIES: &[Series] = &[
    Series("n1", "standard", 3840, &[1, 2, 4, 8, 16, 32, 64, 96]),
    Series("n1", "highmem", 6656, &[2, 4, 8, 16, 32, 64, 96]),
    Series("n1", "highcpu", 922, &[2, 4, 8, 16, 32, 64, 96]),
    Series("n2", "standard", 4096, &[2, 4, 8, 16, 32, 48, 64, 80, 96, 128]),
    Series("n2", "highmem", 8192, &[2, 4, 8, 16, 32, 48, 64, 80, 96]),
    Series("n2", "highcpu", 1024, &[2, 4, 8, 16, 32, 48, 64, 80, 96]),
    Series("n2d", "standard", 4096, &[2, 4, 8, 16, 32, 48, 64, 80, 96, 128, 224]),
    Series("n2d", "highmem", 8192, &[2, 4, 8, 16, 32, 48, 64, 80, 96]),
    Series("n2d", "highcpu", 1024, &[2, 4, 8, 16, 32, 48, 64, 80, 96, 128, 224]),
    Series("n4", "standard", 4096, &[2, 4, 8, 16, 32, 48, 64, 80]),
    Series("n4", "highmem", 8192, &[2, 4, 8, 16, 32, 48, 64, 80]),
    Series("n4", "highcpu", 2048, &[2, 4, 8, 16, 32, 48, 64, 80]),
    Series("e2", "standard", 4096, &[2, 4, 8, 16, 32]),
    Series("e2", "highmem", 8192, &[2, 4, 8, 16]),
    Series("e2", "highcpu", 1024, &[2, 4, 8, 16, 32]),
    Series("c2", "standard", 4096, &[4, 8, 16, 30, 60]),
    Series("c2d", "standard", 4096, &[2, 4, 8, 16, 32, 56, 112]),
    Series("c3", "standard", 4096, &[4, 8, 22, 44, 88, 176]),
    Series("c3", "highmem", 8192, &[4, 8, 22, 44, 88, 176]),
    Series("c3", "highcpu", 2048, &[4, 8, 22, 44, 88, 176]),
    Series("c3d", "standard", 4096, &[4, 8, 16, 30, 60, 90, 180, 360]),
    Series("t2d", "standard", 4096, &[1, 2, 4, 8, 16, 32, 48, 60]),
];

/// A single type: name, vCPUs, memory in MiB, GPU model and count.
struct Single(&'static str, u32, u32, Option<(&'static str, u32)>);

const GIB: u32 = 1024;

/// GPU counts: xpk, gpuhunt, the container-engine-accelerators project; g2 sizes other than 12, 24, 48, 96 and all vCPU and memory
/// figures are general knowledge.
static GCP_SINGLES: &[Single] = &[
    Single("e2-micro", 2, GIB, None),
    Single("e2-small", 2, 2 * GIB, None),
    Single("e2-medium", 2, 4 * GIB, None),
    Single("a2-highgpu-1g", 12, 85 * GIB, Some(("a100-40gb", 1))),
    Single("a2-highgpu-2g", 24, 170 * GIB, Some(("a100-40gb", 2))),
    Single("a2-highgpu-4g", 48, 340 * GIB, Some(("a100-40gb", 4))),
    Single("a2-highgpu-8g", 96, 680 * GIB, Some(("a100-40gb", 8))),
    Single("a2-megagpu-16g", 96, 1360 * GIB, Some(("a100-40gb", 16))),
    Single("a2-ultragpu-1g", 12, 170 * GIB, Some(("a100-80gb", 1))),
    Single("a2-ultragpu-2g", 24, 340 * GIB, Some(("a100-80gb", 2))),
    Single("a2-ultragpu-4g", 48, 680 * GIB, Some(("a100-80gb", 4))),
    Single("a2-ultragpu-8g", 96, 1360 * GIB, Some(("a100-80gb", 8))),
    Single("a3-highgpu-1g", 26, 234 * GIB, Some(("h100-80gb", 1))),
    Single("a3-highgpu-2g", 52, 468 * GIB, Some(("h100-80gb", 2))),
    Single("a3-highgpu-4g", 104, 936 * GIB, Some(("h100-80gb", 4))),
    Single("a3-highgpu-8g", 208, 1872 * GIB, Some(("h100-80gb", 8))),
    Single("a3-megagpu-8g", 208, 1872 * GIB, Some(("h100-mega-80gb", 8))),
    Single("a3-ultragpu-8g", 224, 2952 * GIB, Some(("h200-141gb", 8))),
    Single("g2-standard-4", 4, 16 * GIB, Some(("l4", 1))),
    Single("g2-standard-8", 8, 32 * GIB, Some(("l4", 1))),
    Single("g2-standard-12", 12, 48 * GIB, Some(("l4", 1))),
    Single("g2-standard-16", 16, 64 * GIB, Some(("l4", 1))),
    Single("g2-standard-24", 24, 96 * GIB, Some(("l4", 2))),
    Single("g2-standard-32", 32, 128 * GIB, Some(("l4", 1))),
    Single("g2-standard-48", 48, 192 * GIB, Some(("l4", 4))),
    Single("g2-standard-96", 96, 384 * GIB, Some(("l4", 8))),
];

/// A series of EC2 types: name, MiB per vCPU, sizes.
struct AwsSeries(&'static str, u32, &'static [&'static str]);

static AWS_SERIES: &[AwsSeries] = &[
    AwsSeries("t3", 4096, &["large", "xlarge", "2xlarge"]),
    AwsSeries("m5", 4096, &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge"]),
    AwsSeries("m6i", 4096, &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge"]),
    AwsSeries("m7i", 4096, &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge"]),
    AwsSeries("c6i", 2048, &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge"]),
    AwsSeries("r6i", 8192, &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge"]),
];

/// GPU types: moto's copy of EC2 DescribeInstanceTypes; t3: general knowledge.
static AWS_SINGLES: &[Single] = &[
    Single("t3.small", 2, 2 * GIB, None),
    Single("t3.medium", 2, 4 * GIB, None),
    Single("g4dn.xlarge", 4, 16 * GIB, Some(("t4", 1))),
    Single("g4dn.2xlarge", 8, 32 * GIB, Some(("t4", 1))),
    Single("g4dn.4xlarge", 16, 64 * GIB, Some(("t4", 1))),
    Single("g4dn.8xlarge", 32, 128 * GIB, Some(("t4", 1))),
    Single("g4dn.16xlarge", 64, 256 * GIB, Some(("t4", 1))),
    Single("g4dn.12xlarge", 48, 192 * GIB, Some(("t4", 4))),
    Single("g4dn.metal", 96, 384 * GIB, Some(("t4", 8))),
    Single("g5.xlarge", 4, 16 * GIB, Some(("a10g", 1))),
    Single("g5.2xlarge", 8, 32 * GIB, Some(("a10g", 1))),
    Single("g5.4xlarge", 16, 64 * GIB, Some(("a10g", 1))),
    Single("g5.8xlarge", 32, 128 * GIB, Some(("a10g", 1))),
    Single("g5.16xlarge", 64, 256 * GIB, Some(("a10g", 1))),
    Single("g5.12xlarge", 48, 192 * GIB, Some(("a10g", 4))),
    Single("g5.24xlarge", 96, 384 * GIB, Some(("a10g", 4))),
    Single("g5.48xlarge", 192, 768 * GIB, Some(("a10g", 8))),
    Single("g6.xlarge", 4, 16 * GIB, Some(("l4", 1))),
    Single("g6.2xlarge", 8, 32 * GIB, Some(("l4", 1))),
    Single("g6.4xlarge", 16, 64 * GIB, Some(("l4", 1))),
    Single("g6.8xlarge", 32, 128 * GIB, Some(("l4", 1))),
    Single("g6.16xlarge", 64, 256 * GIB, Some(("l4", 1))),
    Single("g6.12xlarge", 48, 192 * GIB, Some(("l4", 4))),
    Single("g6.24xlarge", 96, 384 * GIB, Some(("l4", 4))),
    Single("g6.48xlarge", 192, 768 * GIB, Some(("l4", 8))),
    Single("p3.2xlarge", 8, 61 * GIB, Some(("v100", 1))),
    Single("p3.8xlarge", 32, 244 * GIB, Some(("v100", 4))),
    Single("p3.16xlarge", 64, 488 * GIB, Some(("v100", 8))),
    Single("p3dn.24xlarge", 96, 768 * GIB, Some(("v100-32gb", 8))),
    Single("p4d.24xlarge", 96, 1152 * GIB, Some(("a100-40gb", 8))),
    Single("p4de.24xlarge", 96, 1152 * GIB, Some(("a100-80gb", 8))),
    Single("p5.4xlarge", 16, 256 * GIB, Some(("h100-80gb", 1))),
    Single("p5.48xlarge", 192, 2048 * GIB, Some(("h100-80gb", 8))),
    Single("p5e.48xlarge", 192, 2048 * GIB, Some(("h200-141gb", 8))),
    Single("p5en.48xlarge", 192, 2048 * GIB, Some(("h200-141gb", 8))),
];

/// What the catalog knows of a machine type of a cloud.
pub fn machine(provider: Provider, name: &str) -> MachineLookup {
    if let Some(single) = singles(provider).iter().find(|single| single.0 == name) {
        return MachineLookup::Known(from_single(provider, single));
    }
    if let Some(machine) = in_series(provider, name) {
        return MachineLookup::Known(machine);
    }
    let names = all_names(provider);
    let (mut same_family, others): (Vec<&str>, Vec<&str>) =
        names.iter().map(String::as_str).partition(|known| family(provider, known) == family(provider, name));
    if looks_right(provider, name) && same_family.is_empty() {
        return MachineLookup::NotListed;
    }
    // A wrong size is likelier than a wrong series, and the size next to it likelier than another.
    let wanted = last_number(name);
    same_family.sort_by_key(|known| wanted.abs_diff(last_number(known)));
    let nearest = crate::spec::nearest(name, same_family).or_else(|| crate::spec::nearest(name, others));
    MachineLookup::Wrong { nearest }
}

/// The number a name ends in, 0 if it ends in none.
fn last_number(name: &str) -> u32 {
    let digits = name.rsplit('-').next().unwrap_or_default();
    digits.parse().unwrap_or(0)
}

/// The machine type a pool gets that names only its GPU; `None` if no machine has that many.
///
/// Built-in GPUs: the smallest machine with exactly that many.
/// Attached ones (N1): the smallest `n1-standard` with 4 vCPUs for each GPU, which every limit of [`super::gpu_zones`]'s sources allows.
pub fn default_machine(provider: Provider, model: &str, count: u32) -> Option<String> {
    let built_in = machines_with(provider, model).into_iter().find(|(_, has)| *has == count).map(|(name, _)| name);
    if built_in.is_some() || provider != Provider::Gke {
        return built_in;
    }
    let limit = super::offer::n1_limit(model, count)?;
    let vcpus = 4 * count;
    (vcpus <= limit.vcpus).then(|| format!("n1-standard-{}", vcpus.max(4)))
}

/// The series the catalog has machine types of on a cloud, in the order of their names.
pub fn families(provider: Provider) -> Vec<&'static str> {
    let mut families: Vec<&'static str> = singles(provider).iter().map(|single| family(provider, single.0)).collect();
    match provider {
        Provider::Gke => families.extend(GCP_SERIES.iter().map(|series| series.0)),
        Provider::Eks => families.extend(AWS_SERIES.iter().map(|series| series.0)),
        Provider::Existing => {}
    }
    families.sort_unstable();
    families.dedup();
    families
}

/// The machine types with this GPU built in and how many they have, smallest first.
pub fn machines_with(provider: Provider, model: &str) -> Vec<(String, u32)> {
    let mut found: Vec<(&Single, u32)> = singles(provider)
        .iter()
        .filter_map(|single| single.3.filter(|(has, _)| *has == model).map(|(_, count)| (single, count)))
        .collect();
    found.sort_by_key(|(single, count)| (*count, single.1));
    found.into_iter().map(|(single, count)| (single.0.to_owned(), count)).collect()
}

fn singles(provider: Provider) -> &'static [Single] {
    match provider {
        Provider::Gke => GCP_SINGLES,
        Provider::Eks => AWS_SINGLES,
        Provider::Existing => &[],
    }
}

fn from_single(provider: Provider, single: &Single) -> Machine {
    let gpus = match single.3 {
        Some((model, count)) => MachineGpus::BuiltIn { model, count },
        None => MachineGpus::None,
    };
    Machine {
        name: single.0.to_owned(),
        provider,
        family: family(provider, single.0).to_owned(),
        vcpus: single.1,
        memory_mib: single.2,
        gpus,
    }
}

fn in_series(provider: Provider, name: &str) -> Option<Machine> {
    let (vcpus, memory_mib) = match provider {
        Provider::Gke => custom(name).or_else(|| gcp_series_shape(name))?,
        Provider::Eks => aws_series_shape(name)?,
        Provider::Existing => return None,
    };
    let family = family(provider, name);
    let attachable = provider == Provider::Gke && family == "n1";
    Some(Machine {
        name: name.to_owned(),
        provider,
        family: family.to_owned(),
        vcpus,
        memory_mib,
        gpus: if attachable { MachineGpus::Attachable } else { MachineGpus::None },
    })
}

fn gcp_series_shape(name: &str) -> Option<(u32, u32)> {
    let (stem, size) = name.rsplit_once('-')?;
    let vcpus: u32 = size.parse().ok()?;
    let series = GCP_SERIES.iter().find(|series| stem.split_once('-') == Some((series.0, series.1)))?;
    // `parse` takes `04` and `+4` too; only the plain spelling is a machine type.
    (series.3.contains(&vcpus) && size == vcpus.to_string()).then(|| (vcpus, vcpus * series.2))
}

/// `custom-VCPUS-MIB` (N1) and `FAMILY-custom-VCPUS-MIB`.
fn custom(name: &str) -> Option<(u32, u32)> {
    let rest = match name.strip_prefix("custom-") {
        Some(rest) => rest,
        None => {
            let (family, rest) = name.split_once("-custom-")?;
            GCP_SERIES
                .iter()
                .any(|series| series.0 == family && matches!(family, "n2" | "n2d" | "n4" | "e2"))
                .then_some(rest)?
        }
    };
    let (vcpus, memory) = rest.split_once('-')?;
    let (vcpus, memory_mib): (u32, u32) = (vcpus.parse().ok()?, memory.parse().ok()?);
    ((1..=128).contains(&vcpus) && memory_mib % 256 == 0 && memory_mib > 0).then_some((vcpus, memory_mib))
}

fn aws_series_shape(name: &str) -> Option<(u32, u32)> {
    let (family, size) = name.split_once('.')?;
    let series = AWS_SERIES.iter().find(|series| series.0 == family && series.2.contains(&size))?;
    let vcpus = match size {
        "large" => 2,
        "xlarge" => 4,
        _ => 4 * size.strip_suffix("xlarge")?.parse::<u32>().ok()?,
    };
    Some((vcpus, vcpus * series.1))
}

/// The series that a machine type of a cloud is of, by its name alone.
pub fn family(provider: Provider, name: &str) -> &str {
    match provider {
        Provider::Gke if name.starts_with("custom-") => "n1",
        Provider::Gke => name.split('-').next().unwrap_or(name),
        Provider::Eks | Provider::Existing => name.split('.').next().unwrap_or(name),
    }
}

/// `c4-standard-8`, `c4a-highmem-16-lssd`; `m8g.2xlarge`, `u-6tb1.metal`.
fn looks_right(provider: Provider, name: &str) -> bool {
    let lower = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.');
    let family = family(provider, name);
    let series =
        family.bytes().next().is_some_and(|b| b.is_ascii_lowercase()) && family.bytes().any(|b| b.is_ascii_digit());
    let parts = name.split(if provider == Provider::Gke { '-' } else { '.' }).filter(|part| !part.is_empty()).count();
    lower
        && series
        && match provider {
            Provider::Gke => parts >= 3 && !name.contains('.'),
            Provider::Eks => parts == 2,
            Provider::Existing => false,
        }
}

fn all_names(provider: Provider) -> Vec<String> {
    let mut names: Vec<String> = singles(provider).iter().map(|single| single.0.to_owned()).collect();
    match provider {
        Provider::Gke => names.extend(
            GCP_SERIES
                .iter()
                .flat_map(|series| series.3.iter().map(move |size| format!("{}-{}-{size}", series.0, series.1))),
        ),
        Provider::Eks => names.extend(
            AWS_SERIES.iter().flat_map(|series| series.2.iter().map(move |size| format!("{}.{size}", series.0))),
        ),
        Provider::Existing => {}
    }
    names
}
