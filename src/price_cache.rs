//! Live prices kept in berth's own folder, so that not every estimate asks the cloud. They may be deleted at any time.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use berth_core::cost::{Item, LivePrices, LiveRead};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

/// What a cloud's interface answered at one time, and to what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// Everything that was asked for, found or not.
    pub(crate) asked: BTreeSet<Item>,
    /// From when on prices were asked for.
    pub(crate) since: Timestamp,
    /// What was not found, in sentences.
    pub(crate) notes: Vec<String>,
    /// What was found.
    pub(crate) live: LivePrices,
}

impl Kept {
    /// Whether it answers the question, and is no older than that.
    pub(crate) fn serves(&self, items: &BTreeSet<Item>, since: Option<Timestamp>, age: Age) -> bool {
        let covers = since.is_none_or(|since| self.since <= since);
        // What comes from the future was told by a simulated cloud that has been made anew.
        let told = self.live.source.fetched;
        let is_fresh = told.is_some_and(|told| told <= age.now && age.now.duration_since(told) < age.most);
        covers && is_fresh && items.is_subset(&self.asked)
    }

    /// Who told it and how long ago that is now; `None` if no cloud told it.
    pub(crate) fn read(&self, now: Timestamp, is_cached: bool) -> Option<LiveRead> {
        let source = &self.live.source;
        Some(LiveRead { source: source.name.clone(), at: source.fetched?, age: source.age(now)?, is_cached })
    }
}

/// How old something may be now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Age {
    pub(crate) now: Timestamp,
    pub(crate) most: SignedDuration,
}

/// The file of one interface's prices for one region.
#[derive(Debug)]
pub(crate) struct PriceFile(PathBuf);

impl PriceFile {
    /// The file with this name in the folder of prices.
    pub(crate) fn at(folder: &Path, name: &str) -> Self {
        Self(folder.join(format!("{name}.json")))
    }

    /// What is kept; `None` if there is nothing, or nothing that this version of berth can read.
    pub(crate) fn read(&self) -> Option<Kept> {
        serde_json::from_slice(&fs::read(&self.0).ok()?).ok()
    }

    /// Puts it in the place of what was kept, all at once, so that nobody reads half of it.
    pub(crate) fn write(&self, kept: &Kept) -> io::Result<()> {
        let folder = self.0.parent().unwrap_or(Path::new("."));
        // A file of this kind is readable by its owner alone.
        let mut file = NamedTempFile::new_in(folder)?;
        serde_json::to_writer(&mut file, kept)?;
        file.flush()?;
        file.persist(&self.0).map_err(|error| error.error)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use berth_core::cost::{Bought, Source};
    use berth_core::spec::Provider;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn items(names: &[&str]) -> BTreeSet<Item> {
        names.iter().map(|name| Item::machine(name, Bought::Spot)).collect()
    }

    fn kept() -> Kept {
        let fetched = at("2026-11-21T10:00:00Z");
        let source = Source::live("a price list", fetched);
        let live = LivePrices { provider: Provider::Eks, source, prices: Vec::new() };
        Kept { asked: items(&["a", "b"]), since: at("2026-11-20T00:00:00Z"), notes: vec!["none of b".to_owned()], live }
    }

    #[test]
    fn it_serves_what_was_asked_for_until_it_is_too_old() {
        let age = |now: &str| Age { now: at(now), most: SignedDuration::from_hours(1) };
        let serves = |names: &[&str], now: &str| kept().serves(&items(names), None, age(now));
        assert!(serves(&["a"], "2026-11-21T10:59:59Z") && serves(&[], "2026-11-21T10:00:00Z"));
        assert!(!serves(&["a"], "2026-11-21T11:00:00Z"), "too old");
        assert!(!serves(&["a"], "2026-11-21T09:59:59Z"), "from the future");
        assert!(!serves(&["a", "c"], "2026-11-21T10:30:00Z"), "c was not asked for");
        let since = |since: &str| kept().serves(&items(&["a"]), Some(at(since)), age("2026-11-21T10:30:00Z"));
        assert!(since("2026-11-20T00:00:00Z") && !since("2026-11-19T23:59:59Z"), "the history begins later");
    }

    #[test]
    fn what_is_written_is_read_and_what_is_broken_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = PriceFile::at(folder.path(), "eks-us-east-1-spot");
        assert_eq!(file.read(), None);
        file.write(&kept()).expect("written");
        assert_eq!(file.read(), Some(kept()));
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing else is left");
        fs::write(folder.path().join("eks-us-east-1-spot.json"), "{\"asked\":[").expect("written");
        assert_eq!(file.read(), None);
    }
}
