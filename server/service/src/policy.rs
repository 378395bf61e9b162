//! The policy: showing and changing it.

use domain::{
    audit::{Action, Event},
    error::{Conflict, Error},
    operation::Operation,
    permission::Whose,
    policy::Policy,
};
use serde_json::Value;

use crate::{Actor, Services, fault::Fault, store::policy as store};

impl Services {
    /// The policy in force. Everybody's forms show its limits, so everybody may see it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn policy(&self) -> Result<Policy, Error> {
        let mut reader = self.core.db.reader().await?;
        Ok(store::get(&mut reader.conn()).await?)
    }

    /// The policy in force, for whoever administers it.
    ///
    /// # Errors
    /// No permission.
    pub async fn view_policy(&self, actor: &Actor) -> Result<Policy, Error> {
        let (core, whose) = (&self.core, Whose::Others);
        core.reading(actor, Operation::ViewPolicy, whose, "policy")
            .await?;
        self.policy().await
    }

    /// Replaces the policy. It holds from the next request on; keys that exist are not cut.
    ///
    /// # Errors
    /// Every field out of its range; no permission.
    pub async fn set_policy(&self, actor: &Actor, policy: &Policy) -> Result<(), Error> {
        self.replace_policy(actor, None, policy).await
    }

    /// As [`Services::set_policy`], by somebody who decided about the policy that they saw.
    ///
    /// # Errors
    /// As [`Services::set_policy`]; [`Conflict::Stale`] when it is not `seen` any more.
    pub async fn change_policy(
        &self,
        actor: &Actor,
        seen: &Policy,
        policy: &Policy,
    ) -> Result<(), Error> {
        self.replace_policy(actor, Some(seen), policy).await
    }

    async fn replace_policy(
        &self,
        actor: &Actor,
        seen: Option<&Policy>,
        policy: &Policy,
    ) -> Result<(), Error> {
        let result = self.try_set_policy(actor, seen, policy).await;
        let action = Action::PolicyChanged;
        self.core
            .recording_refusal(actor, result, action, "policy")
            .await
    }

    async fn try_set_policy(
        &self,
        actor: &Actor,
        seen: Option<&Policy>,
        policy: &Policy,
    ) -> Result<(), Fault> {
        actor.may(Operation::UpdatePolicy)?;
        policy.check().map_err(Error::Invalid)?;
        let mut tx = self.core.db.begin().await?;
        store::lock(&mut tx.conn()).await?;
        let before = store::get(&mut tx.conn()).await?;
        if seen.is_some_and(|seen| *seen != before) {
            return Err(Error::Conflict(Conflict::Stale).into());
        }
        if before == *policy {
            return Ok(());
        }
        store::set(&mut tx.conn(), policy).await?;
        let event = Event::done(Action::PolicyChanged, "policy")
            .before(audited(&before))
            .after(audited(policy));
        self.core.commit(tx, actor, &event).await
    }
}

fn audited(policy: &Policy) -> Value {
    serde_json::to_value(policy).unwrap_or_default()
}
