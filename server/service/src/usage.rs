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

/// Uses that are not written yet, or only just.
#[derive(Debug, Default)]
pub(crate) struct Usage(Mutex<HashMap<Tag, Gathered>>);

#[derive(Debug, Clone)]
struct Gathered {
    last: LastUse,
    /// How many are not written yet.
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

    /// Writes what is gathered. What could not be written is tried again.
    pub(crate) async fn flush(&self, db: &Db) -> Result<(), Fault> {
        let gathered = self.unwritten();
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
        tx.commit_unrecorded().await?;
        self.note_written(&all);
        Ok(())
    }

    /// What is to be written. Forgets what the last call led to be written: not before, or a key
    /// that was read just before it was written would seem not to have been used.
    fn unwritten(&self) -> HashMap<Tag, Gathered> {
        let mut gathered = self.lock();
        gathered.retain(|_, entry| entry.uses > 0);
        gathered.clone()
    }

    fn note_written(&self, written: &[(Tag, Gathered)]) {
        let mut gathered = self.lock();
        for (tag, Gathered { uses, .. }) in written {
            if let Some(entry) = gathered.get_mut(tag) {
                entry.uses -= uses;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_is_known_until_well_after_it_was_written_and_written_once() {
        let (usage, tag) = (Usage::default(), Tag::parse("lky_AAECAwQ=").unwrap());
        let noted = || usage.lock().get(&tag).map(|entry| entry.uses);
        let written = |batch: HashMap<Tag, Gathered>| {
            usage.note_written(&batch.into_iter().collect::<Vec<_>>());
        };
        let at = "2026-11-22T16:35:00Z".parse().unwrap();
        usage.note(&tag, at, "192.0.2.1");
        let first = usage.unwritten();
        usage.note(&tag, at, "192.0.2.1");
        written(first);
        assert_eq!(noted(), Some(1));
        written(usage.unwritten());
        assert_eq!(noted(), Some(0));
        assert!(usage.unwritten().is_empty());
        assert_eq!(noted(), None);
    }
}
