//! GKE's quirks.
