//! Tickets: operations that wait for the approval of a second person. They are made at the choke
//! point (`operation.rs`); here is what becomes of them.

mod again;
mod decide;
mod execute;
mod expire;
mod people;
mod request;
mod settings;
mod told;
mod view;

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    approval::KeyAction,
    audit::{Action, Change},
    error::Error,
    filter::{Field, Kind},
    key::Tag,
    operation::Operation,
    ticket::{Ticket, TicketEvent, TicketId, subject_of_creation, subject_of_key},
};

pub(crate) use self::people::{Deciders, decider_accounts};
pub use self::{
    execute::{Carried, Executed},
    settings::{ApprovalChange, NewExemption},
    view::{News, ViewPage},
};
use crate::{
    Actor,
    core::Core,
    fault::Fault,
    list::{Page, Query},
    store::{approval, keys::Visible, tickets as store},
};

/// The fields of a ticket that lists are filtered and sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketField {
    /// The number.
    Id,
    /// The requester's account: for the lists of pages, not on the wire.
    Requester,
    /// The requester's name.
    RequesterName,
    /// The requester's domain.
    RequesterDomain,
    /// The requester's domain type.
    RequesterDomainType,
    /// The derived state.
    State,
    /// Keys or settings.
    Family,
    /// The kind.
    Action,
    /// When it was asked for.
    Created,
    /// When something last happened to it.
    Updated,
    /// Until when it waits.
    Expires,
}

/// The names of the fields on the wire.
pub const TICKET_FIELDS: &[Field<TicketField>] = &[
    Field::new("id", TicketField::Id, Kind::Number),
    Field::new("requesterName", TicketField::RequesterName, Kind::Text),
    Field::new(
        "requesterDomainName",
        TicketField::RequesterDomain,
        Kind::Text,
    ),
    Field::new(
        "requesterDomainType",
        TicketField::RequesterDomainType,
        Kind::Text,
    ),
    Field::new("currentState", TicketField::State, Kind::Text),
    Field::new("operationId", TicketField::Family, Kind::Text),
    Field::new("requestAction", TicketField::Action, Kind::Text),
    Field::new("createdDateTime", TicketField::Created, Kind::Instant),
    Field::new("lastUpdatedDateTime", TicketField::Updated, Kind::Instant),
    Field::new("expirationDateTime", TicketField::Expires, Kind::Instant),
];

/// Which tickets, in which order, which part of them. The number decides between equals.
pub type TicketQuery = Query<TicketField>;

/// The use cases of tickets and of the approval settings.
#[derive(Clone)]
pub struct Tickets {
    pub(crate) core: Arc<Core>,
}

impl Tickets {
    /// The tickets that match: everybody's for whoever may see them, otherwise one's own.
    pub async fn list(&self, actor: &Actor, query: &TicketQuery) -> Result<Page<Ticket>, Error> {
        actor.settled()?;
        let visible = if actor.may(Operation::ViewTickets).is_ok() {
            Visible::All
        } else {
            actor.account().map_or(Visible::Nothing, Visible::Own)
        };
        let now = self.core.clock.now();
        let mut reader = self.core.db.reader().await?;
        let conn = &mut reader.conn();
        let rows = store::list(conn, query, visible, now).await?;
        let items = rows.into_iter().map(|row| row.into_ticket(now));
        let items = items.collect::<Result<_, Fault>>()?;
        Ok(match &query.place {
            Some(place) => Page::at(place, query.limit, items, |one| store::place_of(one, query)),
            None => Page::of(items, store::count(conn, query, visible, now).await?),
        })
    }

    /// One ticket: of whoever asked, and for whoever sees all.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for others' tickets that one may not see.
    pub async fn get(&self, actor: &Actor, id: TicketId) -> Result<Ticket, Error> {
        let result = self.find(actor, id).await;
        self.core
            .recording_refusal(actor, result, Action::Read, &format!("ticket {id}"))
            .await
    }

    async fn find(&self, actor: &Actor, id: TicketId) -> Result<Ticket, Fault> {
        actor.settled()?;
        let row = {
            let mut reader = self.core.db.reader().await?;
            store::by_id(&mut reader.conn(), id).await?
        };
        let ticket = row.ok_or(Error::NotFound)?;
        let ticket = ticket.into_ticket(self.core.clock.now())?;
        sees(actor, &ticket)?;
        Ok(ticket)
    }

