//! The real binary in a box: an empty environment, its own home, its own simulated world.
//!
//! When a sandbox goes, the ledger of its world is read, and a test that leaves something billed, or a cluster, fails.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::control::{Control, Push};

/// The repository.
pub(crate) const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Folders with shipped data, visible in every sandbox under the same names.
const DATA: [&str; 4] = ["clusters", "quotas", "gpu-sharing", "workloads"];

/// Where a simulator says how it is reached, and how fast it goes.
const SERVING: &str = "state/sim/serving.json";

/// What is billed now by a ledger, and each cluster that is there: one on EKS that goes away is billed no more, and is not gone.
pub(crate) fn billed_or_there(ledger: &Value) -> Vec<Value> {
    ["billedNow", "clusters"].iter().flat_map(|key| ledger[key].as_array().unwrap()).cloned().collect()
}

/// A box.
pub(crate) struct Sandbox {
    root: TempDir,
    variables: Vec<(String, String)>,
    server: Option<Child>,
    push: Option<Push>,
}

impl Sandbox {
    /// An empty world whose clock runs so many times faster than ours.
    pub(crate) fn new(speed: u32) -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["home", "state"] {
            fs::create_dir(root.path().join(folder)).unwrap();
        }
        for folder in DATA {
            symlink(Path::new(ROOT).join(folder), root.path().join(folder)).unwrap();
        }
        let path = |name: &str| root.path().join(name).display().to_string();
        let variables = vec![
            ("PATH".to_owned(), std::env::var("PATH").unwrap()),
            ("HOME".to_owned(), path("home")),
            ("BERTH_STATE_DIR".to_owned(), path("state")),
            ("BERTH_SIM_SPEED".to_owned(), speed.to_string()),
            ("COLUMNS".to_owned(), "100".to_owned()),
            ("NO_COLOR".to_owned(), "1".to_owned()),
            ("TZ".to_owned(), "UTC".to_owned()),
        ];
        Self { root, variables, server: None, push: None }
    }

    /// The same, with the simulator in a process of its own, which outlives the commands.
    pub(crate) fn serving(speed: u32) -> (Self, Control) {
        Self::serving_with(speed, &[])
    }

    fn serving_with(speed: u32, more: &[&str]) -> (Self, Control) {
        let mut sandbox = Self::new(speed);
        let server = sandbox
            .command(env!("CARGO_BIN_EXE_berth"), ["sim", "serve"])
            .args(["--speed", &speed.to_string()])
            .args(more)
            .stdout(Stdio::null())
            .stderr(fs::File::create(sandbox.path("serve.log")).unwrap())
            .spawn()
            .unwrap();
        sandbox.server = Some(server);
        let control = Control::attach(&sandbox.path("state/sim"));
        (sandbox, control)
    }

    /// The same, where the cloud goes faster than the commands' own clock: what takes it minutes is over in a moment, while the
    /// limits of steps, which are the commands', stay long on a machine that has other things to do.
    pub(crate) fn hurried(speed: u32, more: u32) -> (Self, Control) {
        let (mut sandbox, control) = Self::serving(speed);
        sandbox.push = Some(control.push(more));
        (sandbox, control)
    }

    /// The simulator in a process of its own, with a world whose ids and durations follow from a number, and a cloud that goes so many
    /// times faster than the commands' own clock.
    pub(crate) fn seeded(speed: u32, faster: u32, seed: u64) -> (Self, Control) {
        let (sandbox, control) = Self::serving_with(speed * faster, &["--seed", &seed.to_string()]);
        // What the file says of the speed is what commands take for theirs.
        let mut served: Value = serde_json::from_str(&sandbox.read(SERVING)).unwrap();
        served["speed"] = speed.into();
        sandbox.write(SERVING, &served.to_string());
        (sandbox, control)
    }

    /// Sets a variable for all later commands.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// A variable as later commands find it.
    pub(crate) fn variable(&self, name: &str) -> String {
        let found = self.variables.iter().find(|(known, _)| known == name);
        found.unwrap_or_else(|| panic!("{name} is not set")).1.clone()
    }

    /// A path inside the box.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Writes a file into the box.
    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Reads a file of the box.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Runs `berth` with these words, split at spaces.
    #[must_use = "compare it with a snapshot or assert its exit code"]
    pub(crate) fn berth(&self, line: &str) -> Output {
        self.berth_answering(line, "")
    }

    /// The same, with text on standard input.
    #[must_use = "compare it with a snapshot or assert its exit code"]
    pub(crate) fn berth_answering(&self, line: &str, input: &str) -> Output {
        let command = self.command(env!("CARGO_BIN_EXE_berth"), line.split_whitespace());
        self.run(command, input)
    }

    /// Runs `berth` with these words, which may have spaces in them.
    #[must_use = "compare it with a snapshot or assert its exit code"]
    pub(crate) fn command_of<const N: usize>(&self, words: [&str; N]) -> Output {
        self.run(self.command(env!("CARGO_BIN_EXE_berth"), words), "")
    }

    /// Begins `berth` and comes back at once; nothing of what it says is kept.
    pub(crate) fn begin(&self, line: &str) -> Child {
        let mut command = self.command(env!("CARGO_BIN_EXE_berth"), line.split_whitespace());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// The same, and what it says on standard error goes to a file.
    pub(crate) fn begin_saying(&self, line: &str, said: fs::File) -> Child {
        let mut command = self.command(env!("CARGO_BIN_EXE_berth"), line.split_whitespace());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said).spawn().unwrap()
    }

    /// Runs another program in the box.
    #[must_use = "compare it with a snapshot or assert its exit code"]
    pub(crate) fn other(&self, program: &str, line: &str) -> Output {
        self.other_answering(program, line, "")
    }

    /// The same, with text on standard input.
    #[must_use = "compare it with a snapshot or assert its exit code"]
    pub(crate) fn other_answering(&self, program: &str, line: &str, input: &str) -> Output {
        let command = self.command(program, line.split_whitespace());
        self.run(command, input)
    }

    /// What the simulated cloud counted.
    pub(crate) fn ledger(&self) -> Value {
        let output = self.berth("sim ledger --output json");
        assert_eq!(output.code, 0, "{}", output.text());
        output.json()
    }

    /// Asserts that nothing is billed now, and no cluster is there.
    #[track_caller]
    pub(crate) fn assert_nothing_billed(&self) {
        assert_eq!(billed_or_there(&self.ledger()), Vec::<Value>::new(), "still billed");
    }

    pub(crate) fn command<I: AsRef<OsStr>>(&self, program: &str, words: impl IntoIterator<Item = I>) -> Command {
        let mut command = Command::new(program);
        command.args(words).current_dir(self.root.path()).env_clear().envs(self.variables.clone());
        command
    }

    fn run(&self, mut command: Command, input: &str) -> Output {
        // From a file, so that a child that does not read cannot block the test.
        self.write("stdin", input);
        let output = command.stdin(fs::File::open(self.path("stdin")).unwrap()).output().unwrap();
        let clean = |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            text.replace(&self.root.path().display().to_string(), "[BOX]").replace(ROOT, "[REPOSITORY]")
        };
        Output {
            code: output.status.code().unwrap_or(-1),
            stdout: clean(&output.stdout),
            stderr: clean(&output.stderr),
            raw: output.stdout,
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        drop(self.push.take());
        let failing = std::thread::panicking();
        if !failing && self.path("state/sim").exists() {
            let billed = billed_or_there(&self.ledger());
            self.stop_server();
            assert_eq!(billed, Vec::<Value>::new(), "the test ends and this is still billed");
        }
        self.stop_server();
    }
}

