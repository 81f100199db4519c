//! The simulated AWS, as far as making clusters and taking them away needs it: EKS, EC2, IAM, STS, Auto Scaling, Service
//! Quotas, both versions of Elastic Load Balancing, CloudWatch Logs, the Price List, Resource Groups Tagging.
//!
//! What workloads cause on AWS is made by what runs in the control plane or on nodes: load balancers of Services, volumes
//! of claims, interfaces of the CNI, log groups. They stay behind when their maker goes first, as they do in reality.

mod answer;
mod apply;
mod autoscaling;
mod call;
mod disks;
mod ec2;
mod eks;
mod elb;
mod failure;
pub(crate) mod finalizers;
mod iam;
mod leftovers;
mod logs;
mod nodes;
mod places;
mod pricing;
mod query;
mod quotas;
mod schema;
mod serve;
mod state;
mod sts;
mod tagging;
mod token;
mod types;
mod xml;

pub(crate) use call::{Call, Service, is_aws, methods, only_reads};
pub(crate) use ec2::kind_of as ec2_kind_of;
pub(crate) use failure::Failure;
pub(crate) use leftovers::leftovers;
pub use places::{ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY};
pub(crate) use places::{ACCOUNT, caller_arn};
pub(crate) use state::{Aws, Cluster as EksCluster, Happening, Shortage};
pub(crate) use token::authenticate;

#[cfg(test)]
mod tests;
