//! The page of `berth cost --output html`, opened in a browser that we did not write.
//!
//! `tests/html/check.mjs` judges it; what it takes, besides `node` and Chromium, comes from `npm ci` in `tests/html`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::sandbox::{ROOT, Sandbox};
use crate::spec::small;
use crate::witnesses::present;

/// Pages that differ in what they can show: unknown prices and services, shared GPUs and none, a budget.
const PAGES: [&str; 3] = ["ai-dubbing-gke", "ai-dubbing-eks", "imagepod-gke"];

/// Bills that differ in what they can show: one cluster over days, and all over the last hours.
const BILLS: [(&str, &str); 2] = [("bill", "cost small"), ("bill-of-all", "cost --all --since 4h")];

/// Whether browser and packages are here; fails where they have to be.
fn browser() -> Option<PathBuf> {
    let chromium = PathBuf::from(std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned()));
    let packages = Path::new(ROOT).join("tests/html/node_modules");
    let missing: Vec<&Path> =
        [chromium.as_path(), packages.as_path()].into_iter().filter(|path| !path.exists()).collect();
    let required = std::env::var("BERTH_REQUIRE_WITNESSES").is_ok_and(|value| value == "1");
    assert!(!required || missing.is_empty(), "missing witnesses: {missing:?}");
    missing.is_empty().then_some(chromium)
}

#[test]
fn the_page_is_whole_in_a_browser_on_phone_desk_and_paper() {
    if !present(&["node"]) {
        return;
    }
    let Some(chromium) = browser() else { return };
    let (sandbox, control) = Sandbox::serving(60);
    for name in PAGES {
        let page = sandbox.berth(&format!("cost -f clusters/{name}.yaml --output html")).exits(0);
        sandbox.write(&format!("{name}.html"), &page.stdout);
    }
    small(&sandbox);
    sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
    control.advance(5 * 24 * 3600);
    for (name, line) in BILLS {
        let page = sandbox.berth(&format!("{line} --simulate --output html")).exits(0);
        sandbox.write(&format!("{name}.html"), &page.stdout);
    }
    sandbox.berth("destroy -f small.yaml --simulate --yes").exits(0);
    let names: Vec<&str> = PAGES.into_iter().chain(BILLS.map(|(name, _)| name)).collect();
    let judged = names.into_iter().map(|name| {
        let child = Command::new("node")
            .arg("tests/html/check.mjs")
            .arg(sandbox.path(&format!("{name}.html")))
            .arg(format!("artifacts/cost-page/{name}"))
            .env("CHROMIUM", &chromium)
            .current_dir(ROOT)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        (name, child.unwrap())
    });
    let judged: Vec<_> = judged.collect();
    // All are waited for before any is judged, so that no browser outlives its page.
    let judged = judged.into_iter().map(|(name, child)| (name, child.wait_with_output().unwrap()));
    let judged: Vec<_> = judged.collect();
    for (name, output) in judged {
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert!(output.status.success(), "{name}:\n{said}");
    }
}

#[test]
fn the_page_names_its_figures_and_what_is_not_known() {
    let sandbox = Sandbox::new(60);
    let page = sandbox.berth("cost -f clusters/ai-dubbing-gke.yaml --output html").exits(0).stdout;
    let total = sandbox.berth("cost -f clusters/ai-dubbing-gke.yaml --output csv").exits(0).stdout;
    for part in
        ["By pool", "By service", "Spot against on-demand", "Over the month", "Saved by sharing", "Unknown prices"]
    {
        assert!(page.contains(part), "no {part}");
    }
    // The month at most nodes, as the CSV has it, with the comma that people write.
    let row: Vec<&str> = total.lines().last().unwrap().split(',').collect();
    let month: f64 = row[row.len() - 2].parse().unwrap();
    let cents = (month * 100.0).round() as u64;
    let (thousands, rest) = (cents / 100_000, cents % 100_000);
    let written = format!("at least ${thousands},{:03}.{:02}", rest / 100, rest % 100);
    assert!(page.contains(&written), "no {written}");
    assert!(!page.contains("<script"));
    // The only address is the name of SVG, which nobody fetches.
    let others = page.split("://").skip(1).filter(|rest| !rest.starts_with("www.w3.org/2000/svg\""));
    assert_eq!(others.count(), 0, "names another address");
}
