//! How many keys a stricter maximum of the validity would concern.

use chrono::TimeDelta;
use domain::{
    directory::{Count, MAX_COUNT},
    error::Error,
    operation::Operation,
};

use super::Keys;
use crate::{Actor, store::keys as store};

impl Keys {
    /// How many current keys end later than each of these numbers of days from now: counted up to
    /// [`MAX_COUNT`]. For whoever sees the policy: it names no key.
    ///
    /// # Errors
    /// No permission.
    pub async fn ending_after(&self, actor: &Actor, days: &[u32]) -> Result<Vec<Count>, Error> {
        actor.may(Operation::ViewPolicy)?;
        let now = self.core.clock.now();
        let mut reader = self.core.db.reader().await?;
        let mut counts = Vec::new();
        for days in days {
            let end = now.checked_add_signed(TimeDelta::days((*days).into()));
            let found = match end {
                Some(end) => store::ending_after(&mut reader.conn(), end, MAX_COUNT + 1).await?,
                None => 0,
            };
            counts.push(if found > MAX_COUNT {
                Count::MoreThan(MAX_COUNT)
            } else {
                Count::Exactly(found)
            });
        }
        Ok(counts)
    }
}
