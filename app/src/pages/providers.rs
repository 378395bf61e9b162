//! `/settings/sign-in`

use domain::{Instant, saml::CERTIFICATE_WARNING_DAYS};
use leptos::prelude::*;

use super::{loading::loaded, told::ToldHere};
use crate::{
    calls::read,
    rpc::{CertificateRow, LoadProvidersPage, ProvidersPage},
    ui::{Column, CopyButton, Fact, Facts, Heading, Icon, IntoWhole, Shape, Table, Time},
};

/// Every identity provider, and what a new one needs to know of us.
///
/// Without JavaScript: the same.
#[component]
pub fn ProvidersPage() -> AnyView {
    let page = read(LoadProvidersPage {}, Signal::default());
    view! {
        <Heading title="Sign-in" />
        <ToldHere />
        {loaded(page, show)}
    }
    .whole()
}

fn show(page: ProvidersPage) -> AnyView {
    let as_of = page.as_of;
    let add = page.may_change.then(|| {
        view! {
            <div class="actions">
                <a class="button button--primary" href="/settings/sign-in/add">
                    "Add identity provider"
                </a>
            </div>
        }
    });
    let columns = ["Name", "Entity id", "Certificate", "Sign-in"]
        .map(Column::new)
        .to_vec();
    let rows: Vec<Vec<AnyView>> = page
        .rows
        .into_iter()
        .map(|row| {
            let href = format!("/settings/sign-in/{}", row.id);
            vec![
                view! { <a class="who__name" href=href><bdi>{row.name}</bdi></a> }.whole(),
                view! { <bdi class="breaks">{row.entity_id}</bdi> }.whole(),
                row.certificates
                    .first()
                    .map(|certificate| standing(certificate, as_of))
                    .whole(),
                (if row.enabled { "On" } else { "Off" }).whole(),
            ]
        })
        .collect();
    let list = if rows.is_empty() {
        view! {
            <p>
                "No identity provider yet. People sign in here with local accounts; add the SAML 2.0 identity provider of your organisation, and they sign in there."
            </p>
        }
        .whole()
    } else {
        view! { <Table caption="Identity providers" columns rows /> }.whole()
    };
    let address = |path: &str| format!("{}/netbackup/sso/saml2/{path}", page.base);
    let metadata = address("metadata");
    let facts = vec![
        Fact::code("Entity id and metadata", metadata.clone()),
        Fact::code("Assertion consumer (HTTP-POST)", address("acs")),
        Fact::code("Single logout", address("slo")),
    ];
    view! {
        <p class="lead">"Identity providers that people sign in by, beside local accounts."</p>
        {add}
        {list}
        <section class="card" aria-labelledby="ours">
            <h2 class="subtitle" id="ours">
                "What an identity provider needs to know"
            </h2>
            <Facts facts as_of />
            <div class="actions">
                <a class="button" href="/netbackup/sso/saml2/metadata" rel="external">
                    "Our metadata"
                </a>
                <CopyButton text=move |()| metadata.clone() label="Copy its address" />
            </div>
        </section>
    }
    .whole()
}

/// Whether a certificate counts, and until when.
pub(super) fn standing(certificate: &CertificateRow, as_of: Instant) -> AnyView {
    let left = (certificate.not_after - as_of).num_days();
    let (class, shape, word) = if certificate.not_after < as_of {
        ("chip chip--bad", Shape::Stop, "Expired")
    } else if certificate.not_before > as_of {
        ("chip chip--wait", Shape::Clock, "Not yet valid")
    } else if left < CERTIFICATE_WARNING_DAYS {
        ("chip chip--wait", Shape::Clock, "Expires soon")
    } else {
        ("chip chip--good", Shape::Check, "Valid")
    };
    view! {
        <span class=class>
            <Icon shape />
            {word}
        </span>
        " until "
        <Time at=certificate.not_after as_of />
    }
    .whole()
}
