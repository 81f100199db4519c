//! The catalog's tables agree with each other, and with the fact that a default must itself be legal.

use std::collections::BTreeSet;

use berth_core::catalog::{
    self, GPUS, MachineGpus, MachineLookup, default_machine, gpu, gpu_offers, gpu_zones, machine, machines_with,
    n1_counts, n1_limit, region, region_of_zone, regions,
};
use berth_core::spec::Provider;

const CLOUDS: [Provider; 2] = [Provider::Gke, Provider::Eks];

#[test]
fn every_name_of_a_gpu_means_one_gpu() {
    let mut seen = BTreeSet::new();
    for model in GPUS {
        for name in model.aliases.iter().chain([&model.name]) {
            assert!(seen.insert(*name), "{name} means two models");
            assert_eq!(gpu(name), Some(model));
            assert_eq!(gpu(&name.to_ascii_uppercase()), Some(model));
        }
        if let Some(gke_type) = model.gke_type {
            assert_eq!(gpu(gke_type), Some(model), "people paste GKE's own names");
            assert_eq!(catalog::gpu_by_gke_type(gke_type), Some(model));
        }
    }
}

#[test]
fn every_sold_gpu_has_a_machine_and_every_default_machine_fits() {
    for provider in CLOUDS {
        for name in catalog::gpu_names(provider) {
            let fixed: Vec<u32> = machines_with(provider, name).iter().map(|(_, count)| *count).collect();
            let attached = if provider == Provider::Gke { n1_counts(name) } else { Vec::new() };
            assert!(!fixed.is_empty() || !attached.is_empty(), "{provider:?} sells {name} without a machine");
            for count in fixed.iter().chain(&attached) {
                let default = default_machine(provider, name, *count).expect("a default machine");
                let MachineLookup::Known(found) = machine(provider, &default) else {
                    panic!("{default} is not listed")
                };
                match found.gpus {
                    MachineGpus::BuiltIn { model, count: has } => assert_eq!((model, has), (name, *count)),
                    MachineGpus::Attachable => {
                        let limit = n1_limit(name, *count).expect("a number that can be attached");
                        assert!(found.vcpus <= limit.vcpus && found.memory_mib <= limit.memory_gib * 1024, "{default}");
                    }
                    MachineGpus::None => panic!("{default} takes no GPUs"),
                }
            }
        }
    }
}

#[test]
fn offers_are_in_zones_that_exist() {
    for provider in CLOUDS {
        for model in GPUS {
            for offer in gpu_offers(provider, model.name) {
                assert!(model.is_sold_by(provider), "{} has offers of {provider:?}", model.name);
                let known = region(provider, offer.region).unwrap_or_else(|| panic!("no region {}", offer.region));
                let zones = known.zones(provider);
                for zone in gpu_zones(provider, model.name, offer.region) {
                    assert!(zones.contains(&zone), "{} is offered in {zone}, which does not exist", model.name);
                }
            }
        }
    }
}

#[test]
fn zones_lead_back_to_their_regions() {
    for provider in CLOUDS {
        for region in regions(provider) {
            for zone in region.zones(provider) {
                assert_eq!(region_of_zone(provider, &zone), Some(region.name));
            }
            assert_eq!(region_of_zone(provider, region.name), None, "a region is no zone");
        }
    }
}

#[test]
fn machine_names_are_known_unlisted_or_wrong() {
    let known = |provider, name: &str| matches!(machine(provider, name), MachineLookup::Known(_));
    for name in ["n2-standard-4", "n1-highmem-96", "e2-medium", "a2-highgpu-1g", "custom-2-7680", "n2-custom-4-8192"] {
        assert!(known(Provider::Gke, name), "{name}");
    }
    for name in ["m6i.xlarge", "g5.48xlarge", "p4d.24xlarge", "t3.medium"] {
        assert!(known(Provider::Eks, name), "{name}");
    }
    for name in ["c4a-standard-8", "x4-megamem-960-metal", "m3-ultramem-32"] {
        assert_eq!(machine(Provider::Gke, name), MachineLookup::NotListed, "{name}");
    }
    for name in ["m8g.2xlarge", "x2iedn.metal"] {
        assert_eq!(machine(Provider::Eks, name), MachineLookup::NotListed, "{name}");
    }
    let near = |provider, name: &str| match machine(provider, name) {
        MachineLookup::Wrong { nearest } => nearest,
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(near(Provider::Gke, "n1-standard-04"), Some("n1-standard-4".to_owned()));
    assert_eq!(near(Provider::Gke, "a2-highgpu-3g"), Some("a2-highgpu-1g".to_owned()));
    assert_eq!(near(Provider::Eks, "p4d.12xlarge"), Some("p4d.24xlarge".to_owned()));
    assert_eq!(near(Provider::Gke, "custom-0-0"), None);
    assert_eq!(near(Provider::Gke, "n2 standard"), Some("n2-standard-2".to_owned()));
    assert_eq!(near(Provider::Gke, "huge"), None);
    let MachineLookup::Known(n1) = machine(Provider::Gke, "n1-standard-8") else { panic!("listed") };
    assert_eq!((n1.vcpus, n1.memory_mib, n1.gpus), (8, 30 * 1024, MachineGpus::Attachable));
}
