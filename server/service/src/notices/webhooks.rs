//! Webhooks, and what was sent: added, switched, removed, looked at, tried and sent again by
//! whoever administers the settings.

use std::collections::BTreeSet;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use domain::{
    Instant,
    audit::{Action, Event},
    error::{Conflict, Error, FieldError, Problem},
    notice::{Choice, DeliveryState, Kind, Notice, Trouble, check_events, check_url},
    operation::Operation,
    permission::Whose,
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{MailServer, Notices};
use crate::{
    Actor,
    entropy::random,
    fault::Fault,
    store::{
        notices::write,
        outbox::{self, DeliveryRow},
        webhooks::{self as store, WebhookRow},
    },
};

/// What webhooks' secrets are sealed for.
pub(super) const PURPOSE: &str = "webhook";
/// The most webhooks.
const MAX_WEBHOOKS: usize = 50;
/// Stands before a secret, so that people and scanners know what it is.
const PREFIX: &str = "lkwh_";
/// For how long a new secret is shown, if nobody puts it away.
const SHOWN_FOR: TimeDelta = TimeDelta::minutes(10);
/// How many deliveries are on a page.
const PAGE: usize = 30;

/// A webhook.
#[derive(Debug)]
pub struct Webhook {
    /// Its number.
    pub id: i64,
    /// Where it is.
    pub url: String,
    /// What it is told.
    pub events: BTreeSet<Kind>,
    /// Whether it is told anything.
    pub enabled: bool,
    /// When it was added.
    pub created_at: Instant,
    /// The secret that signs, as long as it is shown. `None`: no longer, or not to the caller.
    pub secret: Option<Zeroizing<String>>,
}

/// Something that is sent, or was.
#[derive(Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its number.
    pub id: i64,
    /// The address of mail. `None`: it goes to a webhook.
    pub mail_to: Option<String>,
    /// What it says.
    pub notice: Notice,
    /// When it was put out.
    pub created_at: Instant,
    /// How far it is.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next. `None`: it is over.
    pub next_attempt_at: Option<Instant>,
    /// When it was last tried. `None`: never.
    pub tried_at: Option<Instant>,
    /// What was in the way then. `None`: nothing.
    pub trouble: Option<Trouble>,
}

/// A page of deliveries, the latest first.
#[derive(Debug)]
pub struct Deliveries {
    /// Those of this page.
    pub deliveries: Vec<Delivery>,
    /// Whether older ones follow.
    pub more: bool,
}

impl Notices {
    /// The mail server, for whoever administers the settings. `None`: there is none.
    ///
    /// # Errors
    /// No permission.
    pub async fn mail_server(&self, actor: &Actor) -> Result<Option<MailServer>, Error> {
        self.viewing(actor).await?;
        Ok(self.core.notifying.mail.clone())
    }

    /// Whether webhooks without TLS may be added.
    pub fn http_allowed(&self) -> bool {
        self.core.notifying.http_allowed
    }

    /// Every webhook.
    ///
    /// # Errors
    /// No permission.
    pub async fn webhooks(&self, actor: &Actor) -> Result<Vec<Webhook>, Error> {
        self.viewing(actor).await?;
        let rows = {
            let mut reader = self.core.db.reader().await?;
            store::all(&mut reader.conn()).await?
        };
        let webhooks = rows.into_iter().map(|row| self.shown(row, None));
        Ok(webhooks.collect::<Result<_, Fault>>()?)
    }

    /// One webhook, with its secret as long as that is shown.
    ///
    /// # Errors
    /// [`Error::NotFound`]; no permission.
    pub async fn webhook(&self, actor: &Actor, id: i64) -> Result<Webhook, Error> {
        self.viewing(actor).await?;
        let row = {
            let mut reader = self.core.db.reader().await?;
            store::by_id(&mut reader.conn(), id).await?
        };
        Ok(self.shown(row.ok_or(Error::NotFound)?, Some(actor))?)
    }

