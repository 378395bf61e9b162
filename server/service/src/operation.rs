//! The choke point: every change of a key passes here, whatever door it came through.
//!
//! The store's functions that change keys ask for an [`Admission`], and only [`Core::admit`] makes
//! one: a change beside the choke point does not compile. Approval by a second person attaches
//! here and nowhere else: what needs it becomes a ticket, and comes back with that ticket once it
//! is approved and executed.

use domain::{
    Instant,
    approval::{KeyAction, Settings},
    audit::Event,
    error::{Conflict, Error, Refusal},
    expiry::Validity,
    key::ApiKey,
    principal::Identity,
    ticket::{KeyAfter, KeyBefore, KeyProposal, Proposal, TicketId},
};

use crate::{
    Actor, Via,
    core::Core,
    fault::Fault,
    roles,
    store::{Conn, Tx, approval, keys as store, tickets, users},
};

/// A change of a key that somebody wants.
#[derive(Debug)]
pub(crate) struct KeyChange<'a> {
    /// What.
    pub(crate) action: KeyAction,
    /// Whose key it is, or will be.
    pub(crate) owner: &'a Identity,
    /// The key that there is. `None`: a new one is to be made.
    pub(crate) before: Option<&'a ApiKey>,
    /// What the key, or the new one, will be. `None`: there will be none that works.
    pub(crate) after: Option<KeyAfter>,
}

/// A ticket that was approved, while its requester executes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Approved<'a> {
    /// What the approver saw.
    pub(crate) proposal: &'a Proposal,
    /// When it was approved.
    pub(crate) at: Instant,
}

impl Approved<'_> {
    /// From when a validity counts: from the approval, if there was one. An end that a sign-in by
    /// SAML gives counts from that.
    pub(crate) fn counted_from(
        approved: Option<&Self>,
        asked: Option<Validity>,
        now: Instant,
    ) -> Instant {
        approved
            .filter(|_| asked.is_some())
            .map_or(now, |one| one.at)
    }
}

/// Leave to change a key, within the transaction it was given in.
#[derive(Debug)]
pub(crate) struct Admission(());

/// What the choke point says.
#[derive(Debug)]
pub(crate) enum Leave {
    /// It may happen now.
    Granted(Admission),
    /// A ticket was made in the transaction, which is to be committed with this event.
    Asked(Waiting, Event),
}

/// How far an operation came within a transaction that somebody else commits.
#[derive(Debug)]
pub(crate) enum Step<T> {
    /// It was carried out, and is recorded so.
    Done(T, Event),
    /// There was nothing to do, and nothing is recorded.
    Unchanged(T),
    /// A ticket was made, and is recorded so.
    Asked(Waiting, Event),
}

/// A ticket that was made instead of carrying an operation out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Its number.
    pub ticket: TicketId,
    /// Whether the requester has to execute it after its approval.
    pub by_hand: bool,
}

/// How an operation ended.
#[derive(Debug)]
pub enum Outcome<T> {
    /// It was carried out.
    Done(T),
    /// It waits for the approval of a second person.
    Waits(Waiting),
}

impl<T> Outcome<T> {
    /// The result, where nobody can wait for approval.
    ///
    /// # Errors
    /// [`Refusal::NeedsApproval`].
    pub fn at_once(self) -> Result<T, Error> {
        match self {
            Self::Done(result) => Ok(result),
            Self::Waits(_) => Err(Error::Refused(Refusal::NeedsApproval)),
        }
    }

    /// With the result turned into something else.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Self::Done(result) => Outcome::Done(f(result)),
            Self::Waits(waiting) => Outcome::Waits(waiting),
        }
    }
}

impl Core {
    /// Commits a step, with its record if it has one.
    pub(crate) async fn finish<T>(
        &self,
        tx: Tx,
        actor: &Actor,
        step: Step<T>,
    ) -> Result<Outcome<T>, Fault> {
        Ok(match step {
            Step::Done(result, event) => {
                self.commit(tx, actor, &event).await?;
                Outcome::Done(result)
            }
            Step::Unchanged(result) => Outcome::Done(result),
            Step::Asked(waiting, event) => {
                self.commit(tx, actor, &event).await?;
                Outcome::Waits(waiting)
            }
        })
    }

