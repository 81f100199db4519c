//! The text to check and the way to files it names.

use crate::spec::Provider;

/// A spec file's text, and the way to the files it names.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The file's path as the user knows it; problems repeat it, and paths in the file are relative to its folder.
    pub file: &'a str,
    /// What the file holds.
    pub text: &'a str,
    /// A cloud to use instead of the one the file names.
    pub provider: Option<Provider>,
    /// Reads a file that the spec names: takes its path, already joined to the folder of `file` and without `..` where it can be,
    /// and gives its text, or why it cannot be read, as a lower-case fragment.
    pub read: &'a dyn Fn(&str) -> Result<String, String>,
}

impl Source<'_> {
    /// The path of a file that this one names.
    pub(super) fn beside(&self, path: &str) -> String {
        if path.starts_with('/') {
            return path.to_owned();
        }
        let folder = self.file.rsplit_once('/').map_or("", |(folder, _)| if folder.is_empty() { "/" } else { folder });
        let absolute = folder.starts_with('/');
        let mut parts: Vec<&str> = Vec::new();
        for part in folder.split('/').chain(path.split('/')) {
            match part {
                "" | "." => {}
                ".." if parts.last().is_some_and(|last| *last != "..") => {
                    parts.pop();
                }
                ".." if absolute => {}
                part => parts.push(part),
            }
        }
        let joined = parts.join("/");
        let slash = if path.ends_with('/') { "/" } else { "" };
        if absolute { format!("/{joined}{slash}") } else { format!("{joined}{slash}") }
    }
}

#[cfg(test)]
mod tests {
    use super::Source;

    #[test]
    fn paths_are_relative_to_the_file() {
        let beside = |file: &str, path: &str| {
            Source { file, text: "", provider: None, read: &|_| Err(String::new()) }.beside(path)
        };
        assert_eq!(beside("clusters/a.yaml", "../quotas/b.yaml"), "quotas/b.yaml");
        assert_eq!(beside("a.yaml", "../quotas/b.yaml"), "../quotas/b.yaml");
        assert_eq!(beside("/x/clusters/a.yaml", "../w/"), "/x/w/");
        assert_eq!(beside("/a.yaml", "./b.yaml"), "/b.yaml");
        assert_eq!(beside("../c/a.yaml", "../../b.yaml"), "../../b.yaml");
        assert_eq!(beside("a.yaml", "/etc/b.yaml"), "/etc/b.yaml");
    }
}
