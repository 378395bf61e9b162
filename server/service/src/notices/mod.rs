//! Notices: what people are told. They are made with the record of what happened (`tell.rs`), sent
//! after the commit (`send.rs`), and read here.

mod ends;
mod send;
mod tell;
mod webhooks;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use chrono::TimeDelta;
use domain::{
    audit::{Action, Event},
    error::Error,
    notice::{Choice, Notice},
    operation::{Operation, decide},
    permission::Whose,
    principal::UserId,
};
use serde_json::json;
use tokio::sync::Notify;

pub use self::{
    send::{Courier, Parcel, Way},
    webhooks::{Deliveries, Delivery, Webhook},
};
use crate::{
    Actor,
    core::Core,
    fault::Fault,
    store::notices::{self as store, Addressee},
};

/// How long notices and deliveries are kept.
pub(crate) const KEPT: TimeDelta = TimeDelta::days(90);
/// How many are on a page.
const PAGE: usize = 30;
/// Counting unread notices stops here.
pub const MOST_UNREAD: u32 = 100;

/// What the settings say about telling people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notifying {
    /// The mail server. `None`: nothing is sent by mail.
    pub mail: Option<MailServer>,
    /// Whether webhooks without TLS may be added.
    pub http_allowed: bool,
}

/// The mail server, as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailServer {
    /// Its name and port.
    pub address: String,
    /// How it is reached, in words.
    pub security: &'static str,
    /// Whom mail comes from.
    pub sender: String,
}

/// Wakes whoever sends.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    /// Whether something was put into the outbox since.
    filled: AtomicBool,
    woken: Notify,
}

impl Bell {
    /// Something was put into the outbox, in a transaction that may commit.
    pub(crate) fn note(&self) {
        self.filled.store(true, Ordering::Release);
    }

    /// A transaction was committed.
    pub(crate) fn ring(&self) {
        if self.filled.swap(false, Ordering::AcqRel) {
            self.woken.notify_one();
        }
    }
}

/// One's own notices, the latest first.
#[derive(Debug)]
pub struct OwnNotices {
    /// Those of this page.
    pub notices: Vec<OwnNotice>,
    /// Whether older ones follow.
    pub more: bool,
}

/// One of one's notices.
#[derive(Debug, PartialEq, Eq)]
pub struct OwnNotice {
    /// Its number.
    pub id: i64,
    /// What it says.
    pub notice: Notice,
    /// Whether one has read it.
    pub read: bool,
}

/// What one wants by mail, and what there is to know about it.
#[derive(Debug, PartialEq, Eq)]
pub struct OwnChoice {
    /// What was chosen.
    pub choice: Choice,
    /// The address that the sign-in gave. Empty: it gave none.
    pub from_sign_in: String,
    /// Whether a mail server is configured.
    pub mail_is_sent: bool,
}

/// The use cases of notices.
#[derive(Clone)]
pub struct Notices {
    pub(crate) core: Arc<Core>,
}

impl Notices {
    /// One's own notices before one of them, the latest first.
    ///
    /// # Errors
    /// With a key; for whoever has no account.
    pub async fn own(&self, actor: &Actor, before: Option<i64>) -> Result<OwnNotices, Error> {
        let user = self.reader(actor).await?;
        let mut reader = self.core.db.reader().await?;
        let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
        let mut rows = store::of(&mut reader.conn(), user, before, limit).await?;
        let more = rows.len() > PAGE;
        rows.truncate(PAGE);
        let notices = rows.into_iter().map(|row| {
            Ok(OwnNotice {
                id: row.id,
                notice: row.notice()?,
                read: row.read_at.is_some(),
            })
        });
        Ok(OwnNotices {
            notices: notices.collect::<Result<_, Fault>>()?,
            more,
        })
    }

    /// How many of one's notices one has not read, up to [`MOST_UNREAD`]. Nobody else has any.
    pub async fn unread(&self, actor: &Actor) -> Result<u32, Error> {
        let Ok(user) = own(actor) else { return Ok(0) };
        let mut reader = self.core.db.reader().await?;
        let unread = store::unread(&mut reader.conn(), user, MOST_UNREAD.into()).await?;
        Ok(u32::try_from(unread).unwrap_or(MOST_UNREAD))
    }

