//! Recording: every change commits together with its audit record, the record last.

use chrono::SecondsFormat;
use domain::{
    audit::{Action, Event, GENESIS, chain_hash, hex},
    error::Error,
    operation::Operation,
    permission::Whose,
    principal::{Identity, UserId},
};

use crate::{
    Actor, Origin, Via,
    core::Core,
    fault::Fault,
    secret::Pepper,
    store::{
        Tx,
        audit::{self as store, RecordRow},
    },
};

/// Whom a record is about: who acted, by what, from where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Who<'a> {
    identity: Option<&'a Identity>,
    via: Option<&'a crate::Via>,
    origin: &'a Origin,
}

impl<'a> Who<'a> {
    /// Nobody known: a sign-in that failed.
    pub(crate) const fn anonymous(origin: &'a Origin) -> Self {
        Self {
            identity: None,
            via: None,
            origin,
        }
    }
}

impl Who<'_> {
    /// The account of whoever acted. `None`: they have none.
    pub(crate) fn account(&self) -> Option<UserId> {
        match self.via? {
            Via::Console | Via::Job => None,
            _ => self.identity.map(|identity| identity.id),
        }
    }

    /// Whoever acted, in words.
    pub(crate) fn words(&self) -> String {
        match (self.via, self.identity) {
            (Some(Via::Console), _) => "somebody at the server's console".to_owned(),
            (None | Some(Via::Job), _) | (_, None) => "the server".to_owned(),
            (_, Some(identity)) => identity.to_string(),
        }
    }
}

impl<'a> From<&'a Actor> for Who<'a> {
    fn from(actor: &'a Actor) -> Self {
        Self {
            identity: Some(&actor.identity),
            via: Some(&actor.via),
            origin: &actor.origin,
        }
    }
}

/// Authenticates a chain's head: HMAC over chain, height and hash.
pub(super) fn head_mac(key: &Pepper, chain: i64, height: i64, hash: &str) -> String {
    hex(&key.mac(format!("{chain} {height} {hash}").as_bytes()))
}

impl Core {
    /// Appends `event` to this server's chain and commits the change that `tx` holds. If the
    /// record cannot be written, nothing happened.
    pub(crate) async fn commit(
        &self,
        mut tx: Tx,
        who: impl Into<Who<'_>>,
        event: &Event,
    ) -> Result<(), Fault> {
        self.append(&mut tx, who.into(), event).await?;
        tx.commit_unrecorded().await?;
        self.bell.ring();
        Ok(())
    }

    /// Records that something was refused, in a transaction of its own.
    pub(crate) async fn record(&self, who: impl Into<Who<'_>>, event: &Event) -> Result<(), Fault> {
        let tx = self.db.begin().await?;
        self.commit(tx, who, event).await
    }

    /// Passes a use case's result on. That `action` was refused on `object` by permission, rule or
    /// state is recorded first; wrong fields and faults of ours are no refusals.
    pub(crate) async fn recording_refusal<T>(
        &self,
        actor: &Actor,
        result: Result<T, Fault>,
        action: Action,
        object: &str,
    ) -> Result<T, Error> {
        if let Err(Fault::Told(
            refusal @ (Error::Unauthenticated
            | Error::NotPermitted
            | Error::NotFound
            | Error::Refused(_)
            | Error::Conflict(_)),
        )) = &result
        {
            let event = Event::refused(action, object, refusal.to_string());
            self.record(actor, &event).await?;
        }
        result.map_err(Error::from)
    }

    /// Lets somebody read `object`. That they may not is recorded.
    pub(crate) async fn reading(
        &self,
        actor: &Actor,
        operation: Operation,
        whose: Whose,
        object: &str,
    ) -> Result<(), Error> {
        let allowed = actor.may_with(operation, whose).map_err(Fault::from);
        self.recording_refusal(actor, allowed, Action::Read, object)
            .await
    }

