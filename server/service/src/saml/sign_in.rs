//! The three steps of a sign-in.

use chrono::TimeDelta;
use domain::{
    Instant,
    audit::{Action, Event, hex},
    error::{Error, Refusal},
    expiry::SamlSession,
    principal::Identity,
    saml::{Assertion, Cause, Person, Report, person, session_end},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Known, Saml, Trouble,
    engine::{Dispatch, Incoming, Peek, Us, Validated},
    hash, message_hash,
    refused::Sender,
};
use crate::{
    Actor, Lifetime, Origin, Via,
    audit::Who,
    entropy::random,
    fault::Fault,
    roles,
    secret::RandomToken,
    sessions::{IssuedToken, duration},
    store::{
        Time, Tx,
        saml::{self as store, NewRequest, RequestRow, ResultRow},
        sessions::{self, NewSession, SamlLink},
    },
};

/// How long a provider may take to answer.
pub(super) const REQUEST_TIME: TimeDelta = TimeDelta::minutes(10);
/// How long the browser may take from the provider's answer to our page.
const RESULT_TIME: TimeDelta = TimeDelta::minutes(2);

/// A sign-in that has begun.
#[derive(Debug)]
pub struct Begun {
    /// Where the browser goes.
    pub dispatch: Dispatch,
    /// What the browser keeps in a cookie, to be known by when it comes back.
    pub browser: RandomToken,
}

/// Where an answer leads.
#[derive(Debug)]
pub enum Landing {
    /// To a page of ours that takes this handle.
    Finish {
        /// Good for once.
        handle: RandomToken,
        /// For a browser that nobody asked to come: it is known by this from now on.
        browser: Option<RandomToken>,
    },
    /// To the report of a test, under this handle.
    Tested(RandomToken),
    /// Nowhere. The trail has the reason.
    Refused,
}

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

/// What waits under a handle.
#[derive(Serialize, Deserialize)]
struct Waiting {
    assertion: Assertion,
    person: Person,
}

impl Saml {
    /// Begins a sign-in.
    ///
    /// # Errors
    /// [`Error::NotFound`]: no such provider, or it is switched off.
    pub async fn begin(
        &self,
        base: &str,
        provider: &str,
        next: &str,
        browser: Option<&str>,
    ) -> Result<Begun, Error> {
        let row = {
            let mut reader = self.core.db.reader().await?;
            store::provider_named(&mut reader.conn(), provider).await?
        };
        let known = Known::of(&row.ok_or(Error::NotFound)?)?;
        if !known.settings.enabled {
            return Err(Error::NotFound);
        }
        Ok(self.ask(base, &known, next, browser, None).await?)
    }

    /// Begins a sign-in that only tells an administrator how it went.
    ///
    /// # Errors
    /// [`Error::NotFound`]; no permission.
    pub async fn begin_test(
        &self,
        actor: &Actor,
        base: &str,
        id: i64,
        browser: Option<&str>,
    ) -> Result<Begun, Error> {
        self.provider(actor, id).await?;
        if !matches!(actor.via, Via::Session(_)) {
            return Err(Error::Refused(Refusal::NotWithAKey));
        }
        let row = {
            let mut reader = self.core.db.reader().await?;
            store::provider(&mut reader.conn(), id).await?
        };
        let known = Known::of(&row.ok_or(Error::NotFound)?)?;
        Ok(self.ask(base, &known, "", browser, Some(actor)).await?)
    }

    async fn ask(
        &self,
        base: &str,
        known: &Known,
        next: &str,
        browser: Option<&str>,
        tester: Option<&Actor>,
    ) -> Result<Begun, Fault> {
        let core = &*self.core;
        let relay = RandomToken::generate(&*core.entropy)?;
        // Several windows of one browser share its cookie.
        let browser = match browser.and_then(RandomToken::parse) {
            Some(browser) => browser,
            None => RandomToken::generate(&*core.entropy)?,
        };
        let key = core.saml_key().await?;
        let (base, peer) = (base.to_owned(), known.clone());
        let relay_text = relay.reveal().to_string();
        let sent = relay_text.clone();
        let outgoing = self
            .compute(move |engine| engine.ask(Us { base: &base }, &key, peer.peer(), &sent))
            .await?
            .map_err(|_| Fault::Broken("a SAML request could not be made"))?;
        let now = core.clock.now();
        let mut tx = core.db.begin().await?;
        let request = NewRequest {
            relay_hash: hash(&relay_text),
            provider: known.id,
            kind: if tester.is_some() { "test" } else { "sign-in" },
            message_id: &outgoing.id,
            browser_hash: browser.hash(),
            next_page: next,
            tester: tester.map(|actor| actor.identity.id),
            now,
            expires_at: now + REQUEST_TIME,
        };
        store::put_request(&mut tx.conn(), request).await?;
        tx.commit_unrecorded().await?;
        Ok(Begun {
            dispatch: outgoing.dispatch,
            browser,
        })
    }

