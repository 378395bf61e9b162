//! Who is told what. It hangs on the records: whatever is recorded as done to a key or a ticket is
//! told in the same transaction, whichever door it came through. Whoever did it is not told.

use domain::{
    approval::Settings,
    audit::{Action, Event, Outcome},
    key::Tag,
    notice::{About, KeyFacts, Kind, Notice, TicketFacts},
    principal::UserId,
    ticket::{Ticket, TicketId},
};

use crate::{
    audit::Who,
    core::Core,
    fault::Fault,
    store::{Conn, Tx, approval, keys, notices as store, outbox, tickets},
};

impl Core {
    /// Tells whoever is to know what is recorded, within the transaction that goes on to record it.
    pub(crate) async fn tell(&self, tx: &mut Tx, who: Who<'_>, event: &Event) -> Result<(), Fault> {
        if event.outcome != Outcome::Done {
            return Ok(());
        }
        let kind = match event.action {
            Action::KeyCreated => Kind::KeyCreated,
            Action::KeyUpdated => Kind::KeyUpdated,
            Action::KeyReissued => Kind::KeyReissued,
            Action::KeyDeleted => Kind::KeyDeleted,
            Action::TicketRequested | Action::TicketRenewed => Kind::TicketRequested,
            Action::TicketApproved => Kind::TicketApproved,
            Action::TicketRejected => Kind::TicketRejected,
            _ => return Ok(()),
        };
        match kind {
            Kind::TicketRequested | Kind::TicketApproved | Kind::TicketRejected => {
                self.tell_of_ticket(tx, who, kind, event).await
            }
            _ => self.tell_of_key(tx, who, kind, event).await,
        }
    }

    /// A key's owner is told what somebody else did to it.
    async fn tell_of_key(
        &self,
        tx: &mut Tx,
        who: Who<'_>,
        kind: Kind,
        event: &Event,
    ) -> Result<(), Fault> {
        let now = self.clock.now();
        let conn = &mut tx.conn();
        let Ok(tag) = Tag::parse(&event.object) else {
            return Ok(());
        };
        let new = event.after.as_ref().filter(|_| kind == Kind::KeyReissued);
        let new = new.and_then(|after| Tag::parse(after["tag"].as_str()?).ok());
        let Some(row) = keys::by_tag(conn, new.as_ref().unwrap_or(&tag)).await? else {
            return Ok(());
        };
        let key = row.into_key(now)?;
        if who.account() == Some(key.owner.id) {
            return Ok(());
        }
        let facts = KeyFacts {
            tag,
            by: Some(who.words()),
            replaced_by: new,
            ..KeyFacts::of(&key)
        };
        let notice = Notice {
            kind,
            at: now,
            about: About::Key(facts),
        };
        self.raise(conn, &notice, &[key.owner.id], Ways::BY_MAIL)
            .await
    }

    /// Approvers are told of a request, the requester of its decision.
    async fn tell_of_ticket(
        &self,
        tx: &mut Tx,
        who: Who<'_>,
        kind: Kind,
        event: &Event,
    ) -> Result<(), Fault> {
        let now = self.clock.now();
        let conn = &mut tx.conn();
        let Ok(id) = event.object.parse().map(TicketId) else {
            return Ok(());
        };
        let Some(row) = tickets::by_id(conn, id).await? else {
            return Ok(());
        };
        let ticket = row.into_ticket(now)?;
        let people = match kind {
            Kind::TicketRequested => deciders_but(conn, who.account()).await?,
            _ => vec![ticket.requester.id],
        };
        let said = event.after.as_ref().map(|after| &after["comment"]);
        let said = said.and_then(|comment| comment.as_str());
        let facts = TicketFacts {
            comment: said.unwrap_or_default().to_owned(),
            ..TicketFacts::of(&ticket)
        };
        self.raise_of_ticket(conn, kind, facts, &people).await
    }

    /// Whoever can do something about a ticket is told that it ends soon.
    pub(super) async fn tell_end_of_ticket(
        &self,
        conn: &mut Conn<'_>,
        ticket: &Ticket,
    ) -> Result<(), Fault> {
        let requester = ticket.requester.id;
        let mut people = vec![requester];
        if ticket.decision.is_none() {
            people.extend(deciders_but(conn, Some(requester)).await?);
        }
        let facts = TicketFacts::of(ticket);
        self.raise_of_ticket(conn, Kind::TicketEnding, facts, &people)
            .await
    }

    async fn raise_of_ticket(
        &self,
        conn: &mut Conn<'_>,
        kind: Kind,
        facts: TicketFacts,
        people: &[UserId],
    ) -> Result<(), Fault> {
        let notice = Notice {
            kind,
            at: self.clock.now(),
            about: About::Ticket(facts),
        };
        let Settings { mail, mail_to, .. } = approval::get(conn).await?;
        let ways = if mail {
            Ways {
                people_by_mail: true,
                watchers: &mail_to,
            }
        } else {
            Ways::default()
        };
        self.raise(conn, &notice, people, ways).await
    }

    /// Makes a notice for people, and puts it out by mail, to further addresses, and to webhooks.
    pub(super) async fn raise(
        &self,
        conn: &mut Conn<'_>,
        notice: &Notice,
        people: &[UserId],
        ways: Ways<'_>,
    ) -> Result<(), Fault> {
        let (kind, now) = (notice.kind, notice.at);
        let text = store::write(notice)?;
        let mail = self.notifying.mail.is_some();
        let mut put_out = 0;
        for user in people {
            let Some(person) = store::addressee(conn, *user).await? else {
                continue;
            };
            store::insert(conn, *user, &text, now).await?;
            let address = person
                .address()
                .filter(|_| mail && ways.people_by_mail && person.choice.wants(kind));
            if let Some(address) = address {
                outbox::to_address(conn, address, true, &text, now).await?;
                put_out += 1;
            }
        }
        for address in ways.watchers.iter().filter(|_| mail) {
            outbox::to_address(conn, address, false, &text, now).await?;
            put_out += 1;
        }
        put_out += outbox::to_webhooks(conn, kind, &text, now).await?;
        if put_out > 0 {
            self.bell.note();
        }
        Ok(())
    }
}

/// How a notice goes out by mail, besides what people chose.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ways<'a> {
    /// Whether it goes to people: about tickets it does if the approval settings say so.
    people_by_mail: bool,
    /// To whom else.
    watchers: &'a [String],
}

impl Ways<'_> {
    /// To people.
    pub(super) const BY_MAIL: Self = Self {
        people_by_mail: true,
        watchers: &[],
    };
}

/// Whoever may decide about tickets, but one.
async fn deciders_but(conn: &mut Conn<'_>, but: Option<UserId>) -> Result<Vec<UserId>, Fault> {
    let all = crate::tickets::decider_accounts(conn).await?;
    Ok(all.into_iter().filter(|one| Some(*one) != but).collect())
}
