//! `/tickets/{id}`, and the decisions below it

use domain::{
    Instant,
    approval::KeyAction,
    ticket::{Happening, Move, Mover, Ticket, TicketAction, TicketEvent, TicketState, next},
};
use leptos::{prelude::*, server_fn::ServerFn};

use super::{
    loading::loaded,
    ticket_decision::question,
    ticket_proposal::proposal,
    ticket_steps::shown_steps,
    told::ToldHere,
    trouble::{FormFault, about, focus_on, lead_on},
};
use crate::{
    calls::{Sending, read_here, told},
    place::TICKETS,
    rpc::{CommentTicket, DecideTicket, ExecuteTicket, LoadTicketPage, MoveTicket, TicketPage},
    ui::{
        Fact, Facts, Heading, IntoWhole, Notice, Submit, TextArea, TicketChip, Time, Tone,
        settled_form,
    },
};

/// What is decided on top of a ticket's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Nothing.
    None,
    /// Whether to approve it.
    Approve,
    /// Whether to reject it.
    Reject,
}

/// A request that waits for a second person: what would be done, how far it is, and what whoever
/// looks can do about it. As long as the page is seen it stays up to date.
///
/// Without JavaScript: the same, as it was when the page was made; a decision stands open on the
/// page.
#[component]
pub fn TicketPage(
    /// What is decided.
    decision: Decision,
) -> AnyView {
    let pulse = told();
    let deciding = Sending::to(&[DecideTicket::PATH]);
    let moving = Sending::to(&[MoveTicket::PATH, ExecuteTicket::PATH]);
    let saying = Sending::to(&[CommentTicket::PATH]);
    for sending in [deciding, moving, saying] {
        focus_on(sending.fault);
        lead_on(sending.fault);
    }
    let done = Sending::any_done([moving, saying]);
    let changes = Signal::derive(move || format!("{} {}", pulse.beat.get(), done.get()));
    let page = read_here(|at| LoadTicketPage { at }, changes);
    // What is typed belongs to the page, which is read anew under it.
    let decision_comment = RwSignal::new(deciding.entered().get("comment").unwrap_or_default());
    let comment = RwSignal::new(saying.entered().get("comment").unwrap_or_default());
    Effect::new(move |before: Option<usize>| {
        let times = saying.done.get();
        if before.is_some_and(|before| before < times) {
            comment.set(String::new());
        }
        times
    });
    view! {
        <Heading title="Ticket" />
        <ToldHere />
        {loaded(page, move |page: TicketPage| {
            pulse.known(&page.latest);
            let question = (decision != Decision::None)
                .then(|| question(&page, decision, decision_comment, deciding));
            view! {
                {question}
                {show(&page, moving)}
                {(decision == Decision::None).then(|| say(page.ticket.id.to_string(), comment, saying))}
            }
            .whole()
        })}
    }
    .whole()
}

fn show(page: &TicketPage, moving: Sending) -> AnyView {
    let as_of = page.as_of;
    let proposed = proposal(&page.ticket, &page.drift, as_of);
    let history = history(&page.history, as_of);
    view! {
        <p>
            <a class="way" href=TICKETS>
                "All tickets"
            </a>
        </p>
        {request(page, moving)}
        {proposed}
        {history}
    }
    .whole()
}

/// How somebody stands to a ticket.
pub const fn mover(page: &TicketPage) -> Mover {
    if page.own {
        Mover::Requester
    } else if page.again.is_some() {
        Mover::Approver
    } else {
        Mover::Other
    }
}

/// Whether somebody can move a ticket so: the rule, for the hint. The server's answer is law.
pub fn can(page: &TicketPage, by: Move) -> bool {
    next(page.ticket.state, by, mover(page)).is_ok()
}

/// Who asked for what, how far it is, and what can be done about it.
fn request(page: &TicketPage, moving: Sending) -> AnyView {
    let (ticket, as_of) = (&page.ticket, page.as_of);
    let title = format!("{}. {}", ticket.id, ticket.proposal.action().words());
    let facts = facts(ticket, &page.history);
    let drifted = !page.drift.is_empty();
    let standing =
        standing(page, drifted).map(|(tone, text)| view! { <Notice tone text=text.to_owned() /> });
    view! {
        <section class="card" aria-labelledby="request">
            <div class="card__head">
                <h2 class="subtitle" id="request">
                    {title}
                </h2>
                <TicketChip state=ticket.state />
            </div>
            {shown_steps(ticket, &page.history, as_of)}
            <Facts facts as_of />
            <FormFault sending=moving />
            {standing}
            {acts(page, moving)}
        </section>
    }
    .whole()
}

fn facts(ticket: &Ticket, events: &[TicketEvent]) -> Vec<Fact> {
    let asked = events
        .iter()
        .find(|event| event.what == Happening::Requested);
    let reason = asked.map_or("", |event| &event.comment);
    let reason = if reason.is_empty() {
        "None given"
    } else {
        reason
    };
    let mut facts = vec![
        Fact::identity("Requested by", &ticket.requester),
        Fact::text("Reason", reason),
        Fact::time("Requested", ticket.created_at),
    ];
    if ticket.state.waits() {
        facts.push(Fact::time("Waits until", ticket.expires_at));
    }
    let decided = match ticket.state {
        TicketState::Rejected => "Rejected by",
        _ => "Approved by",
    };
    if let Some(decision) = &ticket.decision {
        facts.push(Fact::identity(decided, &decision.by));
    }
    if let Some(result) = &ticket.result {
        if let Some(tag) = &result.tag {
            facts.push(Fact::code("The new API key", tag.to_string()));
        }
        if let Some(end) = result.expires_at {
            facts.push(Fact::time("It expires", end));
        }
    }
    facts
}

