//! Google's Cloud Billing Catalog: every SKU of a service with its price, page by page.

mod prices;
mod route;
mod skus;

pub(crate) use route::{METHODS, answer, method};
