//! The audit trail: recording, reading, checking, checkpoints and exports.

mod check;
mod checkpoint;
mod export;
mod list;
mod record;
mod signed;
mod trail;

pub use self::{
    check::{Finding, Report, Trouble},
    checkpoint::CHECKPOINT_FILE,
    export::ExportedRecord,
    list::{RECORD_FIELDS, Record, RecordField, RecordQuery},
    signed::{ExportSeal, ExportSum, Unproven},
    trail::{MAX_COUNTED, TrailExport, TrailFilter, TrailItem, TrailPage, What},
};
pub(crate) use self::{checkpoint::Checkpoints, record::Who};