impl Sandbox {
    fn stop_server(&mut self) {
        if let Some(mut server) = self.server.take() {
            let ended = server.kill().and_then(|()| server.wait());
            assert!(ended.is_ok(), "cannot end the simulator: {ended:?}");
        }
    }
}

/// What a command left behind in words and numbers.
pub(crate) struct Output {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// Standard output before paths were replaced.
    raw: Vec<u8>,
}

impl Output {
    /// All three in one text.
    pub(crate) fn text(&self) -> String {
        format!("exit: {}\n----- stdout\n{}----- stderr\n{}", self.code, self.stdout, self.stderr)
    }

    /// Fails with everything it said unless the exit code is this one.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.text());
        self
    }

    /// Fails with everything it said unless it says this, on either stream.
    #[track_caller]
    pub(crate) fn says(self, part: &str) -> Self {
        assert!(self.stdout.contains(part) || self.stderr.contains(part), "does not say `{part}`:\n{}", self.text());
        self
    }

    /// Fails with everything it said if it says this.
    #[track_caller]
    pub(crate) fn never_says(self, part: &str) -> Self {
        assert!(!self.stdout.contains(part) && !self.stderr.contains(part), "says `{part}`:\n{}", self.text());
        self
    }

    /// Its standard output, with real paths, as one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.raw).unwrap_or_else(|error| panic!("{error}:\n{}", self.text()))
    }
}
