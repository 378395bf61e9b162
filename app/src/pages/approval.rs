//! What forms about keys say of approval by a second person.

use domain::{approval::KeyAction, ticket::TicketId};
use leptos::prelude::*;

use super::trouble::about;
use crate::{
    calls::Sending,
    place::TICKETS,
    rpc::Approval,
    ui::{IntoWhole, Notice, Submit, TextField, Tone},
};

/// Says that a ticket waits about a key, and leads to it. Without JavaScript: the same.
pub fn waiting_notice(id: TicketId) -> AnyView {
    let text =
        format!("Ticket {id} waits about this. Nothing else can be done until it is closed.");
    view! {
        <Notice tone=Tone::Plain text />
        <p>
            <a class="button" href=format!("{TICKETS}/{id}")>
                {format!("View ticket {id}")}
            </a>
        </p>
    }
    .whole()
}

/// What stands where a form would, while a ticket waits.
pub fn instead(approval: Approval) -> Option<AnyView> {
    approval.waiting.map(waiting_notice)
}

/// What is said before a request that a second person has to approve, and the field for its reason.
/// Nothing, where nobody has to.
///
/// Without JavaScript: the same.
pub fn ask(asked: bool, action: KeyAction, sending: Sending) -> Option<AnyView> {
    let text = if action.reveals() {
        "A second person has to approve this. Your request gets a ticket; once it is approved, you execute it there, and the new value is shown to you alone. A validity counts from the approval."
    } else {
        "A second person has to approve this. Your request gets a ticket, and nothing changes before it is approved."
    };
    asked.then(|| {
        view! {
            <Notice tone=Tone::Plain text />
            {reason(sending)}
        }
        .whole()
    })
}

/// The field for why something is asked for. Without JavaScript: the same.
pub fn reason(sending: Sending) -> AnyView {
    view! {
        <TextField
            name="reason"
            label="Reason"
            value=sending.entered().get("reason").unwrap_or_default()
            hint=Signal::stored("Whoever approves it reads this.".to_owned())
            error=about(sending.fault, "reason", "text without control characters")
            optional=true
            most=1024
        />
    }
    .whole()
}

/// The button that sends such a form: it says whether a second person has to approve.
pub fn submit(
    asked: bool,
    label: &'static str,
    pending_label: &'static str,
    sending: Sending,
) -> AnyView {
    submit_unless(Signal::stored(false), asked, label, pending_label, sending)
}

/// The same of a form that has nothing to send while `idle`.
pub fn submit_unless(
    idle: Signal<bool>,
    asked: bool,
    label: &'static str,
    pending_label: &'static str,
    sending: Sending,
) -> AnyView {
    let (label, pending_label) = says(asked, label, pending_label);
    view! { <Submit label pending_label pending=sending.pending idle /> }.whole()
}

/// The same of a form whose sending cannot be undone.
pub fn submit_to_destroy(
    asked: bool,
    label: &'static str,
    pending_label: &'static str,
    sending: Sending,
) -> AnyView {
    let class = if asked {
        "button button--primary"
    } else {
        "button button--destructive"
    };
    let (label, pending_label) = says(asked, label, pending_label);
    view! { <Submit label pending_label pending=sending.pending class /> }.whole()
}

const fn says(
    asked: bool,
    label: &'static str,
    pending_label: &'static str,
) -> (&'static str, &'static str) {
    if asked {
        ("Request approval", "Requesting…")
    } else {
        (label, pending_label)
    }
}
