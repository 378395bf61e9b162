//! `/profile/key/reissue` and `/security/api-keys/{tag}/reissue`

use domain::{
    Instant,
    approval::KeyAction,
    expiry::Act,
    key::{ApiKey, State, Tag},
    policy::{OFFERED_OVERLAPS, Policy},
};
use leptos::{either::Either, prelude::*, server_fn::ServerFn};

use super::{
    approval::{ask, instead, submit},
    key_entries::{KeyEntries, KeyFields},
    loading::loaded,
    refused::not_offered,
    trouble::{FormFault, focus_on, lead_on, times_stale},
    whose::whose,
};
use crate::{
    calls::{Sending, read_here},
    format,
    place::Place,
    rpc::{KeyForm, LoadKeyForm, ReissueKey},
    ui::{Fact, Facts, Heading, IntoWhole, Notice, Radio, StateChip, Tone},
};

/// Replacing a key, one's own or another's: how long the new one lasts, and when the old one stops.
///
/// Without JavaScript: the same form.
#[component]
pub fn ReissueKeyPage() -> AnyView {
    let sending = Sending::to(&[ReissueKey::PATH]);
    let page = read_here(|at| LoadKeyForm { at }, times_stale(sending.fault));
    let place = Place::here();
    let entries = KeyEntries::of_page(sending);
    view! {
        <Heading title="Reissue API key" />
            {loaded(page, move |form: KeyForm| match form.key.clone() {
                Some(offered) if offered.offer.reissue && form.approval.waiting.is_some() => {
                    instead(form.approval).whole()
                }
                Some(offered) if offered.offer.reissue => {
                    view! { <ReissueForm place key=offered.key form entries sending /> }.whole()
                }
                present => not_offered(place, present.as_ref(), form.own),
            })}
    }
    .whole()
}

#[component]
fn ReissueForm(
    place: Place,
    key: ApiKey,
    form: KeyForm,
    entries: KeyEntries,
    sending: Sending,
) -> impl IntoView {
    focus_on(sending.fault);
    lead_on(sending.fault);
    entries.begin(
        &key.description,
        &form.policy.default_lifetime_days.to_string(),
    );
    let whose = (place == Place::Everybody).then(|| whose(&key));
    let lead = match key.state {
        State::Expired => "The key has expired. Its owner gets a new one, with a new value.",
        _ => {
            "A new key with a new value takes its place, in one step, and the present one stops working."
        }
    };
    let back = place.key(key.tag.as_str());
    let (tag, version) = (key.tag.to_string(), key.version);
    let overlap = (key.state == State::Active).then(|| overlap(&form.policy, sending));
    let asked = form.approval.reissue;
    let replaced = form.retiring.as_ref().map(also_ends);
    view! {
        {whose}
        <p class="lead">
            {lead}
        </p>
        <Present key as_of=form.as_of />
        <form method="post" action=ReissueKey::PATH on:submit=sending.submit(ReissueKey::PATH)>
            <FormFault sending />
            <input type="hidden" name="place" value=place.as_str() />
            <input type="hidden" name="tag" value=tag />
            <input type="hidden" name="version" value=version.to_string() />
            <KeyFields entries form act=Act::Reissue keep=None sending />
            {overlap}
            {replaced}
            {ask(asked, KeyAction::Reissue, sending)}
            <div class="actions">
                {submit(asked, "Reissue", "Reissuing…", sending)}
                <a class="button" href=back>
                    "Cancel"
                </a>
            </div>
        </form>
    }
}

/// The key that is replaced, and whether something still uses it.
#[component]
fn Present(key: ApiKey, as_of: Instant) -> impl IntoView {
    let used = match &key.last_used {
        Some(usage) => Either::Left(format!(
            "It was last used {} from {}. Whatever uses it needs the new value.",
            format::relative(usage.at, as_of),
            usage.address
        )),
        None => Either::Right("It was never used."),
    };
    let used = match used {
        Either::Left(text) => view! { <Notice tone=Tone::Careful text /> }.whole(),
        Either::Right(text) => view! { <p class="quiet">{text}</p> }.whole(),
    };
    let facts = vec![Fact::time("Expires", key.expires_at)];
    view! {
        <section class="card card--flat" aria-label="The present key">
            <div class="card__name">
                <code class="tag">{key.tag.to_string()}</code>
                <StateChip state=key.state />
            </div>
            <Facts facts as_of />
            {used}
        </section>
    }
}

/// When the old key stops.
fn overlap(policy: &Policy, sending: Sending) -> AnyView {
    let by_policy = policy.overlap_hours;
    let chosen = sending.entered().get("overlap");
    let chosen = chosen.and_then(|hours| hours.parse().ok());
    let chosen: u32 = chosen.unwrap_or(by_policy);
    let own = (!OFFERED_OVERLAPS.contains(&by_policy)).then_some(by_policy);
    let options = OFFERED_OVERLAPS.into_iter().chain(own).map(|hours| {
        let label = match hours {
            0 => "At once".to_owned(),
            hours => format!("In {}", format::count(hours.into(), "hour", "hours")),
        };
        let more = match hours {
            0 => "nothing can use it any more",
            _ => "both work meanwhile",
        };
        view! {
            <Radio
                name="overlap"
                value=hours.to_string()
                label
                more
                checked=hours == chosen
            />
        }
    });
    view! {
        <fieldset class="choice">
            <legend class="field__label">"The old key stops working"</legend>
            <div class="choice__options">{options.collect_view()}</div>
        </fieldset>
    }
    .whole()
}

/// Only one replaced key works beside the present one.
fn also_ends(tag: &Tag) -> AnyView {
    view! {
        <p class="quiet">
            "The key that you replaced before, " <code>{tag.to_string()}</code>
            ", stops working at once."
        </p>
    }
    .whole()
}
