//! The second step: the provider's answer is checked, and waits under a handle.

use domain::{
    Instant,
    audit::Action,
    error::Error,
    saml::{Cause, Report, person},
};

use super::{RESULT_TIME, Waiting};
use crate::{
    Origin,
    fault::Fault,
    saml::{
        Known, Saml, Trouble,
        engine::{Incoming, Peek, Us, Validated},
        hash, message_hash,
        refused::Sender,
    },
    secret::RandomToken,
    store::{
        Time,
        saml::{self as store, RequestRow, ResultRow},
    },
};

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

impl Saml {
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
}
