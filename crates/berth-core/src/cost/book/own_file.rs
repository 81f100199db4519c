//! `kind: Prices`: a file of prices and discounts that were agreed with a cloud.
//!
//! ```yaml
//! apiVersion: berth/v1
//! kind: Prices
//! spec:
//!   prices:
//!     - {provider: eks, machineType: p4d.24xlarge, capacity: spot, region: us-east-1, usdPerHour: 9.5}
//!     - {provider: gke, disk: pd-ssd, usdPerGbMonth: 0.15}
//!   discounts:
//!     - {provider: gke, kind: machine, family: a2, percent: 20}
//! ```

use super::own::{Discount, Kind, OwnPrice, OwnPrices};
use super::price::{Unit, micro_usd};
use crate::catalog::{self, MachineLookup};
use crate::cost::item::{Bought, Item};
use crate::spec::tree::{self, Limits, Node, Value, plain};
use crate::spec::{Position, Problem, Provider, nearest};

/// A file of prices is small, and as deep as the one above.
const LIMITS: Limits = Limits { depth: 16, nodes: 50_000, bytes: 1024 * 1024, octal: false };

const PROVIDERS: [(&str, Provider); 2] = [("gke", Provider::Gke), ("eks", Provider::Eks)];
const BOUGHT: [(&str, Bought); 2] = [("on-demand", Bought::OnDemand), ("spot", Bought::Spot)];
const FEES: [(&str, Item); 6] = [
    ("control-plane", Item::ControlPlane),
    ("control-plane-extended", Item::ControlPlaneExtended),
    ("extended-channel", Item::ExtendedChannel),
    ("nat-gateway", Item::NatGateway),
    ("address", Item::Address),
    ("load-balancer", Item::LoadBalancer),
];
/// What a price can be of; each price has one of these.
const THINGS: [&str; 4] = ["machineType", "gpu", "disk", "fee"];
const PRICE_FIELDS: &[&str] =
    &["provider", "region", "machineType", "gpu", "disk", "fee", "capacity", "usdPerHour", "usdPerGbMonth"];
const DISCOUNT_FIELDS: &[&str] = &["provider", "region", "kind", "family", "capacity", "percent"];

/// Reads a file of own prices, or says everything that is wrong with it, in the order of the file.
///
/// `file` is its name for messages and sources.
pub fn check_prices(file: &str, text: &str) -> Result<OwnPrices, Vec<Problem>> {
    let mut form = Form { file, problems: Vec::new() };
    let root = match tree::read(text, &LIMITS) {
        Ok(root) => root,
        Err((at, message)) => {
            form.say(At { at, path: "" }, message);
            return Err(form.problems);
        }
    };
    let mut own = OwnPrices { file: file.to_owned(), ..OwnPrices::default() };
    if form.head(&root)
        && let Some(body) = root.get("spec")
        && form.fields(body, "spec", &["prices", "discounts"], &[])
    {
        for (path, node) in form.list(body, "prices") {
            own.prices.extend(form.price(node, &path));
        }
        for (path, node) in form.list(body, "discounts") {
            own.discounts.extend(form.discount(node, &path));
        }
    }
    if form.problems.is_empty() {
        return Ok(own);
    }
    form.problems.sort_by_key(|problem| (problem.line, problem.column));
    Err(form.problems)
}

/// A place in the file, and the way to it.
#[derive(Clone, Copy)]
struct At<'a> {
    at: Position,
    path: &'a str,
}

/// The file while it is read, and what was found wrong.
struct Form<'a> {
    file: &'a str,
    problems: Vec<Problem>,
}

