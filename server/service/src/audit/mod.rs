//! The audit trail: recording, reading, checking, checkpoints and export.

mod check;
mod checkpoint;
mod export;
mod list;
mod record;

pub use self::{
    check::{Finding, Report, Trouble},
    checkpoint::CHECKPOINT_FILE,
    export::ExportedRecord,
    list::{RECORD_FIELDS, Record, RecordField, RecordQuery},
};
pub(crate) use self::{checkpoint::Checkpoints, record::Who};
