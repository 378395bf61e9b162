//! Identity providers, on *Settings › Sign-in*; and which of them the sign-in page offers.

use domain::{
    Instant,
    saml::{ProviderSettings, Report},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Fault, Packed};

/// The names of the providers that people can sign in by.
#[server(endpoint = "sign_in_page", output = Packed)]
pub async fn load_sign_in_page() -> Result<Vec<String>, Fault> {
    super::context::answer(async |scope| scope.services.saml.offered().await).await
}

/// A certificate that a provider signs with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateRow {
    /// Whom it names.
    pub subject: String,
    /// SHA-256 of it, in hexadecimal.
    pub fingerprint: String,
    /// From when it counts.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub not_before: Instant,
    /// Until when it counts.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub not_after: Instant,
}

/// A provider in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderRow {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Whether people can sign in by it.
    pub enabled: bool,
    /// Its name for itself.
    pub entity_id: String,
    /// What it signs with, the one that lasts longest first.
    pub certificates: Vec<CertificateRow>,
}

/// What *Sign-in* shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvidersPage {
    /// The providers.
    pub rows: Vec<ProviderRow>,
    /// Whether whoever looks may change them.
    pub may_change: bool,
    /// The address of this server, for what providers need to know.
    pub base: String,
    /// When this was so.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub as_of: Instant,
}

/// What the page of one provider shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderPage {
    /// The provider.
    pub row: ProviderRow,
    /// What was decided about it.
    pub settings: ProviderSettings,
    /// Where sign-in begins.
    pub sign_in_at: String,
    /// Where sign-out goes. Empty: it does not.
    pub sign_out_at: String,
    /// The version of all this.
    pub version: i64,
    /// Whether whoever looks may change it.
    pub may_change: bool,
    /// When this was so.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub as_of: Instant,
}

/// How a test went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportPage {
    /// The provider's number.
    pub provider: i64,
    /// The report.
    pub report: Report,
}

#[cfg(feature = "ssr")]
impl From<&service::saml::Provider> for ProviderRow {
    fn from(provider: &service::saml::Provider) -> Self {
        let certificates = provider.facts.certificates.iter();
        let mut certificates: Vec<_> = certificates
            .map(|one| CertificateRow {
                subject: one.subject.clone(),
                fingerprint: one.fingerprint.clone(),
                not_before: one.not_before,
                not_after: one.not_after,
            })
            .collect();
        certificates.sort_by_key(|one| std::cmp::Reverse(one.not_after));
        Self {
            id: provider.id,
            name: provider.settings.name.clone(),
            enabled: provider.settings.enabled,
            entity_id: provider.facts.entity_id.clone(),
            certificates,
        }
    }
}

/// Every provider.
#[server(endpoint = "providers_page", output = Packed)]
pub async fn load_providers_page() -> Result<ProvidersPage, Fault> {
    let base = super::context::public_url().0.to_string();
    super::context::as_actor(async |services, actor| {
        let providers = services.saml.providers(&actor).await?;
        Ok(ProvidersPage {
            rows: providers.iter().map(ProviderRow::from).collect(),
            may_change: services.saml.may_change(&actor),
            base,
            as_of: services.now(),
        })
    })
    .await
}

/// One provider, whose number stands in the address.
#[server(endpoint = "provider_page", output = Packed)]
pub async fn load_provider_page(
    /// The page's address.
    #[server(default)]
    at: String,
) -> Result<ProviderPage, Fault> {
    let id = super::address::Address::parse(&at).number(2);
    super::context::as_actor(async |services, actor| {
        let provider = services.saml.provider(&actor, id?).await?;
        let place = |redirect: &Option<String>, post: &Option<String>| {
            redirect.clone().or(post.clone()).unwrap_or_default()
        };
        let facts = &provider.facts;
        Ok(ProviderPage {
            row: (&provider).into(),
            sign_in_at: place(&facts.sso_redirect, &facts.sso_post),
            sign_out_at: place(&facts.slo_redirect, &facts.slo_post),
            version: provider.version,
            settings: provider.settings,
            may_change: services.saml.may_change(&actor),
            as_of: services.now(),
        })
    })
    .await
}

/// The report that stands in the address.
#[server(endpoint = "report_page", output = Packed)]
pub async fn load_report_page(
    /// The page's address.
    #[server(default)]
    at: String,
) -> Result<ReportPage, Fault> {
    let at = super::address::Address::parse(&at);
    super::context::as_actor(async |services, actor| {
        let handle = at.get("handle").unwrap_or_default();
        let (provider, report) = services.saml.report(&actor, handle).await?;
        Ok(ReportPage { provider, report })
    })
    .await
}

