//! How the catalog describes what berth buys.
//!
//! The descriptions are those that open tools which read the catalog compare with, each seen in several of them. Series whose wording
//! was not seen are not here, and neither is A3, of which it is not known how its local disks are charged.

use berth_core::cost::Bought;

/// The words of a description, in lower case; `{}` stands for what tells spot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wording {
    /// Before the place when bought on demand.
    on_demand: Words,
    /// Before the place when bought as spot.
    spot: Words,
    /// The catalog's family.
    pub(super) family: &'static str,
}

/// Some words and what may follow them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Words {
    /// Words after one another, then always a place, as in `N2 Instance Core running in Americas`.
    Running(&'static str, &'static str),
    /// Words, then nothing or a place, as in `Balanced PD Capacity in Belgium`.
    Whole(&'static str),
    /// It is not sold so.
    Never,
}

impl Words {
    /// Whether a description, in lower case, says this.
    fn say(self, description: &str) -> bool {
        match self {
            Self::Running(first, second) => {
                let rest = description.strip_prefix(first).and_then(|rest| rest.strip_prefix(second));
                rest.is_some_and(|rest| rest.strip_prefix(" running in ").is_some_and(|place| !place.is_empty()))
            }
            Self::Whole(words) => {
                let rest = description.strip_prefix(words);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(" in "))
            }
            Self::Never => false,
        }
    }
}

impl Wording {
    /// Whether a description, in lower case, is of this, bought so.
    pub(super) fn fits(&self, description: &str, bought: Bought) -> bool {
        let words = if bought == Bought::Spot { self.spot } else { self.on_demand };
        words.say(description)
    }
}

/// Processors and memory of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SeriesWording {
    pub(super) core: Wording,
    pub(super) ram: Wording,
}

/// An address of a machine that is in use.
pub(super) const ADDRESS: Wording =
    Wording { on_demand: Words::Whole("external ip charge on a standard vm"), spot: Words::Never, family: "Network" };

/// The fee of a cluster: the same for those of a zone and those of a region, which are two SKUs.
pub(super) const CLUSTER_FEE: Wording =
    Wording { on_demand: Words::Whole("regional kubernetes clusters"), spot: Words::Never, family: "Compute" };

/// Local disks that come with a machine.
pub(super) const LOCAL_SSD: Wording = Wording {
    on_demand: Words::Whole("ssd backed local storage"),
    spot: Words::Whole("ssd backed local storage attached to spot preemptible vms"),
    family: "Storage",
};

const fn part(words: &'static str) -> Wording {
    Wording {
        on_demand: Words::Running("", words),
        spot: Words::Running("spot preemptible ", words),
        family: "Compute",
    }
}

/// The series of machines whose parts are known.
pub(super) fn series(family: &str) -> Option<SeriesWording> {
    let (core, ram) = match family {
        "n1" => ("n1 predefined instance core", "n1 predefined instance ram"),
        "n2" => ("n2 instance core", "n2 instance ram"),
        "n2d" => ("n2d amd instance core", "n2d amd instance ram"),
        "e2" => ("e2 instance core", "e2 instance ram"),
        "c2" => ("compute optimized core", "compute optimized ram"),
        "c2d" => ("c2d amd instance core", "c2d amd instance ram"),
        "c3" => ("c3 instance core", "c3 instance ram"),
        "t2d" => ("t2d amd instance core", "t2d amd instance ram"),
        "a2" => ("a2 instance core", "a2 instance ram"),
        "g2" => ("g2 instance core", "g2 instance ram"),
        _ => return None,
    };
    Some(SeriesWording { core: part(core), ram: part(ram) })
}

/// A GPU, by GKE's name of it.
pub(super) fn gpu(gke_type: &str) -> Option<Wording> {
    let name = match gke_type {
        "nvidia-tesla-t4" => "nvidia tesla t4 gpu",
        "nvidia-tesla-v100" => "nvidia tesla v100 gpu",
        "nvidia-tesla-p4" => "nvidia tesla p4 gpu",
        "nvidia-tesla-p100" => "nvidia tesla p100 gpu",
        "nvidia-tesla-a100" => "nvidia tesla a100 gpu",
        "nvidia-a100-80gb" => "nvidia tesla a100 80gb gpu",
        "nvidia-l4" => "nvidia l4 gpu",
        _ => return None,
    };
    Some(Wording {
        on_demand: Words::Running("", name),
        spot: Words::Running(name, " attached to spot preemptible vms"),
        family: "Compute",
    })
}

/// A disk, by the API's name of it.
pub(super) fn disk(kind: &str) -> Option<Wording> {
    let words = match kind {
        "pd-standard" => "storage pd capacity",
        "pd-balanced" => "balanced pd capacity",
        "pd-ssd" => "ssd backed pd capacity",
        "hyperdisk-balanced" => "hyperdisk balanced capacity",
        _ => return None,
    };
    Some(Wording { on_demand: Words::Whole(words), spot: Words::Never, family: "Storage" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(wording: Wording, description: &str) -> (bool, bool) {
        let low = description.to_ascii_lowercase();
        (wording.fits(&low, Bought::OnDemand), wording.fits(&low, Bought::Spot))
    }

    #[test]
    fn each_way_of_buying_is_told_from_the_others() {
        let core = series("n2").unwrap().core;
        assert_eq!(fits(core, "N2 Instance Core running in Americas"), (true, false));
        assert_eq!(fits(core, "Spot Preemptible N2 Instance Core running in Belgium"), (false, true));
        let others = [
            "N2 Custom Instance Core running in Americas",
            "N2 Custom Extended Instance Core running in Americas",
            "N2 Sole Tenancy Instance Core running in Americas",
            "N2D AMD Instance Core running in Americas",
            "DWS Defined Duration N2 Core running in Americas",
            "Commitment v1: N2 Instance Core running in Americas for 1 Year",
            "N2 Instance Core running in ",
        ];
        assert!(others.iter().all(|other| fits(core, other) == (false, false)));
    }

    #[test]
    fn a_small_gpu_is_not_taken_for_the_large_one_of_its_name() {
        let small = gpu("nvidia-tesla-a100").unwrap();
        let large = gpu("nvidia-a100-80gb").unwrap();
        assert_eq!(fits(small, "Nvidia Tesla A100 GPU running in Americas"), (true, false));
        assert_eq!(fits(small, "Nvidia Tesla A100 80GB GPU running in Americas"), (false, false));
        assert_eq!(
            fits(large, "Nvidia Tesla A100 80GB GPU attached to Spot Preemptible VMs running in Iowa"),
            (false, true)
        );
        assert_eq!(
            fits(small, "Nvidia Tesla A100 GPU attached to DWS Defined Duration VMs running in Iowa"),
            (false, false)
        );
        assert_eq!(gpu("nvidia-h100-80gb"), None);
    }

    #[test]
    fn disks_of_one_zone_are_not_taken_for_those_of_a_region() {
        let balanced = disk("pd-balanced").unwrap();
        assert_eq!(fits(balanced, "Balanced PD Capacity"), (true, false));
        assert_eq!(fits(balanced, "Balanced PD Capacity in Belgium"), (true, false));
        assert_eq!(fits(balanced, "Regional Balanced PD Capacity"), (false, false));
        assert_eq!(fits(disk("pd-ssd").unwrap(), "SSD backed PD Capacity in Belgium"), (true, false));
        assert_eq!(fits(LOCAL_SSD, "SSD backed Local Storage attached to Spot Preemptible VMs in Iowa"), (false, true));
    }
}
