//! The audit trail: recording, checking, checkpoints and export.

mod check;
mod checkpoint;
mod export;
mod record;

pub use self::{
    check::{Finding, Report, Trouble},
    checkpoint::CHECKPOINT_FILE,
    export::ExportedRecord,
};
pub(crate) use self::{checkpoint::Checkpoints, record::Who};
