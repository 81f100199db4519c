//! `berth schema`: the JSON Schema of spec files.

use clap::Args;

use crate::failure::{Exit, Failure};
use crate::ui::Ui;

#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {}

pub(crate) fn run(_args: &SchemaArgs, ui: &Ui) -> Result<Exit, Failure> {
    ui.json(&berth_core::spec::schema());
    Ok(Exit::Done)
}
