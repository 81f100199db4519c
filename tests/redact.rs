//! What differs from run to run is replaced by a word in brackets, so that outputs can be compared whole.

/// A pattern and the word that stands for what it matches.
pub(crate) const PATTERNS: &[(&str, &str)] = &[
    // How often a wait is told depends on the machine; that it is told has a test of its own.
    (r"(?m)^wait .*\n", ""),
    (r"operation-\d{10,}-[0-9a-f-]+", "[OPERATION]"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?", "[TIME]"),
    (r"127\.0\.0\.1:\d+", "[ADDRESS]"),
    (r"\((\d+ h )?(\d+ min ?)?(\d+ s)?\)", "([DURATION])"),
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
