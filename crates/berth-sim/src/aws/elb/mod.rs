//! Elastic Load Balancing: the two APIs, and the load balancers that Services of type LoadBalancer cause.

mod classic;
mod network;
mod parts;
mod services;

pub(crate) use classic::serve as serve_classic;
pub(crate) use network::serve as serve_network;
