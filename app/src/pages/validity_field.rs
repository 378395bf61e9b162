//! How long a new key is to last.

use domain::{Instant, error::Problem, expiry, policy::Policy};
use leptos::prelude::*;

use crate::{
    format,
    ui::{FieldError, Radio, local, words},
    validity::{self, KEEP, PRESETS, UNTIL},
};

/// Presets and a calendar, with the resulting end in words, in local time and in UTC. What the
/// policy forbids cannot be chosen, and the reason stands below.
///
/// Without JavaScript: every preset shows its own date; the end, which would not follow the choice,
/// is shown with the new key.
#[component]
pub fn ValidityField(
    /// What is chosen.
    validity: RwSignal<String>,
    /// The date that is chosen, if one is.
    until: RwSignal<String>,
    /// The end that the key has already and may keep.
    keep: Option<Instant>,
    /// What is allowed.
    policy: Policy,
    /// When the page was made.
    as_of: Instant,
    /// What the server found wrong.
    error: Signal<Option<String>>,
) -> impl IntoView {
    let (chosen, date) = (validity, until);
    let (max, default) = (policy.max_lifetime_days, policy.default_lifetime_days);
    let last = format::machine_date(expiry::latest(&policy, as_of).date_naive());
    let first = format::machine_date(validity::date_in(1, as_of));
    // A limit on a field that nobody sees would keep the form from being sent.
    let dated = move || *chosen.read() == UNTIL;
    let end = Memo::new(move |_| match keep {
        Some(end) if *chosen.read() == KEEP => Ok(end),
        _ => validity::end(&chosen.read(), &date.read(), &policy, as_of),
    });
    let wrong = Signal::derive(move || {
        let found = end.with(|end| end.as_ref().err().map(|error| error.problem.clone()));
        match found {
            // Nothing was chosen yet: no reason to complain.
            Some(Problem::Required) | None => error.get(),
            Some(problem) => Some(words::problem(&problem, "a date")),
        }
    });
    let option = move |value: String, label: String, more: String, allowed: bool| {
        let checked = *chosen.read_untracked() == value && allowed;
        let own = value.clone();
        let on_choice = move |()| chosen.set(own.clone());
        view! { <Radio name="validity" value label more checked disabled=!allowed on_choice /> }
    };
    let preset = move |days: u32| {
        let more = format::date(validity::date_in(days, as_of));
        option(
            days.to_string(),
            format::days(days.into()),
            more,
            days <= max,
        )
    };
    // A default of the policy's own is offered beside the usual ones.
    let own = (!PRESETS.contains(&default) && keep.is_none()).then(|| preset(default));
    let kept = keep.map(|end| {
        let more = format::date(end.date_naive());
        option(KEEP.to_owned(), "As it is".to_owned(), more, true)
    });
    let calendar = option(
        UNTIL.to_owned(),
        "Until a date".to_owned(),
        "from the calendar".to_owned(),
        true,
    );
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
                {kept} {own} {PRESETS.map(preset).collect_view()} {calendar}
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
                    min=move || dated().then(|| first.clone())
                    max=move || dated().then(|| last.clone())
                    value=date.get_untracked()
                    aria-describedby="validity-end validity-error"
                    aria-invalid=move || wrong.try_get().flatten().map(|_| "true")
                    on:input:target=move |event| date.set(event.target().value())
                />
            </div>
            <p class="choice__end needs-script" id="validity-end" role="status">
                {move || end.try_get().and_then(Result::ok).map(|end| view! { <End at=end as_of /> })}
            </p>
            <FieldError id="validity-error".to_owned() error=wrong />
        </fieldset>
    }
}

/// The end in words.
#[component]
fn End(at: Instant, as_of: Instant) -> impl IntoView {
    let local = local(at, |local| format!(" Your time: {local}."));
    view! {
        "Expires "
        <strong>
            <time datetime=format::machine(at)>{format::utc(at)}</time>
        </strong>
        ", "
        {format::relative(at, as_of)}
        "."
        {local}
    }
}
