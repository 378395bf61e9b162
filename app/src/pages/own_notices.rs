//! `/profile/notices`

use domain::Instant;
use leptos::{prelude::*, server_fn::ServerFn};

use super::{
    loading::loaded,
    told::ToldHere,
    trouble::{FormFault, about, focus_on, lead_on},
};
use crate::{
    Told,
    calls::{Sending, read_here},
    format,
    rpc::{
        ChooseNotices, LoadNoticesPage, MarkNoticeRead, MarkNoticesRead, NOTICES, NoticeRow,
        NoticesPage,
    },
    ui::{
        Checkbox, Heading, IntoWhole, Notice, Pager, Submit, TextField, Time, Tone, row_form,
        settled_form,
    },
};

/// What one was told, the latest first, and what one wants by mail.
///
/// Without JavaScript: the same.
#[component]
pub fn OwnNoticesPage() -> AnyView {
    let marking = Sending::to(&[MarkNoticeRead::PATH, MarkNoticesRead::PATH]);
    let choosing = Sending::to(&[ChooseNotices::PATH]);
    let changes = Sending::any_done([marking, choosing]);
    // The bell at the top counts what is left.
    let told = use_context::<Told>();
    Effect::new(move |before: Option<()>| {
        marking.done.track();
        if let (Some(()), Some(told)) = (before, told) {
            told.0.update(|times| *times += 1);
        }
    });
    let page = read_here(|at| LoadNoticesPage { at }, changes);
    view! {
        <Heading title="Notices" />
        {move || choosing.fault.with(Option::is_none).then(|| view! { <ToldHere /> })}
        {loaded(page, move |page: NoticesPage| show(page, marking, choosing))}
    }
    .whole()
}

fn show(page: NoticesPage, marking: Sending, choosing: Sending) -> AnyView {
    lead_on(marking.fault);
    let as_of = page.as_of;
    let latest = page.rows.first().map(|row| row.id);
    let all = latest.filter(|_| page.unread > 0).map(|latest| {
        let button = view! {
            <Submit
                label="Mark all as read"
                pending_label="Marking…"
                pending=marking.pending
                class="button button--small"
            />
        };
        let entries = [("up_to", latest.to_string())];
        settled_form(MarkNoticesRead::PATH, entries, marking, button.whole())
    });
    let list = if page.rows.is_empty() {
        view! {
            <p class="quiet">
                "Nothing yet. What others do to your API key stands here, and when it is about to end."
            </p>
        }
        .whole()
    } else {
        let rows = page.rows.iter().map(|row| one(row, as_of, marking));
        view! { <ul class="told">{rows.collect::<Vec<_>>()}</ul> }.whole()
    };
    let unread = match page.unread {
        0 => "All are read.".to_owned(),
        unread => format!(
            "{} not read.",
            format::count(unread.into(), "notice", "notices")
        ),
    };
    let older = page.older.map(|id| format!("{NOTICES}?before={id}"));
    view! {
        <section class="card" aria-labelledby="told">
            <div class="card__head">
                <h2 class="subtitle" id="told">
                    "What you were told"
                </h2>
                {all}
            </div>
            <FormFault sending=marking />
            {list}
            <Pager
                count=unread
                before=page.later.then(|| NOTICES.to_owned())
                after=older
                before_label="Latest"
                after_label="Older"
            />
        </section>
        <ByMail page choosing />
    }
    .whole()
}

fn one(row: &NoticeRow, as_of: Instant, marking: Sending) -> AnyView {
    let sentences = row.sentences.iter().map(|sentence| {
        view! {
            <p>
                <bdi class="description">{sentence.clone()}</bdi>
            </p>
        }
    });
    let sentences = sentences.collect::<Vec<_>>();
    let mark = (!row.read).then(|| {
        let (entries, label) = ([("id", row.id.to_string())], "Mark as read");
        let in_full = format!("{label}: {}", row.subject);
        row_form(MarkNoticeRead::PATH, entries, marking, label, in_full)
    });
    let chip = (!row.read).then(|| view! { <span class="chip chip--wait">"New"</span> });
    view! {
        <li class="told__one">
            <div class="told__head">
                <h3 class="told__subject">
                    // Which pages are there, the router knows less well than the server.
                    <a href=row.path.clone()>{row.subject.clone()}</a>
                </h3>
                {chip}
            </div>
            <p class="quiet">
                <Time at=row.at as_of />
            </p>
            {sentences}
            {mark}
        </li>
    }
    .whole()
}

#[component]
fn ByMail(page: NoticesPage, choosing: Sending) -> AnyView {
    let fault = choosing.fault;
    focus_on(fault);
    lead_on(fault);
    let before = choosing.entered();
    let choice = page.choice;
    let (keys, ends, tickets) = (
        before.ticked("keys", choice.keys),
        before.ticked("ends", choice.ends),
        before.ticked("tickets", choice.tickets),
    );
    let address = before.get("address").unwrap_or(choice.address);
    let error = about(fault, "address", "an address");
    let hint = if page.from_sign_in.is_empty() {
        "Empty: nothing is sent.".to_owned()
    } else {
        format!("Empty: {}, which your sign-in gave.", page.from_sign_in)
    };
    let no_server = (!page.mail_is_sent).then(|| {
        let text = "No mail server is configured here, so nothing is sent by mail. What you choose counts once there is one.";
        view! { <Notice tone=Tone::Plain text /> }
    });
    view! {
        <section class="card" aria-labelledby="by-mail">
            <h2 class="subtitle" id="by-mail">
                "By mail"
            </h2>
            {no_server}
            <form
                method="post"
                action=ChooseNotices::PATH
                on:submit=choosing.submit(ChooseNotices::PATH)
            >
                <FormFault sending=choosing />
                <TextField
                    name="address"
                    label="Mail address"
                    value=address
                    autocomplete="email"
                    hint=Signal::stored(hint)
                    error
                    optional=true
                    most=254
                />
                <Checkbox
                    name="keys"
                    label="What others do to my API key"
                    hint="Created, reissued, changed or deleted by somebody else. It always stands above."
                    checked=keys
                />
                <Checkbox
                    name="ends"
                    label="The end of my API key"
                    hint="30, 7 and 1 days before it, at the end, and when a key that was replaced is still used."
                    checked=ends
                />
                <Checkbox
                    name="tickets"
                    label="Tickets"
                    hint="Requests that wait for me, decisions about mine, and when they are about to expire; if the approval settings send mail."
                    checked=tickets
                />
                <Submit label="Save" pending_label="Saving…" pending=choosing.pending />
            </form>
        </section>
    }
    .whole()
}
