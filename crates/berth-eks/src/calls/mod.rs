//! One file per verb.

mod allocate_address;
mod create_gateway;
mod create_nat;
mod create_role;
mod create_route_table;
mod create_subnet;
mod create_template;
mod create_vpc;
pub(crate) mod delete_part;
mod making;

pub(crate) use allocate_address::allocate_address;
pub(crate) use create_gateway::create_gateway;
pub(crate) use create_nat::create_nat;
pub(crate) use create_role::create_role;
pub(crate) use create_route_table::create_route_table;
pub(crate) use create_subnet::create_subnet;
pub(crate) use create_template::create_template;
pub(crate) use create_vpc::create_vpc;
pub(crate) use delete_part::delete_part;
