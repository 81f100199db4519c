//! Volumes of PersistentVolumeClaims, made by the EBS driver of a cluster.

mod claims;
mod volumes;
