//! Single logout, in both directions.

use domain::{
    audit::{Action, Event},
    error::Error,
    principal::UserId,
    saml::Cause,
};
use serde_json::json;

use super::{
    Known, Saml, Trouble,
    engine::{Dispatch, Incoming, LogoutWish, Peek, Us},
    hash, message_hash,
    refused::Sender,
    sign_in::REQUEST_TIME,
};
use crate::{
    Actor, Origin,
    audit::Who,
    fault::Fault,
    secret::RandomToken,
    store::{
        Tx, policy,
        saml::{self as store, NewRequest},
        sessions, users,
    },
};

/// What became of signing out here.
#[derive(Debug)]
pub enum SignOut {
    /// It is done.
    Done,
    /// It is done here; this tells the provider.
    AtProvider {
        /// Where the browser goes.
        dispatch: Dispatch,
        /// The provider's name.
        provider: String,
    },
}

/// What became of a provider's message.
#[derive(Debug)]
pub enum Logout {
    /// Somebody was signed out; this is the answer.
    Answer(Dispatch),
    /// The provider has done what we asked for.
    Done,
    /// The provider could not, or not everywhere.
    NotThere,
    /// Refused. The trail has the reason.
    Refused,
}

impl Saml {
    /// Signs out here, stops the key if the policy says so, and tells the provider of a session by
    /// SAML.
    ///
    /// # Errors
    /// A fault of ours.
    pub async fn sign_out(&self, actor: &Actor, base: &str) -> Result<SignOut, Error> {
        Ok(self.try_sign_out(actor, base).await?)
    }

    async fn try_sign_out(&self, actor: &Actor, base: &str) -> Result<SignOut, Fault> {
        let core = &*self.core;
        let Some(session) = actor.via.session_id() else {
            return Ok(SignOut::Done);
        };
        let mut tx = core.db.begin().await?;
        let subject = store::subject_of_session(&mut tx.conn(), session).await?;
        sessions::end(&mut tx.conn(), actor.identity.id, session).await?;
        let mut known = None;
        if let Some((provider, ..)) = &subject {
            self.suspend(&mut tx, actor.identity.id, Who::from(actor))
                .await?;
            let row = store::provider(&mut tx.conn(), *provider).await?;
            known = row.as_ref().map(Known::of).transpose()?;
        }
        let event = Event::done(Action::SignedOut, session);
        core.commit(tx, actor, &event).await?;
        let (Some(known), Some((_, name_id, index))) = (known, subject) else {
            return Ok(SignOut::Done);
        };
        let tells = known.facts.slo_redirect.is_some() || known.facts.slo_post.is_some();
        if !known.settings.enabled || !tells {
            return Ok(SignOut::Done);
        }
        let dispatch = self.ask_logout(base, &known, name_id, index).await?;
        Ok(SignOut::AtProvider {
            dispatch,
            provider: known.settings.name,
        })
    }

    async fn ask_logout(
        &self,
        base: &str,
        known: &Known,
        name_id: String,
        index: Option<String>,
    ) -> Result<Dispatch, Fault> {
        let core = &*self.core;
        let key = core.saml_key().await?;
        let relay = RandomToken::generate(&*core.entropy)?.reveal().to_string();
        let (base, peer, sent) = (base.to_owned(), known.clone(), relay.clone());
        let outgoing = self
            .compute(move |engine| {
                let subject = (&*name_id, index.as_deref());
                engine.ask_logout(Us { base: &base }, &key, peer.peer(), subject, &sent)
            })
            .await?
            .map_err(|_| Fault::Broken("a SAML logout request could not be made"))?;
        let now = core.clock.now();
        let mut tx = core.db.begin().await?;
        let request = NewRequest {
            relay_hash: hash(&relay),
            provider: known.id,
            kind: "logout",
            message_id: &outgoing.id,
            // Whoever brings the answer changes nothing by it.
            browser_hash: hash(""),
            next_page: "",
            tester: None,
            now,
            expires_at: now + REQUEST_TIME,
        };
        store::put_request(&mut tx.conn(), request).await?;
        tx.commit_unrecorded().await?;
        Ok(outgoing.dispatch)
    }

    /// Takes a provider's message about signing out: a wish, or the answer to ours.
    ///
    /// # Errors
    /// A fault of ours; whatever is wrong with the message is [`Logout::Refused`].
    pub async fn logout(
        &self,
        base: &str,
        incoming: &Incoming,
        origin: &Origin,
    ) -> Result<Logout, Error> {
        let wish = incoming.value("SAMLRequest").is_some();
        let name = if wish { "SAMLRequest" } else { "SAMLResponse" };
        let message = incoming.value(name).unwrap_or_default();
        let query = matches!(incoming, Incoming::Query(_));
        let peek = tokio::task::spawn_blocking(move || {
            if query {
                Peek::at_query(&message)
            } else {
                Peek::at_form(&message)
            }
        })
        .await
        .map_err(|_| Fault::Broken("reading a SAML message panicked"))?;
        let mut sender = Sender::default();
        let answer = match (&peek, wish) {
            (Ok(peek), true) => {
                self.try_receive(base, incoming, peek, &mut sender, origin)
                    .await
            }
            (Ok(_), false) => self.try_complete(base, incoming, &mut sender).await,
            (Err(cause), _) => Err(cause.clone().into()),
        };
        let partly = |peek: &Peek| peek.codes.iter().any(|code| code == "PartialLogout");
        match answer {
            Ok(Logout::Done) if peek.as_ref().is_ok_and(partly) => Ok(Logout::NotThere),
            Ok(answer) => Ok(answer),
            Err(Trouble::Fault(fault)) => Err(fault.into()),
            Err(Trouble::Cause(cause)) => {
                sender.says(&peek.map(|peek| peek.said).unwrap_or_default());
                self.refuse(Action::SessionEnded, &sender, &cause, origin)
                    .await?;
                Ok(match cause {
                    Cause::Status { .. } => Logout::NotThere,
                    _ => Logout::Refused,
                })
            }
        }
    }

