//! The store: objects as JSON by kind, namespace and name, and the log of their changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::kinds::{self, Kind};
use super::log::Log;
use super::read::watch::{Watch, WatchStep};
use super::request::{Reply, Request, User};
use super::{access, controllers, definitions, parts, rules, serving, time};

/// The state of one simulated Kubernetes API server.
///
/// Objects are kept without `apiVersion` and `kind`, which are written in front of them on the way out.
#[derive(Debug)]
pub struct Store {
    pub(crate) git_version: String,
    /// What definitions serve.
    custom: Vec<&'static Kind>,
    revision: u64,
    seed: u64,
    objects: BTreeMap<&'static str, BTreeMap<String, Arc<Value>>>,
    pub(crate) log: Log,
    /// The last revision the controllers have seen.
    pub(crate) settled: u64,
    /// Nodes the node controller has to look at again.
    pub(crate) young_nodes: BTreeSet<String>,
    /// What the controllers have to do, and when.
    pub(crate) work: controllers::Work,
    /// What the kubelets remember.
    pub(crate) kubelet: controllers::Memory,
}

impl Store {
    /// A server that has just come up, with the namespaces and the service every cluster has.
    /// `git_version` is what `/version` says, as in `v1.36.1-gke.1000`.
    #[must_use]
    pub fn new(now: Timestamp, git_version: &str) -> Store {
        let seed = u64::from_ne_bytes(now.as_nanosecond().to_ne_bytes()[..8].try_into().unwrap_or_default());
        let mut store = Store {
            git_version: git_version.to_owned(),
            custom: Vec::new(),
            revision: 1,
            seed,
            objects: BTreeMap::new(),
            log: Log::since(1),
            settled: 1,
            young_nodes: BTreeSet::new(),
            work: controllers::Work::default(),
            kubelet: controllers::Memory::default(),
        };
        for name in ["kube-system", "kube-public", "kube-node-lease", "default"] {
            store.put(now, "namespaces", None, rules::namespace::skeleton(name));
        }
        store.put(now, "services", Some("default"), rules::service::api_server());
        for class in rules::priority_class::built_in() {
            store.put(now, "priorityclasses", None, class);
        }
        for (resource, object) in access::built_in() {
            store.put(now, resource, None, object);
        }
        controllers::settle(&mut store, now);
        // A fresh cluster's first versions are compacted away before anybody connects.
        store.log = Log::since(store.revision);
        store.settled = store.revision;
        store
    }

    /// Creates or replaces an object, as the cluster's own parts do: without admission, validation or a user.
    ///
    /// `resource` is the plural, as in `nodes`; `object` needs `metadata.name` and may leave out the rest.
    /// The uid and the creation time of an existing object stay. Nothing is written, and no watch event is made,
    /// when nothing changed. The whole object is replaced: who shares it with users, as a node's labels and taints
    /// are, starts from what [`Store::get`] gives.
    ///
    /// # Panics
    ///
    /// When the resource is not served or the object has no name: both are mistakes in the calling code.
    pub fn put(&mut self, now: Timestamp, resource: &str, namespace: Option<&str>, mut object: Value) {
        self.work.happened(now);
        let kind = kinds::by_plural(resource).expect("the resource is one of the table of kinds");
        let fields = object.as_object_mut().expect("an API object is a JSON object");
        fields.remove("apiVersion");
        fields.remove("kind");
        let metadata = fields.get_mut("metadata").and_then(Value::as_object_mut).expect("the object has metadata");
        let name = metadata.get("name").and_then(Value::as_str).expect("the object has a name").to_owned();
        if let Some(namespace) = namespace.filter(|_| kind.namespaced) {
            metadata.insert("namespace".to_owned(), json!(namespace));
        }
        let key = kind.key(namespace, &name);
        match self.object(kind, &key) {
            Some(existing) => {
                for field in ["uid", "creationTimestamp", "resourceVersion"] {
                    metadata.insert(field.to_owned(), existing["metadata"][field].clone());
                }
                // Who owns what is not forgotten by a writer that does not say.
                if let Some(owners) = existing["metadata"].get("managedFields") {
                    metadata.entry("managedFields").or_insert_with(|| owners.clone());
                }
                if **existing == object {
                    return;
                }
            }
            None => {
                let uid = self.uid();
                metadata.entry("uid").or_insert(json!(uid));
                metadata.insert("creationTimestamp".to_owned(), json!(time::seconds(now)));
            }
        }
        self.write(kind, key, Some(object));
    }

