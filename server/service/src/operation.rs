//! The choke point: every change of a key passes here, whatever door it came through.
//!
//! The store's functions that change keys ask for an [`Admission`], and only [`Core::admit`] makes
//! one: a change beside the choke point does not compile. Approval by a second person attaches
//! here and nowhere else.

use domain::{error::Error, key::Tag, principal::UserId};

use crate::{
    Actor, Via,
    core::Core,
    fault::Fault,
    store::{Tx, keys as store},
};

/// A change of a key that somebody wants.
#[derive(Debug)]
pub(crate) enum KeyChange<'a> {
    /// A new key for this owner.
    Create(UserId),
    /// Another validity or description for this key.
    Update(&'a Tag),
    /// A new key in the place of this one.
    Reissue(&'a Tag),
    /// No more of this key.
    Delete(&'a Tag),
    /// A service principal's key stays, and works no more.
    Revoke(&'a Tag),
}

/// Leave to change a key, within the transaction it was given in.
#[derive(Debug)]
pub(crate) struct Admission(());

/// How an operation ended.
#[derive(Debug)]
pub enum Outcome<T> {
    /// It was carried out.
    Done(T),
}

impl<T> Outcome<T> {
    /// The result of an operation that was carried out.
    pub fn done(self) -> T {
        match self {
            Self::Done(result) => result,
        }
    }

    /// With the result turned into something else.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Self::Done(result) => Outcome::Done(f(result)),
        }
    }
}

impl Core {
    /// Decides whether a change that the rules allow happens now. Approval is not built yet, so
    /// it does, unless the key that asks for it has ended since the request was authenticated.
    pub(crate) async fn admit(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        change: KeyChange<'_>,
    ) -> Result<Admission, Fault> {
        if let Via::Key(tag) | Via::KeyToken(tag, _) = &actor.via {
            let conn = &mut tx.conn();
            // Whoever is about to end that key waits, or is waited for.
            store::lock(conn, tag).await?;
            if !self.authenticates(conn, tag).await? {
                return Err(Error::Unauthenticated.into());
            }
        }
        let (what, object) = match change {
            KeyChange::Create(owner) => ("create", owner.to_string()),
            KeyChange::Update(tag) => ("update", tag.to_string()),
            KeyChange::Reissue(tag) => ("reissue", tag.to_string()),
            KeyChange::Delete(tag) => ("delete", tag.to_string()),
            KeyChange::Revoke(tag) => ("revoke", tag.to_string()),
        };
        tracing::debug!(actor = %actor.identity, what, object, "admitted");
        Ok(Admission(()))
    }
}