    /// A webhook as people see it; its secret is for whoever may change it.
    fn shown(&self, row: WebhookRow, to: Option<&Actor>) -> Result<Webhook, Fault> {
        let now = self.core.clock.now();
        let until = row.shown_until.map(Instant::from);
        let may = to.is_some_and(|actor| actor.may(Operation::UpdateNotifying).is_ok());
        let secret = if may && until.is_some_and(|until| now < until) {
            let pepper = &self.core.secrets.pepper;
            let opened = pepper.open(PURPOSE, &row.id.to_string(), &row.sealed);
            opened.and_then(|bytes| text_of(&bytes))
        } else {
            None
        };
        Ok(Webhook {
            events: row.events()?,
            id: row.id,
            url: row.url,
            enabled: row.enabled,
            created_at: row.created_at.0,
            secret,
        })
    }

    /// Adds a webhook that is on, and returns its number. Its secret is shown for ten minutes, or
    /// until [`Notices::put_secret_away`].
    ///
    /// # Errors
    /// `url`, `events`; no permission; [`Conflict::TooManyWebhooks`].
    pub async fn add_webhook(
        &self,
        actor: &Actor,
        url: &str,
        events: &[String],
    ) -> Result<i64, Error> {
        let result = self.try_add(actor, url, events).await;
        self.core
            .recording_refusal(actor, result, Action::WebhookCreated, "a webhook")
            .await
    }