    /// What happened to a ticket, in order.
    ///
    /// # Errors
    /// As [`Tickets::get`].
    pub async fn history(&self, actor: &Actor, id: TicketId) -> Result<Vec<TicketEvent>, Error> {
        self.get(actor, id).await?;
        let mut reader = self.core.db.reader().await?;
        Ok(store::events(&mut reader.conn(), id).await?)
    }

    /// What differs between what a ticket says there is and what there is now, member by member.
    /// Empty: nothing, or the ticket is closed.
    ///
    /// # Errors
    /// As [`Tickets::get`].
    pub async fn live_diff(&self, actor: &Actor, ticket: &Ticket) -> Result<Vec<Change>, Error> {
        sees(actor, ticket)?;
        if !ticket.state.waits() {
            return Ok(Vec::new());
        }
        let mut reader = self.core.db.reader().await?;
        let now = self.core.clock.now();
        let (then, now) = told::then_and_now(&mut reader.conn(), &ticket.proposal, now).await?;
        Ok(domain::audit::changes(then.as_ref(), now.as_ref()))
    }

    /// The ticket that waits about a key, for whoever may view that key.
    ///
    /// # Errors
    /// As [`crate::keys::Keys::get`].
    pub async fn about_key(&self, actor: &Actor, tag: &Tag) -> Result<Option<TicketId>, Error> {
        let keys = crate::keys::Keys {
            core: self.core.clone(),
        };
        keys.get(actor, tag).await?;
        self.about(&subject_of_key(tag)).await
    }

    /// The tickets that wait about some keys, for whoever may view everybody's.
    ///
    /// # Errors
    /// No permission.
    pub async fn about_keys(
        &self,
        actor: &Actor,
        keys: impl IntoIterator<Item = &Tag>,
    ) -> Result<BTreeMap<Tag, TicketId>, Error> {
        actor.may(Operation::ViewKey)?;
        let keys: BTreeMap<_, _> = keys
            .into_iter()
            .map(|tag| (subject_of_key(tag), tag))
            .collect();
        let mut reader = self.core.db.reader().await?;
        let subjects = keys.keys().cloned().collect();
        let waiting = store::waiting_about(&mut reader.conn(), subjects).await?;
        let now = self.core.clock.now();
        let waiting = waiting.into_iter().filter(|(_, _, end)| now < end.0);
        let named = waiting.filter_map(|(subject, id, _)| {
            let tag = *keys.get(&subject)?;
            Some((tag.clone(), TicketId(id)))
        });
        Ok(named.collect())
    }

    /// The ticket that waits about one's own next key.
    pub async fn about_own_creation(&self, actor: &Actor) -> Result<Option<TicketId>, Error> {
        match actor.account() {
            Some(user) => self.about(&subject_of_creation(user)).await,
            None => Ok(None),
        }
    }

    /// The ticket that waits about the approval settings, for whoever may see those.
    ///
    /// # Errors
    /// No permission.
    pub async fn about_settings(&self, actor: &Actor) -> Result<Option<TicketId>, Error> {
        actor.may(Operation::ViewApproval)?;
        self.about("settings").await
    }

    async fn about(&self, subject: &str) -> Result<Option<TicketId>, Error> {
        let mut reader = self.core.db.reader().await?;
        let waiting = store::waiting(&mut reader.conn(), subject).await?;
        let now = self.core.clock.now();
        Ok(waiting.filter(|(_, end)| now < *end).map(|(id, _)| id))
    }

    /// Which operations of somebody would become tickets: for what buttons say.
    pub async fn asks_approval(&self, actor: &Actor) -> Result<Vec<KeyAction>, Error> {
        let mut reader = self.core.db.reader().await?;
        let settings = approval::get(&mut reader.conn()).await?;
        let now = self.core.clock.now();
        let asked = |action: &KeyAction| settings.asks_approval(*action, actor.account(), now);
        Ok(KeyAction::SWITCHED.into_iter().filter(asked).collect())
    }
}

/// Whether somebody asked for a ticket.
pub(crate) fn is_requester(actor: &Actor, ticket: &Ticket) -> bool {
    actor.account() == Some(ticket.requester.id)
}

/// A ticket is hidden from whoever neither asked for it nor may see all.
fn sees(actor: &Actor, ticket: &Ticket) -> Result<(), Error> {
    if is_requester(actor, ticket) || actor.may(Operation::ViewTickets).is_ok() {
        Ok(())
    } else {
        Err(Error::NotFound)
    }
}
