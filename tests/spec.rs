//! Specs the tests make clusters from.

use crate::sandbox::Sandbox;

/// One pool without GPUs and one with a T4 in each of its nodes, in one zone: the smallest cluster with everything in it.
pub(crate) const SMALL: &str = r"apiVersion: berth/v1
kind: Cluster
metadata:
  name: small
spec:
  provider: gke
  zone: us-central1-a
  nodePools:
    - name: cpu-pool
      machineType: e2-standard-4
      nodes: {min: 1, max: 1}
    - name: t4-pool
      gpu: {type: t4, count: 1, sharing: {shares: 4}}
      capacity: spot
      nodes: {min: 1, max: 2}
";

/// The file's name in a sandbox.
pub(crate) const FILE: &str = "small.yaml";

/// The small cluster's file in a box.
pub(crate) fn small(sandbox: &Sandbox) {
    sandbox.write(FILE, SMALL);
}

/// The same on EKS.
pub(crate) const SMALL_EKS: &str = r"apiVersion: berth/v1
kind: Cluster
metadata:
  name: small
spec:
  provider: eks
  region: us-east-1
  nodePools:
    - name: cpu-pool
      machineType: m5.xlarge
      nodes: {min: 1, max: 2}
    - name: t4-pool
      machineType: g4dn.xlarge
      gpu: {type: t4, count: 1, sharing: {shares: 4}}
      capacity: spot
      nodes: {min: 1, max: 2}
";

/// The small cluster's file for EKS in a box.
pub(crate) fn small_eks(sandbox: &Sandbox) {
    sandbox.write(FILE, SMALL_EKS);
}
