//! Tickets that have waited for too long, and those that are kept no more.

use chrono::TimeDelta;
use domain::{
    audit::{Action, Event},
    principal::UserId,
    ticket::{Happening, Move, Mover, TicketId, TicketState, next},
};
use serde_json::json;

use crate::{
    Actor,
    core::Core,
    fault::Fault,
    store::{Tx, approval, tickets as store},
};

impl Core {
    /// Closes tickets that have waited for too long, each with its record, and removes those that
    /// were closed long ago; their records stay.
    pub(crate) async fn tend_tickets(&self) -> Result<(), Fault> {
        let now = self.clock.now();
        let overdue = {
            let mut reader = self.db.reader().await?;
            store::overdue(&mut reader.conn(), now).await?
        };
        for id in overdue {
            let mut tx = self.db.begin().await?;
            self.expire_in(&mut tx, id).await?;
            tx.commit_unrecorded().await?;
        }
        let mut tx = self.db.begin().await?;
        let conn = &mut tx.conn();
        let kept = approval::get(conn).await?.purge_days;
        store::purge(conn, now - TimeDelta::days(kept.into())).await?;
        tx.commit_unrecorded().await
    }

    /// Closes a ticket that has waited for too long, with its record, within a transaction. What
    /// was closed meanwhile stays as it is.
    pub(crate) async fn expire_in(&self, tx: &mut Tx, id: TicketId) -> Result<(), Fault> {
        let now = self.clock.now();
        let conn = &mut tx.conn();
        let Some((stored, end)) = store::lock_state(conn, id).await? else {
            return Ok(());
        };
        if now < end {
            return Ok(());
        }
        let Ok(state) = next(stored, Move::Expire, Mover::House) else {
            return Ok(());
        };
        self.close_in(
            tx,
            &Actor::job(),
            id,
            state,
            Move::Expire,
            Action::TicketExpired,
        )
        .await
    }

    /// The requests of somebody that wait, kept as they are until the transaction ends.
    pub(crate) async fn lock_tickets_of(
        &self,
        tx: &mut Tx,
        requester: UserId,
    ) -> Result<Vec<TicketId>, Fault> {
        let conn = &mut tx.conn();
        let mut waiting = Vec::new();
        for id in store::waiting_of(conn, requester).await? {
            let state = store::lock_state(conn, id).await?;
            if state.is_some_and(|(state, _)| state.waits()) {
                waiting.push(id);
            }
        }
        Ok(waiting)
    }

    /// Withdraws requests of somebody who is disabled or removed (M12), with their records, as the
    /// last but one step of a transaction.
    pub(crate) async fn withdraw_tickets(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        waiting: Vec<TicketId>,
    ) -> Result<(), Fault> {
        for id in waiting {
            let (state, by) = (TicketState::Canceled, Move::Cancel);
            self.close_in(tx, actor, id, state, by, Action::TicketCanceled)
                .await?;
        }
        Ok(())
    }

    async fn close_in(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        id: TicketId,
        state: TicketState,
        by: Move,
        action: Action,
    ) -> Result<(), Fault> {
        let now = self.clock.now();
        let conn = &mut tx.conn();
        store::close(conn, id, state, now).await?;
        store::note(conn, id, &actor.identity, Happening::Moved(by), "", now).await?;
        let event = Event::done(action, id.to_string()).after(json!({ "state": state.as_str() }));
        self.append(tx, actor.into(), &event).await
    }
}
