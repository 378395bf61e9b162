//! One's sessions.

use domain::Instant;
use leptos::{either::Either, prelude::*, server_fn::ServerFn};

use super::trouble::{FormFault, lead_on};
use crate::{
    calls::Sending,
    format,
    rpc::{EndOtherSessions, EndSession, SessionKind, SessionRow},
    ui::{Fact, Facts, IntoWhole, Submit, row_form, settled_form},
};

/// One's sessions, with buttons to end them.
///
/// Without JavaScript: the same.
#[component]
pub fn Sessions(
    /// The sessions.
    sessions: Vec<SessionRow>,
    /// When this was so.
    as_of: Instant,
    /// What becomes of ending them.
    sending: Sending,
) -> impl IntoView {
    let fault = sending.fault;
    lead_on(fault);
    let others = sessions.iter().any(|session| !session.current);
    let end_all = others.then(|| {
        let button = view! {
            <Submit
                label="End all others"
                pending_label="Ending…"
                pending=sending.pending
                class="button"
            />
        };
        settled_form(EndOtherSessions::PATH, [], sending, button.whole())
    });
    view! {
        <section class="card" aria-labelledby="sessions">
            <div class="card__head">
                <h2 class="subtitle" id="sessions">
                    "Sessions"
                </h2>
                {end_all}
            </div>
            <FormFault sending />
            <ul class="sessions">
                {sessions
                    .into_iter()
                    .map(|session| view! { <Session session as_of sending /> })
                    .collect_view()}
            </ul>
        </section>
    }
}

#[component]
fn Session(session: SessionRow, as_of: Instant, sending: Sending) -> impl IntoView {
    let agent = session.user_agent.unwrap_or_default();
    let known = format::browser(&agent);
    let name = match (session.kind, known) {
        (SessionKind::Token, _) => "REST API token".to_owned(),
        (SessionKind::Browser, Some(browser)) => browser,
        (SessionKind::Browser, None) => "Browser".to_owned(),
    };
    let end_label = format!("End the session {name}, {}", session.address);
    let facts = vec![
        Fact::code("Address", session.address),
        Fact::time("Began", session.created_at),
        Fact::time("Last seen", session.last_seen_at),
        Fact::time("Ends", session.expires_at),
    ];
    let mark = if session.current {
        Either::Left(view! { <span class="chip chip--good">"This session"</span> })
    } else {
        let entries = [("id", session.id)];
        Either::Right(row_form(
            EndSession::PATH,
            entries,
            sending,
            "End",
            end_label,
        ))
    };
    view! {
        <li class="session">
            <div class="session__head">
                <span class="session__name" title=agent>
                    {name}
                </span>
                {mark}
            </div>
            <Facts facts as_of class="facts facts--dense" />
        </li>
    }
}
