//! The first step: the provider is asked.

use domain::error::{Error, Refusal};

use super::REQUEST_TIME;
use crate::{
    Actor, Via,
    fault::Fault,
    saml::{
        Known, Saml,
        engine::{Dispatch, Us},
        hash,
    },
    secret::RandomToken,
    store::saml::{self as store, NewRequest},
};

/// A sign-in that has begun.
#[derive(Debug)]
pub struct Begun {
    /// Where the browser goes.
    pub dispatch: Dispatch,
    /// What the browser keeps in a cookie, to be known by when it comes back.
    pub browser: RandomToken,
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
}
