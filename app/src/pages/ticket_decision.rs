//! Approving and rejecting: who decides shows once more who they are (ADR 28).

use domain::{
    error::{Error, Refusal},
    ticket::{Again, FRESH_MINUTES, Move},
};
use leptos::{prelude::*, server_fn::ServerFn};

use super::{
    ticket::{Decision, can},
    trouble::{FormFault, about},
};
use crate::{
    calls::Sending,
    place::TICKETS,
    rpc::{DecideTicket, TicketPage},
    ui::{
        ApiCall, IntoWhole, Kind, Notice, Submit, TextArea, TextField, Tone, closes_to, modal,
        words,
    },
};

/// Asks for the decision.
///
/// Without JavaScript: the same question, open on the page.
pub fn question(
    page: &TicketPage,
    decision: Decision,
    comment: RwSignal<String>,
    sending: Sending,
) -> AnyView {
    let ticket = &page.ticket;
    let back = format!("{TICKETS}/{}", ticket.id);
    let close = closes_to(back.clone());
    let approve = decision == Decision::Approve;
    let by = if approve { Move::Approve } else { Move::Reject };
    let title = if approve {
        "Approve this request?"
    } else {
        "Reject this request?"
    };
    let body = match page.again.filter(|_| can(page, by)) {
        None => view! {
            <p>{not_yours(page)}</p>
            <div class="actions actions--end">
                <a class="button" href=back.clone() autofocus=true>
                    "Back to the ticket"
                </a>
            </div>
        }
        .whole(),
        Some(Again::SignIn) => sign_in_again(page, &back),
        Some(again) => {
            view! { <Form page=page.clone() approve again comment sending back /> }.whole()
        }
    };
    view! {
        <dialog
            node_ref=modal()
            class="dialog"
            open=true
            aria-labelledby="decision"
            on:close=close
        >
            <h2 class="dialog__title" id="decision">
                {title}
            </h2>
            {body}
            <ApiCall in_dialog=true />
        </dialog>
    }
    .whole()
}

/// Why there is nothing to decide.
fn not_yours(page: &TicketPage) -> &'static str {
    match (page.own, page.again) {
        (true, _) => "You requested this, so somebody else has to decide about it.",
        (false, None) => "You may look at this ticket, but not decide about it.",
        (false, Some(_)) => "It does not wait for a decision any more.",
    }
}

#[component]
fn Form(
    page: TicketPage,
    approve: bool,
    again: Again,
    comment: RwSignal<String>,
    sending: Sending,
    back: String,
) -> AnyView {
    let fault = sending.fault;
    let about = move |field, expected| about(fault, field, expected);
    let (decision, label, pending_label, class, hint) = if approve {
        (
            "approve",
            "Approve",
            "Approving…",
            "button button--primary",
            "Whoever asked reads it.",
        )
    } else {
        (
            "reject",
            "Reject",
            "Rejecting…",
            "button button--destructive",
            "Whoever asked reads why.",
        )
    };
    let ticket = page.ticket;
    let requester = ticket.requester.to_string();
    let what = ticket.proposal.action().words();
    let drifted = (approve && !page.drift.is_empty()).then(|| {
        let text = "It is not as it was when this was asked for. Approving it leads to nothing: it has to be asked for again.";
        view! { <Notice tone=Tone::Careful text /> }
    });
    let alone = (approve && !ticket.by_hand).then(|| {
        view! { <p class="strong">"It is carried out at once by your approval."</p> }
    });
    view! {
        <form method="post" action=DecideTicket::PATH on:submit=sending.submit(DecideTicket::PATH)>
            <FormFault sending />
            <p>
                {format!("Ticket {}: {what}, requested by ", ticket.id)}
                <bdi class="fact__code">{requester}</bdi> "."
            </p>
            {drifted}
            {alone}
            <input type="hidden" name="id" value=ticket.id.to_string() />
            <input type="hidden" name="decision" value=decision />
            <TextArea
                name="comment"
                label="Comment"
                text=comment
                hint
                error=about("comment", "why")
                optional=approve
            />
            {proof(again, about("password", "your password"))}
            <div class="actions actions--end">
                <a class="button" href=back>
                    "Cancel"
                </a>
                <Submit label pending_label pending=sending.pending class />
            </div>
        </form>
    }
    .whole()
}

/// What is asked once more.
fn proof(again: Again, error: Signal<Option<String>>) -> AnyView {
    let (label, hint) = match again {
        Again::PasswordOrCode => (
            "Your password, or a code",
            "Asked again so that nobody else decides at your computer. A code of your second factor does as well.",
        ),
        Again::Password => (
            "Your password",
            "Asked again so that nobody else decides at your computer.",
        ),
        Again::SignedIn | Again::SignIn => {
            return view! {
                <p class="quiet">
                    {format!(
                        "You have signed in within the last {FRESH_MINUTES} minutes, so nothing more is asked.",
                    )}
                </p>
            }
            .whole();
        }
    };
    view! {
        <TextField
            name="password"
            label
            kind=Kind::Password
            autocomplete="current-password"
            hint=Signal::stored(hint.to_owned())
            error
        />
    }
    .whole()
}

/// Who has no password here signs in again, and comes back.
fn sign_in_again(page: &TicketPage, back: &str) -> AnyView {
    let text = words::sentence(&Error::Refused(Refusal::SignInAgain).into());
    let href = page.sign_in.clone().map(|provider| {
        let mut href = "/netbackup/sso/login?provider=".to_owned();
        crate::ui::escape(&mut href, &provider);
        format!("{href}&next={back}")
    });
    view! {
        <Notice tone=Tone::Plain text />
        <p>
            "You sign in by SAML authentication and have no password here, so a new sign-in takes its place."
        </p>
        <div class="actions actions--end">
            <a class="button" href=back.to_owned()>
                "Cancel"
            </a>
            <a class="button button--primary" href=href rel="external" autofocus=true>
                "Sign in again"
            </a>
        </div>
    }
    .whole()
}
