//! Keys: create, view, list, edit, reissue, delete.

mod change;
mod directory;
mod ending;
mod export;
mod once;
mod query;
mod uses;

use std::sync::Arc;

use domain::{
    audit::Action,
    error::Error,
    key::{ApiKey, State, Tag},
    operation::Operation,
    permission::Whose,
};

pub use domain::directory::{Count, Cursor, DirectoryPage, DirectoryQuery, Order, Slice, Tiles};

pub use self::{
    change::{KeyEdit, NewKey, Reissue},
    export::KeyExport,
    once::{Known, Once},
    query::{KEY_FIELDS, KeyField, KeyQuery},
    uses::MAX_HOURS,
};
use crate::{
    Actor, Outcome,
    core::Core,
    fault::Fault,
    list::Page,
    reveal::{RevealKey, browser_session},
    secret::KeyValue,
    store::{
        Tx,
        keys::{self as store, Visible},
    },
};

/// A new key, with the value that is shown this once.
#[derive(Debug)]
pub struct CreatedKey {
    /// What people see from now on.
    pub key: ApiKey,
    /// The value.
    pub value: KeyValue,
    /// The end that the owner's SAML sign-in would give at most, when the key ends later: a
    /// warning for whoever chose it.
    pub later_than_saml: Option<domain::Instant>,
}

/// The use cases of keys.
#[derive(Clone)]
pub struct Keys {
    pub(crate) core: Arc<Core>,
}

impl Keys {
    /// Makes a key and returns its value, this once.
    ///
    /// # Errors
    /// Wrong fields (`description`, `expireAfterDays`, `userName`, `userDomain`,
    /// `userDomainType`), no permission, an owner who may do more than the caller, or a conflict
    /// when the owner has a key already.
    pub async fn create(
        &self,
        actor: &Actor,
        wanted: NewKey,
    ) -> Result<Outcome<CreatedKey>, Error> {
        self.create_once(actor, wanted, None).await
    }

    /// Makes a key as [`Keys::create`] does, and remembers the request: what is known of it is
    /// asked of [`Keys::known`] beforehand.
    ///
    /// # Errors
    /// As [`Keys::create`]; [`domain::error::Conflict::Stale`] when the request was carried out
    /// in the meantime.
    pub async fn create_once(
        &self,
        actor: &Actor,
        wanted: NewKey,
        once: Option<&Once>,
    ) -> Result<Outcome<CreatedKey>, Error> {
        let remember =
            async |tx: &mut Tx, created: &CreatedKey| self.remember(tx, actor, once, created).await;
        let result = self.try_create(actor, wanted, remember).await;
        let result = result.map(|outcome| outcome.map(|(created, ())| created));
        self.core
            .recording_refusal(actor, result, Action::KeyCreated, "a new key")
            .await
    }

    /// Makes a key for the caller's browser: the value is kept, encrypted under the returned key
    /// and for at most a minute, for the reveal page to show once (see [`crate::reveal`]).
    ///
    /// # Errors
    /// As [`Keys::create`]; and when the caller has no browser session.
    pub async fn create_for_reveal(
        &self,
        actor: &Actor,
        wanted: NewKey,
    ) -> Result<Outcome<RevealKey>, Error> {
        let keep = async |tx: &mut Tx, created: &CreatedKey| self.keep(tx, actor, created).await;
        let result = match browser_session(actor) {
            Ok(_) => self.try_create(actor, wanted, keep).await,
            Err(refusal) => Err(refusal.into()),
        };
        let result = result.map(|outcome| outcome.map(|(_, reveal)| reveal));
        self.core
            .recording_refusal(actor, result, Action::KeyCreated, "a new key")
            .await
    }

    /// Changes a key's validity or description.
    ///
    /// # Errors
    /// Wrong fields, no permission, a SAML user's own key, an expired or retiring key, or a
    /// version that is not the present one.
    pub async fn update(
        &self,
        actor: &Actor,
        tag: &Tag,
        edit: KeyEdit,
    ) -> Result<Outcome<ApiKey>, Error> {
        let result = self.try_update(actor, tag, edit).await;
        self.core
            .recording_refusal(actor, result, Action::KeyUpdated, tag.as_str())
            .await
    }