    /// Notes that one has read a notice.
    ///
    /// # Errors
    /// [`Error::NotFound`] for others'; as [`Notices::own`].
    pub async fn mark_read(&self, actor: &Actor, id: i64) -> Result<(), Error> {
        let user = self.reader(actor).await?;
        let now = self.core.clock.now();
        let mut tx = self.core.db.begin().await?;
        if !store::mark_read(&mut tx.conn(), user, id, now).await? {
            return Err(Error::NotFound);
        }
        Ok(tx.commit_unrecorded().await?)
    }

    /// Notes that one has read one's notices up to the one with that number: later ones came after
    /// one looked.
    ///
    /// # Errors
    /// As [`Notices::own`].
    pub async fn mark_all_read(&self, actor: &Actor, up_to: i64) -> Result<(), Error> {
        let user = self.reader(actor).await?;
        let now = self.core.clock.now();
        let mut tx = self.core.db.begin().await?;
        store::mark_all_read(&mut tx.conn(), user, up_to, now).await?;
        Ok(tx.commit_unrecorded().await?)
    }

    /// What one wants by mail.
    ///
    /// # Errors
    /// As [`Notices::own`].
    pub async fn choice(&self, actor: &Actor) -> Result<OwnChoice, Error> {
        let user = self.reader(actor).await?;
        let mut reader = self.core.db.reader().await?;
        let known = store::addressee(&mut reader.conn(), user).await?;
        let known = known.ok_or(Error::NotFound)?;
        Ok(OwnChoice {
            choice: known.choice,
            from_sign_in: known.from_sign_in,
            mail_is_sent: self.core.notifying.mail.is_some(),
        })
    }

    /// Chooses what one wants by mail, and where to.
    ///
    /// # Errors
    /// `address`; as [`Notices::own`].
    pub async fn choose(&self, actor: &Actor, choice: Choice) -> Result<(), Error> {
        let result = self.try_choose(actor, choice).await;
        let who = actor.identity.to_string();
        self.core
            .recording_refusal(actor, result, Action::NoticesChosen, &who)
            .await
    }

    async fn try_choose(&self, actor: &Actor, choice: Choice) -> Result<(), Fault> {
        let user = own(actor)?;
        let choice = choice.checked()?;
        let mut tx = self.core.db.begin().await?;
        let known = store::addressee(&mut tx.conn(), user).await?;
        let before = known.ok_or(Error::NotFound)?.choice;
        if before == choice {
            return Ok(());
        }
        store::choose(&mut tx.conn(), user, &choice).await?;
        let event = Event::done(Action::NoticesChosen, actor.identity.to_string())
            .before(audited(&before))
            .after(audited(&choice));
        self.core.commit(tx, actor, &event).await
    }

    /// Whose notices are read.
    async fn reader(&self, actor: &Actor) -> Result<UserId, Error> {
        let user = own(actor);
        self.core
            .recording_refusal(actor, user, Action::Read, "one's own notices")
            .await
    }
}

/// Whose notices somebody reads: their own.
fn own(actor: &Actor) -> Result<UserId, Fault> {
    actor.settled()?;
    let means = actor.via.means();
    decide(Operation::UseNotices, Whose::Own, actor.rights, means)?;
    Ok(actor.account().ok_or(Error::NotFound)?)
}

fn audited(choice: &Choice) -> serde_json::Value {
    json!({
        "address": choice.address,
        "keys": choice.keys,
        "ends": choice.ends,
        "tickets": choice.tickets,
    })
}

impl Addressee {
    /// Where mail goes. `None`: nowhere.
    pub(crate) fn address(&self) -> Option<&str> {
        let chosen = Some(&*self.choice.address).filter(|address| !address.is_empty());
        let given = Some(&*self.from_sign_in).filter(|address| !address.is_empty());
        chosen.or(given).filter(|_| self.enabled)
    }
}
