//! Finding whom a new key is for.

use domain::principal::{DomainType, Identity};
use leptos::{ev, prelude::*, server_fn::ServerFn, task::spawn_local};

use crate::{
    browser,
    calls::{Sending, decode, send},
    format,
    query::use_query,
    rpc::FindOwners,
    ui::{IntoWhole, Pause, address},
};

const PATH: &str = "/security/api-keys/add";

/// Finds a user by the beginning of the name, while it is typed, and enters them in the form below.
///
/// Without JavaScript: a form with a button, whose answers lead to the form filled in.
#[component]
pub fn FindOwner(
    /// What was found for what the address says.
    found: Vec<Identity>,
    /// The form below.
    sending: Sending,
) -> AnyView {
    let who = use_query().get_untracked().get("who").unwrap_or_default();
    let sought = !who.trim().is_empty();
    let finding = Finding {
        found: RwSignal::new(sought.then_some(found)),
        entered: RwSignal::new(String::new()),
        times: StoredValue::new(0),
        sending,
    };
    let typed = RwSignal::new(who.clone());
    let pause = Pause::none();
    let now = move |event: ev::SubmitEvent| {
        event.prevent_default();
        pause.stop();
        finding.seek(typed.get_untracked());
    };
    view! {
        <section class="card card--flat" aria-labelledby="finder">
            <h2 class="subtitle" id="finder">
                "Find the user"
            </h2>
            <form class="search" method="get" action=PATH role="search" on:submit=now>
                <div class="field">
                    <label class="field__label" for="who">
                        "The name begins with"
                    </label>
                    <input
                        class="field__input"
                        type="search"
                        id="who"
                        name="who"
                        value=who
                        maxlength="128"
                        autocomplete="off"
                        autocapitalize="none"
                        spellcheck="false"
                        on:input:target=move |event| {
                            let text = event.target().value();
                            typed.set(text.clone());
                            pause.then(move || finding.seek(text));
                        }
                    />
                </div>
                <button type="submit" class="button">
                    "Search"
                </button>
            </form>
            <p class="quiet" role="status">
                {move || finding.told()}
            </p>
            {move || finding.found.get().map(|found| finding.list(found))}
        </section>
    }
    .whole()
}

/// How many users a search shows at most: then there may be more.
const MOST_FOUND: usize = 8;

/// A search for a user.
#[derive(Clone, Copy)]
struct Finding {
    /// What was found. `None`: nothing is searched for.
    found: RwSignal<Option<Vec<Identity>>>,
    /// Who was entered in the form.
    entered: RwSignal<String>,
    /// Counts the searches: an answer that comes late is not shown.
    times: StoredValue<usize>,
    sending: Sending,
}

impl Finding {
    fn seek(self, text: String) {
        self.entered.set(String::new());
        self.times.update_value(|times| *times += 1);
        let own = self.times.get_value();
        if text.trim().is_empty() {
            self.found.set(None);
            return;
        }
        spawn_local(async move {
            let answer = send(FindOwners::PATH, &[("who", &text)]).await;
            if self.times.try_get_value() != Some(own) {
                return;
            }
            match decode(&answer) {
                Ok(found) => {
                    self.found.try_set(Some(found));
                }
                Err(fault) => {
                    self.sending.fault.try_set(Some(fault));
                }
            }
        });
    }

    fn told(self) -> String {
        let found = self.found.with(|found| found.as_ref().map(Vec::len));
        match found {
            None => self.entered.get(),
            Some(0) => "No user has a name that begins so.".to_owned(),
            Some(found) if found >= MOST_FOUND => {
                format!("The first {MOST_FOUND} users. Type more of the name to see others.")
            }
            Some(found) => format::count(found as u64, "user", "users"),
        }
    }

    fn list(self, found: Vec<Identity>) -> AnyView {
        let row = move |identity: Identity| {
            let saml = identity.principal.domain_type == DomainType::Saml;
            let name = identity.principal.name.clone();
            let href = address(
                PATH,
                &[
                    ("user_name", &*name),
                    ("domain", &identity.principal.domain),
                    ("saml", if saml { "true" } else { "" }),
                ],
            );
            let whole = identity.to_string();
            let enter = move |event: ev::MouseEvent| {
                if event.ctrl_key() || event.meta_key() || event.shift_key() {
                    return;
                }
                event.prevent_default();
                browser::fill("#user_name", &identity.principal.name);
                browser::fill("#domain", &identity.principal.domain);
                browser::tick("#saml", saml);
                self.found.set(None);
                self.entered.set(format!("{identity} is entered below."));
                browser::focus(&["#description"]);
            };
            view! {
                <li>
                    <a class="way" href=href rel="external" on:click=enter>
                        <bdi>{name}</bdi>
                    </a>
                    " "
                    <bdi class="fact__code quiet">{whole}</bdi>
                </li>
            }
        };
        view! { <ul class="found">{found.into_iter().map(row).collect_view()}</ul> }.whole()
    }
}
