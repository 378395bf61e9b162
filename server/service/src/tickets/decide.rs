//! Approving, rejecting, withdrawing, renewing, and saying something about it.

use chrono::TimeDelta;
use domain::{
    audit::{Action, Event},
    error::{Conflict, Error, FieldError, Problem, Refusal},
    operation::{Operation, decide},
    permission::Whose,
    ticket::{Happening, Move, Mover, Proposal, Ticket, TicketId, check_comment, four_eyes, next},
};
use serde_json::{Value, json};

use super::{Tickets, execute::Run, is_requester, people::person, sees, told::audited};
use crate::{
    Actor, Via,
    fault::Fault,
    roles,
    store::{Conn, Tx, approval, sessions, tickets as store, users},
};

impl Tickets {
    /// Approves somebody else's request. What runs by its approval is carried out at once.
    ///
    /// # Errors
    /// No permission; [`Refusal::OwnTicket`] and [`Refusal::UnknownPerson`];
    /// [`Refusal::NotWithAKey`]; a state that does not allow it; [`Conflict::RequesterGone`]; and
    /// what [`Tickets::execute`] says when it is carried out.
    pub async fn approve(
        &self,
        actor: &Actor,
        id: TicketId,
        comment: &str,
    ) -> Result<Ticket, Error> {
        self.decide(actor, id, Move::Approve, comment).await
    }

    /// Rejects somebody else's request.
    ///
    /// # Errors
    /// As [`Tickets::approve`]; `comment` is needed.
    pub async fn reject(
        &self,
        actor: &Actor,
        id: TicketId,
        comment: &str,
    ) -> Result<Ticket, Error> {
        self.decide(actor, id, Move::Reject, comment).await
    }

    pub(super) async fn decide(
        &self,
        actor: &Actor,
        id: TicketId,
        by: Move,
        comment: &str,
    ) -> Result<Ticket, Error> {
        let result = self.try_decide(actor, id, by, comment).await;
        self.core
            .recording_refusal(actor, result, action(by), &id.to_string())
            .await?;
        self.get(actor, id).await
    }

    async fn try_decide(
        &self,
        actor: &Actor,
        id: TicketId,
        by: Move,
        comment: &str,
    ) -> Result<(), Fault> {
        actor.may(Operation::DecideTicket)?;
        let comment = said(by, comment)?;
        let core = &*self.core;
        let now = core.clock.now();
        let mut tx = core.db.begin().await?;
        let conn = &mut tx.conn();
        let row = store::lock(conn, id).await?.ok_or(Error::NotFound)?;
        let ticket = row.into_ticket(now)?;
        still_decides(conn, actor).await?;
        let who = if is_requester(actor, &ticket) {
            Mover::Requester
        } else {
            Mover::Approver
        };
        let state = next(ticket.state, by, who)?;
        let requester = person(conn, ticket.requester.id).await?;
        if by == Move::Approve && requester.is_none() {
            return Err(Error::Conflict(Conflict::RequesterGone).into());
        }
        // Whoever is gone cannot be compared, and a rejection gives nobody anything.
        if requester.is_some() || by == Move::Approve {
            let decider = person(conn, actor.identity.id).await?;
            four_eyes(requester.as_ref(), decider.as_ref()).map_err(Error::Refused)?;
        }
        store::decide(conn, id, state, actor.identity.id, now).await?;
        let happened = Happening::Moved(by);
        store::note(conn, id, &actor.identity, happened, &comment, now).await?;
        let event = Event::done(action(by), id.to_string()).after(with(&ticket, &comment));
        if by == Move::Approve && !ticket.by_hand {
            let run = self.run_approved(&mut tx, actor, &ticket, now).await?;
            core.append(&mut tx, actor.into(), &event).await?;
            return self.commit_run(tx, &ticket, run).await;
        }
        core.commit(tx, actor, &event).await
    }

