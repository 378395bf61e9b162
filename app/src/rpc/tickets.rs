//! Requests that wait for a second person: find them, decide about them, execute them.

use domain::{
    Instant,
    key::Tag,
    principal::Identity,
    ticket::{Again, Ticket, TicketAction, TicketEvent, TicketState, TicketView},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Fault, Packed, Secret};
#[cfg(feature = "ssr")]
use crate::place::TICKETS;

/// What *Tickets* shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketsPage {
    /// The tickets of the page.
    pub rows: Vec<TicketRow>,
    /// Which tickets.
    pub view: TicketView,
    /// The lists that are open to whoever looks.
    pub views: Vec<TicketView>,
    /// How many wait for their decision. `None`: they do not decide.
    pub waiting: Option<u64>,
    /// The ticket that the page before ends before.
    pub before: Option<i64>,
    /// The ticket that the next page comes after.
    pub after: Option<i64>,
    /// How many there are in all.
    pub count: u64,
    /// What is new is compared with this.
    pub latest: String,
    /// When this was so.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub as_of: Instant,
}

/// A ticket in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketRow {
    /// Its number.
    pub id: i64,
    /// What would be done.
    pub action: TicketAction,
    /// Whose key it is about. `None`: it is about no key.
    pub owner: Option<Identity>,
    /// That key. `None`: it is still to be made.
    pub tag: Option<Tag>,
    /// Who asked.
    pub requester: Identity,
    /// How far it is.
    pub state: TicketState,
    /// When it was asked for.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub created_at: Instant,
    /// Until when it waits.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub expires_at: Instant,
}

#[cfg(feature = "ssr")]
impl From<Ticket> for TicketRow {
    fn from(ticket: Ticket) -> Self {
        use domain::ticket::Proposal;

        let action = ticket.proposal.action();
        let (owner, tag) = match ticket.proposal {
            Proposal::Key(key) => (Some(key.owner), key.before.map(|before| before.tag)),
            Proposal::Settings(_) => (None, None),
        };
        Self {
            id: ticket.id.0,
            action,
            owner,
            tag,
            requester: ticket.requester,
            state: ticket.state,
            created_at: ticket.created_at,
            expires_at: ticket.expires_at,
        }
    }
}

/// What the page of a ticket shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketPage {
    /// The ticket.
    pub ticket: Ticket,
    /// What has changed since it was asked for: the name, then, now.
    pub drift: Vec<(String, String, String)>,
    /// What happened to it.
    pub history: Vec<TicketEvent>,
    /// Whether whoever looks asked for it.
    pub own: bool,
    /// How they show once more who they are before they decide. `None`: they do not decide.
    pub again: Option<Again>,
    /// The identity provider that they sign in by. `None`: they have a password here.
    pub sign_in: Option<String>,
    /// What is new is compared with this.
    pub latest: String,
    /// When this was so.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub as_of: Instant,
}

/// The lists that are open to somebody, the one they see first in front.
#[cfg(feature = "ssr")]
fn views_of(actor: &service::Actor) -> Vec<TicketView> {
    use domain::operation::Operation;

    let open = |view: &TicketView| match view {
        TicketView::Waiting => actor.is_offered(Operation::DecideTicket),
        TicketView::Own => true,
        TicketView::All => actor.is_offered(Operation::ViewTickets),
    };
    TicketView::ALL.into_iter().filter(open).collect()
}

/// A page of a list of tickets.
#[server(endpoint = "tickets_page", output = Packed)]
pub async fn load_tickets_page(
    /// The page's address.
    #[server(default)]
    at: String,
) -> Result<TicketsPage, Fault> {
    use domain::ticket::TicketId;

    let at = super::address::Address::parse(&at);
    super::context::as_actor(async |services, actor| {
        let tickets = &services.tickets;
        let views = views_of(&actor);
        let first = views.first().copied().unwrap_or(TicketView::Own);
        let view = at.one_of("show", &TicketView::ALL, TicketView::as_str)?;
        let view = view.unwrap_or(first);
        let after = at.place("after")?.map(|id| (true, TicketId(id)));
        let before = at.place("before")?.map(|id| (false, TicketId(id)));
        let heights = services.heights().await?;
        let news = tickets.news(&actor, &heights).await?;
        let page = tickets.view(&actor, view, after.or(before)).await?;
        Ok(TicketsPage {
            rows: page.items.into_iter().map(TicketRow::from).collect(),
            view,
            views,
            waiting: news.waiting,
            before: page.before.map(|id| id.0),
            after: page.after.map(|id| id.0),
            count: page.count,
            latest: news.latest,
            as_of: services.now(),
        })
    })
    .await
}

/// One ticket, whose number stands in the address.
#[server(endpoint = "ticket_page", output = Packed)]
pub async fn load_ticket_page(
    /// The page's address.
    #[server(default)]
    at: String,
) -> Result<TicketPage, Fault> {
    use domain::{operation::Operation, principal::DomainType, ticket::TicketId};

    let id = super::address::Address::parse(&at).number(1);
    super::context::as_actor(async |services, actor| {
        let (tickets, id) = (&services.tickets, TicketId(id?));
        let heights = services.heights().await?;
        let latest = tickets.news(&actor, &heights).await?.latest;
        let ticket = tickets.get(&actor, id).await?;
        let text = |value: Option<String>| value.unwrap_or_default();
        let drift = tickets.live_diff(&actor, &ticket).await?.into_iter();
        let who = &actor.identity().principal;
        let by_saml = who.domain_type == DomainType::Saml;
        let own = ticket.requester.id == actor.identity().id;
        let decides = !own && actor.is_offered(Operation::DecideTicket);
        Ok(TicketPage {
            drift: drift
                .map(|change| (change.name, text(change.old), text(change.new)))
                .collect(),
            history: tickets.history(&actor, id).await?,
            own,
            again: if decides {
                Some(tickets.again(&actor).await?)
            } else {
                None
            },
            sign_in: by_saml.then(|| who.domain.clone()),
            ticket,
            latest,
            as_of: services.now(),
        })
    })
    .await
}