    /// Tells whoever is to know of `event`, and appends it to this server's chain, within the
    /// transaction that holds the change.
    pub(crate) async fn append(
        &self,
        tx: &mut Tx,
        who: Who<'_>,
        event: &Event,
    ) -> Result<(), Fault> {
        self.tell(tx, who, event).await?;
        let chain = self.chain;
        let conn = &mut tx.conn();
        let head = store::lock_head(conn, chain).await?;
        // A head that was tampered with must not be extended: the new one would vouch for it.
        if head.mac != head_mac(&self.secrets.audit_key, chain, head.height, &head.hash) {
            return Err(Fault::Broken(
                "the head of the audit chain was tampered with",
            ));
        }
        let id = head.height + 1;
        let texts = Texts::of(id, chain, self.clock.now(), who, event);
        let columns = texts.columns(who, event);
        let hash = chain_hash(&head.hash, &columns);
        store::append(conn, id, chain, &columns, &head.hash, &hash).await?;
        let mac = head_mac(&self.secrets.audit_key, chain, id, &hash);
        store::move_head(conn, chain, id, &hash, &mac).await
    }

    /// Finds this server's chain, or starts it.
    pub(crate) async fn find_or_start_chain(
        tx: &mut Tx,
        name: &str,
        key: &Pepper,
    ) -> Result<i64, Fault> {
        let conn = &mut tx.conn();
        loop {
            if let Some(chain) = store::find_chain(conn, name).await? {
                return Ok(chain);
            }
            let chain = store::next_chain(conn).await?;
            let mac = head_mac(key, chain, 0, GENESIS);
            store::start_chain(conn, chain, name, GENESIS, &mac).await?;
        }
    }
}

/// The hash that a stored record should have.
pub(super) fn hash_of(record: &RecordRow, previous: &str) -> String {
    let (id, chain) = (record.id.to_string(), record.chain.to_string());
    chain_hash(
        previous,
        &[
            Some(&id),
            Some(&chain),
            Some(&record.recorded_at),
            Some(&record.action),
            Some(&record.category),
            Some(&record.operation),
            Some(&record.outcome),
            record.actor.as_deref(),
            record.via.as_deref(),
            record.address.as_deref(),
            Some(&record.object),
            record.state_before.as_deref(),
            record.state_after.as_deref(),
            record.cause.as_deref(),
            record.reason.as_deref(),
            record.client_id.as_deref(),
            record.request_id.as_deref(),
        ],
    )
}

/// The texts that a record owns.
struct Texts {
    id: String,
    chain: String,
    recorded_at: String,
    actor: Option<String>,
    via: Option<String>,
    before: Option<String>,
    after: Option<String>,
}

impl Texts {
    fn of(id: i64, chain: i64, now: domain::Instant, who: Who<'_>, event: &Event) -> Self {
        Self {
            id: id.to_string(),
            chain: chain.to_string(),
            recorded_at: now.to_rfc3339_opts(SecondsFormat::Micros, true),
            actor: who.identity.map(ToString::to_string),
            via: who.via.map(crate::Via::audit_text),
            before: event.before.as_ref().map(ToString::to_string),
            after: event.after.as_ref().map(ToString::to_string),
        }
    }

    /// The columns in the order of the table.
    fn columns<'a>(&'a self, who: Who<'a>, event: &'a Event) -> [Option<&'a str>; store::COLUMNS] {
        let given = |text: &'a str| (!text.is_empty()).then_some(text);
        [
            Some(&self.id),
            Some(&self.chain),
            Some(&self.recorded_at),
            Some(event.action.as_str()),
            Some(event.action.category()),
            Some(event.action.operation()),
            Some(event.outcome.as_str()),
            self.actor.as_deref(),
            self.via.as_deref(),
            given(&who.origin.address),
            Some(&event.object),
            self.before.as_deref(),
            self.after.as_deref(),
            event.cause.as_deref(),
            who.origin.reason.as_deref(),
            who.origin.client_id.as_deref(),
            given(&who.origin.request_id),
        ]
    }
}
