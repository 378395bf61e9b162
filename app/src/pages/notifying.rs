//! `/settings/notices`

use leptos::{prelude::*, server_fn::ServerFn};

use super::{
    deliveries::DeliveryTable,
    loading::loaded,
    told::ToldHere,
    trouble::{FormFault, about, focus_on, lead_on},
};
use crate::{
    calls::{Sending, read_here},
    rpc::{
        AddWebhook, LoadNotifyingPage, NOTIFYING, NotifyingPage, ResendDelivery, TestMail,
        WebhookRow,
    },
    ui::{Column, Fact, Facts, Heading, IntoWhole, Pager, Submit, Table, TextField, Tick, Time},
};

/// Webhooks, the mail server and what was not delivered.
///
/// Without JavaScript: the same.
#[component]
pub fn NotifyingPage() -> AnyView {
    let adding = Sending::to(&[AddWebhook::PATH]);
    let testing = Sending::to(&[TestMail::PATH]);
    let resending = Sending::to(&[ResendDelivery::PATH]);
    let changes = Sending::any_done([adding, testing, resending]);
    let page = read_here(|at| LoadNotifyingPage { at }, changes);
    view! {
        <Heading title="Notices" />
        <ToldHere />
        {loaded(page, move |page: NotifyingPage| {
            let may = page.may_change;
            let as_of = page.as_of;
            let mail = mail(&page, may.then_some(testing));
            let failed = failed(&page, may.then_some(resending));
            let add = may.then(|| view! { <Add kinds=page.kinds sending=adding /> });
            let rows: Vec<Vec<AnyView>> = page
                .webhooks
                .into_iter()
                .map(|row| webhook(row, as_of))
                .collect();
            let webhooks = if rows.is_empty() {
                view! { <p class="quiet">"No webhook yet."</p> }.whole()
            } else {
                let columns = ["Address", "Told", "Added", "State"].map(Column::new).to_vec();
                view! { <Table caption="Webhooks" columns rows /> }.whole()
            };
            view! {
                <p class="lead">
                    "How people and programs are told what happens. Everybody finds their own notices in the application as well."
                </p>
                <section class="sent" aria-labelledby="webhooks">
                    <h2 class="subtitle" id="webhooks">
                        "Webhooks"
                    </h2>
                    {webhooks}
                </section>
                {add}
                {mail}
                {failed}
            }
            .whole()
        })}
    }
    .whole()
}

fn webhook(row: WebhookRow, as_of: domain::Instant) -> Vec<AnyView> {
    let href = format!("{NOTIFYING}/{}", row.id);
    let (class, word) = if row.enabled {
        ("chip chip--good", "On")
    } else {
        ("chip", "Off")
    };
    vec![
        view! { <a class="who__name" href=href><bdi class="breaks">{row.url}</bdi></a> }.whole(),
        row.events.join(", ").whole(),
        view! { <Time at=row.created_at as_of /> }.whole(),
        view! { <span class=class>{word}</span> }.whole(),
    ]
}

#[component]
fn Add(kinds: Vec<String>, sending: Sending) -> AnyView {
    let fault = sending.fault;
    focus_on(fault);
    lead_on(fault);
    let about = move |field, expected| about(fault, field, expected);
    let none = about("events", "something to tell");
    let url = sending.entered().get("url").unwrap_or_default();
    let ticks = kinds.into_iter().map(|kind| {
        let label = kind.clone();
        view! { <Tick name="events[]" value=kind label checked=true /> }
    });
    let hint = "With https. Each notice is posted there as JSON, signed with the webhook's secret.";
    view! {
        <section class="card" aria-labelledby="add-webhook">
            <h2 class="subtitle" id="add-webhook">
                "Add webhook"
            </h2>
            <form method="post" action=AddWebhook::PATH on:submit=sending.submit(AddWebhook::PATH)>
                <FormFault sending />
                <TextField
                    name="url"
                    label="Address"
                    value=url
                    hint=Signal::stored(hint.to_owned())
                    error=about("url", "an address")
                    most=2048
                />
                <fieldset class="choice">
                    <legend class="field__label">"What it is told"</legend>
                    <div class="choice__options choice__options--wide">
                        {ticks.collect::<Vec<_>>()}
                    </div>
                    {move || none.get().map(|text| view! { <p class="field__error">{text}</p> })}
                </fieldset>
                <Submit label="Add webhook" pending_label="Adding…" pending=sending.pending />
            </form>
        </section>
    }
    .whole()
}

fn mail(page: &NotifyingPage, testing: Option<Sending>) -> AnyView {
    let as_of = page.as_of;
    let contents = match &page.mail {
        None => view! {
            <p>
                "No mail server is configured, so nothing is sent by mail: set "
                <code>"smtp_address"</code> " and " <code>"smtp_sender"</code>
                " and start the server anew. Notices are shown in the application."
            </p>
        }
        .whole(),
        Some((address, security, sender)) => {
            let facts = vec![
                Fact::code("Mail server", format!("{address}, {security}")),
                Fact::code("Sender", sender.clone()),
            ];
            let test = testing.map(|sending| view! { <Try sending /> });
            view! {
                <Facts facts as_of />
                {test}
            }
            .whole()
        }
    };
    view! {
        <section class="card" aria-labelledby="mail">
            <h2 class="subtitle" id="mail">
                "Mail"
            </h2>
            {contents}
        </section>
    }
    .whole()
}

#[component]
fn Try(sending: Sending) -> AnyView {
    let fault = sending.fault;
    focus_on(fault);
    lead_on(fault);
    let error = about(fault, "address", "an address");
    let address = sending.entered().get("address").unwrap_or_default();
    view! {
        <form method="post" action=TestMail::PATH on:submit=sending.submit(TestMail::PATH)>
            <FormFault sending />
            <TextField name="address" label="Mail address" value=address error most=254 />
            <Submit
                label="Send a test mail"
                pending_label="Sending…"
                pending=sending.pending
                class="button"
            />
        </form>
    }
    .whole()
}

fn failed(page: &NotifyingPage, resending: Option<Sending>) -> AnyView {
    if page.failed.is_empty() && !page.later {
        return ().whole();
    }
    let older = page.older.map(|id| format!("{NOTIFYING}?before={id}"));
    let fault = resending.map(|sending| view! { <FormFault sending /> });
    view! {
        <section class="sent" aria-labelledby="failed">
            <h2 class="subtitle" id="failed">
                "Mail that was not delivered"
            </h2>
            {fault}
            <DeliveryTable rows=page.failed.clone() webhook=None resending as_of=page.as_of />
            <Pager
                count=String::new()
                before=page.later.then(|| NOTIFYING.to_owned())
                after=older
                before_label="Latest"
                after_label="Older"
            />
        </section>
    }
    .whole()
}
