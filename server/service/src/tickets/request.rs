//! Making a ticket.

use chrono::TimeDelta;
use domain::{
    approval::Settings,
    audit::{Action, Event},
    error::{Conflict, Error},
    principal::UserId,
    ticket::{Happening, Proposal, TicketId, check_comment},
};

use super::told::audited;
use crate::{
    Actor,
    core::Core,
    fault::Fault,
    store::{
        Tx,
        tickets::{self as store, NewTicket},
    },
};

impl Core {
    /// Makes a ticket, and says how it is to be recorded.
    pub(crate) async fn new_ticket(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        requester: UserId,
        proposal: &Proposal,
        by_hand: bool,
        settings: &Settings,
    ) -> Result<(TicketId, Event), Fault> {
        let now = self.clock.now();
        // One that has waited for too long makes room. Nothing that others hold is locked after
        // this, so the chain's head can be.
        let overdue = store::waiting(&mut tx.conn(), &proposal.subject()).await?;
        if let Some((overdue, _)) = overdue {
            self.expire_in(tx, overdue).await?;
        }
        let conn = &mut tx.conn();
        let ticket = NewTicket {
            proposal,
            requester,
            by_hand,
            now,
            expires_at: now + TimeDelta::hours(settings.expiry_hours.into()),
        };
        let Some(id) = store::insert(conn, ticket).await? else {
            // Another was faster. Settings have no owner whose lock they would have met at.
            let waiting = store::waiting(conn, &proposal.subject()).await?;
            return Err(Error::Conflict(match waiting {
                Some((other, _)) => Conflict::TicketWaits(other),
                None => Conflict::Stale,
            })
            .into());
        };
        // The reason that a client gives is for the approver as well.
        let reason = actor.origin.reason.as_deref().unwrap_or_default();
        let reason = check_comment(reason).unwrap_or_default();
        let happened = Happening::Requested;
        store::note(conn, id, &actor.identity, happened, &reason, now).await?;
        let event = Event::done(Action::TicketRequested, id.to_string()).after(audited(proposal));
        Ok((id, event))
    }
}
