//! Who holds *API Key Self-Service*: everybody, but for domains that it is withdrawn from.

use domain::principal::DomainType;
use leptos::{prelude::*, server_fn::ServerFn};

use super::trouble::{FormFault, about};
use crate::{
    calls::Sending,
    rpc::{RolePage, SetDomainSelfService},
    ui::{Choices, IntoWhole, Select, Submit, TextField, row_form},
};

/// What the users of a domain are called: what the form says and what it means.
const KINDS: [(DomainType, &str); 5] = [
    (DomainType::Saml, "SAML users of the identity provider"),
    (DomainType::Nt, "Local accounts of the Windows domain"),
    (DomainType::Ldap, "Local accounts of the directory"),
    (DomainType::Vx, "Local accounts of the private domain"),
    (DomainType::Unixpwd, "Local accounts without a domain"),
];

/// The domains that the role is withdrawn from, each with a way to give it back, and a form to
/// withdraw it from another.
///
/// Without JavaScript: the same; what was entered comes back in the address after a refusal.
pub fn withdrawn_domains(page: RolePage, sending: Sending) -> AnyView {
    let may_assign = page.may_assign;
    let rows = page.withdrawn.into_iter().map(|(domain_type, domain)| {
        let way = may_assign.then(|| {
            let in_full = format!("Give back to {}", told(domain_type, &domain));
            let entries = [
                ("domain_type", domain_type.to_string()),
                ("domain", domain.clone()),
                ("allowed", "true".to_owned()),
            ];
            row_form(
                SetDomainSelfService::PATH,
                entries,
                sending,
                "Give back",
                in_full,
            )
        });
        view! {
            <li class="given-role">
                <bdi>{told(domain_type, &domain)}</bdi>
                {way}
            </li>
        }
    });
    let rows: Vec<_> = rows.collect();
    let list = (!rows.is_empty()).then(|| {
        view! {
            <h3 class="field__label">"It is withdrawn from"</h3>
            <ul class="given-roles">{rows}</ul>
        }
    });
    view! {
        <section class="card" aria-labelledby="holders">
            <h2 class="subtitle" id="holders">
                "Who holds it"
            </h2>
            <p>
                "Everybody who signs in, unless the policy says otherwise or it was withdrawn for their domain or from them."
            </p>
            {list}
            {may_assign.then(|| form(sending))}
        </section>
    }
    .whole()
}

fn form(sending: Sending) -> AnyView {
    let before = sending.entered();
    let said = |name: &str| before.get(name).unwrap_or_default();
    let kinds = KINDS.map(|(value, label)| (value.to_string(), label.to_owned()));
    let groups = vec![Choices {
        name: "",
        choices: kinds.to_vec(),
    }];
    view! {
        <details open=sending.fault.with_untracked(Option::is_some)>
            <summary>"Withdraw it for a domain"</summary>
            <form
                method="post"
                action=SetDomainSelfService::PATH
                novalidate=true
                on:submit=sending.submit(SetDomainSelfService::PATH)
            >
                <FormFault sending />
                <Select name="domain_type" label="From" groups chosen=said("domain_type") />
                <TextField
                    name="domain"
                    label="Domain"
                    value=said("domain")
                    hint=Signal::stored(
                        "The domain's label; of SAML users the name that the identity provider has here."
                            .to_owned(),
                    )
                    error=about(
                        sending.fault,
                        "domain",
                        "a domain without colons and slashes; local accounts without a domain have none",
                    )
                    optional=true
                />
                <p class="quiet">
                    "Its users cannot add, change, reissue or delete their own API keys any more. Keys that exist go on working."
                </p>
                <div class="actions">
                    <Submit
                        label="Withdraw"
                        pending_label="Withdrawing…"
                        pending=sending.pending
                        class="button button--danger"
                    />
                </div>
            </form>
        </details>
    }
    .whole()
}

/// A domain in words.
fn told(domain_type: DomainType, domain: &str) -> String {
    let known = KINDS.iter().find(|(known, _)| *known == domain_type);
    let kind = known.map_or("Accounts of", |(_, label)| label);
    format!("{kind} {domain}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_told_in_words() {
        assert_eq!(
            told(DomainType::Saml, "corp"),
            "SAML users of the identity provider corp"
        );
        assert_eq!(
            told(DomainType::Unixpwd, ""),
            "Local accounts without a domain"
        );
        assert_eq!(told(DomainType::Nbsp, "x"), "Accounts of x");
    }
}
