//! What a ticket is about: exactly what is and what would be (M14).

use domain::{
    Instant,
    approval::{Exemption, KeyAction, Settings},
    key::State,
    ticket::{End, KeyProposal, Proposal, SettingsProposal, Ticket, TicketState},
};
use leptos::prelude::*;

use crate::{
    format,
    ui::{Change, Changes, Column, Fact, Facts, IntoWhole, Notice, StateChip, Table, Time, Tone},
};

/// What is and what would be, and what has changed since it was asked for.
///
/// Without JavaScript: the same, with times in UTC only.
pub fn proposal(ticket: &Ticket, drift: &[(String, String, String)], as_of: Instant) -> AnyView {
    let rows = match &ticket.proposal {
        Proposal::Key(key) => of_key(key, approval_of(ticket), as_of),
        Proposal::Settings(change) => of_settings(change),
    };
    let facts = match &ticket.proposal {
        Proposal::Key(key) => about(key),
        Proposal::Settings(_) => Vec::new(),
    };
    let rows = rows
        .into_iter()
        .map(
            |Row {
                 name,
                 before,
                 after,
             }| vec![name.whole(), before, after],
        )
        .collect();
    let columns = ["What", "Before", "After"].map(Column::new).to_vec();
    view! {
        <section class="card" aria-labelledby="proposal">
            <h2 class="subtitle" id="proposal">
                "What would change"
            </h2>
            {(!facts.is_empty()).then(|| view! { <Facts facts as_of /> })}
            <Table caption="Before and after" columns rows class="table table--compare" />
            {drifted(drift)}
            <p class="quiet">
                "Bound to this and nothing else by SHA-256 "
                <code class="breaks">{ticket.digest.clone()}</code>
            </p>
        </section>
    }
    .whole()
}

/// A line of what is and what would be.
struct Row {
    name: &'static str,
    before: AnyView,
    after: AnyView,
}

/// The instant that a validity counts from, once it is fixed.
fn approval_of(ticket: &Ticket) -> Option<Instant> {
    let fixed = matches!(ticket.state, TicketState::Approved | TicketState::Done);
    let decision = ticket.decision.as_ref().filter(|_| fixed);
    decision.map(|decision| decision.at)
}

fn about(key: &KeyProposal) -> Vec<Fact> {
    let mut facts = vec![Fact::identity("Owner", &key.owner)];
    if let Some(before) = &key.before {
        facts.push(Fact::code("API key", before.tag.to_string()));
    }
    if key.action.reveals() {
        let roles = match &*key.owner_roles {
            [] => "None".to_owned(),
            roles => roles.join(", "),
        };
        facts.push(Fact::text("Roles of the owner", roles));
    }
    facts
}

