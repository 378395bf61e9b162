//! `/security/api-keys`

use domain::directory::Slice;
use leptos::{prelude::*, server_fn::ServerFn};

use super::{
    bulk::{Bulk, Picked},
    keys_columns::Choice,
    keys_filter::{KeysFilter, Wanted, type_ahead},
    keys_table::{columns, row},
    loading::loaded,
    notices::{UrlNotice, in_the_trail},
    uses_picture::expiries_picture,
};
use crate::{
    browser,
    calls::{Sending, live, read_here},
    columns::Columns,
    place::EVERYBODY,
    query::use_query,
    rpc::{ChooseColumns, KeysPage, LoadKeysPage},
    ui::{Heading, IntoWhole, Pager, Table, words},
};

/// Everybody's keys: figures that are filters, search, a table with what can be done to each, and
/// with several at once. What changes elsewhere appears by itself.
///
/// Without JavaScript: the same, one key at a time, up to date when the page is loaded.
#[component]
pub fn KeysPage() -> AnyView {
    let pulse = live();
    let picked = Picked::none();
    let again = picked.done();
    let query = use_query();
    Effect::new(move |before: Option<(Option<String>, Option<String>)>| {
        let query = query.get();
        let now = (query.get("show"), query.get("q"));
        if before.is_some_and(|before| before != now) {
            picked.not_all();
        }
        browser::fill_unless_focused("#q", now.1.as_deref().unwrap_or_default());
        now
    });
    let type_ahead = type_ahead();
    let choice = Choice::of(Sending::to(&[ChooseColumns::PATH]));
    let chosen = choice.done();
    let done = Signal::derive(move || format!("{} {}", again.get(), chosen.get()));
    let page = read_here(|at| LoadKeysPage { at }, pulse.changes_or(done));
    view! {
        <p class="crumbs">"Security › Access keys"</p>
        <Heading title="API keys" />
            <UrlNotice />
            {picked.shown()}
            {loaded(page, move |page: KeysPage| {
                pulse.known(&page.pulse);
                picked.belongs_to(page.user);
                let query = query.get_untracked();
                let trail = in_the_trail(&query, query.get_str("tag"), page.may_audit);
                let wanted = Wanted::of(&page, &query);
                view! {
                    {trail}
                    {show(page, wanted, picked, choice, type_ahead)}
                }
                .whole()
            })}
            // Apart from the list: it may be read anew meanwhile.
            {picked.question()}
    }
    .whole()
}

fn show(
    page: KeysPage,
    wanted: Wanted,
    picked: Picked,
    choice: Choice,
    type_ahead: Callback<String>,
) -> AnyView {
    let look = page.look;
    let shown = look.columns;
    let several = page.may_change && page.slice != Slice::Deleted;
    let as_of = page.as_of;
    let add = page.may_add.then(|| {
        view! {
            <a class="button button--primary" href=format!("{EVERYBODY}/add") data-new="">
                "Add"
            </a>
        }
    });
    let picture = expiries_picture(&page.expiries, as_of);
    let count = words::how_many(page.count, "key", "keys");
    let (before, after) = (wanted.before(page.before), wanted.after(page.after));
    let table = if page.keys.is_empty() && (before.is_some() || after.is_some()) {
        none_so_far(count, before, after)
    } else if page.keys.is_empty() {
        nothing(&wanted)
    } else {
        let caption = format!("{}: {count}", words::slice(wanted.slice));
        let tags: Vec<_> = page
            .keys
            .iter()
            .map(|one| one.key.tag.to_string())
            .collect();
        let rows = page.keys.into_iter();
        let rows = rows.map(|one| {
            let ticket = page.tickets.get(&one.key.tag).copied();
            row(one, ticket, as_of, shown, several.then_some(picked))
        });
        let rows = rows.collect();
        // Whoever chose columns wants to see them, also on a phone.
        let class = if shown == Columns::default() {
            "table"
        } else {
            "table table--chosen"
        };
        view! {
            <div class="bar">
                {several
                    .then(|| {
                        view! { <Bulk picked tags count=page.count list=wanted.address() as_of /> }
                    })}
                {choice.form(look)}
            </div>
            <Table caption columns=columns(&wanted, shown, several) rows class />
            <Pager count before after />
            <p class="quiet">
                "Export this list: "
                <a class="way" href=wanted.file("csv") rel="external">
                    "CSV"
                </a> ", "
                <a class="way" href=wanted.file("jsonl") rel="external">
                    "JSON lines"
                </a>
            </p>
        }
        .whole()
    };
    view! {
        <KeysFilter wanted tiles=page.tiles waiting=page.waiting add=add.whole() type_ahead />
        {table}
        {picture}
    }
    .whole()
}

/// A search looks at a part of what matches at a time, and there was none of the kind in this one.
fn none_so_far(count: String, before: Option<String>, after: Option<String>) -> AnyView {
    view! {
        <section class="card card--empty" aria-label="No API keys found so far">
            <p class="lead">"None among those that were looked at."</p>
            <p class="quiet">
                "Many API keys match the search, and they are looked at part by part. There may be some of this kind among the others."
            </p>
        </section>
        <Pager count before after before_label="Look back" after_label="Look further" />
    }
    .whole()
}

/// There is nothing at all, or nothing of what is asked for.
fn nothing(wanted: &Wanted) -> AnyView {
    if wanted.slice == Slice::All && wanted.search.is_empty() {
        return view! {
            <section class="card card--empty" aria-label="No API keys yet">
                <p class="lead">"There are no API keys yet."</p>
                <p class="quiet">
                    "Everybody adds their own in the profile menu, top right; or add one for somebody here."
                </p>
            </section>
        }
        .whole();
    }
    view! {
        <section class="card card--empty" aria-label="No API keys found">
            <p class="lead">"No API key is like this."</p>
            <p>
                <a class="button" href=EVERYBODY>
                    "Show all API keys"
                </a>
            </p>
        </section>
    }
    .whole()
}
