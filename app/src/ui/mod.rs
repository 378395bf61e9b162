//! Components that call no server. Each says what it does without JavaScript.

pub mod button;
pub mod changes;
pub mod checkbox;
pub mod chip;
pub mod copy;
pub mod dialog;
pub mod facts;
pub mod field;
pub mod header;
pub mod heading;
pub mod icon;
pub mod notice;
pub mod radio;
pub mod table;
pub mod time;
pub mod whole;
pub mod words;

pub use self::{
    button::Submit,
    changes::{Change, Changes},
    checkbox::Checkbox,
    chip::StateChip,
    copy::CopyButton,
    dialog::modal,
    facts::{Fact, Facts},
    field::{FieldError, Kind, TextField},
    header::Header,
    heading::Heading,
    icon::{Icon, Mark, Shape},
    notice::{Notice, Tone},
    radio::Radio,
    table::{Column, Pager, Table, address, escape},
    time::Time,
    whole::IntoWhole,
};