    /// Removes an object at once, whatever its finalizers; says whether it was there.
    pub fn remove(&mut self, now: Timestamp, resource: &str, namespace: Option<&str>, name: &str) -> bool {
        let Some(kind) = kinds::by_plural(resource) else { return false };
        let key = kind.key(namespace, name);
        let there = self.object(kind, &key).is_some();
        self.work.happened(now);
        if there {
            self.write(kind, key, None);
        }
        there
    }

    /// An object as it is kept: without `apiVersion` and `kind`.
    #[must_use]
    pub fn get(&self, resource: &str, namespace: Option<&str>, name: &str) -> Option<&Value> {
        let kind = kinds::by_plural(resource)?;
        self.object(kind, &kind.key(namespace, name)).map(|object| &**object)
    }

    /// The user a request counts as whose sender asks to act for another user and groups; the refusal if he may not.
    pub(crate) fn acting(&self, by: &User, name: &str, groups: &[String]) -> Result<User, Box<Reply>> {
        access::act_for(self, by, name, groups).map_err(|failure| Box::new(failure.reply()))
    }

    /// Every kind that is served, the built-in ones first.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = &'static Kind> {
        kinds::KINDS.iter().chain(self.custom.iter().copied())
    }

    /// The kind of a group, version and plural.
    pub(crate) fn find(&self, group: &str, version: &str, plural: &str) -> Option<&'static Kind> {
        self.kinds().find(|kind| kind.group == group && kind.version == version && kind.plural == plural)
    }

    /// Whether any kind of a group is served.
    pub(crate) fn serves(&self, group: &str) -> bool {
        self.kinds().any(|kind| kind.group == group)
    }

    /// All objects of a resource as they are kept, in every namespace.
    pub(crate) fn list(&self, resource: &str) -> impl Iterator<Item = &Value> {
        let kind = kinds::by_plural(resource);
        kind.and_then(|kind| self.objects.get(kind.storage))
            .into_iter()
            .flat_map(BTreeMap::values)
            .map(|object| &**object)
    }

    /// The newest resourceVersion; it grows by one with every write.
    #[must_use]
    pub fn resource_version(&self) -> u64 {
        self.revision
    }

    /// The service account a token of its own was issued for, while both last; nothing for other tokens.
    #[must_use]
    pub fn whose(&self, token: &str, now: Timestamp) -> Option<User> {
        parts::owner(self, token, now)
    }

    /// Evaluates one request.
    pub fn handle(&mut self, now: Timestamp, request: &Request) -> Reply {
        controllers::settle(self, now);
        let reply = serving::serve(self, now, request);
        controllers::settle(self, now);
        reply
    }

    /// Lets the cluster's controllers look at what is there, as each request does.
    ///
    /// For a server between requests: what a controller does a while after a write, such as filling in a new quota,
    /// reaches a client that only watches when this is called.
    pub fn settle(&mut self, now: Timestamp) {
        controllers::settle(self, now);
    }

    /// When a controller or a kubelet has something to do next though nobody asks. Of changes that nobody has looked at
    /// yet it says nothing: see [`Store::is_unsettled`].
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.work.next_due()
    }

    /// Whether something was written that the controllers have not looked at.
    #[must_use]
    pub fn is_unsettled(&self) -> bool {
        self.settled != self.revision || !self.work.awake
    }

    /// What a container of a pod has printed: of `nvidia-smi` its table or that there is no such program, of others
    /// nothing. Nothing at all when the pod or the container is not there.
    #[must_use]
    pub fn printed(&self, namespace: &str, pod: &str, container: &str) -> Option<String> {
        let pod = self.get("pods", Some(namespace), pod)?;
        let node = pod["spec"]["nodeName"].as_str().and_then(|name| self.get("nodes", None, name));
        controllers::log(pod, node, container)
    }

    /// What a watch has to say since it was last asked.
    #[must_use]
    pub fn poll_watch(&self, watch: &mut Watch, now: Timestamp) -> WatchStep {
        watch.poll(self, now)
    }

    /// One object.
    pub(crate) fn object(&self, kind: &Kind, key: &str) -> Option<&Arc<Value>> {
        self.objects.get(kind.storage)?.get(key)
    }

    /// All objects of a kind whose key starts with `prefix`, in the order of their keys.
    pub(crate) fn range<'a>(
        &'a self,
        kind: &Kind,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a String, &'a Arc<Value>)> {
        self.objects
            .get(kind.storage)
            .into_iter()
            .flat_map(move |objects| objects.range(prefix.to_owned()..))
            .take_while(move |(key, _)| key.starts_with(prefix))
    }

    /// The objects of a kind in a namespace, in the order of their names.
    pub(crate) fn in_namespace(&self, kind: &Kind, namespace: &str) -> Vec<&Value> {
        let prefix = format!("{namespace}/");
        let objects = self.objects.get(kind.storage).into_iter().flat_map(|objects| objects.range(prefix.clone()..));
        objects.take_while(|(key, _)| key.starts_with(&prefix)).map(|(_, object)| &**object).collect()
    }

    /// The only way in: replaces or, with nothing, removes an object under a new resourceVersion.
    pub(crate) fn write(&mut self, kind: &Kind, key: String, object: Option<Value>) -> Option<Arc<Value>> {
        self.revision += 1;
        let after = object.map(|mut object| {
            object["metadata"]["resourceVersion"] = json!(self.revision.to_string());
            Arc::new(object)
        });
        let place = self.objects.entry(kind.storage).or_default();
        let before = match &after {
            Some(object) => place.insert(key.clone(), Arc::clone(object)),
            None => place.remove(&key),
        };
        self.log.push(self.revision, kind.storage, key, before, after.clone());
        if kind.storage == definitions::STORAGE {
            self.custom = definitions::served(self);
        }
        after
    }

    /// A new uid. It follows from the store's own seed, so that a run can be repeated.
    pub(crate) fn uid(&mut self) -> String {
        let (high, low) = (self.random(), self.random());
        uuid::Builder::from_random_bytes(((u128::from(high) << 64) | u128::from(low)).to_be_bytes())
            .into_uuid()
            .to_string()
    }

    /// The five characters that follow a `generateName`.
    pub(crate) fn suffix(&mut self) -> String {
        const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        let mut bits = self.random();
        (0..5)
            .map(|_| {
                let letter = LETTERS[usize::try_from(bits % LETTERS.len() as u64).unwrap_or_default()];
                bits /= LETTERS.len() as u64;
                char::from(letter)
            })
            .collect()
    }

    /// One step of the splitmix64 generator.
    fn random(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.seed;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// The parts of a store that outlive its process.
impl Store {
    pub(crate) fn restore(
        git_version: String,
        revision: u64,
        seed: u64,
        objects: BTreeMap<&'static str, BTreeMap<String, Arc<Value>>>,
    ) -> Store {
        let mut store = Store {
            git_version,
            custom: Vec::new(),
            revision,
            seed,
            objects,
            log: Log::since(revision),
            settled: revision,
            young_nodes: BTreeSet::new(),
            work: controllers::Work::default(),
            kubelet: controllers::Memory::default(),
        };
        store.custom = definitions::served(&store);
        store
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    pub(crate) fn objects(&self) -> &BTreeMap<&'static str, BTreeMap<String, Arc<Value>>> {
        &self.objects
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use bytes::Bytes;
    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::Store;
    use crate::kube::{Reply, Request, User};

    fn now() -> Timestamp {
        "2026-11-21T04:00:00Z".parse().unwrap()
    }

    fn get(path: &str, query: &[(&str, &str)]) -> Request {
        Request {
            method: "GET".to_owned(),
            path: path.to_owned(),
            query: query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            accept: "application/json".to_owned(),
            content_type: None,
            user_agent: None,
            if_none_match: None,
            body: Bytes::new(),
            user: User::Named { name: "admin".to_owned(), groups: Vec::new() },
        }
    }

    fn watch(store: &mut Store, query: &[(&str, &str)]) -> crate::kube::Watch {
        match store.handle(now(), &get("/api/v1/nodes", query)) {
            Reply::Watch(watch) => watch,
            Reply::Once { status, body, .. } => panic!("no watch: {status} {body:?}"),
        }
    }

    fn node(name: &str) -> Value {
        json!({"metadata": {"name": name}, "spec": {}, "status": {}})
    }

    #[test]
    fn the_same_object_again_makes_no_version_and_no_event() {
        let mut store = Store::new(now(), "v1.36.0");
        store.put(now(), "nodes", None, node("a"));
        let version = store.resource_version();
        let from = version.to_string();
        let mut watch = watch(&mut store, &[("watch", "1"), ("resourceVersion", &from)]);
        store.put(now(), "nodes", None, node("b"));
        store.put(now(), "nodes", None, node("b"));
        let said = store.poll_watch(&mut watch, now());
        assert_eq!(String::from_utf8_lossy(&said.bytes).matches("\"ADDED\"").count(), 1);
        assert!(store.remove(now(), "nodes", None, "b"));
        assert!(!store.remove(now(), "nodes", None, "b"));
        let said = store.poll_watch(&mut watch, now());
        assert!(String::from_utf8_lossy(&said.bytes).starts_with("{\"type\":\"DELETED\""));
    }

    #[test]
    fn a_watch_of_another_process_is_told_that_it_is_too_old() {
        let mut store = Store::new(now(), "v1.36.0");
        let before = store.resource_version().to_string();
        store.put(now(), "nodes", None, node("a"));
        let mut store: Store = serde_json::from_str(&serde_json::to_string(&store).unwrap()).unwrap();
        let mut watch = watch(&mut store, &[("watch", "1"), ("resourceVersion", &before)]);
        let said = store.poll_watch(&mut watch, now());
        assert!(said.done);
        assert!(String::from_utf8_lossy(&said.bytes).contains("too old resource version"), "{:?}", said.bytes);
    }

    #[test]
    fn a_watch_ends_on_the_clock_it_was_given() {
        let mut store = Store::new(now(), "v1.36.0");
        let mut watch = watch(&mut store, &[("watch", "1"), ("timeoutSeconds", "5")]);
        let other: Timestamp = "2030-01-01T00:00:00Z".parse().unwrap();
        watch.restart_clock(other);
        assert!(!store.poll_watch(&mut watch, other).done);
        assert_eq!(watch.deadline().as_second(), other.as_second() + 5);
        let ends = watch.deadline();
        assert!(store.poll_watch(&mut watch, ends).done);
    }

    /// Not a benchmark: a list that clones or compares each node with each would take minutes here.
    #[test]
    fn five_thousand_nodes_are_listed_in_seconds() {
        let mut store = Store::new(now(), "v1.36.0");
        let filler = "x".repeat(1_500);
        for number in 0..5000 {
            let name = format!("node-{number:04}");
            let metadata = json!({"name": name, "annotations": {"filler": filler}});
            store.put(now(), "nodes", None, json!({"metadata": metadata, "spec": {}, "status": {}}));
        }
        let started = Instant::now();
        let Reply::Once { body, .. } = store.handle(now(), &get("/api/v1/nodes", &[])) else { panic!("no list") };
        assert!(body.len() > 5000 * 1_500);
        let mut token = String::new();
        let mut pages = 0;
        loop {
            let query = [("limit", "500"), ("continue", token.as_str())];
            let Reply::Once { body, .. } = store.handle(now(), &get("/api/v1/nodes", &query)) else {
                panic!("no page")
            };
            pages += 1;
            let head = String::from_utf8_lossy(&body[..300]).into_owned();
            match head.split_once("\"continue\":\"").and_then(|(_, rest)| rest.split_once('"')) {
                Some((next, _)) => next.clone_into(&mut token),
                None => break,
            }
        }
        assert_eq!(pages, 10);
        assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
        println!("listed twice in {:?}", started.elapsed());
    }
}