    async fn try_receive(
        &self,
        base: &str,
        incoming: &Incoming,
        peek: &Peek,
        sender: &mut Sender,
        origin: &Origin,
    ) -> Result<Logout, Trouble> {
        let core = &*self.core;
        let now = core.clock.now();
        let row = {
            let mut reader = core.db.reader().await?;
            store::provider_by_entity(&mut reader.conn(), &peek.issuer).await?
        };
        let known = Known::of(&row.ok_or(Cause::UnknownProvider)?)?;
        sender.is(&known);
        if !known.settings.enabled {
            return Err(Cause::ProviderDisabled.into());
        }
        let key = core.saml_key().await?;
        let (address, message, peer) = (base.to_owned(), incoming.clone(), known.clone());
        let work = self.compute(move |engine| {
            engine.receive_logout(Us { base: &address }, &key, peer.peer(), &message, now)
        });
        let (wish, answer) = work.await??;
        let mut tx = core.db.begin().await?;
        for (key, until) in &wish.seen {
            let hash = message_hash(known.id, key);
            if !store::see(&mut tx.conn(), &hash, *until).await? {
                return Err(Cause::Replayed.into());
            }
        }
        self.end_sessions(tx, &known, &wish, origin).await?;
        Ok(Logout::Answer(answer))
    }

    /// Ends the sessions that a provider's wish is about, and stops the key.
    async fn end_sessions(
        &self,
        mut tx: Tx,
        known: &Known,
        wish: &LogoutWish,
        origin: &Origin,
    ) -> Result<(), Fault> {
        let core = &*self.core;
        let found = store::sessions_of_subject(&mut tx.conn(), known.id, &wish.name_id).await?;
        let bound = store::user_of_subject(&mut tx.conn(), known.id, &wish.name_id).await?;
        let user = bound.or(found.first().map(|(_, user, _)| UserId(*user)));
        let mut ended = 0_u32;
        for (session, owner, index) in found {
            let meant = wish.session_indexes.is_empty()
                || index.is_none_or(|index| wish.session_indexes.contains(&index));
            if meant && sessions::end(&mut tx.conn(), UserId(owner), &session).await? {
                ended += 1;
            }
        }
        let mut house = Actor::job();
        house.origin = origin.clone();
        let object = match user {
            Some(id) => {
                self.suspend(&mut tx, id, Who::from(&house)).await?;
                let row = users::by_id(&mut tx.conn(), id).await?;
                let identity = row.map(|row| row.identity()).transpose()?;
                identity
                    .map(|identity| identity.to_string())
                    .unwrap_or_default()
            }
            // Nobody we know is signed out already.
            None => "nobody known here".to_owned(),
        };
        let event = Event::done(Action::SessionEnded, object).after(json!({
            "ended": ended,
            "by": format!("identity provider {}", known.settings.name),
            "request": wish.id,
        }));
        core.commit(tx, &house, &event).await
    }

    /// Stops somebody's keys until the next sign-in, if the policy says so.
    async fn suspend(&self, tx: &mut Tx, user: UserId, who: Who<'_>) -> Result<(), Fault> {
        let policy = policy::get(&mut tx.conn()).await?;
        if !policy.logout_disables_keys {
            return Ok(());
        }
        for tag in store::suspend_keys(&mut tx.conn(), user).await? {
            let event = Event::done(Action::KeySuspended, tag.as_str())
                .after(json!({ "until": "the next sign-in by SAML" }));
            self.core.append(tx, who, &event).await?;
        }
        Ok(())
    }

    async fn try_complete(
        &self,
        base: &str,
        incoming: &Incoming,
        sender: &mut Sender,
    ) -> Result<Logout, Trouble> {
        let core = &*self.core;
        let now = core.clock.now();
        let relay = incoming.value("RelayState").unwrap_or_default();
        let (request, row) = {
            let mut reader = core.db.reader().await?;
            let conn = &mut reader.conn();
            let request = store::request(conn, &hash(&relay)).await?;
            let request = request
                .filter(|row| row.kind == "logout")
                .ok_or(Cause::NotAsked)?;
            if request.expires_at.0 <= now {
                return Err(Cause::TooSlow.into());
            }
            let row = store::provider(conn, request.provider_id).await?;
            (request, row)
        };
        let known = Known::of(&row.ok_or(Cause::UnknownProvider)?)?;
        sender.is(&known);
        let key = core.saml_key().await?;
        let (address, message, peer) = (base.to_owned(), incoming.clone(), known);
        let sent = relay.clone();
        let work = self.compute(move |engine| {
            let asked = (&*request.message_id, &*sent);
            engine.check_logout(
                Us { base: &address },
                &key,
                peer.peer(),
                asked,
                &message,
                now,
            )
        });
        work.await??;
        let mut tx = core.db.begin().await?;
        store::take_request(&mut tx.conn(), &hash(&relay)).await?;
        tx.commit_unrecorded().await?;
        Ok(Logout::Done)
    }
}
