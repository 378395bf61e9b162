//! Sending: what the outbox holds goes out after the commit, at least once. Whoever sends takes a
//! few deliveries for a time (a lease); a server that is killed meanwhile leaves them to the next
//! turn, on whichever server.

use std::{pin::Pin, sync::Arc, time::Duration};

use chrono::TimeDelta;
use domain::{
    audit::hex,
    error::Error,
    notice::{Audience, DeliveryState, Notice, Trouble, next_attempt, signature_header},
};
use futures_util::future::join_all;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::webhooks::{PURPOSE, text_of};
use crate::{
    Services,
    core::Core,
    entropy::random,
    fault::Fault,
    jobs::JobKind,
    store::{
        notices::read,
        outbox::{self as store, DeliveryRow},
        webhooks,
    },
};

/// How often the outbox is looked at when nobody says that there is something.
const LOOK: Duration = Duration::from_secs(5);
/// For how long whoever sends has what they took: longer than any attempt takes.
const LEASE: TimeDelta = TimeDelta::minutes(5);
/// How many are sent at once.
const AT_ONCE: i64 = 8;

/// Something to be sent.
#[derive(Debug)]
pub struct Parcel {
    /// Tells deliveries apart: one that is sent twice has the same. Letters, digits and dashes.
    pub id: String,
    /// Where to.
    pub way: Way,
    /// How it is put.
    pub audience: Audience,
    /// What it says.
    pub notice: Notice,
}

/// Where something is sent.
pub enum Way {
    /// To an address of mail.
    Mail(String),
    /// To a webhook.
    Webhook {
        /// Its address.
        url: String,
        /// The secret that signs.
        secret: Zeroizing<String>,
    },
}

impl std::fmt::Debug for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Mail(address) => write!(f, "Mail({address})"),
            Self::Webhook { url, .. } => write!(f, "Webhook({url})"),
        }
    }
}

impl Parcel {
    /// The header that a webhook is signed by, at that second. `None`: it is no webhook's.
    pub fn signature(&self, seconds: i64, body: &str) -> Option<String> {
        let Way::Webhook { secret, .. } = &self.way else {
            return None;
        };
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
        mac.update(format!("{seconds}.{body}").as_bytes());
        let signature = hex(&mac.finalize().into_bytes());
        Some(signature_header(seconds, &signature))
    }
}

/// Carries parcels out of the house.
pub trait Courier: Send + Sync + 'static {
    /// Delivers a parcel, or says what was in the way.
    fn deliver<'a>(
        &'a self,
        parcel: &'a Parcel,
    ) -> Pin<Box<dyn Future<Output = Result<(), Trouble>> + Send + 'a>>;
}

impl Services {
    /// Sends what is in the outbox until dropped. Woken by commits, and looking by itself.
    pub async fn run_deliveries(&self, courier: Arc<dyn Courier>) {
        let core = &*self.core;
        loop {
            core.work(JobKind::Deliveries, core.send_due(&*courier))
                .await;
            let woken = core.bell.woken.notified();
            // Whichever comes first.
            let _ = tokio::time::timeout(LOOK, woken).await;
        }
    }

    /// Sends everything that is due now.
    ///
    /// # Errors
    /// The database fails.
    pub async fn deliver_due(&self, courier: &dyn Courier) -> Result<(), Error> {
        Ok(self.core.send_due(courier).await?)
    }
}

impl Core {
    async fn send_due(&self, courier: &dyn Courier) -> Result<(), Fault> {
        loop {
            let taken = self.take().await?;
            if taken.is_empty() {
                return Ok(());
            }
            let attempts = taken.into_iter().map(|row| self.attempt(courier, row));
            for ended in join_all(attempts).await {
                ended?;
            }
        }
    }

    /// Takes what is due, a few at most.
    async fn take(&self) -> Result<Vec<DeliveryRow>, Fault> {
        let now = self.clock.now();
        let due = {
            let mut reader = self.db.reader().await?;
            store::is_due(&mut reader.conn(), now).await?
        };
        if !due {
            return Ok(Vec::new());
        }
        let mut tx = self.db.begin().await?;
        let taken = store::claim(&mut tx.conn(), now, now + LEASE, AT_ONCE).await?;
        tx.commit_unrecorded().await?;
        Ok(taken)
    }

    /// Tries one delivery and notes how that ended.
    async fn attempt(&self, courier: &dyn Courier, row: DeliveryRow) -> Result<(), Fault> {
        let result = match self.parcel(&row).await? {
            Ok(parcel) => courier.deliver(&parcel).await,
            Err(trouble) => Err(trouble),
        };
        let now = self.clock.now();
        let (state, trouble, next) = match result {
            Ok(()) => (DeliveryState::Sent, None, now),
            Err(trouble) => {
                let [jitter] = random(&*self.entropy)?;
                let (id, why) = (row.id, trouble.to_text());
                if let Some(pause) = next_attempt(row.attempts(), trouble, jitter) {
                    tracing::info!(id, why, "a notice was not delivered; it is tried again");
                    (DeliveryState::Waiting, Some(trouble), now + pause)
                } else {
                    tracing::warn!(id, why, "a notice was not delivered");
                    (DeliveryState::Failed, Some(trouble), now)
                }
            }
        };
        let mut tx = self.db.begin().await?;
        let conn = &mut tx.conn();
        store::finish(conn, row.id, row.attempts(), state, trouble, next, now).await?;
        tx.commit_unrecorded().await
    }

    /// What is to be sent, or why it cannot be.
    async fn parcel(&self, row: &DeliveryRow) -> Result<Result<Parcel, Trouble>, Fault> {
        let way = match (&row.mail_to, row.webhook_id) {
            (Some(address), _) => Way::Mail(address.clone()),
            (None, Some(id)) => {
                let webhook = {
                    let mut reader = self.db.reader().await?;
                    webhooks::by_id(&mut reader.conn(), id).await?
                };
                let Some(webhook) = webhook.filter(|webhook| webhook.enabled) else {
                    return Ok(Err(Trouble::SwitchedOff));
                };
                let context = webhook.id.to_string();
                let opened = self.secrets.pepper.open(PURPOSE, &context, &webhook.sealed);
                let Some(secret) = opened.and_then(|bytes| text_of(&bytes)) else {
                    return Ok(Err(Trouble::Unwritable));
                };
                Way::Webhook {
                    url: webhook.url,
                    secret,
                }
            }
            (None, None) => return Ok(Err(Trouble::Unwritable)),
        };
        let Ok(notice) = read(&row.notice) else {
            return Ok(Err(Trouble::Unwritable));
        };
        Ok(Ok(Parcel {
            // The time tells it from the same number of another database.
            id: format!("{}-{}", row.id, row.created_at.0.timestamp_micros()),
            way,
            audience: if row.to_person {
                Audience::Person
            } else {
                Audience::Watcher
            },
            notice,
        }))
    }
}
