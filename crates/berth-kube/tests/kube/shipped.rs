//! The workloads that are shipped, as both clouds get them, on a real server: applied, looked at again, thinned out and deleted.
//!
//! There are no controllers behind it, so that quotas never count, nothing is rolled out, and namespaces never end: what waits for
//! a controller is let wait, and all else is asserted. Kinds that an older server does not have are left out and named.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use berth_core::actions::kube::{KubeAction, KubeClusterRef, KubeObjectRef, Manifest};
use berth_core::lint::ManifestFile;
use berth_core::manifests::waves::{WaveKind, is_rolled_out};
use berth_core::manifests::workloads::{prepare, selector};
use berth_core::manifests::{device_plugin, quotas, secrets};
use berth_core::observed::{ObjectState, ObservedObject};
use berth_core::spec::{Checked, Source, check};
use berth_kube::{Going, carry_out, look_at};
use kube::Client;
use serde_json::{Value, json};

use crate::real::{self, Real};
use crate::server::{HandClock, Tokens};

/// Each of the workloads, with the files that make a cluster of it.
const SHIPPED: [&str; 8] = [
    "ai-dubbing-eks",
    "ai-dubbing-gke",
    "ai-film-eks",
    "ai-film-gke",
    "imagepod-eks",
    "imagepod-gke",
    "vidp-eks",
    "vidp-gke",
];

/// The first minor version of Kubernetes with every kind that is shipped.
const COMPLETE: u32 = 23;

#[tokio::test(flavor = "multi_thread")]
async fn each_of_the_shipped_workloads_goes_into_a_real_server_and_out_again() {
    let Some(assets) = real::assets() else { return };
    let mut real = Real::start(&assets);
    let clock = HandClock::new();
    let client = berth_kube::connect(&real.access, Tokens::new(&clock), clock).unwrap();
    real.ready(&client).await;
    let version = berth_kube::version(&client).await.unwrap();
    let minor: u32 = version.split('.').nth(1).unwrap().parse().unwrap();
    let is_complete = minor >= COMPLETE;
    let mut lacking = BTreeSet::new();
    let mut count = 0;
    for name in SHIPPED {
        let filling = Filling::read(name);
        let mut objects = served(&client, &filling.objects, &mut lacking).await;
        if !is_complete {
            objects = objects.into_iter().map(in_older_words).collect();
        }
        let rendered = served(&client, &filling.rendered, &mut lacking).await;
        count += objects.len() + rendered.len();
        filling.goes_in_and_out(&client, &objects, &rendered).await;
    }
    let lacking: Vec<String> = lacking.into_iter().collect();
    assert!(!is_complete || lacking.is_empty(), "{version} lacks {lacking:?}");
    let text = format!(
        "real server {version}: {count} objects of {} cluster files applied; kinds it does not have: {}\n",
        SHIPPED.len(),
        if lacking.is_empty() { "none".to_owned() } else { lacking.join(", ") }
    );
    std::io::stderr().write_all(text.as_bytes()).unwrap();
}

/// What is to go into one cluster.
struct Filling {
    cluster: KubeClusterRef,
    /// The workloads of the files, with the Secrets the file of the cluster names.
    objects: Vec<Manifest>,
    /// What berth renders itself: quotas, and the device plugin.
    rendered: Vec<Manifest>,
}

impl Filling {
    fn read(name: &str) -> Self {
        let checked = checked(name);
        let files: Vec<ManifestFile> = checked.workloads.iter().flat_map(|path| files(Path::new(path))).collect();
        let rendered_secrets = checked.spec.secrets.iter().map(|secret| {
            let keys = secret.generate.iter().chain(&secret.env);
            secrets::render(secret, &keys.map(|key| (key.clone(), b"made up".to_vec())).collect::<BTreeMap<_, _>>())
        });
        let prepared = prepare(&checked.spec.name, &files, rendered_secrets.collect()).unwrap();
        let quotas = quotas::render(&checked.spec).map(|quotas| quotas.objects).unwrap_or_default();
        let plugin = device_plugin::device_plugin(&checked.spec.pools).map(|plugin| plugin.objects).unwrap_or_default();
        // Namespaces that the files have too are theirs.
        let is_in_files = |object: &Manifest| prepared.objects.iter().any(|own| own.reference() == object.reference());
        let rendered = quotas.into_iter().chain(plugin).map(Manifest::new).filter(|object| !is_in_files(object));
        Self { cluster: KubeClusterRef::of(&checked.spec), rendered: rendered.collect(), objects: prepared.objects }
    }

    fn apply(&self, objects: &[Manifest]) -> KubeAction {
        let (cluster, about) = (self.cluster.clone(), "workloads".to_owned());
        KubeAction::ApplyObjects { cluster, about, objects: objects.to_vec(), force: false }
    }

