//! The simulated AWS: EKS, EC2, IAM, STS, Auto Scaling and Service Quotas, as far as making clusters needs them.

mod answer;
mod apply;
mod autoscaling;
mod call;
mod ec2;
mod eks;
mod failure;
mod iam;
mod nodes;
mod places;
mod query;
mod quotas;
mod schema;
mod serve;
mod state;
mod sts;
mod token;
mod types;
mod xml;

pub(crate) use call::{is_aws, methods};
pub(crate) use places::{ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY};
pub(crate) use state::{Aws, Happening, Shortage};
pub(crate) use token::authenticate;

#[cfg(test)]
mod tests;