    async fn try_add(&self, actor: &Actor, url: &str, events: &[String]) -> Result<i64, Fault> {
        actor.may(Operation::UpdateNotifying)?;
        let checked = (
            check_url(url, self.core.notifying.http_allowed),
            check_events(events.iter().map(String::as_str)),
        );
        let (url, events) = match checked {
            (Ok(url), Ok(events)) => (url, events),
            (url, events) => {
                let wrong = [url.err(), events.err()];
                return Err(Error::Invalid(wrong.into_iter().flatten().collect()).into());
            }
        };
        let core = &*self.core;
        let now = core.clock.now();
        let mut tx = core.db.begin().await?;
        let conn = &mut tx.conn();
        if store::all(conn).await?.len() >= MAX_WEBHOOKS {
            return Err(Error::Conflict(Conflict::TooManyWebhooks).into());
        }
        let id = store::insert(conn, &url, &events, now, now + SHOWN_FOR).await?;
        let bytes = Zeroizing::new(random::<32>(&*core.entropy)?);
        let secret = Zeroizing::new(format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(*bytes)));
        let pepper = &core.secrets.pepper;
        let context = id.to_string();
        let sealed = pepper.seal(PURPOSE, &context, secret.as_bytes(), &*core.entropy)?;
        store::keep(conn, id, &sealed).await?;
        let row = store::by_id(conn, id).await?;
        let row = row.ok_or(Fault::Broken("a new webhook is not there"))?;
        let event = Event::done(Action::WebhookCreated, context).after(audited(&row)?);
        core.commit(tx, actor, &event).await?;
        Ok(id)
    }

    /// Shows a new webhook's secret no more.
    ///
    /// # Errors
    /// No permission.
    pub async fn put_secret_away(&self, actor: &Actor, id: i64) -> Result<(), Error> {
        let result = self.try_put_away(actor, id).await;
        self.core
            .recording_refusal(actor, result, Action::WebhookUpdated, &id.to_string())
            .await
    }

    async fn try_put_away(&self, actor: &Actor, id: i64) -> Result<(), Fault> {
        actor.may(Operation::UpdateNotifying)?;
        let mut tx = self.core.db.begin().await?;
        store::put_away(&mut tx.conn(), id).await?;
        tx.commit_unrecorded().await
    }

    /// Switches a webhook on or off. What waits for it then is given up.
    ///
    /// # Errors
    /// [`Error::NotFound`]; no permission.
    pub async fn switch_webhook(&self, actor: &Actor, id: i64, enabled: bool) -> Result<(), Error> {
        let result = self.try_switch(actor, id, enabled).await;
        self.core
            .recording_refusal(actor, result, Action::WebhookUpdated, &id.to_string())
            .await
    }

    async fn try_switch(&self, actor: &Actor, id: i64, enabled: bool) -> Result<(), Fault> {
        actor.may(Operation::UpdateNotifying)?;
        let core = &*self.core;
        let mut tx = core.db.begin().await?;
        let conn = &mut tx.conn();
        let before = store::by_id(conn, id).await?.ok_or(Error::NotFound)?;
        if !store::set_enabled(conn, id, enabled).await? {
            return Ok(());
        }
        if !enabled {
            outbox::give_up(conn, id, Trouble::SwitchedOff, core.clock.now()).await?;
        }
        let after = store::by_id(conn, id).await?.ok_or(Error::NotFound)?;
        let event = Event::done(Action::WebhookUpdated, id.to_string())
            .before(audited(&before)?)
            .after(audited(&after)?);
        core.commit(tx, actor, &event).await
    }

    /// Removes a webhook, with the log of what was sent to it.
    ///
    /// # Errors
    /// [`Error::NotFound`]; no permission.
    pub async fn delete_webhook(&self, actor: &Actor, id: i64) -> Result<(), Error> {
        let result = self.try_delete(actor, id).await;
        self.core
            .recording_refusal(actor, result, Action::WebhookDeleted, &id.to_string())
            .await
    }

    async fn try_delete(&self, actor: &Actor, id: i64) -> Result<(), Fault> {
        actor.may(Operation::UpdateNotifying)?;
        let mut tx = self.core.db.begin().await?;
        let conn = &mut tx.conn();
        let before = store::by_id(conn, id).await?.ok_or(Error::NotFound)?;
        if !store::delete(conn, id).await? {
            return Err(Error::NotFound.into());
        }
        let event = Event::done(Action::WebhookDeleted, id.to_string()).before(audited(&before)?);
        self.core.commit(tx, actor, &event).await
    }

    /// What was sent to a webhook before one of the deliveries, the latest first.
    ///
    /// # Errors
    /// No permission.
    pub async fn webhook_deliveries(
        &self,
        actor: &Actor,
        id: i64,
        before: Option<i64>,
    ) -> Result<Deliveries, Error> {
        self.viewing(actor).await?;
        let mut reader = self.core.db.reader().await?;
        let conn = &mut reader.conn();
        Ok(page(outbox::of_webhook(conn, id, before, limit()).await?)?)
    }

    /// What was sent by mail before one of the deliveries, the latest first.
    ///
    /// # Errors
    /// No permission.
    pub async fn mail_deliveries(
        &self,
        actor: &Actor,
        before: Option<i64>,
        only_failed: bool,
    ) -> Result<Deliveries, Error> {
        self.viewing(actor).await?;
        let mut reader = self.core.db.reader().await?;
        let conn = &mut reader.conn();
        let rows = outbox::of_mail(conn, before, only_failed, limit()).await?;
        Ok(page(rows)?)
    }

    /// Sends something again that was sent, or was given up.
    ///
    /// # Errors
    /// [`Error::NotFound`] also for what waits; no permission.
    pub async fn resend(&self, actor: &Actor, delivery: i64) -> Result<(), Error> {
        let result = self.try_resend(actor, delivery).await;
        let object = delivery.to_string();
        self.core
            .recording_refusal(actor, result, Action::DeliveryResent, &object)
            .await
    }

    async fn try_resend(&self, actor: &Actor, delivery: i64) -> Result<(), Fault> {
        actor.may(Operation::UpdateNotifying)?;
        let core = &*self.core;
        let mut tx = core.db.begin().await?;
        if !outbox::resend(&mut tx.conn(), delivery, core.clock.now()).await? {
            return Err(Error::NotFound.into());
        }
        core.bell.note();
        let event = Event::done(Action::DeliveryResent, delivery.to_string());
        core.commit(tx, actor, &event).await
    }

    /// Sends a notice to a webhook that only shows whether notices arrive.
    ///
    /// # Errors
    /// [`Error::NotFound`] also for one that is off; no permission.
    pub async fn test_webhook(&self, actor: &Actor, id: i64) -> Result<(), Error> {
        let result = self.try_test_webhook(actor, id).await;
        let object = format!("webhook {id}");
        self.core
            .recording_refusal(actor, result, Action::NoticesTested, &object)
            .await
    }

    async fn try_test_webhook(&self, actor: &Actor, id: i64) -> Result<(), Fault> {
        actor.may(Operation::UpdateNotifying)?;
        let core = &*self.core;
        let now = core.clock.now();
        let mut tx = core.db.begin().await?;
        let conn = &mut tx.conn();
        let there = store::by_id(conn, id).await?.filter(|row| row.enabled);
        there.ok_or(Error::NotFound)?;
        outbox::to_webhook(conn, id, &write(&Notice::test(now))?, now).await?;
        core.bell.note();
        let event = Event::done(Action::NoticesTested, format!("webhook {id}"));
        core.commit(tx, actor, &event).await
    }

    /// Sends a notice to an address that only shows whether mail arrives.
    ///
    /// # Errors
    /// `address`; no permission; [`Conflict::NoMailServer`].
    pub async fn test_mail(&self, actor: &Actor, address: &str) -> Result<(), Error> {
        let result = self.try_test_mail(actor, address).await;
        self.core
            .recording_refusal(actor, result, Action::NoticesTested, "an address of mail")
            .await
    }

    async fn try_test_mail(&self, actor: &Actor, address: &str) -> Result<(), Fault> {
        actor.may(Operation::UpdateNotifying)?;
        let wanted = Choice {
            address: address.to_owned(),
            ..Choice::default()
        };
        let Choice { address, .. } = wanted.checked()?;
        if address.is_empty() {
            return Err(FieldError::new("address", Problem::Required).into());
        }
        let core = &*self.core;
        if core.notifying.mail.is_none() {
            return Err(Error::Conflict(Conflict::NoMailServer).into());
        }
        let now = core.clock.now();
        let mut tx = core.db.begin().await?;
        let text = write(&Notice::test(now))?;
        outbox::to_address(&mut tx.conn(), &address, true, &text, now).await?;
        core.bell.note();
        let event = Event::done(Action::NoticesTested, address);
        core.commit(tx, actor, &event).await
    }

    async fn viewing(&self, actor: &Actor) -> Result<(), Error> {
        let (core, whose) = (&self.core, Whose::Others);
        core.reading(actor, Operation::ViewNotifying, whose, "notices")
            .await
    }
}

