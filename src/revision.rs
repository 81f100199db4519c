//! Files as they are in a revision of git. Only the program `git` knows how to read its repositories.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;

/// A revision of the repository that berth runs in, and where paths in it begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Revision {
    /// As git takes it, such as `main`, `HEAD~2` or a tag; empty for what is staged.
    name: String,
    from: Start,
}

/// Where paths in a revision begin.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Start {
    /// At the root of the repository, as git has it.
    Root,
    /// At the folder berth runs in.
    Here,
    /// At another folder.
    Folder(PathBuf),
}

impl Revision {
    /// A revision, and the path in it of a file that lies here or may have lain here.
    pub(crate) fn with_file(name: &str, file: &Path) -> (Self, String) {
        let path = file.display().to_string();
        let (from, path) = match (file.parent(), file.file_name()) {
            (Some(folder), Some(name)) if file.is_absolute() => {
                (Start::Folder(folder.to_owned()), name.to_string_lossy().into_owned())
            }
            _ => (Start::Here, path),
        };
        (Self { name: name.to_owned(), from }, path)
    }

    /// Reads `REVISION:path` as git does: from the root of the repository, or from here if it begins with `./` or `../`.
    pub(crate) fn with_path(text: &str) -> Option<(Self, String)> {
        let mut depth = 0_usize;
        // `HEAD@{10:30}` and `main^{/fix: x}` have colons of their own.
        let colon = text.find(|c| {
            match c {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            c == ':' && depth == 0
        })?;
        let (name, path) = (&text[..colon], &text[colon + 1..]);
        let is_relative = path.starts_with("./") || path.starts_with("../");
        let from = if is_relative { Start::Here } else { Start::Root };
        Some((Self { name: name.to_owned(), from }, path.to_owned()))
    }

    /// A path of it as git writes it, for messages.
    pub(crate) fn shown(&self, path: &str) -> String {
        format!("{}:{path}", self.name)
    }

    /// What a file holds in it, or git's words why it cannot be read.
    pub(crate) fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        if self.name.starts_with('-') {
            return Err("no name of a revision begins with -".to_owned());
        }
        // What begins with dots git takes from the folder it runs in, and what is absolute from nowhere.
        let path = match self.from {
            _ if path.starts_with('/') => return Err("it is outside of the repository".to_owned()),
            Start::Root if path == ".." || path.starts_with("../") => {
                return Err("it is outside of the repository".to_owned());
            }
            Start::Root => path.to_owned(),
            Start::Here | Start::Folder(_) => format!("./{path}"),
        };
        self.git(&["cat-file", "blob", &self.shown(&path)])
    }

    /// The failure of a file that cannot be read, with what stands in the way and the way out.
    pub(crate) fn failure(&self, path: &str, said: String) -> Failure {
        let failure = Failure::refused(format!("cannot read {}", self.shown(path))).detail(said);
        let tree = format!("{}^{{tree}}", self.name);
        if self.git(&["--version"]).is_err() {
            return failure.hint("files of a revision are read by git, which has to be on the PATH; or name two files");
        }
        if self.git(&["rev-parse", "--git-dir"]).is_err() {
            return failure.hint("run it in the repository that has the revision, or name two files");
        }
        // What is staged is no commit, and has no tree.
        if !self.name.is_empty() && self.git(&["rev-parse", "--verify", "--quiet", &tree]).is_err() {
            let failure = failure.detail(format!("there is no revision {} here", self.name));
            let shallow = self.git(&["rev-parse", "--is-shallow-repository"]);
            return if shallow.is_ok_and(|said| said.starts_with(b"true")) {
                failure.hint("this clone has only its last commits; get the others:\n    git fetch --unshallow")
            } else {
                failure.hint("see what there is:\n    git log --oneline --all")
            };
        }
        failure.hint("if there was no such file yet, compare with no cluster at all: /dev/null in its place")
    }

    fn git(&self, words: &[&str]) -> Result<Vec<u8>, String> {
        let mut command = Command::new("git");
        if let Start::Folder(folder) = &self.from {
            command.arg("-C").arg(folder);
        }
        let output = command.args(words).env("LC_ALL", "C").output();
        let output = output.map_err(|error| format!("git cannot be run: {error}"))?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let first = said.lines().next().unwrap_or("git did not say why");
        Err(first.trim_start_matches("fatal: ").to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Revision, Start};

    #[test]
    fn a_revision_ends_at_the_first_colon_that_is_not_its_own() {
        let read = |text: &str| Revision::with_path(text).map(|(revision, path)| (revision.name, revision.from, path));
        let root = |name: &str, path: &str| Some((name.to_owned(), Start::Root, path.to_owned()));
        assert_eq!(read("HEAD:clusters/a.yaml"), root("HEAD", "clusters/a.yaml"));
        assert_eq!(read("main@{10:30}:a:b.yaml"), root("main@{10:30}", "a:b.yaml"));
        assert_eq!(read("HEAD^{/fix: it}:a.yaml"), root("HEAD^{/fix: it}", "a.yaml"));
        assert_eq!(read(":a.yaml"), root("", "a.yaml"));
        assert_eq!(read("HEAD:../a.yaml"), Some(("HEAD".to_owned(), Start::Here, "../a.yaml".to_owned())));
        assert_eq!(read("clusters/a.yaml"), None);
    }

    #[test]
    fn a_file_is_looked_for_where_it_lies() {
        let (here, path) = Revision::with_file("v1", Path::new("clusters/a.yaml"));
        assert_eq!((here.from, path.as_str()), (Start::Here, "clusters/a.yaml"));
        let (there, path) = Revision::with_file("v1", Path::new("/x/clusters/a.yaml"));
        assert_eq!((there.from, path.as_str()), (Start::Folder("/x/clusters".into()), "a.yaml"));
    }

    #[test]
    fn what_is_no_revision_and_what_lies_outside_is_not_asked_of_git() {
        let outside = |text: &str, path: &str| Revision::with_path(text).map(|(revision, _)| revision.read(path));
        assert!(matches!(outside("-x:a", "a"), Some(Err(why)) if why.contains("begins with -")));
        for path in ["../a.yaml", "..", "/etc/hosts"] {
            assert!(matches!(outside("HEAD:a", path), Some(Err(why)) if why.contains("outside")), "{path}");
        }
    }
}
