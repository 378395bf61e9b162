//! `/settings/notices/{id}`

use leptos::{prelude::*, server_fn::ServerFn};

use super::{
    deliveries::DeliveryTable,
    loading::loaded,
    told::ToldHere,
    trouble::{FormFault, focus_on, lead_on},
};
use crate::{
    calls::{Sending, read_here},
    rpc::{
        DeleteWebhook, LoadWebhookPage, NOTIFYING, PutSecretAway, ResendDelivery, Secret,
        SwitchWebhook, TestWebhook, WebhookPage,
    },
    ui::{
        Checkbox, CopyButton, Fact, Facts, Heading, IntoWhole, Notice, Pager, Submit, Tone,
        settled_form, words,
    },
};

/// One webhook: its secret while it is new, what can be done, and what was sent to it.
///
/// Without JavaScript: the same.
#[component]
pub fn WebhookPage() -> AnyView {
    let sending = Sending::to(&[
        PutSecretAway::PATH,
        SwitchWebhook::PATH,
        TestWebhook::PATH,
        ResendDelivery::PATH,
    ]);
    // What is removed is not read anew.
    let removing = Sending::to(&[DeleteWebhook::PATH]);
    let page = read_here(|at| LoadWebhookPage { at }, Sending::any_done([sending]));
    view! {
        <Heading title="Webhook" />
        {move || sending.fault.with(Option::is_none).then(|| view! { <ToldHere /> })}
        {loaded(page, move |page: WebhookPage| show(page, sending, removing))}
    }
    .whole()
}

fn show(page: WebhookPage, sending: Sending, removing: Sending) -> AnyView {
    for fault in [sending.fault, removing.fault] {
        focus_on(fault);
        lead_on(fault);
    }
    let (webhook, as_of, may) = (page.webhook, page.as_of, page.may_change);
    let id = webhook.id;
    let facts = vec![
        Fact::code("Address", webhook.url),
        Fact::text("Told", webhook.events.join(", ")),
        Fact::text(
            "State",
            if webhook.enabled { "On" } else { "Off" }.to_owned(),
        ),
        Fact::time("Added", webhook.created_at),
    ];
    let secret = page.secret.map(|secret| the_secret(id, &secret, sending));
    let enabled = webhook.enabled;
    let actions = may.then(|| actions(id, enabled, sending));
    let delete = may.then(|| delete(id, removing));
    let older = page
        .older
        .map(|last| format!("{NOTIFYING}/{id}?before={last}"));
    let log = if page.deliveries.is_empty() {
        view! { <p class="quiet">"Nothing was sent yet."</p> }.whole()
    } else {
        let resending = may.then_some(sending);
        view! { <DeliveryTable rows=page.deliveries webhook=Some(id) resending as_of /> }.whole()
    };
    view! {
        <p>
            <a href=NOTIFYING>"All webhooks, and mail"</a>
        </p>
        <FormFault sending />
        {secret}
        <section class="card" aria-labelledby="webhook">
            <h2 class="subtitle" id="webhook">
                "This webhook"
            </h2>
            <Facts facts as_of />
            {actions}
        </section>
        <section class="sent" aria-labelledby="log">
            <h2 class="subtitle" id="log">
                "What was sent"
            </h2>
            {log}
            <Pager
                count=String::new()
                before=page.later.then(|| format!("{NOTIFYING}/{id}"))
                after=older
                before_label="Latest"
                after_label="Older"
            />
        </section>
        {delete}
    }
    .whole()
}

fn the_secret(id: i64, secret: &Secret, sending: Sending) -> AnyView {
    let text = secret.expose().to_owned();
    let copied = text.clone();
    let put_away = view! {
        <Submit
            label="I have stored it"
            pending_label="Putting away…"
            pending=sending.pending
            class="button"
        />
    };
    let put_away = settled_form(PutSecretAway::PATH, numbered(id), sending, put_away.whole());
    view! {
        <section class="card" aria-labelledby="secret">
            <h2 class="subtitle" id="secret">
                "Its secret"
            </h2>
            <Notice
                tone=Tone::Careful
                text="Give it to the receiver now: it is shown for ten minutes, and never again. What is sent is signed with it."
            />
            <p>
                <code class="breaks">{text}</code>
            </p>
            <div class="actions">
                <CopyButton text=move |()| copied.clone() label="Copy" />
                {put_away}
            </div>
        </section>
    }
    .whole()
}

fn actions(id: i64, enabled: bool, sending: Sending) -> AnyView {
    let (to, label) = if enabled {
        ("false", "Switch off")
    } else {
        ("true", "Switch on")
    };
    let test = enabled.then(|| {
        let button = view! {
            <Submit
                label="Send a test"
                pending_label="Sending…"
                pending=sending.pending
                class="button"
            />
        };
        settled_form(TestWebhook::PATH, numbered(id), sending, button.whole())
    });
    let switch = view! {
        <Submit label pending_label="Switching…" pending=sending.pending class="button" />
    };
    let wanted = numbered(id).into_iter().chain([("enabled", to.to_owned())]);
    let switch = settled_form(SwitchWebhook::PATH, wanted, sending, switch.whole());
    view! { <div class="actions">{test} {switch}</div> }.whole()
}

/// Names a webhook in a form.
fn numbered(id: i64) -> [(&'static str, String); 1] {
    [("id", id.to_string())]
}

fn delete(id: i64, sending: Sending) -> AnyView {
    let fault = sending.fault;
    let unsure = move || {
        let unsure = fault.with(|fault| words::about(fault.as_ref(), "sure", "yes"));
        unsure.map(|_| view! { <p class="field__error">"Tick it to remove the webhook."</p> })
    };
    view! {
        <section class="card" aria-labelledby="remove">
            <h2 class="subtitle" id="remove">
                "Remove"
            </h2>
            <form method="post" action=DeleteWebhook::PATH on:submit=sending.submit(DeleteWebhook::PATH)>
                <FormFault sending />
                <input type="hidden" name="id" value=id.to_string() />
                <Checkbox
                    name="sure"
                    label="Remove this webhook for good"
                    hint="With the log of what was sent to it. Its secret is void."
                    checked=false
                />
                {unsure}
                <Submit
                    label="Remove"
                    pending_label="Removing…"
                    pending=sending.pending
                    class="button button--danger"
                />
            </form>
        </section>
    }
    .whole()
}
