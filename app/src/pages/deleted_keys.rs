//! What is left of keys that work no more.

use domain::{Instant, key::ApiKey};
use leptos::prelude::*;

use crate::ui::{Fact, Facts, IntoWhole};

/// Deleted and replaced keys, with who ended them and when, so that people see why automation
/// stopped. Nothing when there are none.
///
/// Without JavaScript: the same.
pub fn deleted_keys(keys: Vec<ApiKey>, as_of: Instant) -> AnyView {
    if keys.is_empty() {
        return ().whole();
    }
    let rows = keys.into_iter().map(|key| {
        let facts = facts_of(&key);
        view! {
            <li class="ended">
                <p class="ended__name">
                    <code>{key.tag.to_string()}</code>
                    <bdi class="description">{key.description}</bdi>
                </p>
                <Facts facts as_of class="facts facts--dense" />
            </li>
        }
    });
    view! {
        <section class="card" aria-labelledby="ended">
            <h2 class="subtitle" id="ended">
                "Earlier keys"
            </h2>
            <p class="quiet">"They work no more. They are listed so that you can see why something stopped."</p>
            <ul class="ended-list">{rows.collect_view()}</ul>
        </section>
    }
    .whole()
}

/// What stands in the place of a name when the overlap of a replaced key has ended by itself.
const OVERLAP_ENDED: &str = "reissue";

fn facts_of(key: &ApiKey) -> Vec<Fact> {
    let what = if key.retires_at.is_some() {
        "Replaced"
    } else {
        "Deleted"
    };
    let mut facts = Vec::new();
    if let Some(deletion) = &key.deleted {
        let own = deletion.by == key.owner.to_string();
        facts.push(Fact::time(what, deletion.at));
        if own {
            facts.push(Fact::text("By", "you"));
        } else if deletion.by != OVERLAP_ENDED {
            facts.push(Fact::code("By", deletion.by.clone()));
        }
    } else if let Some(end) = key.retires_at {
        facts.push(Fact::time(what, end));
    }
    facts.push(match &key.last_used {
        Some(usage) => Fact::time("Last used", usage.at).from_address(usage.address.clone()),
        None => Fact::text("Last used", "Never used"),
    });
    facts
}
