//! What Bottlerocket's image wants to be told when a machine starts.
//!
//! Its image for NVIDIA GPUs runs the device plugin by itself and takes how GPUs are shared from its own settings.
//! Source: Bottlerocket's documentation of `settings.kubelet-device-plugins`, version 1.54.

use crate::spec::{PoolSpec, Sharing};

/// Its volume for images, containers and logs; the system stands on another one, which nobody fills.
pub const DATA_DEVICE: &str = "/dev/xvdb";

/// The settings that share the GPUs of a pool's nodes, as TOML; `None` where whole GPUs are offered, which is what it does untold.
///
/// Requests for more than one share fail, as with the device plugin berth installs; under MPS the plugin refuses them by itself.
pub fn user_data(pool: &PoolSpec) -> Option<String> {
    const ROOM: &str = "settings.kubelet-device-plugins.nvidia";
    let (strategy, shares, more) = match pool.gpu.as_ref()?.sharing {
        Sharing::Exclusive => return None,
        Sharing::TimeSlicing(shares) => ("time-slicing", shares, "fail-requests-greater-than-one = true\n"),
        Sharing::Mps(shares) => ("mps", shares, ""),
    };
    Some(format!(
        "[{ROOM}]\ndevice-sharing-strategy = \"{strategy}\"\n\n[{ROOM}.{strategy}]\nreplicas = {shares}\nrename-by-default = false\n{more}"
    ))
}
