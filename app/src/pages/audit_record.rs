//! One record of the audit trail.

use domain::Instant;
use leptos::prelude::*;

use crate::{
    rpc::AuditRow,
    ui::{Change, Changes, Icon, IntoWhole, Shape, Time, address},
};

/// A record: what happened as a sentence, with all that is known about it below.
///
/// Without JavaScript: the same.
#[component]
pub fn AuditRecord(
    /// The record.
    record: AuditRow,
    /// What "ago" refers to.
    as_of: Instant,
) -> AnyView {
    let (class, shape, word) = if record.refused {
        ("chip chip--bad", Shape::Stop, "Refused")
    } else {
        ("chip chip--good", Shape::Check, "Done")
    };
    let who = match record.who {
        None => view! { <span class="quiet">"Nobody was signed in"</span> }.whole(),
        Some(identity) => {
            let name = identity.principal.name.clone();
            let href = address("/security/audit", &[("user", &name)]);
            view! {
                <a class="who__name" href=href>
                    <bdi>{name}</bdi>
                </a>
                " "
                <bdi class="who__identity">{identity.to_string()}</bdi>
            }
            .whole()
        }
    };
    let line = |name: &'static str, value: Option<String>| {
        value.map(|value| {
            view! {
                <div class="detail">
                    <dt>{name}</dt>
                    <dd>
                        <bdi>{value}</bdi>
                    </dd>
                </div>
            }
        })
    };
    let changes: Vec<_> = record
        .changes
        .iter()
        .filter_map(|(name, old, new)| Change::of(name.clone(), old, new))
        .collect();
    let changes = (!changes.is_empty()).then(|| {
        view! {
            <div class="record__changes">
                <Changes changes />
            </div>
        }
    });
    view! {
        <li class="record">
            <div class="record__head">
                <p class="record__sentence">
                    <bdi>{record.sentence}</bdi>
                </p>
                <span class=class>
                    <Icon shape />
                    {word}
                </span>
            </div>
            <div class="record__facts">
                <div>{who}</div>
                <Time at=record.at as_of />
            </div>
            <dl class="details">
                {line("Why", record.cause)} {line("Reason given", record.reason)}
                {line("By", record.via)} {line("From", record.address)}
                {line("Client", record.client_id)} {line("Request", record.request_id)}
            </dl>
            {changes}
            <details class="record__raw">
                <summary>{format!("Record {}", record.number)}</summary>
                <pre tabindex="0" role="region" aria-label=format!("Record {}", record.number)>
                    <code>{record.raw}</code>
                </pre>
            </details>
        </li>
    }
    .whole()
}
