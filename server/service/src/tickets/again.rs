//! Deciding in a browser: who somebody is has to be shown once more (ADR 28).

use domain::{
    audit::Event,
    error::{Error, FieldError, Problem, Refusal},
    operation::Operation,
    ticket::{Again, Move, Ticket, TicketId},
};
use secrecy::{ExposeSecret, SecretString};

use super::{
    Tickets,
    decide::{action, said},
};
use crate::{
    Actor,
    core::Core,
    fault::Fault,
    store::users::{self, UserRow},
};

/// The form's name for what is typed.
const FIELD: &str = "password";

impl Tickets {
    /// How somebody shows once more who they are.
    pub async fn again(&self, actor: &Actor) -> Result<Again, Error> {
        let account = self.core.account_of(actor).await?;
        Ok(self.core.asked_again(actor, account.as_ref()).await?)
    }

    /// Approves or rejects somebody else's request in a browser, by whoever shows once more who they
    /// are: a session that somebody else has got hold of decides nothing. A wrong password counts
    /// like one at sign-in.
    ///
    /// # Errors
    /// `password` is wrong, and nothing changed; [`Refusal::SignInAgain`]; [`Error::TooMany`]; and as
    /// [`Tickets::approve`] and [`Tickets::reject`].
    pub async fn decide_again(
        &self,
        actor: &Actor,
        id: TicketId,
        by: Move,
        comment: &str,
        given: &SecretString,
    ) -> Result<Ticket, Error> {
        let result = self.show_again(actor, id, by, comment, given).await;
        self.core
            .recording_refusal(actor, result, action(by), &id.to_string())
            .await?;
        self.decide(actor, id, by, comment).await
    }

    async fn show_again(
        &self,
        actor: &Actor,
        id: TicketId,
        by: Move,
        comment: &str,
        given: &SecretString,
    ) -> Result<(), Fault> {
        actor.may(Operation::DecideTicket)?;
        // What is wrong besides shall not cost an attempt.
        said(by, comment)?;
        let core = &*self.core;
        let account = core.account_of(actor).await?;
        match core.asked_again(actor, account.as_ref()).await? {
            Again::SignedIn => return Ok(()),
            Again::SignIn => return Err(Error::Refused(Refusal::SignInAgain).into()),
            Again::Password | Again::PasswordOrCode => {}
        }
        let (address, name) = (&actor.origin.address, &actor.identity.principal.name);
        core.before_password(address)?;
        core.count_attempt(name, &actor.origin).await?;
        if core.is_right(account, given).await? {
            return core.forget_attempts(name, &actor.origin).await;
        }
        let event = Event::refused(action(by), id.to_string(), "wrong password");
        core.record(actor, &event).await?;
        Err(match core.failed(address, None) {
            Error::Unauthenticated => FieldError::new(FIELD, Problem::WrongPassword).into(),
            too_many => too_many.into(),
        })
    }
}

impl Core {
    async fn account_of(&self, actor: &Actor) -> Result<Option<UserRow>, Fault> {
        let mut reader = self.db.reader().await?;
        users::by_id(&mut reader.conn(), actor.identity.id).await
    }

    async fn asked_again(&self, actor: &Actor, account: Option<&UserRow>) -> Result<Again, Fault> {
        if account.is_some_and(|account| account.password_hash.is_some()) {
            let factor = self.has_factor(actor.identity.id).await?;
            return Ok(if factor {
                Again::PasswordOrCode
            } else {
                Again::Password
            });
        }
        let now = self.clock.now();
        let since = actor.lifetime.map(|lifetime| lifetime.issued_at);
        Ok(since.map_or(Again::SignIn, |since| Again::by_sign_in(since, now)))
    }

    /// Whether it is the account's password, or a code of its second factor, which is used up.
    async fn is_right(
        &self,
        account: Option<UserRow>,
        given: &SecretString,
    ) -> Result<bool, Fault> {
        let Some(account) = account else {
            return Ok(false);
        };
        let (id, hash) = (domain::principal::UserId(account.id), account.password_hash);
        if self.passwords.matches(given.clone(), hash).await? {
            return Ok(true);
        }
        if !self.has_factor(id).await? {
            return Ok(false);
        }
        let mut tx = self.db.begin().await?;
        let used = self
            .use_code(&mut tx.conn(), id, given.expose_secret())
            .await?;
        tx.commit_unrecorded().await?;
        Ok(used)
    }
}
