//! Webhooks, the mail server and what was sent, on *Settings › Notices*.

use domain::Instant;
#[cfg(feature = "ssr")]
use domain::error::Error;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Fault, Packed, Secret};

/// What *Notices* shows among the settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotifyingPage {
    /// The webhooks, the oldest first.
    pub webhooks: Vec<WebhookRow>,
    /// The mail server: its address, how it is reached, whom mail comes from. `None`: none.
    pub mail: Option<(String, String, String)>,
    /// What was not delivered by mail, the latest first.
    pub failed: Vec<DeliveryRow>,
    /// Before which the older ones are. `None`: these are the oldest.
    pub older: Option<i64>,
    /// Whether there are later ones.
    pub later: bool,
    /// What a webhook can be told, by name.
    pub kinds: Vec<String>,
    /// Whether whoever looks may change it.
    pub may_change: bool,
    /// When this was so.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub as_of: Instant,
}

/// A webhook in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookRow {
    /// Its number.
    pub id: i64,
    /// Where it is.
    pub url: String,
    /// What it is told, by name.
    pub events: Vec<String>,
    /// Whether it is told anything.
    pub enabled: bool,
    /// When it was added.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub created_at: Instant,
}

/// What the page of a webhook shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookPage {
    /// The webhook.
    pub webhook: WebhookRow,
    /// Its secret, as long as it is shown. `None`: no longer.
    pub secret: Option<Secret>,
    /// What was sent to it, the latest first.
    pub deliveries: Vec<DeliveryRow>,
    /// Before which the older ones are. `None`: these are the oldest.
    pub older: Option<i64>,
    /// Whether there are later ones.
    pub later: bool,
    /// Whether whoever looks may change it.
    pub may_change: bool,
    /// When this was so.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub as_of: Instant,
}

/// Something that is sent, or was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryRow {
    /// Its number.
    pub id: i64,
    /// Where to. Empty: to the webhook whose page it is.
    pub to: String,
    /// What it says, in a line.
    pub subject: String,
    /// How far it is.
    pub state: DeliveryState,
    /// What was in the way of the latest attempt, in a sentence. Empty: nothing.
    pub trouble: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was put out.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub created_at: Instant,
}

pub use domain::notice::DeliveryState;

#[cfg(feature = "ssr")]
impl From<service::notices::Webhook> for WebhookRow {
    fn from(webhook: service::notices::Webhook) -> Self {
        let names = webhook.events.iter().map(|kind| kind.as_str().to_owned());
        Self {
            id: webhook.id,
            url: webhook.url,
            events: names.collect(),
            enabled: webhook.enabled,
            created_at: webhook.created_at,
        }
    }
}

#[cfg(feature = "ssr")]
impl From<service::notices::Delivery> for DeliveryRow {
    fn from(delivery: service::notices::Delivery) -> Self {
        use domain::notice::{Audience, Trouble};

        Self {
            id: delivery.id,
            subject: delivery.notice.subject(Audience::Watcher),
            to: delivery.mail_to.unwrap_or_default(),
            state: delivery.state,
            trouble: delivery.trouble.map(Trouble::sentence).unwrap_or_default(),
            attempts: delivery.attempts,
            created_at: delivery.created_at,
        }
    }
}

#[cfg(feature = "ssr")]
type Page = (Vec<DeliveryRow>, Option<i64>);

#[cfg(feature = "ssr")]
fn rows(page: service::notices::Deliveries) -> Page {
    let last = page.deliveries.last().map(|delivery| delivery.id);
    let rows = page.deliveries.into_iter().map(DeliveryRow::from);
    (rows.collect(), last.filter(|_| page.more))
}

/// Webhooks, the mail server and what was not delivered by mail.
#[server(endpoint = "notifying_page", output = Packed)]
pub async fn load_notifying_page(
    /// The page's address.
    #[server(default)]
    at: String,
) -> Result<NotifyingPage, Fault> {
    use domain::{notice::Kind, operation::Operation};

    let at = super::address::Address::parse(&at);
    super::context::as_actor(async |services, actor| {
        let notices = &services.notices;
        let webhooks = notices.webhooks(&actor).await?;
        let mail = notices.mail_server(&actor).await?;
        let before = at.place("before")?;
        let (failed, older) = rows(notices.mail_deliveries(&actor, before, true).await?);
        Ok(NotifyingPage {
            webhooks: webhooks.into_iter().map(WebhookRow::from).collect(),
            mail: mail.map(|mail| (mail.address, mail.security.to_owned(), mail.sender)),
            failed,
            older,
            later: before.is_some(),
            kinds: Kind::ALL.map(|kind| kind.as_str().to_owned()).to_vec(),
            may_change: actor.is_offered(Operation::UpdateNotifying),
            as_of: services.now(),
        })
    })
    .await
}

