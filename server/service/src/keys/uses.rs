//! How often a key was used, hour by hour.

use chrono::{DurationRound, TimeDelta};
use domain::{Instant, error::Error, key::Tag};

use super::Keys;
use crate::{Actor, fault::Fault, store::keys as store};

/// The longest stretch that is looked at, in hours: 30 days.
pub const MAX_HOURS: u32 = 24 * 30;

impl Keys {
    /// The uses of a key in the last `hours` hours (at most [`MAX_HOURS`]), the present one last;
    /// hours without any are there with 0. What was used within the last seconds is not yet
    /// counted.
    ///
    /// # Errors
    /// As [`Keys::get`].
    pub async fn uses(
        &self,
        actor: &Actor,
        tag: &Tag,
        hours: u32,
    ) -> Result<Vec<(Instant, u64)>, Error> {
        let key = self.get(actor, tag).await?;
        let now = self.core.clock.now();
        let hours = i64::from(hours.min(MAX_HOURS));
        let last = now
            .duration_trunc(TimeDelta::hours(1))
            .map_err(|_| Fault::Broken("an hour that cannot be told"))?;
        let first = last - TimeDelta::hours(hours - 1);
        let mut reader = self.core.db.reader().await?;
        let counted = store::uses_since(&mut reader.conn(), &key.tag, first).await?;
        let of = |hour: Instant| {
            let found = counted.iter().find(|(at, _)| *at == hour);
            found.map_or(0, |(_, uses)| *uses)
        };
        let hours = (0..hours).map(|place| first + TimeDelta::hours(place));
        Ok(hours.map(|hour| (hour, of(hour))).collect())
    }
}
