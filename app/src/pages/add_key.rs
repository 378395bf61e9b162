//! `/profile/key/add`

use domain::{
    expiry,
    key::{MAX_DESCRIPTION_CHARS, Tag, check_description},
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_query_map;

use super::{
    loading::loaded,
    trouble::{FormFault, focus_on, lead_on},
    validity_field::ValidityField,
};
use crate::{
    browser,
    calls::{Sending, read},
    rpc::{AddPage, CreateKey, LoadAddPage},
    ui::{Heading, IntoWhole, Notice, Submit, TextField, Tone, words},
};

/// Adding one's key: what it is for and how long it lasts.
///
/// Without JavaScript: the same form. The presets show their own dates, what was entered comes
/// back in the address after a refusal.
#[component]
pub fn AddKeyPage() -> AnyView {
    let page = read(LoadAddPage {}, Signal::default());
    let sending = Sending::to(&[CreateKey::PATH]);
    view! {
        <Heading title="Add API key" />
            {loaded(page, move |page: AddPage| match page.present.clone() {
                Some(tag) => view! { <HasKey tag /> }.whole(),
                None => view! { <AddForm page sending /> }.whole(),
            })}
    }
    .whole()
}

/// Says that there is a key already.
#[component]
fn HasKey(tag: Tag) -> impl IntoView {
    view! {
        <Notice
            tone=Tone::Plain
            text="You have an API key already, and can have one at a time. Delete it before you add another."
        />
        <p>
            "Your key is " <code class="tag">{tag.to_string()}</code> "."
        </p>
        <p>
            <a class="button button--primary" href="/profile/key">
                "View my API key details"
            </a>
        </p>
    }
}

#[component]
fn AddForm(page: AddPage, sending: Sending) -> impl IntoView {
    let fault = sending.fault;
    focus_on(fault);
    lead_on(fault);
    Effect::new(browser::replay_entries);
    let entered = use_query_map().get_untracked();
    let entered = move |name| entered.get(name).unwrap_or_default();
    let description = RwSignal::new(entered("description"));
    let (validity, until) = (entered("validity"), entered("until"));
    let hint = Signal::derive(move || count(description.read().trim()));
    let error = Signal::derive(move || description_error(&description.read()));
    let refused = move |field| fault.with(|fault| words::about(fault.as_ref(), field, EXPECTED));
    let wrong = Signal::derive(move || error.get().or_else(|| refused("description")));
    let validity_error = Signal::derive(move || {
        fault.with(|fault| words::about(fault.as_ref(), expiry::FIELD, "a date"))
    });
    view! {
        <form method="post" action=CreateKey::PATH on:submit=sending.submit(CreateKey::PATH)>
            <FormFault sending />
            <TextField
                name="description"
                label="Description"
                value=description.get_untracked()
                optional=true
                hint=hint
                error=wrong
                on_input=move |text| description.set(text)
            />
            <ValidityField
                validity=validity
                until=until
                policy=page.policy
                as_of=page.as_of
                error=validity_error
            />
            <div class="actions">
                <Submit label="Add" pending_label="Adding…" pending=sending.pending />
                <a class="button" href="/profile/key">
                    "Cancel"
                </a>
            </div>
        </form>
    }
}

const EXPECTED: &str = "text without control characters and direction marks";

/// The rule, for the hint; the server's answer is law.
fn description_error(text: &str) -> Option<String> {
    let error = check_description(text).err()?;
    Some(words::problem(&error.problem, EXPECTED))
}

fn count(text: &str) -> String {
    let used = text.chars().count();
    format!(
        "What it is for, so that you know it again. {used} of {MAX_DESCRIPTION_CHARS} characters."
    )
}
