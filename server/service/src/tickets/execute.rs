//! Executing: what was approved happens, exactly once, and exactly that.

use std::collections::BTreeSet;

use domain::{
    Instant,
    approval::KeyAction,
    audit::{Action, Event},
    error::{Conflict, Error, FieldError, Problem},
    key::{ApiKey, Tag},
    ticket::{
        Drift, Happening, KeyProposal, Move, Mover, Proposal, Ticket, TicketId, TicketResult,
        four_eyes, next,
    },
};

use super::{Tickets, is_requester, people::person, told::audited};
use crate::{
    Actor, Via,
    fault::Fault,
    keys::{CreatedKey, KeyEdit, Keys, Reissue},
    operation::{Approved, Step},
    reveal::{RevealKey, browser_session},
    roles,
    store::{Tx, tickets as store, users},
};

/// The most tickets that are executed at once.
const MAX_AT_ONCE: usize = 20;

/// A ticket that was executed.
#[derive(Debug)]
pub struct Executed {
    /// Which.
    pub ticket: TicketId,
    /// What happened.
    pub carried: Carried,
}

/// What happened by a ticket. New keys come with their values, this once.
#[derive(Debug)]
pub enum Carried {
    /// A key was made.
    Created(Box<CreatedKey>),
    /// A key was replaced.
    Reissued(Box<CreatedKey>),
    /// A key was changed.
    Updated(Tag),
    /// A key was deleted.
    Deleted(Tag),
    /// A key was revoked.
    Revoked(Tag),
    /// The approval settings were changed.
    SettingsChanged,
}

impl Carried {
    /// The key that was made.
    pub fn created(&self) -> Option<&CreatedKey> {
        match self {
            Self::Created(created) | Self::Reissued(created) => Some(created),
            _ => None,
        }
    }

    fn result(&self) -> TicketResult {
        let key = self.created().map(|created| &created.key);
        TicketResult {
            tag: key.map(|key| key.tag.clone()),
            expires_at: key.map(|key| key.expires_at),
        }
    }
}

/// What an approval carried out by itself, for the requester.
pub(super) struct Run {
    pub(super) actor: Actor,
    pub(super) event: Event,
}

impl Tickets {
    /// Carries out what was approved: one's own tickets only, all or none. Whether rules, roles and
    /// policy still allow it is asked anew; it happens exactly as approved, or not at all.
    ///
    /// # Errors
    /// `ticketIds`; [`Error::NotFound`] for what is not there or another's;
    /// [`Conflict::TicketIs`]; [`Conflict::Drifted`] and [`Conflict::ApprovedEndPassed`]; what the
    /// operation itself says.
    pub async fn execute(&self, actor: &Actor, ids: &[TicketId]) -> Result<Vec<Executed>, Error> {
        let nothing = async |_: &mut Tx, _: &[Executed]| Ok(());
        let result = self.try_execute(actor, ids, nothing).await;
        let result = result.map(|(executed, ())| executed);
        self.core
            .recording_refusal(actor, result, Action::TicketExecuted, &listed(ids))
            .await
    }

    /// Executes a ticket for the caller's browser: a new value is kept for the page that shows it
    /// once, as [`Keys::create_for_reveal`] does. `None`: nothing is to be shown.
    ///
    /// # Errors
    /// As [`Tickets::execute`]; and when the caller has no browser session.
    pub async fn execute_for_reveal(
        &self,
        actor: &Actor,
        id: TicketId,
    ) -> Result<Option<RevealKey>, Error> {
        let keys = self.keys();
        let keep = async |tx: &mut Tx, executed: &[Executed]| {
            let created = executed.first().and_then(|one| one.carried.created());
            match created {
                Some(created) => Ok(Some(keys.keep(tx, actor, created).await?)),
                None => Ok(None),
            }
        };
        let result = match browser_session(actor) {
            Ok(_) => self.try_execute(actor, &[id], keep).await,
            Err(refusal) => Err(refusal.into()),
        };
        let result = result.map(|(_, reveal)| reveal);
        self.core
            .recording_refusal(actor, result, Action::TicketExecuted, &listed(&[id]))
            .await
    }

