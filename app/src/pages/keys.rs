//! `/security/api-keys`

use chrono::TimeDelta;
use domain::{
    Instant,
    directory::{Order, Slice},
    key::{ApiKey, State},
    principal::Identity,
};
use leptos::{prelude::*, server_fn::ServerFn};

use super::{
    bulk::{Bulk, Pick, Picked},
    keys_columns::Choice,
    keys_filter::{KeysFilter, Wanted, type_ahead},
    loading::loaded,
    notices::UrlNotice,
    uses_picture::expiries_picture,
};
use crate::{
    browser,
    calls::{Sending, live, read_here},
    columns::{Columns, KeyColumn},
    format,
    place::{EVERYBODY, Place},
    query::use_query,
    rpc::{ChooseColumns, KeysPage, LoadKeysPage, OfferedKey},
    ui::{Column, Heading, Icon, IntoWhole, Pager, Shape, StateChip, Table, Time, words},
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
    let changes =
        Signal::derive(move || format!("{} {} {}", pulse.beat.get(), again.get(), chosen.get()));
    let page = read_here(|at| LoadKeysPage { at }, changes);
    view! {
        <p class="crumbs">"Security › Access keys"</p>
        <Heading title="API keys" />
            <UrlNotice />
            {picked.shown()}
            {loaded(page, move |page: KeysPage| {
                pulse.known(&page.pulse);
                picked.belongs_to(page.user);
                show(page, picked, choice, type_ahead)
            })}
            // Apart from the list: it may be read anew meanwhile.
            {picked.question()}
    }
    .whole()
}

fn show(page: KeysPage, picked: Picked, choice: Choice, type_ahead: Callback<String>) -> AnyView {
    let shown = page.columns;
    let several = page.may_change && page.slice != Slice::Deleted;
    let wanted = Wanted::of(&page);
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
    let table = if page.keys.is_empty() {
        nothing(&wanted)
    } else {
        let caption = format!("{}: {count}", words::slice(wanted.slice));
        let tags: Vec<_> = page
            .keys
            .iter()
            .map(|one| one.key.tag.to_string())
            .collect();
        let rows = page.keys.into_iter();
        let rows = rows.map(|one| row(one, as_of, shown, several.then_some(picked)));
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
                {choice.form(shown)}
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
        <KeysFilter wanted tiles=page.tiles add=add.whole() type_ahead />
        {table}
        {picture}
    }
    .whole()
}

fn columns(wanted: &Wanted, columns: Columns, several: bool) -> Vec<Column> {
    let by = |label, order| {
        if wanted.sortable(order) {
            Column::sorted(label, wanted.sorted_by(order), wanted.sorted(order))
        } else {
            Column::new(label)
        }
    };
    let select = several.then(|| Column::plain("Select"));
    let chosen = columns.shown().map(|column| {
        let order = match column {
            KeyColumn::Owner => Order::Owner,
            KeyColumn::Expires => Order::Expires,
            KeyColumn::LastUsed => Order::LastUsed,
            KeyColumn::Created => Order::Created,
            KeyColumn::State | KeyColumn::Modified | KeyColumn::Issuer | KeyColumn::Saml => {
                return Column::new(column.label());
            }
        };
        by(column.label(), order)
    });
    let first = select.into_iter().chain([by("API key", Order::Tag)]);
    let chosen: Vec<_> = chosen.collect();
    first
        .chain(chosen)
        .chain([Column::new("Actions")])
        .collect()
}

fn row(one: OfferedKey, as_of: Instant, columns: Columns, picked: Option<Picked>) -> Vec<AnyView> {
    let OfferedKey { key, offer } = one;
    let link = |offered: bool, form: &str, label: &'static str| {
        let href = Place::Everybody.form(&key.tag, form);
        let name = format!("{label} {}", key.tag);
        offered.then(|| {
            view! {
                <a class="button button--small" href=href aria-label=name>
                    {label}
                </a>
            }
        })
    };
    let actions = view! {
        <span class="table__actions">
            {link(offer.edit, "edit", "Edit")} {link(offer.reissue, "reissue", "Reissue")}
            {link(offer.delete, "delete", "Delete")}
        </span>
    };
    let ended = key.deleted.as_ref().map(|deletion| {
        view! {
            <span class="cell">
                <Time at=deletion.at as_of />
                <bdi class="cell__more">"by " {deletion.by.clone()}</bdi>
            </span>
        }
    });
    let pick = picked.map(|picked| {
        let tag = key.tag.to_string();
        view! { <Pick picked tag /> }.whole()
    });
    let chosen = columns.shown().map(|column| cell(&key, column, as_of));
    let last = view! {
        {actions}
        {ended}
    };
    let first = pick.into_iter().chain([name(&key)]);
    first.chain(chosen).chain([last.whole()]).collect()
}

fn cell(key: &ApiKey, column: KeyColumn, as_of: Instant) -> AnyView {
    match column {
        KeyColumn::Owner => who(&key.owner),
        KeyColumn::State => state(key, as_of),
        KeyColumn::Expires => moment(key.retires_at.unwrap_or(key.expires_at), as_of),
        KeyColumn::LastUsed => last_use(key, as_of),
        KeyColumn::Created => moment(key.created_at, as_of),
        KeyColumn::Modified => moment(key.modified_at, as_of),
        KeyColumn::Issuer => who(&key.issuer),
        KeyColumn::Saml if key.saml_validated => "Validated".whole(),
        KeyColumn::Saml => "Not validated".whole(),
    }
}

/// The state; also that an active key ends within a week, as the figure above counts it.
fn state(key: &ApiKey, as_of: Instant) -> AnyView {
    let soon = key.state == State::Active && key.expires_at < as_of + TimeDelta::days(7);
    view! {
        <span class="cell">
            <StateChip state=key.state />
            {soon
                .then(|| {
                    view! {
                        <span class="chip chip--wait">
                            <Icon shape=Shape::Clock />
                            "Expiring"
                        </span>
                    }
                })}
        </span>
    }
    .whole()
}

fn name(key: &ApiKey) -> AnyView {
    let tag = view! { <code class="tag">{key.tag.to_string()}</code> };
    // Of a deleted key there is no more than stands here.
    let tag = if key.state == State::Deleted {
        tag.whole()
    } else {
        let href = Place::Everybody.key(key.tag.as_str());
        view! { <a href=href>{tag}</a> }.whole()
    };
    view! {
        <span class="cell">
            {tag}
            <bdi class="description cell__more">{key.description.clone()}</bdi>
        </span>
    }
    .whole()
}

fn who(identity: &Identity) -> AnyView {
    view! {
        <span class="cell">
            <bdi>{identity.principal.name.clone()}</bdi>
            <bdi class="fact__code cell__more">{identity.to_string()}</bdi>
        </span>
    }
    .whole()
}

fn moment(at: Instant, as_of: Instant) -> AnyView {
    view! {
        <span class="cell">
            <Time at as_of />
            <span class="cell__more">{format::date(at.date_naive())}</span>
        </span>
    }
    .whole()
}

fn last_use(key: &ApiKey, as_of: Instant) -> AnyView {
    match &key.last_used {
        None => "Never used".whole(),
        Some(usage) => view! {
            <span class="cell">
                <Time at=usage.at as_of />
                <code class="cell__more">{usage.address.clone()}</code>
            </span>
        }
        .whole(),
    }
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
