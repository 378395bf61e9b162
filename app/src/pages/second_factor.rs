//! One's second factor: setting it up, and removing it.

use leptos::{prelude::*, server_fn::ServerFn};

use super::trouble::{FormFault, about, focus_on, lead_on};
use crate::{
    calls::Sending,
    format,
    rpc::{BeginSecondFactor, ConfirmSecondFactor, Factor, PendingFactor, RemoveSecondFactor},
    ui::{IntoWhole, Notice, Submit, TextField, Tone},
};

/// The second factor of whoever has a password here.
///
/// Without JavaScript: the same.
#[component]
pub fn SecondFactor(
    /// As it is.
    factor: Factor,
    /// What becomes of the forms.
    sending: Sending,
) -> AnyView {
    let fault = sending.fault;
    focus_on(fault);
    lead_on(fault);
    let codes = format::count(
        factor.recovery_codes.into(),
        "recovery code",
        "recovery codes",
    );
    let body = match (factor.set_up, factor.pending) {
        (true, _) => view! {
            <p>
                "At sign-in a code of your authenticator application is asked for. "
                {format!("You have {codes} left.")}
            </p>
            <CodeForm
                path=RemoveSecondFactor::PATH
                label="Remove second factor"
                pending_label="Removing…"
                hint="A code of the application, or one of your recovery codes."
                sending
            />
        }
        .whole(),
        (false, Some(pending)) => view! {
            <Pending pending />
            <CodeForm
                path=ConfirmSecondFactor::PATH
                label="Confirm"
                pending_label="Confirming…"
                hint="The six digits that the application shows now."
                sending
            />
        }
        .whole(),
        (false, None) => view! {
            <p class="quiet">
                "A code of an application on your phone, besides your password. API keys do not need it."
            </p>
            <form
                method="post"
                action=BeginSecondFactor::PATH
                on:submit=sending.submit(BeginSecondFactor::PATH)
            >
                <Submit
                    label="Set up second factor"
                    pending_label="Setting up…"
                    pending=sending.pending
                    class="button"
                />
            </form>
        }
        .whole(),
    };
    let required = (factor.required && !factor.set_up).then(|| {
        view! {
            <Notice
                tone=Tone::Plain
                text="A second factor is required here. Set it up, then go on."
            />
        }
    });
    view! {
        <section class="card" aria-labelledby="second-factor">
            <h2 class="subtitle" id="second-factor">
                "Second factor"
            </h2>
            {required}
            <FormFault sending />
            {body}
        </section>
    }
    .whole()
}

/// What is set up once it is confirmed.
#[component]
fn Pending(pending: PendingFactor) -> impl IntoView {
    let size = pending.size + 8;
    let codes = pending.recovery_codes.into_iter();
    let codes = codes.map(|code| view! { <li><code>{code.into_inner()}</code></li> });
    view! {
        <ol class="steps">
            <li>
                <p>"Scan this with an authenticator application, or type the text below it."</p>
                <svg
                    class="qr"
                    viewBox=format!("-4 -4 {size} {size}")
                    role="img"
                    aria-label="QR code of the secret below"
                >
                    <path class="qr__ground" d=format!("M-4,-4h{size}v{size}h-{size}z") />
                    <path class="qr__dots" d=pending.qr />
                </svg>
                <p>
                    <code class="qr__text">{pending.secret.into_inner()}</code>
                </p>
            </li>
            <li>
                <p>
                    "Keep these recovery codes elsewhere. Each signs you in once when you do not have the application."
                </p>
                <ul class="codes">{codes.collect_view()}</ul>
            </li>
            <li>
                <p>"Enter the code that the application shows."</p>
            </li>
        </ol>
    }
}

#[component]
fn CodeForm(
    path: &'static str,
    label: &'static str,
    pending_label: &'static str,
    hint: &'static str,
    sending: Sending,
) -> impl IntoView {
    let fault = sending.fault;
    let wrong = about(fault, "code", "a code that is valid now");
    view! {
        <form method="post" action=path on:submit=sending.submit(path)>
            <TextField
                name="code"
                label="Code"
                autocomplete="one-time-code"
                hint=Signal::stored(hint.to_owned())
                error=wrong
            />
            <Submit label pending_label pending=sending.pending />
        </form>
    }
}