    /// Decides whether a change that the rules allow happens now: not when the key that asks for it
    /// has ended since the request was authenticated, when a ticket waits about the same thing, or
    /// when it needs approval. In that case the ticket is made. With an approved ticket it happens
    /// if it is exactly what was approved.
    pub(crate) async fn admit(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        change: KeyChange<'_>,
        approved: Option<&Approved<'_>>,
    ) -> Result<Leave, Fault> {
        let subject = change.subject();
        let gate = approval::gate(&mut tx.conn(), &subject).await?;
        let guarded = gate || approved.is_some();
        if guarded {
            // Whatever else concerns the owner's key waits, or is waited for. The owner first, as
            // whoever disables them does it.
            users::lock_alone(&mut tx.conn(), change.owner.id).await?;
        }
        if let Via::Key(tag) | Via::KeyToken(tag, _) = &actor.via {
            let conn = &mut tx.conn();
            // Whoever is about to end that key waits, or is waited for.
            store::lock(conn, tag).await?;
            if !self.authenticates(conn, tag).await? {
                return Err(Error::Unauthenticated.into());
            }
        }
        let granted = Ok(Leave::Granted(Admission(())));
        if !guarded {
            return granted;
        }
        if let Some(approved) = approved {
            let now = change.proposal(&mut tx.conn()).await?;
            return match approved.proposal.drift(&now) {
                Some(drift) => Err(Error::Conflict(Conflict::Drifted(drift)).into()),
                None => granted,
            };
        }
        self.refuse_beside(&mut tx.conn(), &subject).await?;
        let settings = approval::get(&mut tx.conn()).await?;
        if !settings.asks_approval(change.action, actor.account(), self.clock.now()) {
            return granted;
        }
        let by_hand = settings.is_executed_by_hand(change.action);
        let proposal = change.proposal(&mut tx.conn()).await?;
        let (waiting, event) = self
            .ask_approval(tx, actor, &proposal, by_hand, &settings)
            .await?;
        Ok(Leave::Asked(waiting, event))
    }

    /// Refuses whatever is beside a ticket that waits. One that has waited for too long is in
    /// nobody's way.
    pub(crate) async fn refuse_beside(
        &self,
        conn: &mut Conn<'_>,
        subject: &str,
    ) -> Result<(), Fault> {
        match tickets::waiting(conn, subject).await? {
            Some((ticket, end)) if self.clock.now() < end => {
                Err(Error::Conflict(Conflict::TicketWaits(ticket)).into())
            }
            _ => Ok(()),
        }
    }

    /// Makes a ticket, within a transaction that goes on to record it.
    pub(crate) async fn ask_approval(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        proposal: &Proposal,
        by_hand: bool,
        settings: &Settings,
    ) -> Result<(Waiting, Event), Fault> {
        // The console and the server itself could execute nothing: nobody would be asked twice.
        let requester = actor
            .account()
            .ok_or(Error::Refused(Refusal::NeedsApproval))?;
        let (ticket, event) = self
            .new_ticket(tx, actor, requester, proposal, by_hand, settings)
            .await?;
        Ok((Waiting { ticket, by_hand }, event))
    }
}

impl KeyChange<'_> {
    fn subject(&self) -> String {
        let before = self.before.map(KeyBefore::of);
        KeyProposal {
            action: self.action,
            owner: self.owner.clone(),
            owner_roles: Vec::new(),
            owner_rights: None,
            before,
            after: None,
        }
        .subject()
    }

    /// Exactly what would be done.
    async fn proposal(&self, conn: &mut Conn<'_>) -> Result<Proposal, Fault> {
        // A new key carries what its owner holds: that is part of what is approved.
        let held = if self.action.reveals() {
            Some(roles::held_by(conn, self.owner.id).await?)
        } else {
            None
        };
        Ok(Proposal::Key(KeyProposal {
            action: self.action,
            owner: self.owner.clone(),
            owner_rights: held.as_ref().map(|held| held.rights),
            owner_roles: held.map(|held| held.names).unwrap_or_default(),
            before: self.before.map(KeyBefore::of),
            after: self.after.clone(),
        }))
    }
}
