//! `/users`

use leptos::prelude::*;

use super::{loading::loaded, told::ToldHere};
use crate::{
    calls::{live, read_here},
    format,
    rpc::{LoadUsersPage, MOST_COUNTED, UserKey, UserRow, UsersPage},
    ui::{Column, Find, Heading, IntoWhole, Pager, StateChip, Table, Time, UserChip, address},
};

/// Everybody who has an account, by name. What changes elsewhere appears by itself.
///
/// Without JavaScript: the same, as it was when the page was made; the search is a form with a
/// button.
#[component]
pub fn UsersPage() -> AnyView {
    let pulse = live();
    let page = read_here(|at| LoadUsersPage { at }, pulse.changes());
    view! {
        <Heading title="Users" />
        <ToldHere />
        <Find path="/users" label="Name begins with" />
        {loaded(page, move |page: UsersPage| {
            pulse.known(&page.pulse);
            show(page)
        })}
    }
    .whole()
}

fn show(page: UsersPage) -> AnyView {
    let add = page.may_add.then(|| {
        view! {
            <div class="actions">
                <a class="button button--primary" href="/users/add" data-new="">
                    "Add user"
                </a>
            </div>
        }
    });
    if page.rows.is_empty() {
        return view! {
            {add}
            <div class="empty">
                <p>
                    "No user's name begins with " <bdi class="empty__sought">{page.search}</bdi> "."
                </p>
                <p>
                    <a class="button" href="/users">
                        "Show all users"
                    </a>
                </p>
            </div>
        }
        .whole();
    }
    let columns = ["Name", "Roles", "API key", "State", "Added"]
        .map(Column::new)
        .to_vec();
    let as_of = page.as_of;
    let rows = page.rows.into_iter().map(|row| cells(row, as_of)).collect();
    let way = |name, id: Option<i64>| {
        id.map(|id| address("/users", &[("q", &page.search), (name, &id.to_string())]))
    };
    let caption = if page.search.is_empty() {
        "Users by name".to_owned()
    } else {
        format!("Users whose name begins with {}", page.search)
    };
    view! {
        {add}
        <Table caption columns rows />
        <Pager
            count=count(page.count)
            before=way("before", page.before)
            after=way("after", page.after)
        />
    }
    .whole()
}

/// How many users there are, in words.
fn count(users: u64) -> String {
    if users > MOST_COUNTED {
        "More than 10,000 users".to_owned()
    } else {
        format::count(users, "user", "users")
    }
}

fn cells(row: UserRow, as_of: domain::Instant) -> Vec<AnyView> {
    let identity = row.identity;
    let roles = match row.roles {
        None => view! { <span class="quiet">"Not shown to you"</span> }.whole(),
        Some(roles) if roles.is_empty() => view! { <span class="quiet">"None"</span> }.whole(),
        Some(roles) => {
            let roles = roles.into_iter().map(|(id, name)| {
                view! {
                    <li>
                        <a href=format!("/roles/{id}")>
                            <bdi>{name}</bdi>
                        </a>
                    </li>
                }
            });
            view! { <ul>{roles.collect_view()}</ul> }.whole()
        }
    };
    vec![
        view! {
            <div class="who">
                <a class="who__name" href=format!("/users/{}", identity.id)>
                    <bdi>{identity.principal.name.clone()}</bdi>
                </a>
                <bdi class="who__identity">{identity.to_string()}</bdi>
            </div>
        }
        .whole(),
        roles,
        key(row.key),
        view! { <UserChip disabled_at=row.disabled_at as_of /> }.whole(),
        view! { <Time at=row.created_at as_of /> }.whole(),
    ]
}

/// A user's key: its tag, which leads to it, and its state.
pub fn key(key: UserKey) -> AnyView {
    match key {
        UserKey::Hidden => view! { <span class="quiet">"Not shown to you"</span> }.whole(),
        UserKey::Absent => view! { <span class="quiet">"No key"</span> }.whole(),
        UserKey::Present(tag, state) => view! {
            <span class="tagged">
                <a href=format!("/security/api-keys/{}", escaped(tag.as_str()))>
                    <code>{tag.to_string()}</code>
                </a>
                <StateChip state />
            </span>
        }
        .whole(),
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    crate::ui::escape(&mut escaped, text);
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_users_are_not_counted_to_the_last() {
        assert_eq!(count(1), "1 user");
        assert_eq!(count(10_000), "10000 users");
        assert_eq!(count(10_001), "More than 10,000 users");
    }
}
