//! Claims for volumes, the classes that fulfil them and the pods that use them.

use super::finding::Place;
use super::object::{Object, Pod, shown};
use super::world::World;
use crate::manifests::default_class;
use crate::rules::eks::addons::EBS_CSI;
use crate::spec::Provider;
use crate::spec::tree::{Entry, Node};

/// A class that a cloud has by itself.
struct BuiltIn {
    provider: Provider,
    name: &'static str,
    provisioner: &'static str,
    waits: bool,
    is_default: bool,
}

const fn built_in(
    provider: Provider,
    name: &'static str,
    provisioner: &'static str,
    waits: bool,
    is_default: bool,
) -> BuiltIn {
    BuiltIn { provider, name, provisioner, waits, is_default }
}

/// Who makes disks on GKE; on EKS it is who makes those of the default class.
pub(super) const PD: &str = "pd.csi.storage.gke.io";
const FILESTORE: &str = "filestore.csi.storage.gke.io";

/// Classes of Filestore stand only where its driver is on.
static BUILT_IN: [BuiltIn; 10] = [
    built_in(Provider::Gke, "premium-rwo", PD, true, false),
    built_in(Provider::Gke, "standard", "kubernetes.io/gce-pd", false, false),
    built_in(Provider::Gke, "standard-rwo", PD, true, true),
    built_in(Provider::Gke, "enterprise-multishare-rwx", FILESTORE, true, false),
    built_in(Provider::Gke, "enterprise-rwx", FILESTORE, true, false),
    built_in(Provider::Gke, "premium-rwx", FILESTORE, true, false),
    built_in(Provider::Gke, "standard-rwx", FILESTORE, true, false),
    built_in(Provider::Gke, "zonal-rwx", FILESTORE, true, false),
    // berth's own, with the volume driver.
    built_in(Provider::Eks, default_class::NAME, default_class::PROVISIONER, true, true),
    built_in(Provider::Eks, "gp2", "kubernetes.io/aws-ebs", true, false),
];

/// Names of the classes that every cluster of a cloud has.
pub(super) fn built_in_names(provider: Provider) -> Vec<&'static str> {
    let own = BUILT_IN.iter().filter(|row| row.provider == provider && row.provisioner != FILESTORE);
    own.map(|row| row.name).collect()
}

/// Who makes volumes of a provisioner.
pub(super) struct Driver {
    pub(super) provisioner: &'static str,
    pub(super) provider: Provider,
    /// What has to be switched on for it; nothing where it always runs.
    pub(super) addon: Option<&'static str>,
    /// Its volumes are disks: of one zone, and for one node at a time.
    pub(super) is_disk: bool,
}

const fn driver(provisioner: &'static str, provider: Provider, addon: Option<&'static str>, is_disk: bool) -> Driver {
    Driver { provisioner, provider, addon, is_disk }
}

static DRIVERS: [Driver; 7] = [
    driver(PD, Provider::Gke, None, true),
    driver("kubernetes.io/gce-pd", Provider::Gke, None, true),
    driver(FILESTORE, Provider::Gke, Some("GcpFilestoreCsiDriver"), false),
    driver(default_class::PROVISIONER, Provider::Eks, Some(EBS_CSI), true),
    driver("kubernetes.io/aws-ebs", Provider::Eks, Some(EBS_CSI), true),
    driver("efs.csi.aws.com", Provider::Eks, Some("aws-efs-csi-driver"), false),
    driver("fsx.csi.aws.com", Provider::Eks, Some("aws-fsx-csi-driver"), false),
];

/// Who makes volumes of this provisioner, if berth knows.
pub(super) fn driver_of(provisioner: &str) -> Option<&'static Driver> {
    DRIVERS.iter().find(|driver| driver.provisioner == provisioner)
}

/// A class of storage, of the files or of the cloud.
pub(super) struct Class<'a> {
    pub(super) name: &'a str,
    pub(super) provisioner: &'a str,
    /// A volume is made only when a pod that uses it is placed.
    pub(super) waits: bool,
    /// Where it stands in the files.
    pub(super) object: Option<&'a Object<'a>>,
}

impl<'a> Class<'a> {
    fn of(object: &'a Object<'a>) -> Self {
        let text = |key: &str| object.root.get(key).and_then(Node::text).unwrap_or_default();
        let (provisioner, binding) = (text("provisioner"), text("volumeBindingMode"));
        Self { name: &object.name, provisioner, waits: binding == "WaitForFirstConsumer", object: Some(object) }
    }

    fn of_cloud(row: &'static BuiltIn) -> Self {
        Self { name: row.name, provisioner: row.provisioner, waits: row.waits, object: None }
    }

    /// Whether claims that name no class get this one of the files.
    pub(super) fn is_default(&self) -> bool {
        self.object.is_some_and(|object| object.is_marked(default_class::DEFAULT_KEY))
    }

    /// Whether its volumes are disks, which are of one zone and for one node at a time.
    pub(super) fn is_of_disks(&self) -> bool {
        driver_of(self.provisioner).is_some_and(|driver| driver.is_disk)
    }
}

