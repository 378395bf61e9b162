//! Components that call no server. Each says what it does without JavaScript.

pub mod api_call;
pub mod button;
pub mod changes;
pub mod check_words;
pub mod checkbox;
pub mod chip;
pub mod copy;
pub mod dialog;
pub mod facts;
pub mod field;
pub mod find;
pub mod header;
pub mod heading;
pub mod icon;
pub mod notice;
pub mod pause;
pub mod powers;
pub mod radio;
pub mod select;
pub mod table;
pub mod text_area;
pub mod tick;
pub mod ticket_chip;
pub mod time;
pub mod user_chip;
pub mod whole;
pub mod words;

pub use self::{
    api_call::{ApiCall, call_for_each},
    button::{Submit, row_form, settled_form},
    changes::{Change, Changes, WillChange},
    check_words::{CheckNotice, checked_address},
    checkbox::Checkbox,
    chip::StateChip,
    copy::CopyButton,
    dialog::{closes_to, modal},
    facts::{Fact, Facts},
    field::{FieldError, Kind, TextField},
    find::Find,
    header::Header,
    heading::Heading,
    icon::{Icon, Mark, Shape},
    notice::{Notice, Tone},
    pause::Pause,
    radio::Radio,
    select::{Choices, Select},
    table::{Column, Pager, Table, address, escape},
    text_area::{TextArea, within_area},
    tick::Tick,
    ticket_chip::TicketChip,
    time::{Time, local},
    user_chip::UserChip,
    whole::IntoWhole,
};