/// One more than a page has, to know whether there are more.
fn limit() -> i64 {
    i64::try_from(PAGE + 1).unwrap_or(i64::MAX)
}

fn page(mut rows: Vec<DeliveryRow>) -> Result<Deliveries, Fault> {
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let deliveries = rows.into_iter().map(|row| {
        let state = row.state()?;
        Ok(Delivery {
            id: row.id,
            notice: crate::store::notices::read(&row.notice)?,
            created_at: row.created_at.0,
            state,
            attempts: row.attempts(),
            next_attempt_at: (state == DeliveryState::Waiting).then_some(row.next_attempt_at.0),
            tried_at: row.tried_at.map(Instant::from),
            trouble: row.trouble(),
            mail_to: row.mail_to,
        })
    });
    Ok(Deliveries {
        deliveries: deliveries.collect::<Result<_, Fault>>()?,
        more,
    })
}

/// A webhook as the audit trail keeps it: without its secret, and without what its address may
/// hold of one.
fn audited(row: &WebhookRow) -> Result<Value, Fault> {
    let events = row.events()?;
    let events: Vec<_> = events.into_iter().map(Kind::as_str).collect();
    let url = row.url.split('?').next().unwrap_or_default();
    Ok(json!({ "url": url, "events": events, "enabled": row.enabled }))
}

/// A secret as text.
pub(super) fn text_of(bytes: &[u8]) -> Option<Zeroizing<String>> {
    let text = std::str::from_utf8(bytes).ok()?;
    Some(Zeroizing::new(text.to_owned()))
}
