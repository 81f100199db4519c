//! Who may do what in the simulated clouds, while a policy is set: a custom role for Google Cloud, policy documents for AWS.
//!
//! Without a policy everybody known may do everything. Which call takes which permission is written here from the clouds' own
//! references (GKE's page on API permissions, Compute Engine's method pages, AWS's service authorization reference), and from
//! nothing that berth knows, so that what berth prints is held against a second witness.

mod aws;
mod document;
mod ec2;
mod eks;
mod google;
mod policies;
mod rest;
mod wildcard;

pub(crate) use policies::Policies;

#[cfg(test)]
mod tests;
