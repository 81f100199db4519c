//! What looks saw of each cluster's billed things, in berth's own folder: a bill outlives its cluster there.
//!
//! One file for each cluster of a place that one look can see: a project of Google Cloud, a region of AWS.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use berth_core::actions::Action;
use berth_core::cost::{Stretch, Usage};
use berth_core::gc::Unread;
use berth_core::metering::{Life, Record, Sight, Told, begun};
use berth_core::spec::Provider;
use jiff::Timestamp;

use crate::home::make_private;
use crate::settings::Settings;
use crate::wiring::Doors;

/// How the name of a file of a record ends.
const END: &str = ".jsonl";

/// The records of one place, of all clusters there or of one.
pub(crate) struct Records {
    folder: PathBuf,
    /// What the names of the files begin with.
    front: String,
    kept: BTreeMap<String, Kept>,
    notes: Vec<String>,
}

/// The record of one cluster.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    path: PathBuf,
    record: Record,
    /// Whether its last line is a piece of one.
    is_torn: bool,
}

/// What a look at a place saw of all its clusters.
pub(crate) struct Seen {
    pub(crate) at: Timestamp,
    pub(crate) usage: Usage,
    pub(crate) ends: Vec<Told>,
    pub(crate) lives: Vec<Life>,
    pub(crate) unread: Vec<Unread>,
    /// Ids of what is there and has nothing any more that proves whose it is.
    pub(crate) unproven: BTreeSet<String>,
    /// Clusters that were asked who uses their GPUs.
    pub(crate) divided: BTreeSet<String>,
}

/// The regions of AWS in which there are records, of any account or of one, of all clusters or of one.
pub(crate) fn regions_of_eks(settings: &Settings, account: Option<&str>, cluster: Option<&str>) -> BTreeSet<String> {
    let records = behind(&settings.home.usage(settings.simulate), &format!("{}_", Provider::Eks.as_str()));
    let region = |record: String| {
        // Neither an account nor a region has an underscore in its name.
        let (whose, rest) = record.split_once('_')?;
        let (region, name) = rest.split_once('_')?;
        let is_asked = account.is_none_or(|account| account == whose) && cluster.is_none_or(|cluster| cluster == name);
        is_asked.then(|| region.to_owned())
    };
    records.into_iter().filter_map(region).collect()
}

/// What stands behind this in the names of the records in a folder.
fn behind(folder: &Path, front: &str) -> Vec<String> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let rest = |file: fs::DirEntry| Some(file.file_name().to_str()?.strip_prefix(front)?.strip_suffix(END)?.to_owned());
    files.filter_map(rest).collect()
}

impl Records {
    /// Reads the records of the place behind these doors; of one cluster, if it is named.
    pub(crate) fn open(doors: &Doors, settings: &Settings, cluster: Option<&str>) -> Self {
        let folder = settings.home.usage(settings.simulate);
        let region = doors.only_region().unwrap_or("all");
        let front = format!("{}_{}_{region}_", doors.provider().as_str(), doors.account());
        let mut records = Self { folder, front, kept: BTreeMap::new(), notes: Vec::new() };
        let names = cluster.map_or_else(|| behind(&records.folder, &records.front), |name| vec![name.to_owned()]);
        for name in names {
            let kept = records.read(&name);
            records.kept.insert(name, kept);
        }
        records
    }

