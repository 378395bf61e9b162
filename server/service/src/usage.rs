//! Use of keys, gathered in memory and written in batches: verification writes nothing.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::{DurationRound, TimeDelta};
use domain::{
    Instant,
    key::{ApiKey, LastUse, Tag},
};

use crate::{
    fault::Fault,
    store::{Db, keys},
};

/// Uses that are not written yet.
#[derive(Debug, Default)]
pub(crate) struct Usage(Mutex<HashMap<Tag, Gathered>>);

#[derive(Debug)]
struct Gathered {
    last: LastUse,
    uses: i64,
}

impl Usage {
    fn lock(&self) -> MutexGuard<'_, HashMap<Tag, Gathered>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a use.
    pub(crate) fn note(&self, tag: &Tag, at: Instant, address: &str) {
        let last = LastUse {
            at,
            address: address.to_owned(),
        };
        let mut gathered = self.lock();
        match gathered.get_mut(tag) {
            Some(entry) => {
                entry.last = last;
                entry.uses += 1;
            }
            None => {
                gathered.insert(tag.clone(), Gathered { last, uses: 1 });
            }
        }
    }

    /// Brings a key that was read up to date with what is not written yet.
    pub(crate) fn overlay(&self, mut key: ApiKey) -> ApiKey {
        if let Some(entry) = self.lock().get(&key.tag) {
            key.last_used = Some(entry.last.clone());
        }
        key
    }

    /// Writes what is gathered. What cannot be written is lost, and said so in the log: it is
    /// information, not evidence.
    pub(crate) async fn flush(&self, db: &Db) -> Result<(), Fault> {
        let gathered = std::mem::take(&mut *self.lock());
        if gathered.is_empty() {
            return Ok(());
        }
        let mut all: Vec<_> = gathered.into_iter().collect();
        // One order everywhere, so that two servers never wait for each other's rows.
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut tx = db.begin().await?;
        for (tag, Gathered { last, uses }) in &all {
            let hour = last
                .at
                .duration_trunc(TimeDelta::hours(1))
                .unwrap_or(last.at);
            keys::note_use(&mut tx.conn(), tag, last, hour, *uses).await?;
        }
        tx.commit_unrecorded().await
    }
}