    /// Withdraws one's own request.
    ///
    /// # Errors
    /// [`Error::NotFound`] and [`Error::NotPermitted`] for others'; a state that does not allow it;
    /// [`Refusal::NotWithAKey`].
    pub async fn cancel(
        &self,
        actor: &Actor,
        id: TicketId,
        comment: &str,
    ) -> Result<Ticket, Error> {
        let result = self.try_cancel(actor, id, comment).await;
        self.core
            .recording_refusal(actor, result, Action::TicketCanceled, &id.to_string())
            .await?;
        self.get(actor, id).await
    }

    async fn try_cancel(&self, actor: &Actor, id: TicketId, comment: &str) -> Result<(), Fault> {
        let comment = check_comment(comment)?;
        let now = self.core.clock.now();
        let mut tx = self.core.db.begin().await?;
        let conn = &mut tx.conn();
        let ticket = own(conn, actor, id, now).await?;
        let state = next(ticket.state, Move::Cancel, mover(actor, &ticket))?;
        store::close(conn, id, state, now).await?;
        let happened = Happening::Moved(Move::Cancel);
        store::note(conn, id, &actor.identity, happened, &comment, now).await?;
        let event =
            Event::done(Action::TicketCanceled, id.to_string()).after(with(&ticket, &comment));
        self.core.commit(tx, actor, &event).await
    }

    /// Asks again for what has expired: the same, for a decision anew.
    ///
    /// # Errors
    /// As [`Tickets::cancel`]; [`Conflict::TicketWaits`] when something else is asked for meanwhile.
    pub async fn renew(&self, actor: &Actor, id: TicketId, comment: &str) -> Result<Ticket, Error> {
        let result = self.try_renew(actor, id, comment).await;
        self.core
            .recording_refusal(actor, result, Action::TicketRenewed, &id.to_string())
            .await?;
        self.get(actor, id).await
    }

    async fn try_renew(&self, actor: &Actor, id: TicketId, comment: &str) -> Result<(), Fault> {
        let comment = check_comment(comment)?;
        let core = &*self.core;
        let now = core.clock.now();
        let mut tx = core.db.begin().await?;
        let found = store::by_id(&mut tx.conn(), id).await?;
        let found = found.ok_or(Error::NotFound)?.into_ticket(now)?;
        sees(actor, &found)?;
        next(found.state, Move::Renew, mover(actor, &found))?;
        // What is asked for, before the ticket: as the choke point does it.
        let settings = match &found.proposal {
            Proposal::Key(key) => {
                users::lock_alone(&mut tx.conn(), key.owner.id).await?;
                approval::get(&mut tx.conn()).await?
            }
            Proposal::Settings(_) => approval::lock(&mut tx.conn()).await?,
        };
        let ticket = own(&mut tx.conn(), actor, id, now).await?;
        next(ticket.state, Move::Renew, mover(actor, &ticket))?;
        let subject = ticket.proposal.subject();
        match store::waiting(&mut tx.conn(), &subject).await? {
            // It may have expired unseen, and then stands in its own way.
            Some((other, _)) if other != id => {
                core.refuse_beside(&mut tx.conn(), &subject).await?;
                core.expire_in(&mut tx, other).await?;
            }
            _ => {}
        }
        let conn = &mut tx.conn();
        let by_hand = match &ticket.proposal {
            Proposal::Key(key) => settings.is_executed_by_hand(key.action),
            Proposal::Settings(_) => true,
        };
        let until = now + TimeDelta::hours(settings.expiry_hours.into());
        if !store::renew(conn, id, by_hand, now, until).await? {
            return Err(Error::Conflict(Conflict::Stale).into());
        }
        let happened = Happening::Moved(Move::Renew);
        store::note(conn, id, &actor.identity, happened, &comment, now).await?;
        let event =
            Event::done(Action::TicketRenewed, id.to_string()).after(with(&ticket, &comment));
        core.commit(tx, actor, &event).await
    }

    /// Says something about a ticket that one sees.
    ///
    /// # Errors
    /// [`Error::NotFound`]; `comment` is wrong or missing; [`Refusal::NotWithAKey`].
    pub async fn comment(
        &self,
        actor: &Actor,
        id: TicketId,
        comment: &str,
    ) -> Result<Ticket, Error> {
        let result = self.try_comment(actor, id, comment).await;
        self.core
            .recording_refusal(actor, result, Action::TicketCommented, &id.to_string())
            .await?;
        self.get(actor, id).await
    }

