//! `/roles`

use domain::role::BuiltInRole;
use leptos::prelude::*;

use super::{loading::loaded, told::ToldHere};
use crate::{
    calls::{live, read},
    format,
    rpc::{LoadRolesPage, MOST_COUNTED, RolesPage},
    ui::{Column, Heading, IntoWhole, Table},
};

/// Every role: what it is for and how many hold it. What changes elsewhere appears by itself.
///
/// Without JavaScript: the same, as it was when the page was made.
#[component]
pub fn RolesPage() -> AnyView {
    let pulse = live();
    let page = read(LoadRolesPage {}, pulse.changes());
    view! {
        <Heading title="Roles" />
        <ToldHere />
        {loaded(page, move |page: RolesPage| {
            pulse.known(&page.pulse);
            show(page)
        })}
    }
    .whole()
}

fn show(page: RolesPage) -> AnyView {
    let add = page.may_add.then(|| {
        view! {
            <div class="actions">
                <a class="button button--primary" href="/roles/add" data-new="">
                    "Add role"
                </a>
            </div>
        }
    });
    let columns = ["Name", "What it is for", "Kind", "Held by"]
        .map(Column::new)
        .to_vec();
    let rows = page.rows.into_iter().map(|(role, holders)| {
        vec![
            view! {
                <a class="who__name" href=format!("/roles/{}", role.id)>
                    <bdi>{role.name}</bdi>
                </a>
            }
            .whole(),
            view! { <bdi>{role.description}</bdi> }.whole(),
            view! { <span class="nowrap">{if role.built_in { "Built in" } else { "Custom" }}</span> }
                .whole(),
            held_by(role.id, holders).whole(),
        ]
    });
    view! {
        {add}
        <Table caption="Roles" columns rows=rows.collect() />
    }
    .whole()
}

/// How many hold a role, in words.
fn held_by(role: i64, holders: u64) -> String {
    if role == BuiltInRole::ApiKeySelfService.id() {
        "Everybody, unless withdrawn".to_owned()
    } else if holders == 0 {
        "Nobody".to_owned()
    } else if holders > MOST_COUNTED {
        "More than 10,000 users".to_owned()
    } else {
        format::count(holders, "user", "users")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holders_are_told_in_words() {
        assert_eq!(held_by(1, 1), "1 user");
        assert_eq!(held_by(1000, 0), "Nobody");
        assert_eq!(held_by(4, 0), "Everybody, unless withdrawn");
        assert_eq!(held_by(1, 10_001), "More than 10,000 users");
    }
}
