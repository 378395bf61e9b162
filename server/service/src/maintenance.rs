//! Background work: writes gathered uses of keys, records refused ones, removes what is past its
//! time, lets tickets expire, tells what ends soon, folds the figures of the directory, signs
//! checkpoints of the audit trail, notices new token keys.

use std::time::Duration;

use chrono::TimeDelta;

use crate::{
    Services,
    core::Core,
    fault::Fault,
    jobs::JobKind,
    store::{
        idempotency, keys, policy, principals, reveals, saml, sessions, sign_in_failures,
        token_keys,
    },
};

/// How often new kinds of refused keys are recorded.
const TURN: Duration = Duration::from_secs(1);
/// Every how many turns uses of keys are written.
const FLUSH: u32 = 5;
/// Every how many turns sums are recorded, what is past its time is removed, and a checkpoint is
/// signed.
const MINUTE: u32 = 60;

impl Services {
    /// Works in the background until dropped; call [`Services::close`] afterwards. A step that
    /// fails is logged and tried again at its next turn.
    pub async fn run_maintenance(&self) {
        let core = &*self.core;
        let mut turns = tokio::time::interval(TURN);
        let mut turn = 0_u32;
        loop {
            turns.tick().await;
            let minute_is_over = turn.is_multiple_of(MINUTE);
            core.work(JobKind::RefusedKeys, core.record_refusals(minute_is_over))
                .await;
            core.work(JobKind::TokenKeys, core.reload_token_keys())
                .await;
            if turn.is_multiple_of(FLUSH) {
                core.work(JobKind::KeyUses, core.usage.flush(&core.db))
                    .await;
            }
            if minute_is_over {
                let purged = async {
                    core.purge().await?;
                    core.purge_notices().await
                };
                core.work(JobKind::CleanUp, purged).await;
                core.work(JobKind::Tickets, core.tend_tickets()).await;
                core.work(JobKind::Notices, core.tell_ends()).await;
                core.work(JobKind::Figures, keys::directory::fold_tally(&core.db))
                    .await;
                core.work(JobKind::Checkpoint, core.sign_checkpoint()).await;
            }
            turn = turn.wrapping_add(1);
        }
    }

    /// Does all of the background work at once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn maintain_once(&self) -> Result<(), domain::error::Error> {
        let core = &*self.core;
        core.record_refusals(true).await?;
        core.usage.flush(&core.db).await?;
        core.purge().await?;
        core.purge_notices().await?;
        core.tend_tickets().await?;
        core.tell_ends().await?;
        keys::directory::fold_tally(&core.db).await?;
        core.sign_checkpoint().await?;
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
        saml::purge(conn, now).await?;
        token_keys::purge(conn, now).await?;
        idempotency::purge(conn, now - idempotency::KEPT).await?;
        keys::bury_retired(conn, now).await?;
        let tombstone_time = policy::get(conn).await?.tombstone_time();
        keys::purge(conn, now - tombstone_time).await?;
        principals::purge(conn).await?;
        tx.commit_unrecorded().await
    }
}
