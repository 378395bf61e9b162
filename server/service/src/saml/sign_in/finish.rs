//! The third step: the browser that began comes for what waits.

use domain::{
    audit::{Action, Event, hex},
    error::Error,
    expiry::SamlSession,
    principal::Identity,
    saml::{Cause, session_end},
};
use serde_json::json;

use super::Waiting;
use crate::{
    Actor, Lifetime, Origin, Via,
    audit::Who,
    entropy::random,
    fault::Fault,
    roles,
    saml::{Known, Saml, Trouble, refused::Sender},
    secret::RandomToken,
    sessions::{IssuedToken, duration},
    store::{
        Tx,
        saml::{self as store, ResultRow},
        sessions::{self, NewSession, SamlLink},
    },
};

/// A finished sign-in.
#[derive(Debug)]
pub struct Finished {
    /// For the session cookie.
    pub token: RandomToken,
    /// Whoever signed in.
    pub actor: Actor,
    /// The page that was asked for. Empty: none.
    pub next: String,
}

/// What came of a handle.
#[derive(Debug)]
pub enum Arrival {
    /// Signed in.
    Finished(Box<Finished>),
    /// Nobody asked for it, so somebody must say that they want it: user name and provider.
    Confirm {
        /// The user name.
        name: String,
        /// The provider's name.
        provider: String,
    },
    /// Refused. The trail has the reason.
    Refused,
}

/// What a handle led to.
enum Reached {
    Session { actor: Box<Actor>, next: String },
    Confirm { name: String, provider: String },
    Refused,
}

/// What somebody is known by afterwards.
enum Means {
    /// A cookie, by its hash.
    Cookie(Vec<u8>),
    /// A token of the REST API.
    Token,
}

impl Saml {
    /// Signs in whoever waits under a handle, if it is the browser that began (S25).
    ///
    /// `confirmed`: somebody pressed a button of ours, which it takes when nobody here had asked.
    ///
    /// # Errors
    /// A fault of ours; whatever is wrong is [`Arrival::Refused`].
    pub async fn finish(
        &self,
        handle: &str,
        browser: Option<&str>,
        confirmed: bool,
        origin: &Origin,
    ) -> Result<Arrival, Error> {
        let token = RandomToken::generate(&*self.core.entropy).map_err(Fault::from)?;
        let means = Means::Cookie(token.hash());
        Ok(
            match self
                .reach(handle, browser, confirmed, means, origin)
                .await?
            {
                Reached::Session { actor, next } => Arrival::Finished(Box::new(Finished {
                    token,
                    actor: *actor,
                    next,
                })),
                Reached::Confirm { name, provider } => Arrival::Confirm { name, provider },
                Reached::Refused => Arrival::Refused,
            },
        )
    }

    /// As [`Saml::finish`], for a client of the REST API that kept the cookie which the sign-in
    /// began with: a token instead of a browser session.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for whatever is wrong with handle or cookie.
    pub async fn exchange(
        &self,
        handle: &str,
        browser: Option<&str>,
        origin: &Origin,
    ) -> Result<IssuedToken, Error> {
        // To ask for a token is to want it.
        let reached = self
            .reach(handle, browser, true, Means::Token, origin)
            .await?;
        match reached {
            Reached::Session { actor, .. } => Ok(self.core.issue(&actor)?),
            Reached::Confirm { .. } | Reached::Refused => Err(Error::Unauthenticated),
        }
    }

    async fn reach(
        &self,
        handle: &str,
        browser: Option<&str>,
        confirmed: bool,
        means: Means,
        origin: &Origin,
    ) -> Result<Reached, Error> {
        let mut sender = Sender::default();
        match self
            .try_reach(handle, browser, confirmed, means, origin, &mut sender)
            .await
        {
            Ok(reached) => Ok(reached),
            Err(Trouble::Fault(fault)) => Err(fault.into()),
            Err(Trouble::Cause(cause)) => {
                self.refuse(Action::SignedIn, &sender, &cause, origin)
                    .await?;
                Ok(Reached::Refused)
            }
        }
    }