/// The ticket that a form names. What is no number names nothing.
#[cfg(feature = "ssr")]
fn named(id: &str) -> Result<domain::ticket::TicketId, domain::error::Error> {
    let id = id.parse().map_err(|_| domain::error::Error::NotFound)?;
    Ok(domain::ticket::TicketId(id))
}

/// The page of a ticket that a form names.
#[cfg(feature = "ssr")]
fn page_of(id: &str) -> String {
    named(id).map_or_else(|_| TICKETS.to_owned(), |id| format!("{TICKETS}/{id}"))
}

/// Approves or rejects somebody else's request.
#[server(endpoint = "decide_ticket", output = Packed)]
pub async fn decide_ticket(
    /// Names the ticket.
    #[server(default)]
    id: String,
    /// `approve` or `reject`.
    #[server(default)]
    decision: String,
    /// What is said about it.
    #[server(default)]
    comment: String,
    /// The password once more, or a code.
    #[server(default)]
    password: Secret,
) -> Result<(), Fault> {
    use domain::{
        error::{Error, Problem},
        ticket::Move,
    };

    use super::context::{answer, keep_entries};

    let decided = answer(async |scope| {
        let by = match &*decision {
            "approve" => Move::Approve,
            "reject" => Move::Reject,
            _ => return Err(Error::field("decision", Problem::NotAccepted)),
        };
        let (actor, tickets) = (scope.actor()?, &scope.services.tickets);
        let given = password.clone().into_inner().into();
        let ticket = tickets
            .decide_again(actor, named(&id)?, by, &comment, &given)
            .await?;
        let notice = match ticket.state {
            TicketState::Rejected => "ticket-rejected",
            TicketState::Done => "ticket-executed",
            _ => "ticket-approved",
        };
        leptos_axum::redirect(&format!("{}?notice={notice}", page_of(&id)));
        Ok(())
    })
    .await;
    decided.inspect_err(|fault| {
        let page = match &*decision {
            "approve" | "reject" => format!("{}/{decision}", page_of(&id)),
            _ => page_of(&id),
        };
        keep_entries::<DecideTicket>(fault, &page, &[("comment", &comment)]);
    })
}

/// Withdraws one's own request, or asks again for what has expired.
#[server(endpoint = "move_ticket", output = Packed)]
pub async fn move_ticket(
    /// Names the ticket.
    #[server(default)]
    id: String,
    /// `cancel` or `renew`.
    #[server(default)]
    step: String,
) -> Result<(), Fault> {
    use domain::error::{Error, Problem};

    super::context::as_actor(async |services, actor| {
        let (tickets, number) = (&services.tickets, named(&id)?);
        let notice = match &*step {
            "cancel" => {
                tickets.cancel(&actor, number, "").await?;
                "ticket-canceled"
            }
            "renew" => {
                tickets.renew(&actor, number, "").await?;
                "ticket-renewed"
            }
            _ => return Err(Error::field("step", Problem::NotAccepted)),
        };
        leptos_axum::redirect(&format!("{}?notice={notice}", page_of(&id)));
        Ok(())
    })
    .await
}

/// Says something about a ticket.
#[server(endpoint = "comment_ticket", output = Packed)]
pub async fn comment_ticket(
    /// Names the ticket.
    #[server(default)]
    id: String,
    /// What is said.
    #[server(default)]
    comment: String,
) -> Result<(), Fault> {
    use super::context::{answer, keep_entries};

    let said = answer(async |scope| {
        let tickets = &scope.services.tickets;
        tickets
            .comment(scope.actor()?, named(&id)?, &comment)
            .await?;
        leptos_axum::redirect(&format!("{}?notice=commented", page_of(&id)));
        Ok(())
    })
    .await;
    said.inspect_err(|fault| {
        keep_entries::<CommentTicket>(fault, &page_of(&id), &[("comment", &comment)]);
    })
}

/// Carries out one's own approved request; a new key's value waits for the page that shows it once.
#[server(endpoint = "execute_ticket", output = Packed)]
pub async fn execute_ticket(
    /// Names the ticket.
    #[server(default)]
    id: String,
) -> Result<(), Fault> {
    use domain::ticket::Proposal;
    use service::Outcome;

    use super::context::{answer, show_once};
    use crate::place::Place;

    answer(async |scope| {
        let (actor, number, tickets) = (scope.actor()?, named(&id)?, &scope.services.tickets);
        let ticket = tickets.get(actor, number).await?;
        let place = match &ticket.proposal {
            Proposal::Key(key) if key.owner.id != actor.identity().id => Place::Everybody,
            _ => Place::Own,
        };
        match tickets.execute_for_reveal(actor, number).await? {
            Some(value) => show_once(&scope, Outcome::Done(value), place),
            None => leptos_axum::redirect(&format!("{}?notice=ticket-executed", page_of(&id))),
        }
        Ok(())
    })
    .await
}
