//! The trail as people look through it: the newest first, narrowed, page by page.

use domain::{Instant, error::Error};
use serde::{Deserialize, Serialize};

use super::{ExportSum, ExportedRecord, Record};
use crate::{
    Actor, Services,
    fault::Fault,
    store::audit::{self as store, RecordRow},
};

/// Up to how many records are counted when the trail is narrowed.
pub const MAX_COUNTED: u64 = 1_000;
/// How many records are read at a time for an export.
const BATCH: u32 = 1_000;
/// The most records of a page.
const MAX_PAGE: u32 = 100;

/// Which records. All that is given must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TrailFilter {
    /// The name of who acted, as it was entered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<What>,
    /// On what: a key's tag, a full identity, a role's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// From which address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Only what was refused.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub refused: bool,
    /// Not before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Instant>,
    /// Before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
}

/// What happened, by its stable name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum What {
    /// Any action of a category.
    Category(String),
    /// One action.
    Action(String),
}

/// A page of the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailPage {
    /// The records, the newest first.
    pub items: Vec<TrailItem>,
    /// Whether there are older ones.
    pub more: bool,
    /// How many there are, up to one more than [`MAX_COUNTED`] when the trail is narrowed.
    pub count: u64,
}

/// A record, told and raw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailItem {
    /// As people read it.
    pub record: Record,
    /// Every column, as JSON.
    pub raw: String,
}

/// An export under way: records in batches, the newest first.
pub struct TrailExport {
    services: Services,
    filter: TrailFilter,
    before: Option<i64>,
    done: bool,
}

impl Services {
    /// The records that fit and are older than the one numbered `before`; that they were read is
    /// recorded before.
    ///
    /// # Errors
    /// No permission, or the database fails.
    pub async fn trail(
        &self,
        actor: &Actor,
        filter: &TrailFilter,
        before: Option<i64>,
        limit: u32,
    ) -> Result<TrailPage, Error> {
        self.reading_audit(actor, "a list").await?;
        let limit = limit.clamp(1, MAX_PAGE);
        let mut tx = self.core.db.snapshot().await?;
        let conn = &mut tx.conn();
        let mut rows = store::trail(conn, filter, before, limit + 1).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let count = if *filter == TrailFilter::default() {
            let heads = store::heads(conn).await?;
            let heights = heads.iter().map(|head| u64::try_from(head.height));
            heights.map(Result::unwrap_or_default).sum()
        } else {
            store::trail_count(conn, filter, MAX_COUNTED + 1).await?
        };
        let items = rows.into_iter().map(item);
        Ok(TrailPage {
            items: items.collect::<Result<_, Fault>>()?,
            more,
            count,
        })
    }

    /// Begins an export of the records that fit; that is recorded before.
    ///
    /// # Errors
    /// No permission.
    pub async fn export_trail(
        &self,
        actor: &Actor,
        filter: TrailFilter,
    ) -> Result<TrailExport, Error> {
        self.reading_audit(actor, "export").await?;
        Ok(TrailExport {
            services: self.clone(),
            filter,
            before: None,
            done: false,
        })
    }
}

impl TrailExport {
    /// The sum of what is still to be written, for a signature.
    pub fn sum(&self) -> ExportSum {
        ExportSum::narrowed(self.filter.clone())
    }

    /// The next records. Nothing is held between two batches: what is appended meanwhile is newer
    /// than all that is still to come.
    ///
    /// # Errors
    /// The database fails.
    pub async fn next(&mut self) -> Result<Option<Vec<ExportedRecord>>, Error> {
        if self.done {
            return Ok(None);
        }
        let mut reader = self.services.core.db.reader().await?;
        let rows = store::trail(&mut reader.conn(), &self.filter, self.before, BATCH).await?;
        self.done = rows.len() < BATCH as usize;
        self.before = rows
            .last()
            .map(|row| super::list::number_of(row.chain, row.id));
        Ok(Some(rows.into_iter().map(ExportedRecord::from).collect()))
    }
}

fn item(row: RecordRow) -> Result<TrailItem, Fault> {
    let exported = ExportedRecord::from(row.clone());
    let raw = serde_json::to_string_pretty(&exported);
    let mut record = Record::try_from(row)?;
    for change in &mut record.changes {
        change.old = change.old.take().and_then(listed);
        change.new = change.new.take().and_then(listed);
    }
    Ok(TrailItem {
        raw: raw.map_err(|_| Fault::Broken("a record has no JSON"))?,
        record,
    })
}

/// A list as people write it; an empty one is nothing.
fn listed(text: String) -> Option<String> {
    match serde_json::from_str::<Vec<String>>(&text) {
        Ok(list) => Some(list.join(", ")).filter(|list| !list.is_empty()),
        Err(_) => Some(text),
    }
}