fn of_key(key: &KeyProposal, approval: Option<Instant>, as_of: Instant) -> Vec<Row> {
    let nothing = || view! { <span class="quiet">"None"</span> }.whole();
    let described = |text: &str| {
        if text.is_empty() {
            nothing()
        } else {
            view! { <bdi class="description">{text.to_owned()}</bdi> }.whole()
        }
    };
    let (before, after) = (key.before.as_ref(), key.after.as_ref());
    let before_end = before.map(|before| before.expires_at);
    let end = |at: Instant| view! { <Time at as_of /> }.whole();
    let state = match key.action {
        KeyAction::Delete => view! { <StateChip state=State::Deleted /> }.whole(),
        KeyAction::Revoke => view! { <StateChip state=State::Revoked /> }.whole(),
        KeyAction::Reissue => "Replaced by a new key with a new value".whole(),
        KeyAction::Create if after.is_some_and(|after| after.awaiting_sign_in) => {
            view! { <StateChip state=State::Inactive /> }.whole()
        }
        KeyAction::Create => "A new key with a new value".whole(),
        KeyAction::Update => "As it is".whole(),
    };
    let mut rows = vec![Row {
        name: "API key",
        before: before.map_or_else(nothing, |before| {
            view! { <StateChip state=before.state /> }.whole()
        }),
        after: state,
    }];
    let Some(after) = after else { return rows };
    rows.push(Row {
        name: "Description",
        before: before.map_or_else(nothing, |before| described(&before.description)),
        after: described(&after.description),
    });
    rows.push(Row {
        name: "Expires",
        before: before_end.map_or_else(nothing, end),
        after: match (after.end, approval) {
            (End::Unchanged, _) => before_end.map_or_else(nothing, end),
            (End::SamlSession, _) => {
                "As the owner's sign-in by SAML authentication gives it".whole()
            }
            (End::Days(_), Some(approval)) => {
                after.end.approved_at(approval).map_or_else(nothing, end)
            }
            (End::Days(days), None) => {
                let at = after
                    .end
                    .approved_at(as_of)
                    .map(|at| view! { <Time at as_of /> });
                view! {
                    <span class="cell">
                        <span>{format::days(days)} " after the approval."</span>
                        <span>"Approved now, it expires " {at}</span>
                    </span>
                }
                .whole()
            }
        },
    });
    if let Some(hours) = after.overlap_hours {
        rows.push(Row {
            name: "The old key stops working",
            before: nothing(),
            after: match hours {
                0 => "At once".whole(),
                hours => {
                    let hours = format::count(hours.into(), "hour", "hours");
                    format!("{hours} after the execution").whole()
                }
            },
        });
    }
    rows
}

/// What of the settings would be another.
fn of_settings(change: &SettingsProposal) -> Vec<Row> {
    let (before, after) = (lines(&change.before), lines(&change.after));
    let both = before.into_iter().zip(after);
    both.filter(|(before, after)| before != after)
        .map(|((name, before), (_, after))| Row {
            name,
            before: view! { <bdi class="lines">{before}</bdi> }.whole(),
            after: view! { <bdi class="lines">{after}</bdi> }.whole(),
        })
        .collect()
}

/// Approval settings in words, line by line.
pub fn lines(settings: &Settings) -> Vec<(&'static str, String)> {
    let or_none = |text: String| {
        if text.is_empty() {
            "None".to_owned()
        } else {
            text
        }
    };
    let on = |is_on| if is_on { "Yes" } else { "No" };
    let actions = settings.actions.iter().copied().map(KeyAction::words);
    let exempt = settings.exemptions.iter().map(exemption);
    vec![
        (
            "Needs approval",
            or_none(actions.collect::<Vec<_>>().join("\n")),
        ),
        (
            "A ticket waits",
            format::count(settings.expiry_hours.into(), "hour", "hours"),
        ),
        (
            "A closed ticket is kept",
            format::days(settings.purge_days.into()),
        ),
        (
            "Edits and deletions are carried out by their approval",
            on(settings.run_on_approval).to_owned(),
        ),
        ("Told by mail", on(settings.mail).to_owned()),
        ("Also told to", or_none(settings.mail_to.join("\n"))),
        ("Exempt", or_none(exempt.collect::<Vec<_>>().join("\n"))),
    ]
}

/// An exemption in words.
pub fn exemption(exemption: &Exemption) -> String {
    let until = match exemption.until {
        Some(until) => format!(" until {}", format::utc(until)),
        None => String::new(),
    };
    let (user, what) = (exemption.user.to_string(), exemption.action.words());
    format!("{user}, {what}{until}: {}", exemption.reason)
}

/// Says plainly that it is not any more as it was.
fn drifted(drift: &[(String, String, String)]) -> Option<AnyView> {
    let changes: Vec<_> = drift
        .iter()
        .filter_map(|(name, then, now)| Change::of(name.clone(), then, now))
        .collect();
    (!changes.is_empty()).then(|| {
        let text = "It is not as it was when this was asked for. What was asked for cannot be executed any more, even if it is approved: it has to be asked for again.";
        view! {
            <Notice tone=Tone::Careful text />
            <div>
                <h3 class="field__label">"Changed since"</h3>
                <Changes changes />
            </div>
        }
        .whole()
    })
}