    /// Checks a provider's answer and keeps what was validated for [`Saml::finish`].
    ///
    /// # Errors
    /// A fault of ours; whatever is wrong with the answer is [`Landing::Refused`].
    pub async fn consume(
        &self,
        base: &str,
        incoming: &Incoming,
        origin: &Origin,
    ) -> Result<Landing, Error> {
        let relay = incoming.value("RelayState").unwrap_or_default();
        let relay_hash = hash(&relay);
        let request = {
            let mut reader = self.core.db.reader().await?;
            store::request(&mut reader.conn(), &relay_hash).await?
        };
        let request = request.filter(|row| row.kind != "logout");
        let response = incoming.value("SAMLResponse").unwrap_or_default();
        let peek = tokio::task::spawn_blocking(move || Peek::at_form(&response))
            .await
            .map_err(|_| Fault::Broken("reading a SAML message panicked"))?;
        let mut sender = Sender::default();
        let answer = match &peek {
            Ok(peek) => {
                self.try_consume(base, incoming, &relay, request.as_ref(), peek, &mut sender)
                    .await
            }
            Err(cause) => Err(Trouble::Cause(cause.clone())),
        };
        let said = peek.map(|peek| peek.said).unwrap_or_default();
        let tested = request.filter(|row| row.kind == "test");
        match (answer, tested) {
            (Err(Trouble::Fault(fault)), _) => Err(fault.into()),
            (Ok(landing), _) => Ok(landing),
            (Err(Trouble::Cause(cause)), Some(row)) => {
                let report = Report::failed(cause, said);
                Ok(self.keep_report(&row, &relay_hash, report).await?)
            }
            (Err(Trouble::Cause(cause)), None) => {
                sender.says(&said);
                self.refuse(Action::SignedIn, &sender, &cause, origin)
                    .await?;
                Ok(Landing::Refused)
            }
        }
    }

    async fn try_consume(
        &self,
        base: &str,
        incoming: &Incoming,
        relay: &str,
        request: Option<&RequestRow>,
        peek: &Peek,
        sender: &mut Sender,
    ) -> Result<Landing, Trouble> {
        let core = &*self.core;
        let now = core.clock.now();
        let row = {
            let mut reader = core.db.reader().await?;
            let conn = &mut reader.conn();
            match request {
                Some(request) => store::provider(conn, request.provider_id).await?,
                None => store::provider_by_entity(conn, &peek.issuer).await?,
            }
        };
        let known = Known::of(&row.ok_or(Cause::UnknownProvider)?)?;
        sender.is(&known);
        let test = request.is_some_and(|request| request.kind == "test");
        if !known.settings.enabled && !test {
            return Err(Cause::ProviderDisabled.into());
        }
        if request.is_none() && !known.settings.unsolicited {
            return Err(Cause::NotAsked.into());
        }
        if request.is_some_and(|request| request.expires_at.0 <= now) {
            return Err(Cause::TooSlow.into());
        }
        let validated = self
            .validate(base, incoming, relay, request, &known, now)
            .await?;
        let said = person(&validated.assertion, &known.settings);
        let mut tx = core.db.begin().await?;
        let conn = &mut tx.conn();
        if request.is_some() && !store::take_request(conn, &hash(relay)).await? {
            return Err(Cause::NotAsked.into());
        }
        for (key, until) in &validated.seen {
            if !store::see(conn, &message_hash(known.id, key), *until).await? {
                return Err(Cause::Replayed.into());
            }
        }
        if test {
            // Used up, though nobody is signed in by it.
            let row = request.cloned().ok_or(Cause::NotAsked)?;
            tx.commit_unrecorded().await?;
            let report = self
                .report_of(&known, &validated.assertion, said, peek)
                .await?;
            return Ok(self.keep_report(&row, &hash(relay), report).await?);
        }
        let person = match said {
            Ok(person) => person,
            Err(cause) => {
                // What was used stays used.
                tx.commit_unrecorded().await?;
                return Err(cause.into());
            }
        };
        let handle = RandomToken::generate(&*core.entropy).map_err(Fault::from)?;
        let newcomer = match request {
            Some(_) => None,
            None => Some(RandomToken::generate(&*core.entropy).map_err(Fault::from)?),
        };
        let waiting = Waiting {
            assertion: validated.assertion,
            person,
        };
        let body = serde_json::to_string(&waiting)
            .map_err(|_| Fault::Broken("an assertion is no JSON"))?;
        let browser_hash = match (&newcomer, request) {
            (Some(browser), _) => browser.hash(),
            (None, request) => request
                .map(|row| row.browser_hash.clone())
                .unwrap_or_default(),
        };
        let row = ResultRow {
            handle_hash: handle.hash(),
            provider_id: known.id,
            kind: if newcomer.is_some() {
                "unsolicited"
            } else {
                "sign-in"
            }
            .to_owned(),
            browser_hash,
            next_page: request.map(|row| row.next_page.clone()).unwrap_or_default(),
            tester_id: None,
            body,
            expires_at: Time(now + RESULT_TIME),
        };
        store::put_result(conn, &row).await?;
        tx.commit_unrecorded().await?;
        Ok(Landing::Finish {
            handle,
            browser: newcomer,
        })
    }

    async fn validate(
        &self,
        base: &str,
        incoming: &Incoming,
        relay: &str,
        request: Option<&RequestRow>,
        known: &Known,
        now: Instant,
    ) -> Result<Validated, Trouble> {
        let key = self.core.saml_key().await?;
        let (base, relay) = (base.to_owned(), relay.to_owned());
        let (incoming, peer) = (incoming.clone(), known.clone());
        let id = request.map(|request| request.message_id.clone());
        let work = self.compute(move |engine| {
            let asked = id.as_deref().map(|id| (id, &*relay));
            engine.check(Us { base: &base }, &key, peer.peer(), asked, &incoming, now)
        });
        Ok(work.await??)
    }

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
            id: &id,
            token_hash,
            user: user.id,
            key_tag: None,
            now,
            expires_at: ends_at,
            address: &origin.address,
            user_agent: origin.user_agent.as_deref(),
            saml,
            link: Some(SamlLink {
                provider: known.id,
                name_id: &assertion.name_id,
                index: assertion.session_index.as_deref(),
            }),
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