    async fn try_comment(&self, actor: &Actor, id: TicketId, comment: &str) -> Result<(), Fault> {
        let comment = check_comment(comment)?;
        if comment.is_empty() {
            return Err(FieldError::new("comment", Problem::Required).into());
        }
        let now = self.core.clock.now();
        let mut tx = self.core.db.begin().await?;
        let conn = &mut tx.conn();
        let ticket = own(conn, actor, id, now).await?;
        let happened = Happening::Commented;
        store::note(conn, id, &actor.identity, happened, &comment, now).await?;
        let event =
            Event::done(Action::TicketCommented, id.to_string()).after(with(&ticket, &comment));
        self.core.commit(tx, actor, &event).await
    }

    /// Commits an approval that ran, with the record of what it did and of the ticket.
    async fn commit_run(&self, mut tx: Tx, ticket: &Ticket, run: Run) -> Result<(), Fault> {
        let core = &*self.core;
        core.append(&mut tx, (&run.actor).into(), &run.event)
            .await?;
        let executed = Event::done(Action::TicketExecuted, ticket.id.to_string())
            .after(audited(&ticket.proposal));
        core.commit(tx, &run.actor, &executed).await
    }
}

/// What is said about a decision, checked.
pub(super) fn said(by: Move, comment: &str) -> Result<String, FieldError> {
    let comment = check_comment(comment)?;
    if by == Move::Reject && comment.is_empty() {
        return Err(FieldError::new("comment", Problem::Required));
    }
    Ok(comment)
}

/// What the trail calls a move.
pub(super) const fn action(by: Move) -> Action {
    match by {
        Move::Approve => Action::TicketApproved,
        Move::Reject => Action::TicketRejected,
        Move::Cancel => Action::TicketCanceled,
        Move::Execute => Action::TicketExecuted,
        Move::Expire => Action::TicketExpired,
        Move::Renew => Action::TicketRenewed,
    }
}

fn with(ticket: &Ticket, comment: &str) -> Value {
    json!({
        "action": ticket.proposal.action().as_str(),
        "digest": ticket.digest,
        "requester": ticket.requester.to_string(),
        "comment": comment,
    })
}

fn mover(actor: &Actor, ticket: &Ticket) -> Mover {
    if is_requester(actor, ticket) {
        Mover::Requester
    } else {
        Mover::Other
    }
}

/// A ticket that somebody sees and takes part in, locked. It takes a person: no key does.
async fn own(
    conn: &mut Conn<'_>,
    actor: &Actor,
    id: TicketId,
    now: domain::Instant,
) -> Result<Ticket, Fault> {
    actor.settled()?;
    let row = store::lock(conn, id).await?.ok_or(Error::NotFound)?;
    let ticket = row.into_ticket(now)?;
    sees(actor, &ticket)?;
    match actor.via {
        Via::Session(_) | Via::Token(_) => Ok(ticket),
        Via::Key(_) | Via::KeyToken(..) => Err(Error::Refused(Refusal::NotWithAKey).into()),
        Via::Console | Via::Job | Via::Ticket(_) => {
            Err(Error::Refused(Refusal::UnknownPerson).into())
        }
    }
}

/// Whether somebody still is who they were when the request came, and still may decide (M1, M3).
async fn still_decides(conn: &mut Conn<'_>, actor: &Actor) -> Result<(), Fault> {
    let (Via::Session(session) | Via::Token(session)) = &actor.via else {
        return Err(Error::Refused(Refusal::UnknownPerson).into());
    };
    if !sessions::is_of(conn, session, actor.identity.id).await? {
        return Err(Error::Unauthenticated.into());
    }
    let rights = roles::held_by(conn, actor.identity.id).await?.rights;
    let means = actor.via.means();
    Ok(decide(
        Operation::DecideTicket,
        Whose::Others,
        rights,
        means,
    )?)
}