    fn keys(&self) -> Keys {
        Keys {
            core: self.core.clone(),
        }
    }

    async fn try_execute<T>(
        &self,
        actor: &Actor,
        ids: &[TicketId],
        also: impl AsyncFnOnce(&mut Tx, &[Executed]) -> Result<T, Fault>,
    ) -> Result<(Vec<Executed>, T), Fault> {
        actor.settled()?;
        let ordered: BTreeSet<_> = ids.iter().copied().collect();
        if ids.is_empty() || ids.len() > MAX_AT_ONCE || ordered.len() < ids.len() {
            let problem = Problem::malformed("1 to 20 different numbers of tickets");
            return Err(FieldError::new("ticketIds", problem).into());
        }
        let core = &*self.core;
        let now = core.clock.now();
        let mut tx = core.db.begin().await?;
        let mut tickets = Vec::new();
        // All of them first, in one order: whoever executes the same ones waits here, and finds them
        // done.
        for id in ordered {
            let row = store::lock(&mut tx.conn(), id).await?;
            tickets.push(row.ok_or(Error::NotFound)?.into_ticket(now)?);
        }
        // Another's is not there, whatever the states of one's own.
        for who in [Mover::Other, Mover::Requester] {
            let own = who == Mover::Requester;
            for ticket in tickets.iter().filter(|one| is_requester(actor, one) == own) {
                next(ticket.state, Move::Execute, who)?;
            }
        }
        let (mut executed, mut events) = (Vec::new(), Vec::new());
        for id in ids {
            let Some(ticket) = tickets.iter().find(|ticket| ticket.id == *id) else {
                return Err(Error::NotFound.into());
            };
            let (carried, event) = self.carry_out(&mut tx, actor, ticket, now).await?;
            events.push(event);
            events.push(
                Event::done(Action::TicketExecuted, id.to_string())
                    .after(audited(&ticket.proposal)),
            );
            executed.push(Executed {
                ticket: *id,
                carried,
            });
        }
        let extra = also(&mut tx, &executed).await?;
        let last = events.pop().ok_or(Fault::Broken("nothing was executed"))?;
        for event in &events {
            core.append(&mut tx, actor.into(), event).await?;
        }
        core.commit(tx, actor, &last).await?;
        Ok((executed, extra))
    }

    /// Carries out a ticket that runs by its approval, for its requester with the rights that they
    /// hold now.
    pub(super) async fn run_approved(
        &self,
        tx: &mut Tx,
        approver: &Actor,
        ticket: &Ticket,
        now: Instant,
    ) -> Result<Run, Fault> {
        let held = roles::held_by(&mut tx.conn(), ticket.requester.id).await?;
        let actor = Actor {
            identity: ticket.requester.clone(),
            rights: held.rights,
            security_administrator: held.security_administrator,
            via: Via::Ticket(ticket.id),
            origin: crate::Origin {
                request_id: approver.origin.request_id.clone(),
                ..crate::Origin::default()
            },
            password_change_needed: false,
            factor_needed: false,
            saml: None,
            lifetime: None,
        };
        let row = store::by_id(&mut tx.conn(), ticket.id).await?;
        let ticket = row.ok_or(Error::NotFound)?.into_ticket(now)?;
        let (_, event) = self.carry_out(tx, &actor, &ticket, now).await?;
        Ok(Run { actor, event })
    }