    async fn look(&self, client: &Client, wanted: &[Manifest]) -> Vec<ObservedObject> {
        look_at(client, wanted, &selector(&self.cluster.name)).await.unwrap()
    }

    async fn goes_in_and_out(&self, client: &Client, objects: &[Manifest], rendered: &[Manifest]) {
        let name = &self.cluster.name;
        self.apply_in_waves(client, rendered).await;
        let before = self.look(client, objects).await;
        assert!(before.iter().all(|seen| seen.state == ObjectState::Missing), "{name}: {before:?}");
        self.apply_in_waves(client, objects).await;
        self.is_as_wanted(client, objects).await;
        // That was told without asking about each of them; an apply of all proves it.
        let before = live(client, objects).await;
        self.apply_in_waves(client, objects).await;
        assert_eq!(live(client, objects).await, before, "{name}");

        let (kept, dropped): (Vec<Manifest>, Vec<Manifest>) =
            objects.iter().cloned().partition(|object| WaveKind::of(&object.reference()) <= WaveKind::Config);
        assert!(!dropped.is_empty(), "{name}");
        let unwanted = unwanted(&self.look(client, &kept).await);
        let mut expected: Vec<KubeObjectRef> = dropped.iter().map(Manifest::reference).collect();
        expected.sort();
        assert_eq!(unwanted, expected, "{name}");
        self.delete(client, &unwanted).await;
        self.is_as_wanted(client, &kept).await;

        let mut rest: Vec<KubeObjectRef> = kept.iter().chain(rendered).map(Manifest::reference).collect();
        rest.sort_by_key(|object| std::cmp::Reverse(WaveKind::of(object)));
        self.delete(client, &rest).await;
        let mut left = self.look(client, &[]).await;
        left.retain(|seen| seen.object.kind != "Namespace");
        assert_eq!(left, [], "{name}");
    }

