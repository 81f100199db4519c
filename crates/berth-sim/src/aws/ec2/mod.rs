//! EC2: networks, security groups, launch templates, machines and what is on offer.

mod cidr;
mod describe;
mod gateways;
mod loose;
mod machines;
mod networks;
mod offers;
mod parts;
mod routes;
mod security;
mod serve;
mod spot_price;
mod tags;
mod templates;

pub(crate) use gateways::{nat_gone, nat_up};
pub(crate) use machines::{attach_cni_interface, disk_of, end_instance, leave_interface, make_instance};
pub(crate) use parts::{drop_cluster_parts, drop_group_parts, make_cluster_parts, make_template_for_group};
pub(crate) use routes::{WayOut, has_names, way_out};
pub(crate) use security::{let_in, make_group, shut_out};
pub(crate) use serve::{make, serve};
pub(crate) use tags::kind_of;
pub(crate) use templates::{of_group as template_of, template_data, template_lets_in, template_named, types_of};