    /// Carries out one approved ticket, and says how it is to be recorded.
    async fn carry_out(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        ticket: &Ticket,
        now: Instant,
    ) -> Result<(Carried, Event), Fault> {
        let decision = ticket
            .decision
            .as_ref()
            .ok_or(Fault::Broken("an approved ticket has no approver"))?;
        let conn = &mut tx.conn();
        // Addresses of mail may have turned out to be one person's since.
        let requester = person(conn, ticket.requester.id).await?;
        if requester.is_none() {
            return Err(Error::Conflict(Conflict::RequesterGone).into());
        }
        if let Some(decider) = person(conn, decision.by.id).await? {
            four_eyes(requester.as_ref(), Some(&decider)).map_err(Error::Refused)?;
        }
        let approved = Approved {
            proposal: &ticket.proposal,
            at: decision.at,
        };
        let carried = match &ticket.proposal {
            Proposal::Key(key) => self.carry_key(tx, actor, key, &approved).await,
            Proposal::Settings(change) => {
                let changed = self.change_settings(tx, actor, change).await;
                changed.map(|event| (Carried::SettingsChanged, event))
            }
        };
        let (carried, event) = carried.map_err(as_drift)?;
        let conn = &mut tx.conn();
        store::finish(conn, ticket.id, &carried.result(), now).await?;
        let happened = Happening::Moved(Move::Execute);
        store::note(conn, ticket.id, &actor.identity, happened, "", now).await?;
        Ok((carried, event))
    }

    async fn carry_key(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        key: &KeyProposal,
        approved: &Approved<'_>,
    ) -> Result<(Carried, Event), Fault> {
        let keys = self.keys();
        let approved = Some(approved);
        let after = key.after.as_ref();
        let description = after.map(|after| after.description.clone());
        let validity = after.and_then(|after| after.end.asked());
        if key.action == KeyAction::Create {
            let row = users::by_id(&mut tx.conn(), key.owner.id).await?;
            let owner = row.ok_or(Error::NotFound)?.identity()?;
            let description = description.unwrap_or_default();
            let step = keys
                .create_in(tx, actor, owner, description, validity, approved)
                .await?;
            let (created, event) = done(step)?;
            return Ok((Carried::Created(Box::new(created)), event));
        }
        let before = key.before.as_ref();
        let tag = &before.ok_or(Fault::Broken("a ticket names no key"))?.tag;
        Ok(match key.action {
            KeyAction::Update => {
                let edit = KeyEdit {
                    description,
                    validity,
                    ..KeyEdit::default()
                };
                let step = keys.update_in(tx, actor, tag, edit, approved).await?;
                let (updated, event): (ApiKey, _) = done(step)?;
                (Carried::Updated(updated.tag), event)
            }
            KeyAction::Reissue => {
                let wanted = Reissue {
                    description,
                    validity,
                    overlap_hours: after.and_then(|after| after.overlap_hours),
                    version: None,
                };
                let step = keys.reissue_in(tx, actor, tag, wanted, approved).await?;
                let (created, event) = done(step)?;
                (Carried::Reissued(Box::new(created)), event)
            }
            KeyAction::Revoke => {
                let ((), event) = done(keys.revoke_in(tx, actor, tag, approved).await?)?;
                (Carried::Revoked(tag.clone()), event)
            }
            KeyAction::Delete | KeyAction::Create => {
                let step = keys.delete_in(tx, actor, tag, None, approved).await?;
                let ((), event) = done(step)?;
                (Carried::Deleted(tag.clone()), event)
            }
        })
    }
}

/// What an operation with an approved ticket came to: anything but being done means that there was
/// something else to do when it was asked for.
fn done<T>(step: Step<T>) -> Result<(T, Event), Fault> {
    match step {
        Step::Done(result, event) => Ok((result, event)),
        Step::Unchanged(_) | Step::Asked(..) => {
            Err(Error::Conflict(Conflict::Drifted(Drift::Key)).into())
        }
    }
}

/// The request was right when it was made. What is wrong with it now has changed since.
fn as_drift(fault: Fault) -> Fault {
    let drift = match fault {
        Fault::Told(Error::Invalid(_)) => Drift::Policy,
        Fault::Told(Error::NotFound | Error::Conflict(Conflict::Stale)) => Drift::Key,
        other => return other,
    };
    Error::Conflict(Conflict::Drifted(drift)).into()
}

fn listed(ids: &[TicketId]) -> String {
    let ids: Vec<_> = ids
        .iter()
        .take(MAX_AT_ONCE)
        .map(ToString::to_string)
        .collect();
    ids.join(" ")
}