    fn read(&mut self, name: &str) -> Kept {
        let path = self.folder.join(format!("{}{name}{END}", self.front));
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    self.notes.push(format!("what was seen before is not known: {}: {error}", path.display()));
                }
                String::new()
            }
        };
        let (record, torn) = Record::read(&text);
        let is_torn = !text.is_empty() && !text.ends_with('\n');
        if torn > usize::from(is_torn) {
            self.notes.push(format!("{torn} lines of {} cannot be read and are left out", path.display()));
        }
        Kept { path, record, is_torn }
    }

    /// Whether something is remembered that may be gone.
    pub(crate) fn are_open(&self) -> bool {
        self.kept.values().any(|kept| kept.record.is_open())
    }

    /// Whether the last look saw such a part of this thing.
    pub(crate) fn know(&self, thing: &Stretch) -> bool {
        let is_it = |known: &Stretch| known.to.is_none() && known.id == thing.id && known.what.item == thing.what.item;
        let kept = self.kept.get(&thing.what.whose.cluster);
        kept.is_some_and(|kept| kept.record.usage().stretches.iter().any(is_it))
    }

    /// When things began of which no list tells it, by their ids.
    pub(crate) fn begun(&self) -> BTreeMap<String, Timestamp> {
        self.kept.values().flat_map(|kept| kept.record.begun().clone()).collect()
    }

    /// Takes in what a look saw, keeps it, and gives all that is known; with what could not be kept, in words.
    pub(crate) fn look(mut self, seen: Seen) -> (Usage, Vec<String>) {
        let mut by_cluster: BTreeMap<String, Usage> = BTreeMap::new();
        for thing in seen.usage.stretches {
            by_cluster.entry(thing.what.whose.cluster.clone()).or_default().stretches.push(thing);
        }
        for request in seen.usage.requests {
            by_cluster.entry(request.cluster.to_string()).or_default().requests.push(request);
        }
        for name in self.kept.keys() {
            by_cluster.entry(name.clone()).or_default();
        }
        let mut all = Usage::default();
        for (name, usage) in by_cluster {
            let mut kept = match self.kept.remove(&name) {
                Some(kept) => kept,
                None => self.read(&name),
            };
            let was_open = kept.record.is_open();
            let (divided, at) = (seen.divided.contains(&name), seen.at);
            let (ends, lives, unread) = (&seen.ends, &seen.lives, &seen.unread);
            let sight = Sight { at, usage: &usage, ends, lives, unread, unproven: &seen.unproven, divided };
            let line = kept.record.look(&sight);
            // Of what was over before nothing new is to be kept, nor of what never was.
            if (was_open || kept.record.is_open())
                && let Err(error) = kept.append(&line)
            {
                self.notes.push(format!("what was seen cannot be kept for later bills: {error}"));
            }
            let Usage { stretches, requests } = kept.record.usage().clone();
            all.stretches.extend(stretches);
            all.requests.extend(requests);
        }
        self.notes.dedup();
        (all, self.notes)
    }

    /// The record of one cluster, for a run that changes it.
    pub(crate) fn of(doors: &Doors, settings: &Settings, cluster: &str) -> Kept {
        // What stands already is not bought by us.
        if doors.provider() == Provider::Existing {
            return Kept::default();
        }
        Self::open(doors, settings, Some(cluster)).kept.remove(cluster).unwrap_or_default()
    }
}

impl Kept {
    /// Keeps when things began, as far as that is new.
    ///
    /// # Errors
    /// It cannot be kept.
    pub(crate) fn begun(&mut self, at: Timestamp, told: Vec<Told>) -> io::Result<()> {
        self.record.began(at, told).map_or(Ok(()), |line| self.append(&line))
    }

    /// Keeps that this was carried out, if something that was seen has ended with it: when the cloud has `told`, else when that was seen.
    ///
    /// # Errors
    /// It cannot be kept.
    pub(crate) fn carried_out(
        &mut self,
        action: &Action,
        at: Timestamp,
        told: impl Fn(&str) -> Option<Timestamp>,
    ) -> io::Result<()> {
        self.record.carried_out(action, at, told).map_or(Ok(()), |line| self.append(&line))
    }

    /// Whether a look may find out more.
    pub(crate) fn is_open(&self) -> bool {
        self.record.is_open()
    }

    /// Where it stands.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn append(&mut self, line: &str) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            make_private(folder).map_err(|failure| io::Error::other(failure.message))?;
        }
        let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(&self.path)?;
        // One write, so that lines of two processes do not mix.
        let front = if std::mem::take(&mut self.is_torn) { "\n" } else { "" };
        file.write_all(format!("{front}{line}\n").as_bytes())
    }
}

/// Leaves out what ended before the cluster that stands now under its name was made.
pub(crate) fn of_this_life(usage: &mut Usage) {
    let fees =
        || usage.stretches.iter().filter(|thing| thing.what.pool.is_none() && thing.what.item.is_control_plane());
    let born: BTreeMap<String, Timestamp> = fees()
        .filter(|thing| thing.to.is_none())
        .map(|thing| (thing.what.whose.cluster.clone(), begun(thing, &usage.stretches)))
        .collect();
    usage.stretches.retain(|thing| {
        let born = born.get(&thing.what.whose.cluster);
        thing.to.is_none_or(|to| born.is_none_or(|born| to > *born))
    });
}