    async fn try_reach(
        &self,
        handle: &str,
        browser: Option<&str>,
        confirmed: bool,
        means: Means,
        origin: &Origin,
        sender: &mut Sender,
    ) -> Result<Reached, Trouble> {
        let core = &*self.core;
        let now = core.clock.now();
        let handle = RandomToken::parse(handle).ok_or(Cause::NotAsked)?;
        let mut tx = core.db.begin().await?;
        let conn = &mut tx.conn();
        let row = store::result(conn, &handle.hash()).await?;
        let row = row
            .filter(|row| row.tester_id.is_none())
            .ok_or(Cause::NotAsked)?;
        let provider = store::provider(conn, row.provider_id).await?;
        let known = Known::of(&provider.ok_or(Cause::UnknownProvider)?)?;
        sender.is(&known);
        let same = browser
            .and_then(RandomToken::parse)
            .is_some_and(|browser| browser.hash() == row.browser_hash);
        if !same {
            // Not taken: the browser that began can still come.
            return Err(Cause::OtherBrowser.into());
        }
        let waiting: Waiting = serde_json::from_str(&row.body)
            .map_err(|_| Fault::Broken("a stored assertion is odd"))?;
        sender.vouches_for(&waiting.assertion, &waiting.person);
        if row.kind == "unsolicited" && !confirmed && row.expires_at.0 > now {
            return Ok(Reached::Confirm {
                name: waiting.person.principal.name,
                provider: known.settings.name,
            });
        }
        if !store::take_result(conn, &row.handle_hash).await? {
            return Err(Cause::NotAsked.into());
        }
        if row.expires_at.0 <= now {
            tx.commit_unrecorded().await?;
            return Err(Cause::TooSlow.into());
        }
        if !known.settings.enabled {
            tx.commit_unrecorded().await?;
            return Err(Cause::ProviderDisabled.into());
        }
        let end = waiting.assertion.not_on_or_after;
        if end.is_some_and(|end| end <= now) {
            // Within the clock skew it was still taken.
            tx.commit_unrecorded().await?;
            return Err(Cause::SessionOver.into());
        }
        match self.enter(&mut tx, &known, &waiting.person, origin).await {
            Ok(user) => Ok(self
                .begin_session(tx, &known, row, &waiting, user, means, origin)
                .await?),
            Err(trouble) => {
                drop(tx);
                self.forget(&row).await?;
                Err(trouble)
            }
        }
    }

    /// Begins the session of whoever was let in, and lets their key work if it is one at the web UI.
    #[expect(
        clippy::too_many_arguments,
        reason = "one step, cut off for its length"
    )]
    async fn begin_session(
        &self,
        mut tx: Tx,
        known: &Known,
        row: ResultRow,
        waiting: &Waiting,
        user: Identity,
        means: Means,
        origin: &Origin,
    ) -> Result<Reached, Fault> {
        let core = &*self.core;
        let now = core.clock.now();
        let id = hex(&random::<16>(&*core.entropy)?);
        let assertion = &waiting.assertion;
        let saml = Some(SamlSession {
            validated_at: assertion.validated_at,
            not_on_or_after: assertion.not_on_or_after,
        });
        let (token_hash, longest, via) = match means {
            Means::Cookie(hash) => (
                Some(hash),
                core.limits.session_max,
                Via::Session(id.clone()),
            ),
            Means::Token => (None, core.limits.token_lifetime, Via::Token(id.clone())),
        };
        let ends_at = session_end(assertion, now, duration(longest));
        let session = NewSession {
            token_hash,
            saml,
            link: Some(SamlLink {
                provider: known.id,
                name_id: &assertion.name_id,
                index: assertion.session_index.as_deref(),
            }),
            ..NewSession::plain(&id, user.id, now, ends_at, origin)
        };
        sessions::insert(&mut tx.conn(), session).await?;
        let held = roles::held_by(&mut tx.conn(), user.id).await?;
        let actor = Actor {
            identity: user,
            rights: held.rights,
            security_administrator: held.security_administrator,
            via,
            origin: origin.clone(),
            password_change_needed: false,
            // The provider asks for one if it should.
            factor_needed: false,
            lifetime: Some(Lifetime {
                issued_at: now,
                ends_at,
            }),
            saml,
        };
        // A sign-in to the web UI, that is: a token of the REST API is none.
        if matches!(actor.via, Via::Session(_)) {
            self.activate_keys(&mut tx, &actor).await?;
        }
        let event = Event::done(Action::SignedIn, id).after(json!({
            "provider": known.settings.name,
            "nameId": assertion.name_id,
            "askedFor": row.kind == "sign-in",
        }));
        core.commit(tx, &actor, &event).await?;
        Ok(Reached::Session {
            actor: Box::new(actor),
            next: row.next_page,
        })
    }

    /// Lets the keys work that wait for their owner's sign-in.
    async fn activate_keys(&self, tx: &mut Tx, owner: &Actor) -> Result<(), Fault> {
        for tag in store::activate_keys(&mut tx.conn(), owner.identity.id).await? {
            let event = Event::done(Action::KeyActivated, tag.as_str())
                .before(json!({ "state": "INACTIVE", "samlSessionValidated": false }))
                .after(json!({ "samlSessionValidated": true }));
            self.core.append(tx, Who::from(owner), &event).await?;
        }
        Ok(())
    }

    /// A handle counts once, also when it led nowhere.
    async fn forget(&self, row: &ResultRow) -> Result<(), Fault> {
        let mut tx = self.core.db.begin().await?;
        store::take_result(&mut tx.conn(), &row.handle_hash).await?;
        tx.commit_unrecorded().await
    }
}