/// What whoever looks has to know of how it stands.
fn standing(page: &TicketPage, drifted: bool) -> Option<(Tone, &'static str)> {
    let ticket = &page.ticket;
    Some(match (ticket.state, page.own) {
        (TicketState::Pending, true) => (
            Tone::Plain,
            "You requested this, so somebody else has to decide about it.",
        ),
        (TicketState::Approved, true) if drifted => return None,
        (TicketState::Approved, true) => (Tone::Good, executing(ticket.proposal.action())),
        (TicketState::Approved, false) => (
            Tone::Plain,
            "It is approved. Whoever asked for it has to execute it.",
        ),
        (TicketState::Expired, true) => (
            Tone::Careful,
            "It waited for too long. You can ask for the same again.",
        ),
        _ => return None,
    })
}

/// What happens when one executes it.
const fn executing(action: TicketAction) -> &'static str {
    match action {
        TicketAction::Key(KeyAction::Create | KeyAction::Reissue) => {
            "It is approved. When you execute it, the new value is shown to you once."
        }
        TicketAction::Key(KeyAction::Delete | KeyAction::Revoke) => {
            "It is approved. When you execute it, the API key stops working at once and for good."
        }
        TicketAction::Key(KeyAction::Update) => {
            "It is approved. When you execute it, the API key is changed."
        }
        TicketAction::Settings => "It is approved. When you execute it, the settings are changed.",
    }
}

/// What whoever looks can do.
fn acts(page: &TicketPage, moving: Sending) -> Option<AnyView> {
    let id = page.ticket.id;
    let link = |by, step: &str, label: &'static str, class: &'static str| {
        let href = format!("{TICKETS}/{id}/{step}");
        can(page, by).then(|| {
            view! {
                <a class=class href=href>
                    {label}
                </a>
            }
        })
    };
    let approve = link(
        Move::Approve,
        "approve",
        "Approve",
        "button button--primary",
    );
    let reject = link(Move::Reject, "reject", "Reject", "button button--danger");
    let execute = can(page, Move::Execute).then(|| {
        let button = view! {
            <Submit label="Execute ticket" pending_label="Executing…" pending=moving.pending />
        };
        let entries = [("id", id.to_string())];
        settled_form(ExecuteTicket::PATH, entries, moving, button.whole())
    });
    let step = |by, name: &'static str, label, pending_label, class| {
        can(page, by).then(|| {
            let button = view! { <Submit label pending_label pending=moving.pending class /> };
            let entries = [("id", id.to_string()), ("step", name.to_owned())];
            settled_form(MoveTicket::PATH, entries, moving, button.whole())
        })
    };
    let renew = step(
        Move::Renew,
        "renew",
        "Renew request",
        "Renewing…",
        "button button--primary",
    );
    let cancel = step(
        Move::Cancel,
        "cancel",
        "Cancel request",
        "Canceling…",
        "button",
    );
    let any = approve.is_some() || execute.is_some() || renew.is_some() || cancel.is_some();
    any.then(|| {
        view! { <div class="actions">{approve} {reject} {execute} {renew} {cancel}</div> }.whole()
    })
}

/// What happened to it, and what was said.
fn history(events: &[TicketEvent], as_of: Instant) -> AnyView {
    let events = events.iter().map(|event| {
        let comment = (!event.comment.is_empty()).then(|| {
            view! { <bdi class="history__comment">{event.comment.clone()}</bdi> }
        });
        view! {
            <li class="history__event">
                <div class="history__head">
                    <span class="strong">{happened(event.what)}</span>
                    <bdi class="fact__code">{event.by.clone()}</bdi>
                </div>
                <Time at=event.at as_of />
                {comment}
            </li>
        }
    });
    view! {
        <section class="card" aria-labelledby="history">
            <h2 class="subtitle" id="history">
                "What happened"
            </h2>
            <ol class="history">{events.collect_view()}</ol>
        </section>
    }
    .whole()
}

/// What happened, in a word.
const fn happened(what: Happening) -> &'static str {
    match what {
        Happening::Requested => "Requested",
        Happening::Commented => "Comment",
        Happening::Moved(Move::Approve) => "Approved",
        Happening::Moved(Move::Reject) => "Rejected",
        Happening::Moved(Move::Cancel) => "Canceled",
        Happening::Moved(Move::Execute) => "Executed",
        Happening::Moved(Move::Expire) => "Expired",
        Happening::Moved(Move::Renew) => "Renewed",
    }
}

/// Says something about it. Not while a decision is asked for, which has such a field itself.
fn say(id: String, comment: RwSignal<String>, saying: Sending) -> AnyView {
    let fault = saying.fault;
    let error = about(fault, "comment", "a comment");
    view! {
        <section class="card card--flat" aria-labelledby="say">
            <h2 class="subtitle" id="say">
                "Add a comment"
            </h2>
            <form method="post" action=CommentTicket::PATH on:submit=saying.submit(CommentTicket::PATH)>
                <FormFault sending=saying />
                <input type="hidden" name="id" value=id />
                <TextArea
                    name="comment"
                    label="Comment"
                    text=comment
                    hint="Everybody who sees this ticket reads it. At most 1024 characters."
                    error
                />
                <Submit
                    label="Add comment"
                    pending_label="Adding…"
                    pending=saying.pending
                    class="button"
                />
            </form>
        </section>
    }
    .whole()
}
