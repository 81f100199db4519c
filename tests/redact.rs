//! What differs from run to run is replaced by a word in brackets, so that outputs can be compared whole.

/// A pattern and the word that stands for what it matches.
pub(crate) const PATTERNS: &[(&str, &str)] = &[
    (r"operation-\d{10,}-[0-9a-f-]+", "[OPERATION]"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", "[TIME]"),
    (r"127\.0\.0\.1:\d+", "[ADDRESS]"),
    (r"\d{8}T\d{6}(\.\d+)?Z?", "[STAMP]"),
    (r"\b(\d+h )?(\d+m ?)?\d+(\.\d+)?s\b", "[DURATION]"),
    (r"\b\d+m\b", "[DURATION]"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[UUID]"),
    (r"gke-([a-z0-9-]+)-[0-9a-f]{8}-[a-z0-9]{4}", "gke-$1-[NODE]"),
];

/// Compares an output with its snapshot.
macro_rules! assert_output {
    ($name:literal, $output:expr) => {
        insta::with_settings!({filters => crate::redact::PATTERNS.to_vec(), prepend_module_to_snapshot => true}, {
            insta::assert_snapshot!($name, $output.text());
        });
    };
}
pub(crate) use assert_output;