    /// Replaces a key by a new one of the same owner, in one step: the old one ends at once, or
    /// when the overlap ends. Whoever lost the answer reissues again.
    ///
    /// # Errors
    /// As [`Keys::create`] and [`Keys::update`], except that an expired key can be reissued.
    pub async fn reissue(
        &self,
        actor: &Actor,
        tag: &Tag,
        wanted: Reissue,
    ) -> Result<Outcome<CreatedKey>, Error> {
        self.reissue_once(actor, tag, wanted, None).await
    }

    /// Reissues a key as [`Keys::reissue`] does, and remembers the request as
    /// [`Keys::create_once`] does.
    ///
    /// # Errors
    /// As both.
    pub async fn reissue_once(
        &self,
        actor: &Actor,
        tag: &Tag,
        wanted: Reissue,
        once: Option<&Once>,
    ) -> Result<Outcome<CreatedKey>, Error> {
        let remember =
            async |tx: &mut Tx, created: &CreatedKey| self.remember(tx, actor, once, created).await;
        let result = self.try_reissue(actor, tag, wanted, remember).await;
        let result = result.map(|outcome| outcome.map(|(created, ())| created));
        self.core
            .recording_refusal(actor, result, Action::KeyReissued, tag.as_str())
            .await
    }

    /// Reissues a key for the caller's browser, as [`Keys::create_for_reveal`] creates one.
    ///
    /// # Errors
    /// As [`Keys::reissue`]; and when the caller has no browser session.
    pub async fn reissue_for_reveal(
        &self,
        actor: &Actor,
        tag: &Tag,
        wanted: Reissue,
    ) -> Result<Outcome<RevealKey>, Error> {
        let keep = async |tx: &mut Tx, created: &CreatedKey| self.keep(tx, actor, created).await;
        let result = match browser_session(actor) {
            Ok(_) => self.try_reissue(actor, tag, wanted, keep).await,
            Err(refusal) => Err(refusal.into()),
        };
        let result = result.map(|outcome| outcome.map(|(_, reveal)| reveal));
        self.core
            .recording_refusal(actor, result, Action::KeyReissued, tag.as_str())
            .await
    }

    /// Deletes a key: it stops working at once and for ever. A tombstone stays.
    ///
    /// # Errors
    /// [`Error::NotFound`] also when it is deleted already; a version that is not the present one.
    pub async fn delete(
        &self,
        actor: &Actor,
        tag: &Tag,
        version: Option<i64>,
    ) -> Result<Outcome<()>, Error> {
        let result = self.try_delete(actor, tag, version).await;
        self.core
            .recording_refusal(actor, result, Action::KeyDeleted, tag.as_str())
            .await
    }

    /// Revokes a service principal's key. Users' keys are deleted instead.
    ///
    /// # Errors
    /// [`domain::error::Refusal::NotRevocable`] for a user's key; [`Error::NotFound`].
    pub async fn revoke(&self, actor: &Actor, tag: &Tag) -> Result<Outcome<()>, Error> {
        let result = self.try_revoke(actor, tag).await;
        self.core
            .recording_refusal(actor, result, Action::KeyUpdated, tag.as_str())
            .await
    }

    /// The caller's own key, if there is one that they may view.
    pub async fn own(&self, actor: &Actor) -> Result<Option<ApiKey>, Error> {
        if !self.sees_own(actor).await? {
            return Ok(None);
        }
        let mut reader = self.core.db.reader().await?;
        let row = store::current_of(&mut reader.conn(), actor.identity.id).await?;
        let key = row
            .map(|row| row.into_key(self.core.clock.now()))
            .transpose()?;
        Ok(key.map(|key| self.core.usage.overlay(key)))
    }

