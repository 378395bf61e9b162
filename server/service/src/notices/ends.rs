//! The ends of keys and tickets, and old keys that are still used: told as time passes, each once.
//! A mark goes along an index of ends, in the transactions that make the notices: so nothing is
//! told twice, however many servers do this, and nothing is left out after a time in which none
//! did.

use chrono::TimeDelta;
use domain::{
    Instant,
    key::State,
    notice::{
        About, ENDING_DAYS, KeyFacts, Kind, Notice, TICKET_ENDING_HOURS, is_key_end_due,
        is_ticket_end_due,
    },
    principal::DomainType,
    ticket::TicketId,
};

use super::{KEPT, tell::Ways};
use crate::{
    core::Core,
    fault::Fault,
    store::{
        Tx,
        notices::{self as store, Mark},
        outbox, tickets,
    },
};

/// How many are looked at in one transaction.
const STEP: i64 = 200;
/// How many transactions in one turn, so that other work gets its turn too.
const STEPS: u32 = 50;
/// The mark of tickets; those of keys have the number of days behind theirs.
const TICKETS: &str = "ticket";

impl Core {
    /// Tells what ends soon or has ended, and which old keys are still used.
    pub(crate) async fn tell_ends(&self) -> Result<(), Fault> {
        for days in ENDING_DAYS {
            for _ in 0..STEPS {
                if !self.tell_ends_of_keys(days).await? {
                    break;
                }
            }
        }
        for _ in 0..STEPS {
            if !self.tell_ends_of_tickets().await? {
                break;
            }
        }
        for _ in 0..STEPS {
            if !self.tell_old_keys().await? {
                break;
            }
        }
        Ok(())
    }

    /// Commits notices that need no record: nobody did anything.
    async fn commit_told(&self, tx: Tx) -> Result<(), Fault> {
        tx.commit_unrecorded().await?;
        self.bell.ring();
        Ok(())
    }

    /// Tells the owners of some keys that they end in so many days. `true`: there is more.
    async fn tell_ends_of_keys(&self, days: u32) -> Result<bool, Fault> {
        let now = self.clock.now();
        let until = now + TimeDelta::days(days.into());
        let name = format!("key {days}");
        let mut tx = self.db.begin().await?;
        let conn = &mut tx.conn();
        let mark = store::lock_mark(conn, &name, until).await?;
        let rows = store::keys_ending(conn, &mark, until, STEP).await?;
        let more = rows.len() == usize::try_from(STEP).unwrap_or(usize::MAX);
        let mut reached = mark.clone();
        for row in rows {
            let key = row.into_key(now)?;
            reached = Mark {
                at: key.expires_at,
                last: key.tag.to_string(),
            };
            let works = match days {
                0 => key.state == State::Expired,
                _ => key.state == State::Active,
            };
            let people = key.owner.principal.domain_type != DomainType::Nbsp;
            if !works || !people || !is_key_end_due(days, key.expires_at, key.modified_at, now) {
                continue;
            }
            let facts = KeyFacts {
                days: Some(days),
                ..KeyFacts::of(&key)
            };
            let owner = key.owner.id;
            let notice = about(Kind::KeyEnding, facts, now);
            self.raise(conn, &notice, &[owner], Ways::BY_MAIL).await?;
        }
        if !more {
            reached = whole(reached, until);
        }
        if reached != mark {
            store::move_mark(conn, &name, &reached).await?;
        }
        self.commit_told(tx).await?;
        Ok(more)
    }

    /// Tells of some tickets that they end soon. `true`: there is more.
    async fn tell_ends_of_tickets(&self) -> Result<bool, Fault> {
        let now = self.clock.now();
        let until = now + TimeDelta::hours(TICKET_ENDING_HOURS.into());
        let mut tx = self.db.begin().await?;
        let conn = &mut tx.conn();
        let mark = store::lock_mark(conn, TICKETS, until).await?;
        let ids = store::tickets_ending(conn, &mark, until, STEP).await?;
        let more = ids.len() == usize::try_from(STEP).unwrap_or(usize::MAX);
        let mut reached = mark.clone();
        for id in ids {
            let row = tickets::by_id(conn, TicketId(id)).await?;
            let Some(ticket) = row.map(|row| row.into_ticket(now)).transpose()? else {
                continue;
            };
            reached = Mark {
                at: ticket.expires_at,
                last: id.to_string(),
            };
            if ticket.state.waits() && is_ticket_end_due(ticket.expires_at, ticket.created_at, now)
            {
                self.tell_end_of_ticket(conn, &ticket).await?;
            }
        }
        if !more {
            reached = whole(reached, until);
        }
        if reached != mark {
            store::move_mark(conn, TICKETS, &reached).await?;
        }
        self.commit_told(tx).await?;
        Ok(more)
    }

    /// Tells the owners of some keys that were replaced that they are still used. `true`: there is
    /// more.
    async fn tell_old_keys(&self) -> Result<bool, Fault> {
        let now = self.clock.now();
        let any = {
            let mut reader = self.db.reader().await?;
            !store::old_keys_used(&mut reader.conn(), now, 1)
                .await?
                .is_empty()
        };
        if !any {
            return Ok(false);
        }
        let mut tx = self.db.begin().await?;
        let conn = &mut tx.conn();
        let rows = store::old_keys_used(conn, now, STEP).await?;
        let more = rows.len() == usize::try_from(STEP).unwrap_or(usize::MAX);
        for row in rows {
            let key = row.into_key(now)?;
            if key.state != State::Retiring || !store::note_old_key(conn, &key.tag).await? {
                continue;
            }
            let facts = KeyFacts {
                used_from: key.last_used.as_ref().map(|last| last.address.clone()),
                ..KeyFacts::of(&key)
            };
            let owner = key.owner.id;
            let notice = about(Kind::OldKeyUsed, facts, now);
            self.raise(conn, &notice, &[owner], Ways::BY_MAIL).await?;
        }
        self.commit_told(tx).await?;
        Ok(more)
    }

    /// Removes notices and deliveries that are kept no more.
    pub(crate) async fn purge_notices(&self) -> Result<(), Fault> {
        let before = self.clock.now() - KEPT;
        let mut tx = self.db.begin().await?;
        store::purge(&mut tx.conn(), before).await?;
        outbox::purge(&mut tx.conn(), before).await?;
        tx.commit_unrecorded().await
    }
}

/// The mark when everything up to `until` was looked at. It never goes back: a clock may.
fn whole(reached: Mark, until: Instant) -> Mark {
    if reached.at < until {
        Mark {
            at: until,
            // Beyond every tag and number that ends at that instant.
            last: "~".to_owned(),
        }
    } else {
        reached
    }
}

fn about(kind: Kind, facts: KeyFacts, now: Instant) -> Notice {
    Notice {
        kind,
        at: now,
        about: About::Key(facts),
    }
}