    /// A wave at a time: a quota that nobody counts would keep all later ones from going in.
    async fn apply_in_waves(&self, client: &Client, objects: &[Manifest]) {
        for kind in WaveKind::ALL {
            let own = objects.iter().filter(|object| WaveKind::of(&object.reference()) == kind);
            let wave: Vec<Manifest> = own.cloned().collect();
            for _ in 0..100 {
                match carry_out(client, &self.apply(&wave)).await.unwrap() {
                    Going::Done => break,
                    Going::Waiting(Some(why)) if why.contains("does not count yet") => break,
                    Going::Waiting(why) => assert!(why.is_some_and(|why| why.contains("established"))),
                }
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }

    async fn is_as_wanted(&self, client: &Client, objects: &[Manifest]) {
        let seen = self.look(client, objects).await;
        for (object, seen) in objects.iter().zip(&seen) {
            let reference = object.reference();
            let expected = if is_rolled_out(&reference) { ObjectState::Unready } else { ObjectState::AsWanted };
            assert_eq!((&seen.object, &seen.state), (&reference, &expected), "{}", self.cluster.name);
        }
    }

    async fn delete(&self, client: &Client, objects: &[KubeObjectRef]) {
        let (cluster, about) = (self.cluster.clone(), "workloads".to_owned());
        // What only a controller ends is asked to go, and not waited for.
        let (ending, others): (Vec<KubeObjectRef>, Vec<KubeObjectRef>) =
            objects.iter().cloned().partition(|object| object.kind == "Namespace");
        let action = KubeAction::DeleteObjects { cluster: cluster.clone(), about: about.clone(), objects: others };
        for _ in 0..100 {
            match carry_out(client, &action).await.unwrap() {
                Going::Done => break,
                // Nobody here takes the protection of claims that no pod uses away.
                Going::Waiting(Some(why)) if why.contains("held by kubernetes.io/pvc-protection") => {
                    release_claims(client, objects).await;
                }
                Going::Waiting(why) => drop(why),
            }
        }
        assert_eq!(carry_out(client, &action).await.unwrap(), Going::Done, "{}", self.cluster.name);
        for namespace in ending {
            let path = format!("/api/v1/namespaces/{}", namespace.name);
            // The cluster of the other cloud needs it again: with its finalizer gone it is.
            let request = http::Request::delete(&path).body(Vec::new()).unwrap();
            client.request::<Value>(request).await.unwrap();
            let bare = json!({"apiVersion": "v1", "kind": "Namespace",
                "metadata": {"name": namespace.name}, "spec": {"finalizers": []}});
            let request = http::Request::put(format!("{path}/finalize")).header("content-type", "application/json");
            client.request::<Value>(request.body(bare.to_string().into()).unwrap()).await.unwrap();
        }
    }
}

/// Takes the finalizers of claims away, as their controller would.
async fn release_claims(client: &Client, objects: &[KubeObjectRef]) {
    for claim in objects.iter().filter(|object| object.kind == "PersistentVolumeClaim") {
        let namespace = claim.namespace.as_deref().unwrap_or("default");
        let path = format!("/api/v1/namespaces/{namespace}/persistentvolumeclaims/{}", claim.name);
        let body = json!({"metadata": {"finalizers": null}}).to_string().into();
        let request = http::Request::patch(path).header("content-type", "application/merge-patch+json").body(body);
        // It goes as soon as nothing holds it.
        drop(client.request::<Value>(request.unwrap()).await);
    }
}

fn unwanted(seen: &[ObservedObject]) -> Vec<KubeObjectRef> {
    let unwanted = seen.iter().filter(|seen| seen.state == ObjectState::Unwanted);
    let mut unwanted: Vec<KubeObjectRef> = unwanted.map(|seen| seen.object.clone()).collect();
    unwanted.sort();
    unwanted
}

/// The objects as the server has them, but for versions and times: an older server writes a claim anew without a change.
async fn live(client: &Client, objects: &[Manifest]) -> Vec<Value> {
    let mut live = Vec::new();
    for object in objects.iter().map(Manifest::reference) {
        let mut own = berth_kube::object(client, &object).await.unwrap().unwrap();
        own["metadata"]["resourceVersion"].take();
        let notes = own["metadata"]["managedFields"].as_array_mut().into_iter().flatten();
        notes.for_each(|note| drop(note["time"].take()));
        live.push(own);
    }
    live
}

/// Those of the objects whose kind the server says it has; the other kinds are named.
async fn served(client: &Client, objects: &[Manifest], lacking: &mut BTreeSet<String>) -> Vec<Manifest> {
    let mut kinds: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut served = Vec::new();
    for object in objects {
        let KubeObjectRef { api_version, kind, .. } = object.reference();
        if !kinds.contains_key(&api_version) {
            kinds.insert(api_version.clone(), kinds_of(client, &api_version).await);
        }
        if kinds[&api_version].contains(&kind) {
            served.push(object.clone());
        } else {
            lacking.insert(format!("{api_version} {kind}"));
        }
    }
    served
}

/// The same in the words of an older server: there ports say that they are of TCP, amounts are no numbers, and no probe speaks gRPC.
fn in_older_words(object: Manifest) -> Manifest {
    fn fill(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::Array(ports)) = fields.get_mut("ports") {
                    for port in ports.iter_mut().filter_map(Value::as_object_mut) {
                        port.entry("protocol").or_insert_with(|| "TCP".into());
                    }
                }
                for amounts in ["hard", "limits", "requests"] {
                    let amounts = fields.get_mut(amounts).and_then(Value::as_object_mut).into_iter().flatten();
                    let numbers = amounts.filter(|(_, amount)| amount.is_number());
                    numbers.for_each(|(_, amount)| *amount = amount.to_string().into());
                }
                if let Some(grpc) = fields.remove("grpc") {
                    fields.insert("tcpSocket".to_owned(), json!({"port": grpc["port"]}));
                }
                fields.values_mut().for_each(fill);
            }
            Value::Array(items) => items.iter_mut().for_each(fill),
            _ => {}
        }
    }
    let mut value = object.value().clone();
    fill(&mut value);
    Manifest::new(value)
}

async fn kinds_of(client: &Client, api_version: &str) -> Vec<String> {
    let list = if api_version.contains('/') {
        client.list_api_group_resources(api_version).await
    } else {
        client.list_core_api_resources(api_version).await
    };
    match list {
        Ok(list) => list.resources.into_iter().map(|resource| resource.kind).collect(),
        Err(kube::Error::Api(status)) if status.code == 404 => Vec::new(),
        Err(error) => panic!("{api_version}: {error}"),
    }
}

fn checked(name: &str) -> Checked {
    let path = root().join(format!("clusters/{name}.yaml"));
    let text = std::fs::read_to_string(&path).unwrap();
    let read = |name: &str| std::fs::read_to_string(name).map_err(|error| error.to_string());
    check(&Source { file: &path.display().to_string(), text: &text, provider: None, read: &read }).unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// All manifests of a file or folder, in the order of their names.
fn files(path: &Path) -> Vec<ManifestFile> {
    if path.is_file() {
        let text = std::fs::read_to_string(path).unwrap();
        return vec![ManifestFile { path: path.display().to_string(), text }];
    }
    let mut entries: Vec<PathBuf> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.retain(|entry| entry.is_dir() || entry.extension().is_some_and(|ending| ending == "yaml"));
    entries.sort();
    entries.iter().flat_map(|entry| files(entry)).collect()
}