    /// The caller's key that was replaced last and still works, if there is one.
    pub async fn own_retiring(&self, actor: &Actor) -> Result<Option<ApiKey>, Error> {
        if !self.sees_own(actor).await? {
            return Ok(None);
        }
        let now = self.core.clock.now();
        let mut reader = self.core.db.reader().await?;
        let row = store::retiring_of(&mut reader.conn(), actor.identity.id).await?;
        let key = row.map(|row| row.into_key(now)).transpose()?;
        Ok(key
            .filter(|key| key.state != State::Deleted)
            .map(|key| self.core.usage.overlay(key)))
    }

    /// The caller's keys that were deleted within the time that the policy keeps them, the latest
    /// first: so that people can see why automation stopped.
    pub async fn own_deleted(&self, actor: &Actor) -> Result<Vec<ApiKey>, Error> {
        if !self.sees_own(actor).await? {
            return Ok(Vec::new());
        }
        let now = self.core.clock.now();
        let mut reader = self.core.db.reader().await?;
        let rows = store::deleted_of(&mut reader.conn(), actor.identity.id).await?;
        let keys = rows
            .into_iter()
            .map(|row| Ok(self.core.usage.overlay(row.into_key(now)?)));
        Ok(keys.collect::<Result<_, Fault>>()?)
    }

    /// Whether the caller's own keys exist for them. That they do not is an answer, no refusal.
    async fn sees_own(&self, actor: &Actor) -> Result<bool, Error> {
        let sees = match actor.may_with(Operation::ViewKey, Whose::Own) {
            Err(Error::NotFound) => Ok(false),
            answer => answer.map(|()| true).map_err(Fault::from),
        };
        self.core
            .recording_refusal(actor, sees, Action::Read, "one's own key")
            .await
    }

    /// One key.
    ///
    /// # Errors
    /// [`Error::NotFound`] also for a key that the caller may not view, and for a deleted one.
    pub async fn get(&self, actor: &Actor, tag: &Tag) -> Result<ApiKey, Error> {
        let result = self.try_get(actor, tag).await;
        self.core
            .recording_refusal(actor, result, Action::Read, tag.as_str())
            .await?
            .ok_or(Error::NotFound)
    }

    /// `None`: there is none that would be hidden from the caller.
    async fn try_get(&self, actor: &Actor, tag: &Tag) -> Result<Option<ApiKey>, Fault> {
        actor.settled()?;
        let row = {
            let mut reader = self.core.db.reader().await?;
            store::by_tag(&mut reader.conn(), tag).await?
        };
        let now = self.core.clock.now();
        let key = row.map(|row| row.into_key(now)).transpose()?;
        // A tag that does not exist is refused like a hidden one: whoever tries tags learns nothing,
        // not even from the time that the record takes.
        let whose = key.as_ref().map_or(Whose::Others, |key| whose(actor, key));
        actor.may_with(Operation::ViewKey, whose)?;
        Ok(key
            .filter(|key| key.state != State::Deleted)
            .map(|key| self.core.usage.overlay(key)))
    }

    /// The keys that the caller may view.
    pub async fn list(&self, actor: &Actor, query: &KeyQuery) -> Result<Page<ApiKey>, Error> {
        let visible = self.visible(actor).await?;
        let now = self.core.clock.now();
        let mut reader = self.core.db.reader().await?;
        let conn = &mut reader.conn();
        let rows = store::list(conn, query, visible, now).await?;
        let items = rows.into_iter().map(|row| row.into_key(now));
        let items = items.collect::<Result<_, Fault>>()?;
        let page = match &query.place {
            Some(place) => Page::at(place, query.limit, items, |key| store::place_of(key, query)),
            None => Page::of(items, store::count(conn, query, visible, now).await?),
        };
        page.try_map(|key| Ok(self.core.usage.overlay(key)))
    }

    /// Which keys a list may have for the caller.
    async fn visible(&self, actor: &Actor) -> Result<Visible, Error> {
        Ok(if actor.may(Operation::ViewKey).is_ok() {
            Visible::All
        } else if self.sees_own(actor).await? {
            Visible::Own(actor.identity.id)
        } else {
            Visible::Nothing
        })
    }
}

fn whose(actor: &Actor, key: &ApiKey) -> Whose {
    if key.owner.id == actor.identity.id {
        Whose::Own
    } else {
        Whose::Others
    }
}
