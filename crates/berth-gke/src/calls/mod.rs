//! One file per verb.

mod await_operation;
mod change_cluster;
mod change_pool;
mod create_cluster;
mod create_pool;
mod delete_cluster;
mod delete_leftover;
mod delete_pool;
mod leave_reminder;
mod under_way;

pub(crate) use await_operation::await_operation;
pub(crate) use change_cluster::change_cluster;
pub(crate) use change_pool::change_pool;
pub(crate) use create_cluster::create_cluster;
pub(crate) use create_pool::create_pool;
pub(crate) use delete_cluster::delete_cluster;
pub(crate) use delete_leftover::{delete_leftover, poll_leftover};
pub(crate) use delete_pool::delete_pool;
pub(crate) use leave_reminder::{leave_reminder, poll_reminder};