impl Form<'_> {
    fn say(&mut self, at: At<'_>, message: impl Into<String>) -> &mut Problem {
        self.problems.push(Problem {
            file: self.file.to_owned(),
            line: at.at.line,
            column: at.at.column,
            path: plain(at.path),
            message: plain(&message.into()),
            suggestion: None,
            accepted: Vec::new(),
        });
        // Just pushed, so the place is there.
        let last = self.problems.len() - 1;
        &mut self.problems[last]
    }

    fn head(&mut self, root: &Node) -> bool {
        self.fields(root, "", &["apiVersion", "kind", "spec"], &["apiVersion", "kind", "spec"])
            && self.word(root, "", "apiVersion", &[("berth/v1", ())]).is_some()
            && self.word(root, "", "kind", &[("Prices", ())]).is_some()
    }

    /// Whether it is a map; what it has too much or too little is said.
    fn fields(&mut self, node: &Node, path: &str, known: &[&str], required: &[&str]) -> bool {
        let at = At { at: node.at, path };
        let Value::Map(entries) = &node.value else {
            self.say(at, "expected a map of fields");
            return false;
        };
        for entry in entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            let path = join(path, &entry.key);
            let message = format!("unknown field `{}`", entry.key);
            let problem = self.say(At { at: entry.key_at, path: &path }, message);
            problem.suggestion = nearest(&entry.key, known.iter().copied());
            problem.accepted = known.iter().map(|&word| word.to_owned()).collect();
        }
        for name in required.iter().filter(|name| node.get(name).is_none()) {
            self.say(at, format!("missing field `{name}`"));
        }
        true
    }

    fn list<'n>(&mut self, body: &'n Node, key: &str) -> Vec<(String, &'n Node)> {
        let Some(node) = body.get(key) else { return Vec::new() };
        let path = join("spec", key);
        if !matches!(node.value, Value::List(_)) {
            self.say(At { at: node.at, path: &path }, "expected a list");
        }
        node.items().iter().enumerate().map(|(index, item)| (format!("{path}[{index}]"), item)).collect()
    }

    /// One of some words; `None` if it is not there, or wrong, which is said.
    fn word<T: Clone>(&mut self, node: &Node, path: &str, key: &str, words: &[(&str, T)]) -> Option<T> {
        let value = node.get(key)?;
        let written = value.text().unwrap_or_default();
        let found = words.iter().find(|(word, _)| *word == written);
        if found.is_none() {
            let path = join(path, key);
            let shown = value.scalar().map_or_else(|| "this value".to_owned(), |text| format!("value `{text}`"));
            let problem = self.say(At { at: value.at, path: &path }, format!("unknown {shown}"));
            problem.suggestion = nearest(written, words.iter().map(|(word, _)| *word));
            problem.accepted = words.iter().map(|(word, _)| (*word).to_owned()).collect();
        }
        found.map(|(_, meant)| meant.clone())
    }

    /// A text that is not empty.
    fn text<'n>(&mut self, node: &'n Node, path: &str, key: &str) -> Option<(&'n str, Position)> {
        let value = node.get(key)?;
        let text = value.text().filter(|text| !text.is_empty());
        if text.is_none() {
            self.say(At { at: value.at, path: &join(path, key) }, "expected a text");
        }
        text.map(|text| (text, value.at))
    }

    fn region(&mut self, node: &Node, path: &str, provider: Provider) -> Option<String> {
        let (region, at) = self.text(node, path, "region")?;
        if catalog::region(provider, region).is_none() {
            let message = format!("unknown {} region `{region}`", provider.as_str());
            let problem = self.say(At { at, path: &join(path, "region") }, message);
            problem.suggestion = nearest(region, catalog::regions(provider).iter().map(|known| known.name));
        }
        Some(region.to_owned())
    }

    fn price(&mut self, node: &Node, path: &str) -> Option<OwnPrice> {
        if !self.fields(node, path, PRICE_FIELDS, &["provider"]) {
            return None;
        }
        let provider = self.word(node, path, "provider", &PROVIDERS)?;
        let region = self.region(node, path, provider);
        let item = self.item(node, path, provider)?;
        let (key, other, unit) = match &item {
            Item::Disk(_) => ("usdPerGbMonth", "usdPerHour", Unit::GbMonth),
            Item::Gpu { .. } => ("usdPerHour", "usdPerGbMonth", Unit::GpuHour),
            _ => ("usdPerHour", "usdPerGbMonth", Unit::Hour),
        };
        if let Some(entry) = node.entry(other) {
            let message = format!("the price of {item} is given as `{key}`");
            self.say(At { at: entry.key_at, path: &join(path, other) }, message);
            return None;
        }
        let Some(value) = node.get(key) else {
            self.say(At { at: node.at, path }, format!("missing field `{key}`"));
            return None;
        };
        let micro_usd = value.scalar().as_deref().and_then(micro_usd).filter(|amount| *amount > 0);
        if micro_usd.is_none() {
            let message =
                "expected an amount of USD above 0 such as `0.526`; what is smaller than 0.000001 counts as 0";
            self.say(At { at: value.at, path: &join(path, key) }, message);
        }
        Some(OwnPrice { provider, region, item, unit, micro_usd: micro_usd? })
    }

    /// What a price is of: exactly one thing.
    fn item(&mut self, node: &Node, path: &str, provider: Provider) -> Option<Item> {
        let given: Vec<&str> = THINGS.into_iter().filter(|key| node.get(key).is_some()).collect();
        let &[key] = given.as_slice() else {
            let message = "a price is of one thing: give one of these fields";
            self.say(At { at: node.at, path }, message).accepted = THINGS.map(str::to_owned).to_vec();
            return None;
        };
        let capacity = self.word(node, path, "capacity", &BOUGHT);
        if let Some(entry) = node.entry("capacity").filter(|_| !matches!(key, "machineType" | "gpu")) {
            self.say(At { at: entry.key_at, path: &join(path, "capacity") }, "only machines and GPUs are sold as spot");
        }
        let bought = capacity.unwrap_or(Bought::OnDemand);
        match key {
            "fee" => self.word(node, path, "fee", &FEES),
            "gpu" => self.gpu(node, path, provider).map(|name| Item::Gpu { name, bought }),
            "disk" => self.text(node, path, "disk").map(|(kind, _)| Item::Disk(kind.to_owned())),
            _ => self.machine(node, path, provider).map(|name| Item::Machine { name, bought }),
        }
    }

    fn machine(&mut self, node: &Node, path: &str, provider: Provider) -> Option<String> {
        let (name, at) = self.text(node, path, "machineType")?;
        if let MachineLookup::Wrong { nearest } = catalog::machine(provider, name) {
            let message = format!("`{name}` is no machine type of {}", provider.as_str());
            self.say(At { at, path: &join(path, "machineType") }, message).suggestion = nearest;
        }
        Some(name.to_owned())
    }

    /// Google's name of a GPU that is attached to machines.
    fn gpu(&mut self, node: &Node, path: &str, provider: Provider) -> Option<String> {
        let (written, at) = self.text(node, path, "gpu")?;
        let here = At { at, path: &join(path, "gpu") };
        if provider != Provider::Gke {
            self.say(here, "EC2 sells GPUs with their machines; give `machineType`");
            return None;
        }
        let found = catalog::gpu(written).or_else(|| catalog::gpu_by_gke_type(written)).and_then(|gpu| gpu.gke_type);
        if found.is_none() {
            let names = catalog::gpu_names(provider);
            let problem = self.say(here, format!("unknown GPU `{written}`"));
            problem.suggestion = nearest(written, names.iter().copied());
            problem.accepted = names.into_iter().map(str::to_owned).collect();
        }
        found.map(str::to_owned)
    }

    fn discount(&mut self, node: &Node, path: &str) -> Option<Discount> {
        if !self.fields(node, path, DISCOUNT_FIELDS, &["provider", "percent"]) {
            return None;
        }
        let provider = self.word(node, path, "provider", &PROVIDERS)?;
        let value = node.get("percent")?;
        // A hundredth of a percent is a millionth of a hundred, so the same reading serves.
        let millionths = value.scalar().as_deref().and_then(micro_usd);
        let basis_points =
            millionths.filter(|millionths| millionths % 10_000 == 0).map(|millionths| millionths / 10_000);
        let basis_points = basis_points.and_then(|points| u32::try_from(points).ok());
        let basis_points = basis_points.filter(|points| (1..10_000).contains(points));
        if basis_points.is_none() {
            let message = "expected a percentage above 0 and below 100 with at most two digits behind the point, such as `20` or `12.5`";
            self.say(At { at: value.at, path: &join(path, "percent") }, message);
        }
        Some(Discount {
            provider,
            region: self.region(node, path, provider),
            kind: self.word(node, path, "kind", &Kind::WORDS),
            family: self.text(node, path, "family").map(|(family, _)| family.to_owned()),
            bought: self.word(node, path, "capacity", &BOUGHT),
            basis_points: basis_points?,
        })
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