/// A claim, or the template of claims in a StatefulSet.
#[derive(Clone, Copy)]
pub(super) struct Claim<'a> {
    pub(super) object: &'a Object<'a>,
    pub(super) node: &'a Node,
    pub(super) name: &'a str,
    /// Each pod gets one of its own.
    pub(super) is_template: bool,
}

impl<'a> Claim<'a> {
    /// The class it names, and where; an empty name stands for volumes that are there already.
    pub(super) fn class_name(&self) -> Option<(&'a str, Place<'a>)> {
        let entry: &Entry = self.node.get("spec")?.entry("storageClassName")?;
        Some((entry.node.text()?, self.object.at(shown(entry))))
    }

    /// Whether it names the volume it is for.
    pub(super) fn names_volume(&self) -> bool {
        self.node.along(&["spec", "volumeName"]).is_some()
    }

    /// Whether it has this mode of access.
    pub(super) fn has_mode(&self, mode: &str) -> bool {
        let modes = self.node.along(&["spec", "accessModes"]).map(Node::items).unwrap_or_default();
        modes.iter().any(|item| item.text() == Some(mode))
    }

    /// Where its modes of access stand.
    pub(super) fn modes_place(&self) -> Place<'a> {
        let entry = self.node.get("spec").and_then(|spec| spec.entry("accessModes"));
        entry.map_or(self.object.place(), |entry| self.object.at(shown(entry)))
    }

    /// Where it names its class, or begins.
    pub(super) fn class_place(&self) -> Place<'a> {
        let spec = || self.node.entry("spec").map_or(self.object.place(), |entry| self.object.at(entry.key_at));
        self.class_name().map_or_else(spec, |(_, place)| place)
    }
}

impl World<'_> {
    /// All claims and templates of claims.
    pub(super) fn claims(&self) -> Vec<Claim<'_>> {
        let mut claims = Vec::new();
        for object in &self.objects {
            match object.kind.as_str() {
                "PersistentVolumeClaim" => {
                    claims.push(Claim { object, node: &object.root, name: &object.name, is_template: false });
                }
                "StatefulSet" => {
                    let way = ["spec", "volumeClaimTemplates"];
                    for node in object.root.along(&way).map(Node::items).unwrap_or_default() {
                        let name = node.along(&["metadata", "name"]).and_then(Node::text).unwrap_or(&object.name);
                        claims.push(Claim { object, node, name, is_template: true });
                    }
                }
                _ => {}
            }
        }
        claims
    }

    /// Classes of the files.
    pub(super) fn classes(&self) -> impl Iterator<Item = Class<'_>> {
        self.objects.iter().filter(|object| object.kind == "StorageClass").map(Class::of)
    }

    /// The class of claims that name none.
    pub(super) fn default_class_of_storage(&self) -> Option<Class<'_>> {
        let is_made = |row: &&BuiltIn| {
            let addon = driver_of(row.provisioner).and_then(|driver| driver.addon);
            addon.is_none_or(|addon| self.has_addon(addon))
        };
        let mut of_cloud = BUILT_IN.iter().filter(|row| row.provider == self.provider() && row.is_default);
        let own = of_cloud.find(is_made);
        self.classes().find(Class::is_default).or_else(|| own.map(Class::of_cloud))
    }

    /// A class that the cloud has by itself.
    pub(super) fn built_in_class(&self, name: &str) -> Option<Class<'static>> {
        BUILT_IN.iter().find(|row| row.provider == self.provider() && row.name == name).map(Class::of_cloud)
    }

    /// The class that fulfils a claim, as far as it can be known.
    pub(super) fn class_of(&self, claim: &Claim<'_>) -> Option<Class<'_>> {
        if claim.names_volume() {
            return None;
        }
        let Some((name, _)) = claim.class_name() else { return self.default_class_of_storage() };
        self.classes().find(|class| class.name == name).or_else(|| self.built_in_class(name))
    }

    /// What makes pods that use a claim.
    pub(super) fn users(&self, claim: &Claim<'_>) -> Vec<Pod<'_>> {
        let is_own = |pod: &Pod<'_>| {
            std::ptr::eq(pod.object.file, claim.object.file) && pod.object.root.at == claim.object.root.at
        };
        let uses = |pod: &Pod<'_>| {
            let claimed = pod.claims().any(|(name, _)| name == claim.name);
            claimed && Some(pod.namespace()) == claim.object.namespace()
        };
        self.pods().filter(|pod| if claim.is_template { is_own(pod) } else { uses(pod) }).collect()
    }
}

impl<'a> Pod<'a> {
    /// Claims its volumes name, and where.
    pub(super) fn claims(&self) -> impl Iterator<Item = (&'a str, Place<'a>)> + use<'a> {
        let (object, volumes) = (self.object, self.spec.get("volumes").map(Node::items).unwrap_or_default());
        volumes.iter().filter_map(move |volume| {
            let entry = volume.get("persistentVolumeClaim")?.entry("claimName")?;
            Some((entry.node.text()?, object.at(shown(entry))))
        })
    }
}
