//! What the clouds sell: GPUs, machine types, regions and zones, from the fact sheets.
