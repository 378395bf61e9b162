//! The table of everybody's keys.

use chrono::TimeDelta;
use domain::{
    Instant,
    directory::Order,
    key::{ApiKey, State},
    principal::Identity,
    ticket::TicketId,
};
use leptos::prelude::*;

use super::{
    bulk::{Pick, Picked},
    keys_filter::Wanted,
};
use crate::{
    columns::{Columns, KeyColumn},
    format,
    place::{Place, TICKETS},
    rpc::OfferedKey,
    ui::{Column, Icon, IntoWhole, Shape, StateChip, Time},
};

/// The heads of the columns, which sort where the list can be had so.
pub fn columns(wanted: &Wanted, columns: Columns, several: bool) -> Vec<Column> {
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

/// A key's cells: what is chosen between the key itself and what can be done with it: nothing but
/// look at the ticket, while one waits.
pub fn row(
    one: OfferedKey,
    ticket: Option<TicketId>,
    as_of: Instant,
    columns: Columns,
    picked: Option<Picked>,
) -> Vec<AnyView> {
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
    let actions = match ticket {
        Some(id) => view! {
            <a class="button button--small" href=format!("{TICKETS}/{id}")>
                {format!("View ticket {id}")}
            </a>
        }
        .whole(),
        None => view! {
            {link(offer.edit, "edit", "Edit")}
            {link(offer.reissue, "reissue", "Reissue")}
            {link(offer.delete, "delete", "Delete")}
        }
        .whole(),
    };
    let actions = view! { <span class="table__actions">{actions}</span> };
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
    let chosen = columns.shown();
    let chosen = chosen.map(|column| cell(&key, column, ticket.is_some(), as_of));
    let last = view! {
        {actions}
        {ended}
    };
    let first = pick.into_iter().chain([name(&key)]);
    first.chain(chosen).chain([last.whole()]).collect()
}

fn cell(key: &ApiKey, column: KeyColumn, waits: bool, as_of: Instant) -> AnyView {
    match column {
        KeyColumn::Owner => who(&key.owner),
        KeyColumn::State => state(key, waits, as_of),
        KeyColumn::Expires => moment(key.retires_at.unwrap_or(key.expires_at), as_of),
        KeyColumn::LastUsed => last_use(key, as_of),
        KeyColumn::Created => moment(key.created_at, as_of),
        KeyColumn::Modified => moment(key.modified_at, as_of),
        KeyColumn::Issuer => who(&key.issuer),
        KeyColumn::Saml if key.saml_validated => "Validated".whole(),
        KeyColumn::Saml => "Not validated".whole(),
    }
}

/// The state; also that an active key ends within a week, as the figure above counts it, and that
/// a second person has to decide about it.
fn state(key: &ApiKey, waits: bool, as_of: Instant) -> AnyView {
    let soon = key.state == State::Active && key.expires_at < as_of + TimeDelta::days(7);
    let chip = |word: &'static str| {
        view! {
            <span class="chip chip--wait">
                <Icon shape=Shape::Clock />
                {word}
            </span>
        }
    };
    view! {
        <span class="cell">
            <StateChip state=key.state />
            {soon.then(|| chip("Expiring"))}
            {waits.then(|| chip("Approval awaited"))}
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
