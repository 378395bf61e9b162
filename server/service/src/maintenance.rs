//! Background work: writes gathered uses of keys, removes what is past its time, signs
//! checkpoints of the audit trail.

use std::time::Duration;

use chrono::TimeDelta;

use crate::{
    Services,
    core::Core,
    fault::Fault,
    store::{keys, reveals, sessions, sign_in_failures},
};

/// How often uses of keys are written.
const FLUSH_EVERY: Duration = Duration::from_secs(5);
/// Every how many flushes what is past its time is removed and a checkpoint signed: once a minute.
const MINUTE: u32 = 12;

impl Services {
    /// Works in the background until dropped; call [`Services::close`] afterwards. A step that
    /// fails is logged and tried again at the next turn.
    pub async fn run_maintenance(&self) {
        let mut turns = tokio::time::interval(FLUSH_EVERY);
        let mut turn = 0_u32;
        loop {
            turns.tick().await;
            if let Err(cause) = self.core.usage.flush(&self.core.db).await {
                tracing::warn!(%cause, "uses of keys were not written");
            }
            if turn.is_multiple_of(MINUTE) {
                if let Err(cause) = self.core.purge().await {
                    tracing::warn!(%cause, "nothing was cleaned up");
                }
                if let Err(cause) = self.core.sign_checkpoint().await {
                    tracing::warn!(%cause, "no checkpoint was signed");
                }
            }
            turn = turn.wrapping_add(1);
        }
    }

    /// Does one turn of the background work at once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn maintain_once(&self) -> Result<(), domain::error::Error> {
        self.core.usage.flush(&self.core.db).await?;
        self.core.purge().await?;
        self.core.sign_checkpoint().await?;
        Ok(())
    }
}

impl Core {
    async fn purge(&self) -> Result<(), Fault> {
        let now = self.clock.now();
        let idle = TimeDelta::from_std(self.limits.session_idle).unwrap_or(TimeDelta::MAX);
        let mut tx = self.db.begin().await?;
        let conn = &mut tx.conn();
        reveals::purge(conn, now).await?;
        sessions::purge(conn, now, now - idle).await?;
        sign_in_failures::purge(conn, now).await?;
        keys::purge(conn, now - self.policy.tombstone_time()).await?;
        tx.commit_unrecorded().await
    }
}
