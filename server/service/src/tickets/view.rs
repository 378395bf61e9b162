//! Tickets as pages list them, and what is new about them.

use domain::{
    error::Error,
    filter::{Comparison, Expr, Literal, SortKey},
    operation::Operation,
    permission::Whose,
    ticket::{Ticket, TicketId, TicketState, TicketView},
};

use super::{TicketField, TicketQuery, Tickets};
use crate::{
    Actor,
    fault::Fault,
    list::{Page, Place},
    store::{keys::Visible, tickets as store},
};

/// How many tickets a page has.
const PAGE: u32 = 50;

/// A page of a list of tickets.
#[derive(Debug)]
pub struct ViewPage {
    /// The tickets.
    pub items: Vec<Ticket>,
    /// The ticket that the page before ends before. `None`: this is the first.
    pub before: Option<TicketId>,
    /// The ticket that the next page comes after. `None`: this is the last.
    pub after: Option<TicketId>,
    /// How many there are in all.
    pub count: u64,
}

/// What is new about tickets, for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// How many wait for their decision. `None`: they do not decide.
    pub waiting: Option<u64>,
    /// Another text once anything about a ticket that they see may have changed.
    pub latest: String,
}

impl Tickets {
    /// A page of a list, beside a ticket: after it (`true`) or before it.
    ///
    /// # Errors
    /// No permission.
    pub async fn view(
        &self,
        actor: &Actor,
        view: TicketView,
        beside: Option<(bool, TicketId)>,
    ) -> Result<ViewPage, Error> {
        actor.settled()?;
        let own = actor.account();
        let visible = match view {
            TicketView::Own => own.map_or(Visible::Nothing, Visible::Own),
            TicketView::Waiting => {
                self.reading(actor, Operation::DecideTicket).await?;
                Visible::All
            }
            TicketView::All => {
                self.reading(actor, Operation::ViewTickets).await?;
                Visible::All
            }
        };
        let at = beside.map(|(_, id)| vec![Literal::Number(id.0); 2]);
        let query = TicketQuery {
            filter: (view == TicketView::Waiting).then(|| {
                let pending = Literal::Text(TicketState::Pending.as_str().to_owned());
                let own = Literal::Number(own.map_or(0, |own| own.0));
                Expr::And(
                    Box::new(Expr::Compare(TicketField::State, Comparison::Eq, pending)),
                    Box::new(Expr::Compare(TicketField::Requester, Comparison::Ne, own)),
                )
            }),
            sort: vec![SortKey {
                field: TicketField::Id,
                descending: view != TicketView::Waiting,
            }],
            limit: PAGE,
            place: Some(Place {
                forward: beside.is_none_or(|(forward, _)| forward),
                at,
            }),
            ..TicketQuery::default()
        };
        let page = self.part(&query, visible).await?;
        let end = |at: Option<Vec<Literal>>| match at?.first() {
            Some(Literal::Number(id)) => Some(TicketId(*id)),
            _ => None,
        };
        Ok(ViewPage {
            before: end(page.before),
            after: end(page.after),
            items: page.items,
            count: page.count,
        })
    }

    /// Refuses, and records it, unless somebody may.
    async fn reading(&self, actor: &Actor, operation: Operation) -> Result<(), Error> {
        self.core
            .reading(actor, operation, Whose::Others, "tickets")
            .await
    }

    async fn part(&self, query: &TicketQuery, visible: Visible) -> Result<Page<Ticket>, Fault> {
        let now = self.core.clock.now();
        let mut reader = self.core.db.reader().await?;
        let conn = &mut reader.conn();
        let rows = store::list(conn, query, visible, now).await?;
        let items = rows.into_iter().map(|row| row.into_ticket(now));
        let items = items.collect::<Result<_, Fault>>()?;
        let mut page = match &query.place {
            Some(place) => Page::at(place, query.limit, items, |one| store::place_of(one, query)),
            None => Page::of(items, 0),
        };
        page.count = store::count(conn, query, visible, now).await?;
        Ok(page)
    }

    /// How many tickets wait for somebody's decision: those of others that are pending. `None`: they
    /// do not decide. It takes longer only the more there are that wait.
    pub async fn waiting_for(&self, actor: &Actor) -> Result<Option<u64>, Error> {
        let (Ok(()), Some(own)) = (actor.may(Operation::DecideTicket), actor.account()) else {
            return Ok(None);
        };
        let now = self.core.clock.now();
        let mut reader = self.core.db.reader().await?;
        let waiting = store::count_pending(&mut reader.conn(), own, now).await?;
        Ok(Some(waiting))
    }

    /// What is new for somebody; `heights` is what [`crate::Services::heights`] said just before.
    pub async fn news(&self, actor: &Actor, heights: &str) -> Result<News, Error> {
        let waiting = self.waiting_for(actor).await?;
        let latest = match actor.account() {
            _ if actor.may(Operation::ViewTickets).is_ok() => heights.to_owned(),
            Some(own) => {
                let mut reader = self.core.db.reader().await?;
                store::latest_of(&mut reader.conn(), own).await?
            }
            None => String::new(),
        };
        Ok(News { waiting, latest })
    }
}