/// A provider as a form sends it. A box that is not ticked is not sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the fields of ProviderSettings")]
pub struct ProviderEntries {
    pub id: String,
    pub version: String,
    pub name: String,
    pub metadata: String,
    pub enabled: String,
    pub create_users: String,
    pub unsolicited: String,
    pub encrypted: String,
    pub clock_skew_seconds: String,
    pub user_attribute: String,
    pub mail_attribute: String,
    pub display_attribute: String,
    pub groups_attribute: String,
    pub group_roles: String,
}

/// Adds a provider, or changes one.
#[server(endpoint = "save_provider", output = Packed)]
pub async fn save_provider(
    /// What the form says.
    #[server(flatten)]
    entries: ProviderEntries,
) -> Result<(), Fault> {
    use super::context::{answer, keep_entries};
    use domain::error::Error;

    let saved = answer(async |scope| {
        let actor = scope.actor()?;
        let wanted = entries.change().map_err(Error::Invalid)?;
        let saml = &scope.services.saml;
        let (id, notice) = if entries.id.is_empty() {
            (saml.add(actor, wanted).await?, "provider-added")
        } else {
            let id = entries.id.parse().map_err(|_| Error::NotFound)?;
            saml.update(actor, id, wanted).await?;
            (id, "saved")
        };
        leptos_axum::redirect(&format!("/settings/sign-in/{id}?notice={notice}"));
        Ok(())
    })
    .await;
    saved.inspect_err(|fault| {
        let page = match &*entries.id {
            "" => "/settings/sign-in/add".to_owned(),
            id => format!("/settings/sign-in/{id}"),
        };
        keep_entries::<SaveProvider>(fault, &page, &entries.kept());
    })
}

/// Removes a provider.
#[server(endpoint = "delete_provider", output = Packed)]
pub async fn delete_provider(
    /// Its number.
    #[server(default)]
    id: i64,
) -> Result<(), Fault> {
    super::context::as_actor(async |services, actor| {
        services.saml.remove(&actor, id).await?;
        leptos_axum::redirect("/settings/sign-in?notice=provider-removed");
        Ok(())
    })
    .await
}

#[cfg(feature = "ssr")]
impl ProviderEntries {
    /// What comes back after a refusal: not the metadata, which is too long for an address.
    fn kept(&self) -> [(&'static str, &str); 11] {
        [
            ("name", &self.name),
            ("enabled", &self.enabled),
            ("create_users", &self.create_users),
            ("unsolicited", &self.unsolicited),
            ("encrypted", &self.encrypted),
            ("clock_skew_seconds", &self.clock_skew_seconds),
            ("user_attribute", &self.user_attribute),
            ("mail_attribute", &self.mail_attribute),
            ("display_attribute", &self.display_attribute),
            ("groups_attribute", &self.groups_attribute),
            ("group_roles", &self.group_roles),
        ]
    }

    /// What these stand for, or everything that stands for nothing.
    fn change(&self) -> Result<service::saml::ProviderChange, Vec<domain::error::FieldError>> {
        use domain::{
            error::{FieldError, Problem},
            saml::parse_group_roles,
        };

        let ticked = |text: &str| text == "true";
        let mut wrong = Vec::new();
        let skew = self.clock_skew_seconds.trim().parse().unwrap_or_else(|_| {
            let problem = Problem::malformed("a whole number");
            wrong.push(FieldError::new("clock_skew_seconds", problem));
            0
        });
        let group_roles = parse_group_roles(&self.group_roles).unwrap_or_else(|error| {
            wrong.push(error);
            Vec::new()
        });
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Ok(service::saml::ProviderChange {
            settings: ProviderSettings {
                name: self.name.clone(),
                enabled: ticked(&self.enabled),
                create_users: ticked(&self.create_users),
                unsolicited: ticked(&self.unsolicited),
                encrypted: ticked(&self.encrypted),
                clock_skew_seconds: skew,
                user_attribute: self.user_attribute.clone(),
                mail_attribute: self.mail_attribute.clone(),
                display_attribute: self.display_attribute.clone(),
                groups_attribute: self.groups_attribute.clone(),
                group_roles,
            },
            metadata: self.metadata.clone(),
            version: self.version.parse().ok(),
        })
    }
}
