//! `/tickets`

use domain::{Instant, ticket::TicketView};
use leptos::prelude::*;

use super::{loading::loaded, told::ToldHere};
use crate::{
    calls::{read_here, told},
    format,
    place::TICKETS,
    rpc::{LoadTicketsPage, TicketRow, TicketsPage},
    ui::{Column, Heading, IntoWhole, Pager, Table, TicketChip, Time, address},
};

/// Requests that wait for a second person: those for one's decision, one's own, and everybody's. As
/// long as the page is seen it stays up to date.
///
/// Without JavaScript: the same, as it was when the page was made.
#[component]
pub fn TicketsPage() -> AnyView {
    let pulse = told();
    let page = read_here(|at| LoadTicketsPage { at }, pulse.changes());
    view! {
        <Heading title="Tickets" />
        <ToldHere />
        {loaded(page, move |page: TicketsPage| {
            pulse.known(&page.latest);
            show(page)
        })}
    }
    .whole()
}

/// What a list is called.
const fn label(view: TicketView) -> &'static str {
    match view {
        TicketView::Waiting => "Waiting for me",
        TicketView::Own => "My requests",
        TicketView::All => "All",
    }
}

fn show(page: TicketsPage) -> AnyView {
    let (view, as_of, waiting) = (page.view, page.as_of, page.waiting);
    let links = page.views.into_iter().map(|one| {
        let number = waiting.filter(|number| one == TicketView::Waiting && *number > 0);
        let number = number.map(|number| view! { <span class="badge">{number}</span> });
        view! {
            <li>
                <a
                    class="views__item"
                    href=address(TICKETS, &[("show", one.as_str())])
                    aria-current=(one == view).then_some("page")
                >
                    {label(one)}
                    {number}
                </a>
            </li>
        }
    });
    let links = view! {
        <nav class="views" aria-label="Lists of tickets">
            <ul class="views__list">{links.collect_view()}</ul>
        </nav>
    };
    if page.rows.is_empty() {
        return view! {
            {links}
            <div class="empty">
                <p>{nothing(view)}</p>
            </div>
        }
        .whole();
    }
    let columns = [
        "Ticket",
        "State",
        "Requested by",
        "Requested",
        "Waits until",
    ]
    .map(Column::new)
    .to_vec();
    let rows = page.rows.into_iter().map(|row| cells(row, as_of)).collect();
    let way = |name, id: Option<i64>| {
        id.map(|id| address(TICKETS, &[("show", view.as_str()), (name, &id.to_string())]))
    };
    view! {
        {links}
        <Table caption=label(view) columns rows />
        <Pager
            count=format::count(page.count, "ticket", "tickets")
            before=way("before", page.before)
            after=way("after", page.after)
        />
    }
    .whole()
}

const fn nothing(view: TicketView) -> &'static str {
    match view {
        TicketView::Waiting => "Nothing waits for your decision.",
        TicketView::Own => {
            "You have no requests. What a second person has to approve appears here."
        }
        TicketView::All => "There are no tickets.",
    }
}

fn cells(row: TicketRow, as_of: Instant) -> Vec<AnyView> {
    let what = format!("{}. {}", row.id, row.action.words());
    let tag = row
        .tag
        .map(|tag| view! { <code class="tag">{tag.to_string()}</code> });
    let requester = row.requester.to_string();
    let whose = row.owner.filter(|owner| owner.id != row.requester.id);
    let whose = whose.map(|owner| {
        view! { <bdi class="cell__more">"for " {owner.to_string()}</bdi> }
    });
    let until = if row.state.waits() {
        view! { <Time at=row.expires_at as_of /> }.whole()
    } else {
        view! { <span class="quiet">"Closed"</span> }.whole()
    };
    vec![
        view! {
            <span class="cell">
                <a href=format!("{TICKETS}/{}", row.id)>{what}</a>
                {tag}
                {whose}
            </span>
        }
        .whole(),
        view! { <TicketChip state=row.state /> }.whole(),
        view! {
            <span class="cell">
                <bdi>{row.requester.principal.name}</bdi>
                <bdi class="fact__code cell__more">{requester}</bdi>
            </span>
        }
        .whole(),
        view! { <Time at=row.created_at as_of /> }.whole(),
        until,
    ]
}
