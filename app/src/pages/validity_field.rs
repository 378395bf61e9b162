//! How long a new key is to last.

use domain::{Instant, error::Problem, expiry, policy::Policy};
use leptos::prelude::*;

use crate::{
    browser, format,
    ui::{FieldError, words},
    validity::{self, PRESETS, UNTIL},
};

/// Presets and a calendar, with the resulting end in words, in local time and in UTC. What the
/// policy forbids cannot be chosen, and the reason stands below.
///
/// Without JavaScript: every preset shows its own date; the end, which would not follow the choice,
/// is shown with the new key.
#[component]
pub fn ValidityField(
    /// What was chosen before, if anything was.
    validity: String,
    /// The date that was chosen before, if one was.
    until: String,
    /// What is allowed.
    policy: Policy,
    /// When the page was made.
    as_of: Instant,
    /// What the server found wrong.
    error: Signal<Option<String>>,
) -> impl IntoView {
    let default = policy.default_lifetime_days.to_string();
    let chosen = RwSignal::new(if validity.is_empty() {
        default
    } else {
        validity
    });
    let date = RwSignal::new(until);
    let max = policy.max_lifetime_days;
    let last = format::machine_date(expiry::latest(&policy, as_of).date_naive());
    let first = format::machine_date(validity::date_in(1, as_of));
    let end = Memo::new(move |_| validity::end(&chosen.read(), &date.read(), &policy, as_of));
    let wrong = Signal::derive(move || {
        let found = end.with(|end| end.as_ref().err().map(|error| error.problem.clone()));
        match found {
            // Nothing was chosen yet: no reason to complain.
            Some(Problem::Required) | None => error.get(),
            Some(problem) => Some(words::problem(&problem, "a date")),
        }
    });
    let preset = move |days| view! { <Preset days chosen as_of allowed=days <= max /> };
    let reason = (max < PRESETS[PRESETS.len() - 1]).then(|| {
        let days = format::days(max.into());
        view! {
            <p class="field__hint">
                "The policy of this server allows at most " {days} "."
            </p>
        }
    });
    view! {
        <fieldset class="choice" aria-describedby="validity-end validity-error">
            <legend class="field__label">"Validity"</legend>
            <div class="choice__options">
                {PRESETS.map(preset).collect_view()} <label class="option">
                    <input
                        class="option__input"
                        type="radio"
                        name="validity"
                        value=UNTIL
                        checked=chosen.get_untracked() == UNTIL
                        on:change=move |_| chosen.set(UNTIL.to_owned())
                    />
                    <span class="option__label">"Until a date"</span>
                    <span class="option__more">"from the calendar"</span>
                </label>
            </div>
            {reason}
            <div class="choice__date field">
                <label class="field__label" for="until">
                    "Last day"
                </label>
                <input
                    class="field__input"
                    type="date"
                    id="until"
                    name="until"
                    min=first
                    max=last
                    value=date.get_untracked()
                    aria-describedby="validity-end validity-error"
                    aria-invalid=move || wrong.with(Option::is_some).then_some("true")
                    on:input:target=move |event| date.set(event.target().value())
                />
            </div>
            <p class="choice__end needs-script" id="validity-end" role="status">
                {move || end.get().ok().map(|end| view! { <End at=end as_of /> })}
            </p>
            <FieldError id="validity-error".to_owned() error=wrong />
        </fieldset>
    }
}

#[component]
fn Preset(days: u32, chosen: RwSignal<String>, as_of: Instant, allowed: bool) -> impl IntoView {
    let value = days.to_string();
    let own = value.clone();
    let checked = chosen.get_untracked() == value && allowed;
    view! {
        <label class="option">
            <input
                class="option__input"
                type="radio"
                name="validity"
                value=value
                checked=checked
                disabled=!allowed
                on:change=move |_| chosen.set(own.clone())
            />
            <span class="option__label">{format::days(days.into())}</span>
            <span class="option__more">{format::date(validity::date_in(days, as_of))}</span>
        </label>
    }
}

/// The end in words.
#[component]
fn End(at: Instant, as_of: Instant) -> impl IntoView {
    let (local, set_local) = signal(None);
    Effect::new(move || {
        let offset = browser::utc_offset_minutes(at);
        set_local.set((offset != 0).then(|| format::local(at, offset)));
    });
    view! {
        "Expires "
        <strong>
            <time datetime=format::machine(at)>{format::utc(at)}</time>
        </strong>
        ", "
        {format::relative(at, as_of)}
        "."
        {move || local.get().map(|local| view! { " Your time: " {local} "." })}
    }
}