/// One webhook, whose number stands in the address, and what was sent to it.
#[server(endpoint = "webhook_page", output = Packed)]
pub async fn load_webhook_page(
    /// The page's address.
    #[server(default)]
    at: String,
) -> Result<WebhookPage, Fault> {
    use domain::operation::Operation;

    let at = super::address::Address::parse(&at);
    super::context::as_actor(async |services, actor| {
        let id = at.number(2)?;
        let before = at.place("before")?;
        let notices = &services.notices;
        let mut webhook = notices.webhook(&actor, id).await?;
        let secret = webhook.secret.take();
        let (deliveries, older) = rows(notices.webhook_deliveries(&actor, id, before).await?);
        Ok(WebhookPage {
            webhook: webhook.into(),
            secret: secret.map(|secret| Secret::new(secret.to_string())),
            deliveries,
            older,
            later: before.is_some(),
            may_change: actor.is_offered(Operation::UpdateNotifying),
            as_of: services.now(),
        })
    })
    .await
}

/// Where webhooks and mail are.
pub const NOTIFYING: &str = "/settings/notices";

/// Adds a webhook and leads to its page, which shows its secret.
#[server(endpoint = "add_webhook", output = Packed)]
pub async fn add_webhook(
    /// Where it is.
    #[server(default)]
    url: String,
    /// What it is told, by name.
    #[server(default)]
    events: Vec<String>,
) -> Result<(), Fault> {
    use super::context::{as_actor, keep_entries};

    let added = as_actor(async |services, actor| {
        let id = services.notices.add_webhook(&actor, &url, &events).await?;
        leptos_axum::redirect(&format!("{NOTIFYING}/{id}?notice=webhook-added"));
        Ok(())
    })
    .await;
    added.inspect_err(|fault| keep_entries::<AddWebhook>(fault, NOTIFYING, &[("url", &url)]))
}

/// Shows a webhook's secret no more.
#[server(endpoint = "put_secret_away", output = Packed)]
pub async fn put_secret_away(
    /// The webhook's number.
    #[server(default)]
    id: i64,
) -> Result<(), Fault> {
    super::context::as_actor(async |services, actor| {
        services.notices.put_secret_away(&actor, id).await?;
        leptos_axum::redirect(&format!("{NOTIFYING}/{id}"));
        Ok(())
    })
    .await
}

/// Switches a webhook on or off.
#[server(endpoint = "switch_webhook", output = Packed)]
pub async fn switch_webhook(
    /// Its number.
    #[server(default)]
    id: i64,
    /// `true`: on.
    #[server(default)]
    enabled: String,
) -> Result<(), Fault> {
    super::context::as_actor(async |services, actor| {
        let on = enabled == "true";
        services.notices.switch_webhook(&actor, id, on).await?;
        leptos_axum::redirect(&format!("{NOTIFYING}/{id}?notice=saved"));
        Ok(())
    })
    .await
}

/// Removes a webhook.
#[server(endpoint = "delete_webhook", output = Packed)]
pub async fn delete_webhook(
    /// Its number.
    #[server(default)]
    id: i64,
    /// `true`: it was asked whether.
    #[server(default)]
    sure: String,
) -> Result<(), Fault> {
    use domain::error::Problem;

    super::context::as_actor(async |services, actor| {
        if sure != "true" {
            return Err(Error::field("sure", Problem::Required));
        }
        services.notices.delete_webhook(&actor, id).await?;
        leptos_axum::redirect(&format!("{NOTIFYING}?notice=webhook-removed"));
        Ok(())
    })
    .await
}

/// Sends a test notice to a webhook.
#[server(endpoint = "test_webhook", output = Packed)]
pub async fn test_webhook(
    /// Its number.
    #[server(default)]
    id: i64,
) -> Result<(), Fault> {
    super::context::as_actor(async |services, actor| {
        services.notices.test_webhook(&actor, id).await?;
        leptos_axum::redirect(&format!("{NOTIFYING}/{id}?notice=on-its-way"));
        Ok(())
    })
    .await
}

/// Sends a test notice by mail.
#[server(endpoint = "test_mail", output = Packed)]
pub async fn test_mail(
    /// Where to.
    #[server(default)]
    address: String,
) -> Result<(), Fault> {
    use super::context::{as_actor, keep_entries};

    let sent = as_actor(async |services, actor| {
        services.notices.test_mail(&actor, &address).await?;
        leptos_axum::redirect(&format!("{NOTIFYING}?notice=on-its-way"));
        Ok(())
    })
    .await;
    sent.inspect_err(|fault| {
        keep_entries::<TestMail>(fault, NOTIFYING, &[("address", &address)]);
    })
}

/// Sends something again.
#[server(endpoint = "resend_delivery", output = Packed)]
pub async fn resend_delivery(
    /// Its number.
    #[server(default)]
    id: i64,
    /// The number of the webhook whose page asks. Nothing: the list of mail does.
    #[server(default)]
    webhook: Option<i64>,
) -> Result<(), Fault> {
    super::context::as_actor(async |services, actor| {
        services.notices.resend(&actor, id).await?;
        let page = webhook.map_or(NOTIFYING.to_owned(), |id| format!("{NOTIFYING}/{id}"));
        leptos_axum::redirect(&format!("{page}?notice=on-its-way"));
        Ok(())
    })
    .await
}
