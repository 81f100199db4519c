//! Placeholder door sign.
