//! One's own notices, and what one wants by mail.

use domain::{Instant, notice::Choice};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Fault, Packed};

/// What *Notices* shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticesPage {
    /// The notices, the latest first.
    pub rows: Vec<NoticeRow>,
    /// Before which the older ones are. `None`: these are the oldest.
    pub older: Option<i64>,
    /// Whether there are later ones.
    pub later: bool,
    /// How many were not read, also on other pages.
    pub unread: u32,
    /// What is wanted by mail.
    pub choice: Choice,
    /// The address that the sign-in gave. Empty: it gave none.
    pub from_sign_in: String,
    /// Whether a mail server is configured.
    pub mail_is_sent: bool,
    /// When this was so.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub as_of: Instant,
}

/// One of one's notices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeRow {
    /// Its number.
    pub id: i64,
    /// What happened, in a line.
    pub subject: String,
    /// What there is to know.
    pub sentences: Vec<String>,
    /// Where more is to be seen.
    pub path: String,
    /// When it happened.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: Instant,
    /// Whether one has read it.
    pub read: bool,
}

#[cfg(feature = "ssr")]
impl From<service::notices::OwnNotice> for NoticeRow {
    fn from(own: service::notices::OwnNotice) -> Self {
        use domain::notice::Audience::Person;

        Self {
            id: own.id,
            subject: own.notice.subject(Person),
            sentences: own.notice.sentences(Person),
            path: own.notice.path(Person),
            at: own.notice.at,
            read: own.read,
        }
    }
}

/// One's notices, before the one that the address names.
#[server(endpoint = "notices_page", output = Packed)]
pub async fn load_notices_page(
    /// The page's address.
    #[server(default)]
    at: String,
) -> Result<NoticesPage, Fault> {
    let at = super::address::Address::parse(&at);
    super::context::as_actor(async |services, actor| {
        let before = at.place("before")?;
        let own = services.notices.own(&actor, before).await?;
        let chosen = services.notices.choice(&actor).await?;
        let last = own.notices.last().map(|notice| notice.id);
        Ok(NoticesPage {
            rows: own.notices.into_iter().map(NoticeRow::from).collect(),
            older: last.filter(|_| own.more),
            later: before.is_some(),
            unread: services.notices.unread(&actor).await?,
            choice: chosen.choice,
            from_sign_in: chosen.from_sign_in,
            mail_is_sent: chosen.mail_is_sent,
            as_of: services.now(),
        })
    })
    .await
}

/// Where the notices are.
pub const NOTICES: &str = "/profile/notices";

/// Notes that one has read a notice.
#[server(endpoint = "mark_notice_read", output = Packed)]
pub async fn mark_notice_read(
    /// Its number.
    #[server(default)]
    id: i64,
) -> Result<(), Fault> {
    super::context::as_actor(async |services, actor| {
        services.notices.mark_read(&actor, id).await?;
        leptos_axum::redirect(NOTICES);
        Ok(())
    })
    .await
}

/// Notes that one has read one's notices up to one of them.
#[server(endpoint = "mark_notices_read", output = Packed)]
pub async fn mark_notices_read(
    /// The number of the latest.
    #[server(default)]
    up_to: i64,
) -> Result<(), Fault> {
    super::context::as_actor(async |services, actor| {
        services.notices.mark_all_read(&actor, up_to).await?;
        leptos_axum::redirect(NOTICES);
        Ok(())
    })
    .await
}

/// Chooses what one wants by mail. A box that is not ticked is not sent.
#[server(endpoint = "choose_notices", output = Packed)]
pub async fn choose_notices(
    /// Where to. Empty: to the address that the sign-in gave.
    #[server(default)]
    address: String,
    /// What others do to one's key.
    #[server(default)]
    keys: String,
    /// The end of one's key, and the use of the old one.
    #[server(default)]
    ends: String,
    /// Tickets.
    #[server(default)]
    tickets: String,
) -> Result<(), Fault> {
    use super::context::{as_actor, keep_entries};

    let ticked = |text: &str| text == "true";
    let choice = Choice {
        address: address.clone(),
        keys: ticked(&keys),
        ends: ticked(&ends),
        tickets: ticked(&tickets),
    };
    let saved = as_actor(async |services, actor| {
        services.notices.choose(&actor, choice).await?;
        leptos_axum::redirect(&format!("{NOTICES}?notice=saved"));
        Ok(())
    })
    .await;
    saved.inspect_err(|fault| {
        let kept = [
            ("address", &*address),
            ("keys", &keys),
            ("ends", &ends),
            ("tickets", &tickets),
        ];
        keep_entries::<ChooseNotices>(fault, NOTICES, &kept);
    })
}
