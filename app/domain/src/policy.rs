//! Limits and defaults that administrators may set.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// The policy in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The longest validity of a key, in days of 24 hours.
    pub max_lifetime_days: u32,
    /// The validity that the form offers first, in days of 24 hours.
    pub default_lifetime_days: u32,
    /// How long a deleted key stays visible, in days of 24 hours.
    pub tombstone_days: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            max_lifetime_days: 365,
            default_lifetime_days: 30,
            tombstone_days: 30,
        }
    }
}

impl Policy {
    /// [`Policy::tombstone_days`] as a duration.
    pub fn tombstone_time(&self) -> TimeDelta {
        TimeDelta::days(self.tombstone_days.into())
    }
}
