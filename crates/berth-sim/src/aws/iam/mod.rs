//! IAM: roles and their policies, instance profiles, OIDC providers.

mod policies;
mod profiles;
mod providers;
mod roles;
mod serve;

pub(crate) use profiles::instance_profile;
pub(crate) use roles::{RoleProblem, assumable, role_name, unassumable};
pub(crate) use serve::serve;
